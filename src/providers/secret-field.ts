import type { Instant } from '../domain/clock.ts';

export type SecretKind = 'secret' | 'encryption_key' | 'public_key' | 'private_key' | 'certificate';

/** A field of credentials that holds key material. */
export interface SecretField {
  field: string;
  kind: SecretKind;
  /** What of the text is the key, as a phrase: conventions differ, and are never guessed. */
  says: string;
}

/** One secret that credentials hold, without it. */
export interface SecretView {
  field: string;
  /** Its name where the field gives each one: a serial, a public key. */
  name: string | null;
  /** The same for the same secret at the same provider, and for both halves of a pair of keys. */
  fingerprint: string;
  kind: SecretKind;
  /** As of its field. */
  says: string;
  /** `RSA 2048`, `ED25519`; null for a secret that is no key of a pair. */
  key: string | null;
  /** Of a certificate; else null. */
  subject: string | null;
  serial: string | null;
  expiresAt: Instant | null;
}

/** Key material that was made for one sender and its receivers. */
export interface MadeSecrets {
  /** Fields of endpoint credentials. */
  seals: Readonly<Record<string, unknown>>;
  /** Fields of account credentials for the other side, all of them public; null where both sides share what seals. */
  opens: Readonly<Record<string, unknown>> | null;
}
