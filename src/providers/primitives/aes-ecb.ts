import { createCipheriv, createDecipheriv, createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { concat, toHex, utf8 } from './bytes.ts';

/**
 * The cipher of WeChat Pay v2's refund notifications: AES-256-ECB with PKCS#7 padding, the key being the lower-case hex of the API
 * key's MD5. It authenticates nothing: blocks can be left out, repeated and put in another order.
 */
export function ecbKey(apiKey: string): KeyObject {
  return createSecretKey(utf8(toHex(createHash('md5').update(apiKey).digest())));
}

export function encryptEcb(key: KeyObject, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-ecb', key, null);
  return concat(cipher.update(plain), cipher.final());
}

/** Null where no padding is found; of other keys, one in 256 leaves what looks like some. */
export function decryptEcb(key: KeyObject, sealed: Uint8Array): Uint8Array | null {
  const decipher = createDecipheriv('aes-256-ecb', key, null);
  try {
    return concat(decipher.update(sealed), decipher.final());
  } catch {
    return null; // Another key, or changed bytes.
  }
}
