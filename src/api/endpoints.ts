import { z } from '@hono/zod-openapi';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Endpoint } from '../domain/merchant.ts';
import { notificationTypes } from '../domain/notification.ts';
import type { Service } from '../service.ts';
import { type Caller, requireNeed, sees } from './auth.ts';
import {
  answer,
  answerOnce,
  answerRotated,
  answerWithHealth,
  endpointView,
  healthView,
  urlAnswer,
  withMade,
  withSecrets,
} from './endpoint-view.ts';
import { credentials, filter, listOf, merchant, note, pageView, paging, text } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import { camelFields } from './names.ts';
import { publishAnswer, publishAnswerView } from './publish.ts';
import { done, noBody, type Routes } from './route.ts';
import { endpointRotation, endpointRotationOf } from './secrets.ts';

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
    force: z.literal(true).optional().openapi({
      description: 'The URL changes without a challenge. For the admin key, with a note.',
    }),
    note: note.optional(),
    credentials: credentials.optional(),
    state: z.enum(['enabled', 'paused']).optional(),
    ...settings,
  })
  .refine(({ url, force, note }) => (force === undefined) === (note === undefined) && (!force || url !== undefined), {
    error: 'force needs a url and a note, and a note needs force',
  })
  .openapi('EndpointChange');

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
      const request = { merchant: params.merchant, ...settingsOf(body) };
      const added = await service.endpoints.add(request, caller.name);
      return { status: 201, body: withMade(endpointView(service, added.endpoint), added.made) };
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
      return { status: 200, body: pageView(page, (one) => endpointView(service, one)) };
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
      const health = await healthView(service, endpoint);
      return { status: 200, body: { ...withSecrets(service, endpoint), ...health } };
    },
  });
  addEndpointChanges(routes);
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

function addEndpointChanges(routes: Routes): void {
  routes.add({
    method: 'patch',
    path: '/v1/endpoints/{id}',
    tag,
    summary: 'Change an endpoint',
    description:
      'Another `url` is asked first whether it wants the deliveries, and takes the place of the present one when it has answered; 202: it has not, see `url_change`. Everything else changes at once.',
    need: ['operate'],
    params,
    body: endpointChange,
    example: { timeout_ms: 5000 },
    statuses: [200, 202],
    answer,
    refusals: ['endpoint.unknown', 'endpoint.url', 'account.credentials'],
    async run({ service, caller, params, body }) {
      const { id } = await endpointOf(service, caller, params.id);
      const { force, note, ...settings } = body;
      if (force === true) requireNeed(caller, 'admin');
      const forced = note === undefined ? {} : { force: { note } };
      const changed = await service.endpoints.change(id, { ...settingsOf(settings), ...forced }, caller.name);
      return urlAnswer(service, changed, body.url !== undefined);
    },
  });
  routes.add({
    method: 'post',
    path: '/v1/endpoints/{id}/url/retry',
    tag,
    summary: 'Ask a new URL of an endpoint once more',
    description: '200: it has answered, and is the URL now; 202: it has not, see `url_change`.',
    need: ['operate'],
    params,
    statuses: [200, 202],
    answer,
    refusals: ['endpoint.unknown', 'endpoint.state', 'endpoint.url'],
    async run({ service, caller, params }) {
      const { id } = await endpointOf(service, caller, params.id);
      return urlAnswer(service, await service.endpoints.retryUrl(id, caller.name), true);
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
        return { status: 200, body: endpointView(service, await service.endpoints.change(id, { state }, caller.name)) };
      },
    });
  }
  routes.add({
    method: 'post',
    path: '/v1/endpoints/{id}/rotate',
    tag,
    summary: 'Change the secrets of an endpoint without a gap',
    description:
      'New ones stand beside the present ones until `finish`, or for `overlap_s`. Where one signature is all that the format carries, the present one signs until then.',
    need: ['operate'],
    params,
    body: endpointRotation,
    bodyOptional: true,
    example: {},
    statuses: [200],
    answer: answerRotated,
    refusals: ['endpoint.unknown', 'endpoint.state', 'account.credentials'],
    async run({ service, caller, params, body }) {
      const endpoint = await endpointOf(service, caller, params.id);
      const rotated = await service.endpoints.rotate(endpoint.id, endpointRotationOf(body), caller.name);
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
