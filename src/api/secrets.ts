import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import type { SecretView } from '../providers/secret-field.ts';
import { answered, credentials } from './fields.ts';

/** A secret that is kept, without it. */
const secret = z
  .object({
    field: z.string().openapi({ description: 'The field of the credentials that holds it.' }),
    name: z.string().nullable().openapi({ description: 'Its name where the field gives each one, such as a serial.' }),
    fingerprint: z.string().openapi({
      description: 'The same for the same secret at the same provider, and for both halves of a pair of keys.',
    }),
    kind: z.enum(['secret', 'encryption_key', 'public_key', 'private_key', 'certificate']),
    says: z.string().openapi({ description: 'What of the text is the key.' }),
    key: z.string().nullable().openapi({ example: 'RSA 2048' }),
    subject: z.string().nullable(),
    serial: z.string().nullable(),
    expires_at: answered.time.nullable(),
  })
  .openapi('Secret');
export const secrets = z.array(secret).openapi({ description: 'What is kept of key material; never the secrets.' });

/** What a rotation asks for: new secrets, or the end of old ones. */
export const rotation = z
  .strictObject({
    credentials: credentials.optional(),
    finish: z.literal(true).optional().openapi({ description: 'Of each list only the newest secret stays.' }),
    drop: z
      .array(z.string().regex(/^[0-9a-f]{8}$/, 'must be fingerprints of 8 hex digits'))
      .min(1)
      .max(limits.secretsPerCredential)
      .optional()
      .openapi({ description: 'Fingerprints of secrets that go.' }),
  })
  .refine(
    ({ credentials, finish, drop }) => [credentials, finish, drop].filter((one) => one !== undefined).length <= 1,
    {
      error: 'takes one of credentials, finish and drop',
    },
  )
  .openapi('Rotation');

export function rotationOf({ credentials, finish, drop }: z.output<typeof rotation>) {
  if (finish === true) return { finish };
  return drop === undefined ? { credentials } : { drop };
}

export function secretsView(views: readonly SecretView[]): z.input<typeof secrets> {
  return views.map(({ expiresAt, ...view }) => ({ ...view, expires_at: expiresAt === null ? null : toIso(expiresAt) }));
}
