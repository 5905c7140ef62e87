import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';
import { type Instant, toIso } from './clock.ts';
import { AppError } from './errors.ts';

/** Puts a number of attempts under one signature. Seals are numbered from 1 without a gap, each naming the one before. */
export interface Seal {
  number: number;
  /** Hash of the seal before, in hexadecimal; zeros for the first. */
  previous: string;
  /** Root of the tree over the attempts' leaves, in hexadecimal. */
  root: string;
  /** Leaves under the root. */
  count: number;
  /** When it was made; never before the one before. */
  at: Instant;
  /** Public key that signed, the 32 bytes of Ed25519 in base64. */
  key: string;
  /** Signature over {@link sealStatement}, in base64. */
  signature: string;
}

/** Signs from outside the database: who can change every row still cannot sign. */
export interface SealKey {
  /** 32 bytes in base64. */
  publicKey: string;
  sign(statement: string): string;
}

export const noSealBefore = '0'.repeat(64);

/** The fixed beginnings of an Ed25519 key in DER (RFC 8410 §7 and §10.3); the 32 bytes of the key follow. */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @throws AppError `config.invalid` where the text is not 32 bytes in base64. */
export function parseSealKey(text: string): SealKey {
  const seed = Buffer.from(text, 'base64');
  if (seed.length !== 32 || seed.toString('base64').replace(/=+$/, '') !== text.trim().replace(/=+$/, ''))
    throw new AppError('config.invalid', 'the seal key is not 32 bytes in base64');
  return sealKeyFrom(seed);
}

/** A key of its own that follows from a secret of 32 bytes, for whoever has no other place to keep one. */
export function deriveSealKey(secret: Uint8Array): SealKey {
  return sealKeyFrom(Buffer.from(hkdfSync('sha256', secret, '', 'paidonce seal', 32)));
}

function sealKeyFrom(seed: Uint8Array): SealKey {
  const key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
  return {
    publicKey: publicKey.toString('base64'),
    sign: (statement) => sign(null, Buffer.from(statement), key).toString('base64'),
  };
}

/** Whether the key signed the statement; false for what is no key or no signature. */
export function isSignedBy(statement: string, signed: { key: string; signature: string }): boolean {
  const key = publicKeyOf(signed.key);
  return key !== null && verify(null, Buffer.from(statement), key, Buffer.from(signed.signature, 'base64'));
}

function publicKeyOf(text: string): KeyObject | null {
  const raw = Buffer.from(text, 'base64');
  return raw.length === 32
    ? createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' })
    : null;
}

/** What a seal signs, and what the next one hashes: version 1, one line each. */
export function sealStatement({ number, previous, root, count, at }: Omit<Seal, 'key' | 'signature'>): string {
  return ['paidonce-seal-v1', number, previous, root, count, toIso(at)].join('\n');
}

export function sealHash(seal: Omit<Seal, 'key' | 'signature'>): string {
  return createHash('sha256').update(sealStatement(seal)).digest('hex');
}

/** The next seal after `last`. Nothing is kept or sent by this. */
export function makeSeal(
  last: Seal | null,
  content: { root: Uint8Array; count: number; now: Instant },
  key: SealKey,
): Seal {
  const unsigned = {
    number: (last?.number ?? 0) + 1,
    previous: last === null ? noSealBefore : sealHash(last),
    root: Buffer.from(content.root).toString('hex'),
    count: content.count,
    at: Math.max(content.now, last?.at ?? 0),
  };
  return { ...unsigned, key: key.publicKey, signature: key.sign(sealStatement(unsigned)) };
}
