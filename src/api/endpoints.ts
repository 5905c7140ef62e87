import { z } from '@hono/zod-openapi';
import { closedBreaker, failureBudgetUsed } from '../domain/breaker.ts';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId, laneOfEndpoint } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Endpoint } from '../domain/merchant.ts';
import { notificationTypes } from '../domain/notification.ts';
import type { Service } from '../service.ts';
import { type Caller, sees } from './auth.ts';
import { answered, credentials, filter, listOf, merchant, pageView, paging, text, timeOrNull } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import { camelFields } from './names.ts';
import { publishAnswer, publishAnswerView } from './publish.ts';
import { done, noBody, type Routes } from './route.ts';
import { rotation, rotationOf, secrets, secretsView } from './secrets.ts';

const groups = [...new Set(notificationTypes.map((type) => `${type.split('.')[0]}.*`))];
const filters: readonly string[] = ['*', ...groups, ...notificationTypes];

const settings = {
  types: z
    .array(z.string().refine((type) => filters.includes(type), `must be one of ${filters.join(' ')}`))
    .min(1)
    .max(filters.length)
    .optional()
    .openapi({ example: ['payment.*'], description: 'Types it receives: `*`, a group or a whole type.' }),
  schedule: z
    .array(
      z
        .number()
        .min(0)
        .max(limits.scheduleStepMsMax / 1000),
    )
    .max(limits.scheduleStepsMax)
    .nullable()
    .optional()
    .openapi({
      description: "Seconds to wait before each try after the first; null: the provider's published schedule.",
    }),
  timeout_ms: z.int().min(100).max(limits.endpointTimeoutMsMax).optional(),
  rate_per_second: z.number().min(0.01).max(10_000).nullable().optional(),
  concurrency: z.int().min(1).max(limits.deliveriesInFlight).optional(),
  ordering: z.enum(['none', 'order']).optional(),
};
const url = z.string().min(1).max(2048).openapi({ example: 'https://shop.example/paidonce' });
const newEndpoint = z
  .strictObject({ url, provider: text(1, 64).optional(), credentials: credentials.optional(), ...settings })
  .openapi('NewEndpoint');
const endpointChange = z
  .strictObject({
    url: url.optional(),
    credentials: credentials.optional(),
    state: z.enum(['enabled', 'paused']).optional(),
    ...settings,
  })
  .openapi('EndpointChange');

const answer = z
  .object({
    id: z.string(),
    merchant: z.string(),
    url: z.string(),
    provider: z.string(),
    types: z.array(z.string()),
    schedule: z.array(z.number()).nullable(),
    timeout_ms: z.number(),
    rate_per_second: z.number().nullable(),
    concurrency: z.number(),
    ordering: z.enum(['none', 'order']),
    state: z.enum(['enabled', 'paused', 'disabled']),
    hidden: z.boolean().openapi({ description: 'Made for a `notify_url`; not listed.' }),
    created_at: answered.time,
  })
  .openapi('Endpoint');
export type EndpointRow = z.output<typeof answer>;
const made = z.unknown().openapi({
  type: 'object',
  additionalProperties: true,
  description: 'Credentials that the server made, shown only here; absent where you brought them.',
});
const answerWithSecrets = answer.extend({ secrets }).openapi('EndpointWithSecrets');
const answerWithHealth = answerWithSecrets
  .extend({
    failure_budget: z
      .object({ used: z.number(), since: answered.time.nullable(), failures: z.int() })
      .openapi({ description: 'From 0 to 1, at which it is disabled; the failures in a row, and the first of them.' }),
  })
  .openapi('EndpointWithHealth');
const answerOnce = answer.extend({ credentials: made.optional() }).openapi('EndpointWithCredentials');
const answerRotated = answerWithSecrets.extend({ credentials: made.optional() }).openapi('RotatedEndpoint');

const tag = 'Endpoints';
const params = z.strictObject({ id: text(1, 64) });

export function addEndpoints(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/merchants/{merchant}/endpoints',
    tag,
    summary: 'Add an endpoint',
    description: 'Secrets that the server makes are in the answer, and never shown again.',
    need: ['operate'],
    params: z.strictObject({ merchant }),
    body: newEndpoint,
    example: { url: 'https://shop.example/paidonce', provider: 'standard', types: ['payment.*'] },
    statuses: [201],
    answer: answerOnce,
    refusals: ['merchant.unknown', 'provider.unknown', 'endpoint.url', 'account.credentials'],
    async run({ service, caller, params, body }) {
      requireMerchant(caller, params.merchant);
      const added = await service.endpoints.add({ merchant: params.merchant, ...settingsOf(body) });
      return { status: 201, body: withMade(endpointView(added.endpoint), added.made) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/endpoints',
    tag,
    summary: 'List endpoints',
    need: ['read'],
    query: z.strictObject({
      ...paging,
      merchant: filter(merchant),
      state: filter(z.enum(['enabled', 'paused', 'disabled'])),
    }),
    statuses: [200],
    answer: listOf(answer),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const page = await service.store.read('endpoints', { ...query, visible: caller.visible });
      return { status: 200, body: pageView(page, endpointView) };
    },
  });
  addOneEndpoint(routes);
  addEndpointActions(routes);
}

