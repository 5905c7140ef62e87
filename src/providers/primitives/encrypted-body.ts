import type { Random } from '../../domain/ids.ts';
import type { Refusal } from '../provider.ts';
import { aesKey, decrypt, encrypt } from './aes-gcm.ts';
import { fromBase64, utf8 } from './bytes.ts';
import { at, type Json, parseJson } from './json.ts';
import { refused } from './refusal.ts';

/** How `hmac` and `standard` hide a body: `{"encrypted": {…}}`, signed as sent. Without keys the body goes as it is. */
export interface BodyCipher {
  seal(plain: string, random: Random): Uint8Array;
  /** What the body says. A plain body is refused where keys are set; what is not JSON is a text with the reason. */
  open(body: Uint8Array): { value: Json } | { why: string } | Refusal;
}

const associatedData = 'notification';

export function bodyCipher(encryptionKeys: readonly string[] | undefined): BodyCipher {
  if (encryptionKeys === undefined) return { seal: utf8, open: openPlain };
  const keys = encryptionKeys.map((text) => aesKey(fromBase64(text) ?? new Uint8Array()));
  const [first] = keys;
  if (first === undefined) throw new TypeError('encryption_keys is empty');
  return {
    seal: (plain, random) => utf8(JSON.stringify({ encrypted: encrypt(first, utf8(plain), associatedData, random) })),
    open: (body) => {
      const outer = parseJson(body);
      if ('why' in outer) return outer;
      const envelope = at(outer.value, 'encrypted');
      if (envelope === undefined)
        return refused('callback.not_encrypted', 'a plain body, but the account has encryption_keys');
      if (at(envelope, 'associated_data') !== associatedData) {
        return refused('callback.decrypt', `associated_data is not ${JSON.stringify(associatedData)}`);
      }
      const opened = decrypt(keys, envelope);
      return 'why' in opened ? refused('callback.decrypt', opened.why) : parseJson(opened.plain);
    },
  };
}

function openPlain(body: Uint8Array): ReturnType<BodyCipher['open']> {
  const read = parseJson(body);
  const isEncrypted = 'value' in read && at(read.value, 'encrypted.ciphertext') !== undefined;
  return isEncrypted ? refused('callback.decrypt', 'an encrypted body, but the account has no encryption_keys') : read;
}
