import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import type { SecretView } from '../providers/secret-field.ts';
import { answered, credentials } from './fields.ts';

/** A secret that is kept, without it. */
export const secret = z
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
export type Secret = z.output<typeof secret>;
export const secrets = z.array(secret).openapi({ description: 'What is kept of key material; never the secrets.' });

const changes = {
  credentials: credentials.optional(),
  finish: z.literal(true).optional().openapi({ description: 'Of each list only the newest secret stays.' }),
  drop: z
    .array(z.string().regex(/^[0-9a-f]{8}$/, 'must be fingerprints of 8 hex digits'))
    .min(1)
    .max(limits.secretsPerCredential)
    .optional()
    .openapi({ description: 'Fingerprints of secrets that go.' }),
};
const isOne = ({ credentials, finish, drop }: { credentials?: unknown; finish?: unknown; drop?: unknown }) =>
  [credentials, finish, drop].filter((one) => one !== undefined).length <= 1;
const saysOne = { error: 'takes one of credentials, finish and drop' };

/** What a rotation asks for: new secrets, or the end of old ones. */
export const rotation = z.strictObject(changes).refine(isOne, saysOne).openapi('Rotation');

/** The same for an endpoint, whose older secrets can be given a time. */
export const endpointRotation = z
  .strictObject({
    ...changes,
    overlap_s: z
      .int()
      .min(1)
      .max(limits.overlapMsMax / 1000)
      .optional()
      .openapi({
        description: 'Seconds after which the older secrets end by themselves; without it `finish` ends them.',
      }),
  })
  .refine(isOne, saysOne)
  .refine(({ overlap_s, finish, drop }) => overlap_s === undefined || (finish === undefined && drop === undefined), {
    error: 'overlap_s is for new secrets',
  })
  .openapi('EndpointRotation');

export function rotationOf({ credentials, finish, drop }: z.output<typeof rotation>) {
  if (finish === true) return { finish };
  return drop === undefined ? { credentials } : { drop };
}

export function endpointRotationOf({ overlap_s, ...others }: z.output<typeof endpointRotation>) {
  return { ...rotationOf(others), ...(overlap_s === undefined ? {} : { overlapMs: overlap_s * 1000 }) };
}

export function secretsView(views: readonly SecretView[]): z.input<typeof secrets> {
  return views.map(secretView);
}

export function secretView<View extends SecretView>({ expiresAt, ...view }: View) {
  return { ...view, expires_at: expiresAt === null ? null : toIso(expiresAt) };
}
