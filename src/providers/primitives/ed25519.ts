import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { concat, equalBytes, fromHex } from './bytes.ts';

/** The fixed beginnings of an Ed25519 key in DER (RFC 8410 §7 and §10.3); the 32 bytes of the key follow. */
const publicPrefix = fromHex('302a300506032b6570032100') ?? new Uint8Array();
const privatePrefix = fromHex('302e020100300506032b657004220420') ?? new Uint8Array();

/** @throws TypeError where it is not 32 bytes. */
export function ed25519PublicKey(raw: Uint8Array): KeyObject {
  if (raw.length !== 32) throw new TypeError('an Ed25519 public key has 32 bytes');
  return createPublicKey({ key: Buffer.from(concat(publicPrefix, raw)), format: 'der', type: 'spki' });
}

/**
 * The private key from its seed (32 bytes), or from seed and public key (64 bytes) as `whsk_` holds them.
 *
 * @throws TypeError for another length, and where the public half is not that of the seed.
 */
export function ed25519PrivateKey(raw: Uint8Array): KeyObject {
  if (raw.length !== 32 && raw.length !== 64) throw new TypeError('an Ed25519 private key has 32 or 64 bytes');
  const key = createPrivateKey({
    key: Buffer.from(concat(privatePrefix, raw.subarray(0, 32))),
    format: 'der',
    type: 'pkcs8',
  });
  if (raw.length === 64 && !equalBytes(raw.subarray(32), ed25519PublicBytes(key))) {
    throw new TypeError('the public half of the key does not belong to its seed');
  }
  return key;
}

/** The 32 bytes of the public key. */
export function ed25519PublicBytes(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
}

export function ed25519Signature(key: KeyObject, text: Uint8Array): Uint8Array {
  return sign(null, text, key);
}

/** Whether any candidate is the signature of the text under any key; a wrong length is only false. */
export function ed25519Matches(
  keys: readonly KeyObject[],
  text: Uint8Array,
  candidates: readonly Uint8Array[],
): boolean {
  return keys.some((key) =>
    candidates.some((candidate) => candidate.length === 64 && verify(null, text, key, candidate)),
  );
}
