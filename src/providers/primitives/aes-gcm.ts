import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { Random } from '../../domain/ids.ts';
import { concat, fromBase64, toBase64, utf8 } from './bytes.ts';
import { type Json, textAt } from './json.ts';

/** The envelope of WeChat Pay APIv3 ("certificates and callback decryption"); `hmac` and `standard` use the same one. */
export interface Encrypted {
  algorithm: 'AEAD_AES_256_GCM';
  /** 12 ASCII characters, used as they are. */
  nonce: string;
  associated_data: string;
  /** Base64; the last 16 bytes are the tag. */
  ciphertext: string;
}

const tagBytes = 16;
const nonceBytes = 12;
const nonceAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** @throws TypeError where it is not 32 bytes. */
export function aesKey(bytes: Uint8Array): KeyObject {
  if (bytes.length !== 32) throw new TypeError('an AES-256 key has 32 bytes');
  return createSecretKey(bytes);
}

/** Encrypts under a fresh nonce of 72 random bits: change the key before some 2^30 messages. */
export function encrypt(key: KeyObject, plain: Uint8Array, associatedData: string, random: Random): Encrypted {
  const nonce = Array.from(random(nonceBytes), (byte) => nonceAlphabet.charAt(byte & 63)).join('');
  const cipher = createCipheriv('aes-256-gcm', key, utf8(nonce), { authTagLength: tagBytes });
  cipher.setAAD(utf8(associatedData));
  const ciphertext = concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
  return { algorithm: 'AEAD_AES_256_GCM', nonce, associated_data: associatedData, ciphertext: toBase64(ciphertext) };
}

/** The plain bytes, under whichever key fits; else the reason as a text. Never throws, whatever the envelope holds. */
export function decrypt(
  keys: readonly KeyObject[],
  envelope: Json | undefined,
): { plain: Uint8Array } | { why: string } {
  const algorithm = textAt(envelope, 'algorithm');
  if (algorithm !== 'AEAD_AES_256_GCM') return { why: 'the algorithm is not AEAD_AES_256_GCM' };
  const nonce = utf8(textAt(envelope, 'nonce') ?? '');
  if (nonce.length !== nonceBytes) return { why: `the nonce has ${nonce.length} bytes, not ${nonceBytes}` };
  const sealed = fromBase64(textAt(envelope, 'ciphertext') ?? '');
  if (sealed === null || sealed.length < tagBytes)
    return { why: 'the ciphertext is not base64, or shorter than its tag' };
  const associatedData = utf8(textAt(envelope, 'associated_data') ?? '');
  for (const key of keys) {
    const plain = decryptWith(key, { nonce, sealed, associatedData });
    if (plain !== null) return { plain };
  }
  return { why: `none of the account's ${keys.length} encryption keys fits` };
}

function decryptWith(
  key: KeyObject,
  parts: { nonce: Uint8Array; sealed: Uint8Array; associatedData: Uint8Array },
): Uint8Array | null {
  const { nonce, sealed, associatedData } = parts;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return concat(decipher.update(sealed.subarray(0, -tagBytes)), decipher.final());
  } catch {
    return null; // The tag does not fit: another key, or changed bytes.
  }
}
