import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { asId } from '../domain/ids.ts';
import { type ApiKey, scopes } from '../domain/merchant.ts';
import { answered, listOf, merchant, pageView, paging, shortText, text } from './fields.ts';
import { done, noBody, type Routes } from './route.ts';

const answer = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    merchants: z.array(z.string()).nullable().openapi({ description: 'Null: all merchants.' }),
    created_at: answered.time,
  })
  .openapi('ApiKey');
export type ApiKeyRow = z.output<typeof answer>;

const madeAnswer = answer
  .extend({ api_key: z.string().openapi({ description: 'Send it as `Authorization: Bearer …`.' }) })
  .openapi('MadeApiKey');
export type MadeApiKey = z.output<typeof madeAnswer>;

export function addKeys(routes: Routes): void {
  const tag = 'API keys';
  routes.add({
    method: 'post',
    path: '/v1/keys',
    tag,
    summary: 'Make an API key',
    description: 'The key itself is in this answer, and never shown again.',
    need: 'admin',
    body: z
      .strictObject({
        name: shortText,
        scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
        merchants: z.array(merchant).min(1).max(1000).nullable().default(null),
      })
      .openapi('NewApiKey'),
    example: { name: 'The shop backend', scopes: ['publish', 'read'], merchants: ['shop'] },
    statuses: [201],
    answer: madeAnswer,
    refusals: [],
    async run({ service, caller, body }) {
      const { apiKey, secret } = await service.apiKeys.add({
        ...body,
        scopes: [...new Set(body.scopes)],
        by: caller.name,
      });
      return { status: 201, body: { ...keyView(apiKey), api_key: secret } };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/keys',
    tag,
    summary: 'List API keys',
    need: 'admin',
    query: z.strictObject(paging),
    statuses: [200],
    answer: listOf(answer),
    refusals: [],
    async run({ service, query }) {
      return { status: 200, body: pageView(await service.store.read('apiKeys', query), keyView) };
    },
  });
  routes.add({
    method: 'delete',
    path: '/v1/keys/{id}',
    tag,
    summary: 'Remove an API key',
    description: 'It is refused from then on.',
    need: 'admin',
    params: z.strictObject({ id: text(1, 64) }),
    statuses: [204],
    answer: noBody,
    refusals: ['api_key.unknown'],
    async run({ service, caller, params }) {
      await service.apiKeys.remove(asId.apiKey(params.id), caller.name);
      return done;
    },
  });
}

function keyView({ id, name, scopes, merchants, createdAt }: ApiKey): z.input<typeof answer> {
  return { id, name, scopes: [...scopes], merchants: merchants && [...merchants], created_at: toIso(createdAt) };
}
