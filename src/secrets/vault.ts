import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type DecipherGCM,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { AppError } from '../domain/errors.ts';
import type { AccountId, EndpointId, MerchantId, Random } from '../domain/ids.ts';
import { randomBytesOf } from '../domain/ids.ts';
import { parseCredentials, writeCredentials } from './credentials-json.ts';

/** What a secret belongs to. It is bound to it: sealed for one owner, it does not open for another. */
export type SecretOwner =
  | `account:${string}`
  | `endpoint:${string}`
  | `merchant:${string}:${string}`
  | 'key-check'
  | 'sign-in';

export const secretOwner = {
  account: (id: AccountId): SecretOwner => `account:${id}`,
  endpoint: (id: EndpointId): SecretOwner => `endpoint:${id}`,
  /** The merchant's own signing secrets for one provider, for notifications with a `notify_url`. */
  merchant: (id: MerchantId, provider: string): SecretOwner => `merchant:${id}:${provider}`,
};

/** Encryption at rest. */
export interface Vault {
  /** Encrypts under the first master key. The same bytes never look the same twice. */
  seal(owner: SecretOwner, plain: Uint8Array): Uint8Array;
  /** @throws AppError `secrets.master_key` where no master key fits, the owner is another, or a byte has changed. */
  open(owner: SecretOwner, sealed: Uint8Array): Uint8Array;
  /** Seals any JSON value; integers beyond 2^53 (bigint) come back as they were. */
  sealCredentials(owner: SecretOwner, credentials: unknown): Uint8Array;
  /** @throws AppError `secrets.master_key` as {@link Vault.open}. */
  openCredentials(owner: SecretOwner, sealed: Uint8Array): unknown;
  /** Eight hex digits by which the same material is known again. Without the master key nothing of it can be tried out. */
  fingerprint(material: Uint8Array): string;
  /** Whether this was not sealed under the first master key; sealing it again ends the need for an older one. */
  isSealedByOlderKey(sealed: Uint8Array): boolean;
  /** A value to keep beside the secrets, by which {@link Vault.confirmKeyCheck} knows a wrong master key at start. */
  keyCheck(): Uint8Array;
  /** @throws AppError `secrets.master_key` where the value was made under a master key that is not among ours. */
  confirmKeyCheck(kept: Uint8Array): void;
}

interface MasterKey {
  /** Names the key in what it sealed; derived, so it tells nothing about the key. */
  id: Buffer;
  encryption: KeyObject;
  fingerprints: KeyObject;
}

/** Envelope: version (1) · key id (8) · nonce (12) · ciphertext · tag (16). Version, key id and owner are authenticated. */
const version = 1;
const keyIdBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = 1 + keyIdBytes;
const masterKeyBytes = 32;
const cipher = 'aes-256-gcm';

/**
 * @param masterKeys the first encrypts, all decrypt: to rotate, put the new one in front and seal everything again.
 * @throws AppError `secrets.master_key` without any.
 */
export function createVault(masterKeys: readonly Uint8Array[], random: Random = randomBytesOf): Vault {
  const keys = masterKeys.map(deriveKeys);
  const [first] = keys;
  if (first === undefined) throw new AppError('secrets.master_key', 'there is no master key');

  const seal: Vault['seal'] = (owner, plain) => {
    const header = Buffer.concat([Buffer.of(version), first.id]);
    // Copied: the random bytes are a view of a pool.
    const nonce = Buffer.from(random(nonceBytes));
    const encrypt: CipherGCM = createCipheriv(cipher, first.encryption, nonce);
    encrypt.setAAD(authenticated(header, owner));
    const sealed = Buffer.concat([header, nonce, encrypt.update(plain), encrypt.final(), encrypt.getAuthTag()]);
    return Uint8Array.from(sealed);
  };

  const open: Vault['open'] = (owner, sealed) => {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < headerBytes + nonceBytes + tagBytes)
      throw unopened(owner, 'it is shorter than anything we seal');
    if (bytes[0] !== version) throw unopened(owner, `its version is ${bytes[0]}, this program knows ${version}`);
    const key = keys.find((candidate) => candidate.id.equals(bytes.subarray(1, headerBytes)));
    if (key === undefined) throw unopened(owner, 'it was sealed under a master key that is not configured');
    const nonceEnd = headerBytes + nonceBytes;
    const decrypt: DecipherGCM = createDecipheriv(cipher, key.encryption, bytes.subarray(headerBytes, nonceEnd), {
      authTagLength: tagBytes,
    });
    decrypt.setAAD(authenticated(bytes.subarray(0, headerBytes), owner));
    decrypt.setAuthTag(bytes.subarray(-tagBytes));
    try {
      return Uint8Array.from(Buffer.concat([decrypt.update(bytes.subarray(nonceEnd, -tagBytes)), decrypt.final()]));
    } catch {
      // The one thing `final` reports is that the tag does not fit; its message would add nothing.
      throw unopened(owner, 'it was changed, or belongs to something else');
    }
  };

  return {
    seal,
    open,
    sealCredentials: (owner, credentials) => seal(owner, Buffer.from(writeCredentials(credentials))),
    openCredentials: (owner, sealed) => parseCredentials(Buffer.from(open(owner, sealed)).toString()),
    fingerprint: (material) => createHmac('sha256', first.fingerprints).update(material).digest('hex').slice(0, 8),
    isSealedByOlderKey: (sealed) => !first.id.equals(sealed.subarray(1, headerBytes)),
    keyCheck: () => seal('key-check', new Uint8Array(0)),
    confirmKeyCheck: (kept) => void open('key-check', kept),
  };
}

/**
 * Reads a master key as configured: 32 bytes in base64 (or base64url), with or without padding.
 *
 * @throws AppError `config.invalid`, saying what is wrong and never the text.
 */
export function parseMasterKey(text: string): Uint8Array {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) throw invalidKey('it looks like hexadecimal; write the 32 bytes in base64');
  if (trimmed === '' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(trimmed)) throw invalidKey('it is not base64');
  const bytes = Buffer.from(trimmed, 'base64');
  if (bytes.length !== masterKeyBytes) throw invalidKey(`it has ${bytes.length} bytes, not ${masterKeyBytes}`);
  const canonical = bytes.toString('base64').replace(/=+$/, '');
  if (canonical !== trimmed.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/'))
    throw invalidKey('its last character is cut');
  if (new Set(bytes).size < 8) throw invalidKey('it is not random; make one with `openssl rand -base64 32`');
  return Uint8Array.from(bytes);
}

/** Each use has its own key, so that the master key itself encrypts nothing. */
function deriveKeys(master: Uint8Array): MasterKey {
  if (master.length !== masterKeyBytes) throw invalidKey(`it has ${master.length} bytes, not ${masterKeyBytes}`);
  const derive = (use: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', master, '', `paidonce vault 1 ${use}`, bytes));
  return {
    id: derive('key id', keyIdBytes),
    encryption: createSecretKey(derive('encryption', masterKeyBytes)),
    fingerprints: createSecretKey(derive('fingerprints', masterKeyBytes)),
  };
}

function authenticated(header: Uint8Array, owner: SecretOwner): Buffer {
  return Buffer.concat([header, Buffer.from(owner)]);
}

function unopened(owner: SecretOwner, why: string): AppError {
  return new AppError('secrets.master_key', `the secret of ${owner} does not open: ${why}`);
}

function invalidKey(why: string): AppError {
  return new AppError('config.invalid', `the master key is not usable: ${why}`);
}
