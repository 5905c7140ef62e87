import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { promisify } from 'node:util';
import { fromBase64, toBase64 } from './bytes.ts';

const signInPool = promisify<string, Uint8Array, KeyObject, Buffer>(sign);
const bitsMin = 2048;

/**
 * The RSA public key in a PEM (public key or certificate), or in the bare base64 that the platforms' portals show.
 *
 * @throws TypeError for anything else, private keys and keys under 2048 bits included.
 */
export function rsaPublicKey(text: string): KeyObject {
  // Node would derive the public key from a private one: the wrong file would pass, and no signature ever fit.
  if (readPrivate(text) !== null) throw new TypeError('this is a private key; a public key or a certificate is needed');
  const key = firstOf([
    () => new X509Certificate(text.includes('-----BEGIN') ? text : der(text)).publicKey,
    () => createPublicKey(text),
    () => createPublicKey({ key: der(text), format: 'der', type: 'spki' }),
    () => createPublicKey({ key: der(text), format: 'der', type: 'pkcs1' }),
  ]);
  return checked(key, 'an RSA public key or certificate (PEM, or its base64)');
}

/**
 * The RSA private key in a PEM without passphrase, or in bare base64 (PKCS#8 or PKCS#1).
 *
 * @throws TypeError for anything else.
 */
export function rsaPrivateKey(text: string): KeyObject {
  return checked(readPrivate(text), 'an RSA private key (PEM, or its base64)');
}

/** RSASSA-PKCS1-v1_5 with SHA-256 over the text; a signature that is not base64 or has a wrong length is only false. */
export function rsaMatches(key: KeyObject, text: Uint8Array, signature: string): boolean {
  const bytes = fromBase64(signature);
  return bytes !== null && verify('RSA-SHA256', text, key, bytes);
}

/** The signature in base64. It is made in Node's thread pool: a third of a millisecond per signature would hold up everything else. */
export async function rsaSignature(key: KeyObject, text: Uint8Array): Promise<string> {
  return toBase64(await signInPool('RSA-SHA256', text, key));
}

/** A new pair of keys as PEM, for made-up credentials: a tenth of a second on one core. */
export function rsaPair(): { publicKey: string; privateKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: bitsMin,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function readPrivate(text: string): KeyObject | null {
  return firstOf([
    () => createPrivateKey(text),
    () => createPrivateKey({ key: der(text), format: 'der', type: 'pkcs8' }),
    () => createPrivateKey({ key: der(text), format: 'der', type: 'pkcs1' }),
  ]);
}

function der(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'base64');
}

function firstOf(attempts: readonly (() => KeyObject)[]): KeyObject | null {
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch {
      // Not in this form; the next attempt reads another.
    }
  }
  return null;
}

function checked(key: KeyObject | null, wanted: string): KeyObject {
  if (key?.asymmetricKeyType !== 'rsa') throw new TypeError(`this is not ${wanted}`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < bitsMin) throw new TypeError(`an RSA key of ${bits} bits is too short; at least ${bitsMin}`);
  return key;
}
