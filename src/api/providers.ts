import { z } from '@hono/zod-openapi';
import type { Provider } from '../providers/provider.ts';
import { credentials, listOf, text } from './fields.ts';
import type { Routes } from './route.ts';
import { secret, secretView } from './secrets.ts';

const schema = z
  .record(z.string(), z.unknown())
  .openapi({ type: 'object', additionalProperties: true, description: 'JSON Schema of its credentials.' });
const secretField = z.object({
  field: z.string(),
  kind: secret.shape.kind,
  says: z.string().openapi({ description: 'What of the text is the key.' }),
});
const side = z.object({
  schema,
  secrets: z.array(secretField).openapi({ description: 'The fields that hold key material.' }),
});

const provider = z
  .object({
    name: z.string(),
    account: side.openapi({ description: 'Credentials of an account: they open callbacks.' }),
    endpoint: side.extend({
      generated: z.boolean().openapi({ description: 'The server makes them where none are given.' }),
    }),
    types: z.array(z.string()).openapi({ description: 'Types of notifications that its format can say.' }),
    currencies: z.array(z.string()).nullable().openapi({ description: 'null: every one of ISO 4217.' }),
    deadline_ms: z.int().openapi({ description: 'How long it waits for the answer to a callback.' }),
    schedule: z.array(z.number()).openapi({ description: 'Its own: seconds to wait before each try after the first.' }),
    rotation: z.enum(['all_sign', 'first']).openapi({ description: 'All current secrets sign, or the first.' }),
    has_client: z.boolean().openapi({ description: 'Its API can be called, where the credentials suffice.' }),
    reads_statements: z.boolean().openapi({ description: 'Its bills are read.' }),
    unsigned: z
      .object({ risk: z.string(), why: z.string() })
      .nullable()
      .openapi({ description: 'What no signature covers; `accept_risk` takes `risk`.' }),
  })
  .openapi('Provider');
export type ProviderRow = z.output<typeof provider>;

const checked = z
  .object({
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .openapi({ description: 'What would be refused.' }),
    secrets: z
      .array(secret.extend({ pointer: z.string() }))
      .openapi({ description: 'What is right of the key material, without it.' }),
  })
  .openapi('CheckedCredentials');
export type CheckedCredentials = z.output<typeof checked>;

const tag = 'Providers';

export function addProviders(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/providers',
    tag,
    summary: 'List providers with the credentials that they need',
    need: ['read'],
    statuses: [200],
    answer: listOf(provider),
    refusals: [],
    async run({ service }) {
      return { status: 200, body: { data: [...service.providers.values()].map(providerView), next_cursor: null } };
    },
  });
  routes.add({
    method: 'post',
    path: '/v1/providers/{name}/check',
    tag,
    summary: 'Say what would be refused of credentials',
    description: 'Keeps nothing and changes nothing: for forms, while somebody types.',
    need: ['operate'],
    params: z.strictObject({ name: text(1, 64) }),
    body: z
      .strictObject({
        side: z.enum(['account', 'endpoint']),
        mode: z.enum(['live', 'test']).default('live').openapi({ description: 'Of an account.' }),
        credentials,
      })
      .openapi('CredentialsToCheck'),
    example: { side: 'account', credentials: { api_key: 'shop-1', api_secrets: ['c2VjcmV0IGZvciB0aGUgZXhhbXBsZQ'] } },
    statuses: [200],
    answer: checked,
    refusals: ['provider.unknown'],
    async run({ service, params, body }) {
      const { errors, secrets } = service.checkCredentials({ provider: params.name, ...body });
      return { status: 200, body: { errors: [...errors], secrets: secrets.map(secretView) } };
    },
  });
}

function providerView(one: Provider): z.input<typeof provider> {
  const { name, profile, accountCredentials, endpointCredentials } = one;
  const { types, currencies, deadlineMs, schedule, rotation, unsigned } = profile;
  return {
    name,
    account: { schema: schemaOf(accountCredentials), secrets: [...one.secretFields('account')] },
    endpoint: {
      schema: schemaOf(endpointCredentials),
      secrets: [...one.secretFields('endpoint')],
      generated: one.generate !== undefined,
    },
    types: [...types],
    currencies: currencies === undefined ? null : [...currencies],
    deadline_ms: deadlineMs,
    schedule: schedule.map((milliseconds) => milliseconds / 1000),
    rotation,
    has_client: one.client !== undefined,
    reads_statements: one.readStatement !== undefined,
    unsigned: unsigned ?? null,
  };
}

function schemaOf(credentials: z.ZodType): z.input<typeof schema> {
  return { ...z.toJSONSchema(credentials, { io: 'input', unrepresentable: 'any' }) };
}
