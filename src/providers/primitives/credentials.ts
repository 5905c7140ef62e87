import { z } from 'zod';
import { limits } from '../../domain/limits.ts';
import type { SecretKind } from '../secret-field.ts';
import { aesKey } from './aes-gcm.ts';
import { fromBase64 } from './bytes.ts';
import { certificateOf } from './certificate.ts';
import { bytesAfter } from './prefixed.ts';
import { rsaPrivateKey, rsaPublicKey } from './rsa.ts';
import { noted } from './secret-fields.ts';

/** An id that a platform gave: checked for characters and length only, because their forms change. */
export const idText = z
  .string()
  .regex(
    new RegExp(`^[A-Za-z0-9._:@|/+=-]{1,${limits.credentialIdCharactersMax}}$`),
    `must be 1–${limits.credentialIdCharactersMax} characters of A–Z a–z 0–9 . _ : @ | / + = -`,
  );

/** Where in a body a value stands: `data.object.metadata.order`. */
export const fieldPath = z
  .string()
  .max(200)
  .regex(/^[^.]+(\.[^.]+)*$/, 'must be names joined by points');

/** Where a provider's API is, where it is not at its usual address: another region, or the sandbox. Without a slash at its end. */
export const apiBaseUrl = z
  .string()
  .max(200)
  .regex(/^https?:\/\/[^\s/?#@]+(\/[^\s/?#]+)*$/, 'must be a URL without user, query and a slash at its end');

/** A secret text that is neither a placeholder nor shorter than it must be. */
export function secretText(charactersMin: number): z.ZodString {
  const text = z
    .string()
    .min(charactersMin, `must have at least ${charactersMin} characters`)
    .max(512, 'must have at most 512 characters')
    .regex(/^[!-~]*$/, 'must not hold spaces or characters outside ASCII')
    .refine((text) => !isPlaceholder(text), 'is a placeholder, not a secret');
  return noted(text, 'secret', 'the text as it stands');
}

/** A secret under a prefix such as `whsec_`, the rest of which is base64 of some number of bytes. */
export function prefixedBytes(
  prefix: string,
  kind: SecretKind,
  fits: (bytes: Uint8Array) => boolean,
  lengths: string,
): z.ZodString {
  const text = secretText(1)
    .startsWith(prefix, `must start with ${prefix}`)
    .refine((text) => fits(bytesAfter(prefix, text) ?? new Uint8Array()), `must be ${prefix} and base64 of ${lengths}`);
  return noted(text, kind, `what follows ${prefix}, as base64 of ${lengths}`);
}

/** Current and previous secrets. */
export function listOf<Item extends z.ZodType>(item: Item): z.ZodArray<Item> {
  return z.array(item).min(1, 'must not be empty').max(limits.secretsPerCredential);
}

/** A certificate of an 8192-bit key with a long chain of names still fits. */
const keyCharactersMax = 16_384;

export const publicKeyText = noted(
  z.string().max(keyCharactersMax).refine(parses(rsaPublicKey), {
    error: 'must be an RSA public key or certificate of at least 2048 bits, as PEM or its base64; not a private key',
  }),
  'public_key',
  'an RSA public key or certificate, as PEM or its base64',
);

export const certificateText = noted(
  z.string().max(keyCharactersMax).refine(parses(certificateOf), { error: 'must be an X.509 certificate in PEM' }),
  'certificate',
  'a certificate as PEM',
);

export const privateKeyText = noted(
  z.string().max(keyCharactersMax).refine(parses(rsaPrivateKey), {
    error: 'must be an RSA private key of at least 2048 bits, as PEM or its base64',
  }),
  'private_key',
  'an RSA private key, as PEM or its base64',
);

/**
 * `accept_risk` of an account whose callbacks are not wholly signed: by naming the risk (`profile.unsigned.risk`) its owner says that
 * they are to be believed without asking the provider.
 */
export function acceptRisk<Risk extends string>(risk: Risk) {
  return z.exactOptional(z.literal(risk, { error: `must be "${risk}", the name of the risk, or absent` }));
}

/** `encryption_keys` of `hmac` and `standard`: the first encrypts, any decrypts. */
export const encryptionKeys = listOf(
  noted(
    secretText(1).refine(
      parses((text) => aesKey(fromBase64(text) ?? new Uint8Array())),
      'must be base64 of 32 bytes',
    ),
    'encryption_key',
    'base64 of 32 bytes',
  ),
);

/** What people leave in examples: one repeated character, `<…>`, or a text that starts with your, changeme or xxx. */
const placeholder = /^(?:(.)\1*=*|<.*>|(?:your|changeme|xxx).*)$/is;
/** The same behind a prefix, where three random letters may well be `xXx`: only what no random base64 looks like. */
const placeholderAfterPrefix = /^(?:(.)\1*=*|<.*>|(?:your|xxx)[^a-z0-9+/].*|(?:changeme|x{6}).*)$/is;

function isPlaceholder(text: string): boolean {
  const rest = text.replace(/^[a-z]{2,6}_(?:(?:test|live)_)?/i, '');
  return placeholder.test(text) || placeholderAfterPrefix.test(rest);
}

function parses(read: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      read(text);
      return true;
    } catch {
      return false; // The schema reports the field; the reason may quote the key.
    }
  };
}