function addOneEndpoint(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/endpoints/{id}',
    tag,
    summary: 'Read an endpoint',
    need: ['read'],
    params,
    statuses: [200],
    answer: answerWithHealth,
    refusals: ['endpoint.unknown'],
    async run({ service, caller, params }) {
      const endpoint = await endpointOf(service, caller, params.id);
      const budget = await failureBudgetView(service, endpoint);
      return { status: 200, body: { ...withSecrets(service, endpoint), failure_budget: budget } };
    },
  });
  routes.add({
    method: 'patch',
    path: '/v1/endpoints/{id}',
    tag,
    summary: 'Change an endpoint',
    need: ['operate'],
    params,
    body: endpointChange,
    example: { timeout_ms: 5000 },
    statuses: [200],
    answer,
    refusals: ['endpoint.unknown', 'endpoint.url', 'account.credentials'],
    async run({ service, caller, params, body }) {
      const { id } = await endpointOf(service, caller, params.id);
      return { status: 200, body: endpointView(await service.endpoints.change(id, settingsOf(body), caller.name)) };
    },
  });
  routes.add({
    method: 'delete',
    path: '/v1/endpoints/{id}',
    tag,
    summary: 'Remove an endpoint',
    description: 'Cancels its deliveries, as an action of the caller.',
    need: ['operate'],
    params,
    statuses: [204],
    answer: noBody,
    refusals: ['endpoint.unknown'],
    async run({ service, caller, params }) {
      const { id } = await endpointOf(service, caller, params.id);
      await service.endpoints.remove(id, caller.name);
      return done;
    },
  });
}

function addEndpointActions(routes: Routes): void {
  const actions = [
    ['pause', 'paused', 'Pause an endpoint', 'Its deliveries are held until it is resumed.'],
    [
      'resume',
      'enabled',
      'Resume an endpoint',
      'Also enables one that its failures disabled: one delivery goes first, the others once it is confirmed.',
    ],
  ] as const;
  for (const [action, state, summary, description] of actions) {
    routes.add({
      method: 'post',
      path: `/v1/endpoints/{id}/${action}`,
      tag,
      summary,
      description,
      need: ['operate'],
      params,
      statuses: [200],
      answer,
      refusals: ['endpoint.unknown'],
      async run({ service, caller, params }) {
        const { id } = await endpointOf(service, caller, params.id);
        return { status: 200, body: endpointView(await service.endpoints.change(id, { state }, caller.name)) };
      },
    });
  }
  routes.add({
    method: 'post',
    path: '/v1/endpoints/{id}/rotate',
    tag,
    summary: 'Change the secrets of an endpoint without a gap',
    description:
      'New ones stand beside the present ones until `finish`. Where one signature is all that the format carries, the present one signs until then.',
    need: ['operate'],
    params,
    body: rotation,
    bodyOptional: true,
    example: {},
    statuses: [200],
    answer: answerRotated,
    refusals: ['endpoint.unknown', 'account.credentials'],
    async run({ service, caller, params, body }) {
      const endpoint = await endpointOf(service, caller, params.id);
      const rotated = await service.endpoints.rotate(endpoint.id, rotationOf(body), caller.name);
      return { status: 200, body: withMade(withSecrets(service, rotated.endpoint), rotated.made) };
    },
  });
  routes.add({
    method: 'post',
    path: '/v1/endpoints/{id}/test',
    tag,
    summary: 'Send a test notification to an endpoint',
    need: ['operate'],
    params,
    statuses: [202],
    answer: publishAnswer,
    refusals: ['endpoint.unknown'],
    async run({ service, caller, params }) {
      const { id } = await endpointOf(service, caller, params.id);
      return { status: 202, body: publishAnswerView(await service.endpoints.test(id)) };
    },
  });
}

/** @throws AppError `endpoint.unknown`, also for one that the caller may not see. */
async function endpointOf(service: Service, caller: Caller, id: string): Promise<Endpoint> {
  const found = await service.store.read('endpoint', asId.endpoint(id));
  if (found === null || !sees(caller, found.merchant))
    throw new AppError('endpoint.unknown', `there is no endpoint ${id}`);
  return found;
}

/** The API speaks of seconds in a schedule, as people do; the program of milliseconds. */
function settingsOf<T extends { schedule?: readonly number[] | null | undefined }>(body: T) {
  const { schedule, ...others } = body;
  const steps = schedule?.map((seconds) => Math.round(seconds * 1000)) ?? null;
  return { ...camelFields(others), ...(schedule === undefined ? {} : { schedule: steps }) };
}

function withSecrets(service: Service, endpoint: Endpoint): z.input<typeof answerWithSecrets> {
  return { ...endpointView(endpoint), secrets: secretsView(service.secrets.ofEndpoint(endpoint)) };
}

async function failureBudgetView(service: Service, { id }: Endpoint) {
  const breaker = (await service.store.read('breaker', laneOfEndpoint(id))) ?? closedBreaker;
  const used = Math.floor(failureBudgetUsed(breaker, service.clock.now()) * 1000) / 1000;
  return { used, since: timeOrNull(breaker.failingSince), failures: breaker.failures };
}

function withMade<View extends object>(view: View, made: unknown): View & { credentials?: unknown } {
  return made === null || made === undefined ? view : { ...view, credentials: made };
}

function endpointView(endpoint: Endpoint): z.input<typeof answer> {
  const { id, merchant, url, provider, types, schedule, concurrency, ordering, state, hidden } = endpoint;
  return {
    id,
    merchant,
    url,
    provider,
    types: [...types],
    schedule: schedule?.map((milliseconds) => milliseconds / 1000) ?? null,
    timeout_ms: endpoint.timeoutMs,
    rate_per_second: endpoint.ratePerSecond,
    concurrency,
    ordering,
    state,
    hidden,
    created_at: toIso(endpoint.createdAt),
  };
}
