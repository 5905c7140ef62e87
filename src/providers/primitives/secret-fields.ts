import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { SecretField, SecretKind, SecretView } from '../secret-field.ts';
import { utf8 } from './bytes.ts';
import { certificateIn } from './certificate.ts';
import { ed25519PrivateKey, ed25519PublicKey } from './ed25519.ts';
import { bytesAfter } from './prefixed.ts';
import { rsaPrivateKey, rsaPublicKey } from './rsa.ts';

/** What a text of key material is, and how it is read: written beside the schema that checks it. */
interface Note {
  kind: SecretKind;
  says: string;
}

const notes = z.registry<Note>();

/** Says of a schema what its texts are. A schema made of it (`.regex(…)`) says the same, unless it says otherwise. */
export function noted<Schema extends z.ZodType>(schema: Schema, kind: SecretKind, says: string): Schema {
  notes.add(schema, { kind, says });
  return schema;
}

/** The fields of an object of credentials that hold key material, in their order. */
export function secretFieldsOf(credentials: z.ZodType): readonly SecretField[] {
  if (!(credentials instanceof z.ZodObject)) return [];
  return Object.entries(credentials.shape).flatMap(([field, schema]) => {
    const note = noteIn(schema);
    return note === undefined ? [] : [{ field, ...note }];
  });
}

/** Through what makes a field optional, a list or a record, to the text itself. */
function noteIn(schema: z.core.$ZodType): Note | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional) return noteIn(schema.unwrap());
  if (schema instanceof z.ZodArray) return noteIn(schema.element);
  if (schema instanceof z.ZodRecord) return noteIn(schema.valueType);
  return notes.get(schema);
}

/**
 * What credentials hold in these fields, without holding it. Both halves of a pair of keys, and a certificate of it, have one
 * fingerprint: that of the public key.
 */
export function secretsIn(
  fields: readonly SecretField[],
  credentials: unknown,
  mark: (material: Uint8Array) => string,
): readonly SecretView[] {
  if (typeof credentials !== 'object' || credentials === null) return [];
  const values = new Map<string, unknown>(Object.entries(credentials));
  return fields.flatMap((field) =>
    textsIn(values.get(field.field)).map(([name, text]) => ({ ...viewOf(field, text, mark), name })),
  );
}

/** The key material itself, by what it is good for. What cannot be read as a key is left out; shared keys that encrypt sign nothing. */
export function keysIn(
  fields: readonly SecretField[],
  credentials: unknown,
): { secrets: readonly string[]; privateKeys: readonly KeyObject[]; publicKeys: readonly KeyObject[] } {
  const values = new Map<string, unknown>(
    typeof credentials === 'object' && credentials !== null ? Object.entries(credentials) : [],
  );
  const texts = fields.flatMap(({ field, kind }) => textsIn(values.get(field)).map(([, text]) => ({ kind, text })));
  const read = (key: KeyObject | null) => (key === null ? [] : [key]);
  return {
    secrets: texts.flatMap(({ kind, text }) => (kind === 'secret' ? [text] : [])),
    privateKeys: texts.flatMap(({ kind, text }) => (kind === 'private_key' ? read(privateKey(text)) : [])),
    publicKeys: texts.flatMap(({ kind, text }) => read(publicHalf(kind, text, certificateIn(text)))),
  };
}

function privateKey(text: string): KeyObject | null {
  try {
    return privateKeyIn(text);
  } catch {
    return null; // As with `publicHalf`.
  }
}

function privateKeyIn(text: string): KeyObject {
  return text.startsWith('whsk_')
    ? ed25519PrivateKey(bytesAfter('whsk_', text) ?? new Uint8Array())
    : rsaPrivateKey(text);
}

function textsIn(value: unknown): readonly (readonly [name: string | null, text: string])[] {
  if (typeof value === 'string') return [[null, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, text]) =>
    typeof text === 'string' ? [[Array.isArray(value) ? null : name, text] as const] : [],
  );
}

function viewOf({ field, kind, says }: SecretField, text: string, mark: (material: Uint8Array) => string): SecretView {
  const certificate = certificateIn(text);
  const key = publicHalf(kind, text, certificate);
  return {
    field,
    name: null,
    fingerprint: mark(key === null ? utf8(text) : key.export({ format: 'der', type: 'spki' })),
    kind: certificate === null ? kind : 'certificate',
    says,
    key: key === null ? null : keyText(key),
    ...certificateFacts(certificate),
  };
}

/** The public key of a public key, a private one or a certificate; null for what is no such thing, or of an unknown algorithm. */
function publicHalf(kind: SecretKind, text: string, certificate: X509Certificate | null): KeyObject | null {
  if (kind === 'secret' || kind === 'encryption_key') return null;
  try {
    if (certificate !== null) return certificate.publicKey;
    if (text.startsWith('whpk_')) return ed25519PublicKey(bytesAfter('whpk_', text) ?? new Uint8Array());
    return kind === 'private_key' ? createPublicKey(privateKeyIn(text)) : rsaPublicKey(text);
  } catch {
    return null; // A list of what is kept must not fail over one of them; its reason may quote the key.
  }
}

/** `RSA 2048`, `EC prime256v1`, `ED25519`. */
function keyText({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve ?? '';
  return `${(asymmetricKeyType ?? 'unknown').toUpperCase()} ${size}`.trim();
}

function certificateFacts(certificate: X509Certificate | null): Pick<SecretView, 'subject' | 'serial' | 'expiresAt'> {
  if (certificate === null) return { subject: null, serial: null, expiresAt: null };
  return {
    subject: certificate.subject.replaceAll('\n', ', '),
    serial: certificate.serialNumber,
    expiresAt: certificate.validToDate.getTime(),
  };
}
