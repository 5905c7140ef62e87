import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { type AttemptRecord, deliveryStates, steps } from '../domain/delivery.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import type { Service } from '../service.ts';
import type { DeliveryDetail, DeliveryRow, ShortAttempt } from '../stores/reads.ts';
import { type Caller, sees } from './auth.ts';
import { answered, filter, listOf, merchant, orderNo, pageView, paging, text, timeOrNull } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

const state = z.enum([...deliveryStates, 'held']);
const headerPairs = z.array(z.array(z.string())).openapi({ description: 'Pairs of name and value.' });

/** An attempt without what was sent and answered. */
export const shortAttempt = z.object({
  id: z.string(),
  number: z.int(),
  started_at: answered.time,
  duration_ms: z.number(),
  step: z.enum(steps).openapi({ description: 'How far it got.' }),
  status: z.int().nullable(),
  error: z.string().nullable(),
  peer: z.string().nullable().openapi({ description: 'Address connected to.' }),
});
const attempt = shortAttempt
  .extend({
    request: z.object({ headers: headerPairs, body_sha256: z.string() }).nullable(),
    response: z.object({ headers: headerPairs, body: z.string(), truncated: z.boolean() }).nullable(),
  })
  .openapi('Attempt');
export type Attempt = z.output<typeof attempt>;

const row = z
  .object({
    id: z.string(),
    merchant: z.string(),
    notification: z.string(),
    order_no: z.string(),
    type: z.string(),
    target: z.object({
      kind: z.enum(['endpoint', 'handler', 'effect']),
      id: z.string().optional(),
      name: z.string().optional(),
    }),
    endpoint: z.string().nullable(),
    url: z.string().nullable(),
    state,
    attempt_count: z.int(),
    due_at: answered.time.nullable(),
    created_at: answered.time,
  })
  .openapi('DeliveryRow');

export const delivery = row.extend({ attempts: z.array(attempt) }).openapi('Delivery');
export type Delivery = z.output<typeof delivery>;

export function addDeliveries(routes: Routes): void {
  const tag = 'Deliveries';
  const params = z.strictObject({ id: text(1, 64) });
  routes.add({
    method: 'get',
    path: '/v1/deliveries',
    tag,
    summary: 'List deliveries',
    need: ['read'],
    query: z.strictObject({
      ...paging,
      merchant: filter(merchant),
      endpoint: filter(text(1, 64)),
      state: filter(z.enum([...state.options, 'waiting'])).openapi({
        description: '`waiting`: pending, held or sending.',
      }),
      order_no: filter(orderNo),
    }),
    statuses: [200],
    answer: listOf(row),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const { limit, cursor, merchant, state, order_no } = query;
      const endpoint = query.endpoint === null ? null : asId.endpoint(query.endpoint);
      const input = { limit, cursor, visible: caller.visible, merchant, endpoint, state, orderNo: order_no };
      return { status: 200, body: pageView(await service.store.read('deliveries', input), rowView) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/deliveries/{id}',
    tag,
    summary: 'Read a delivery with its attempts',
    need: ['read'],
    params,
    statuses: [200],
    answer: delivery,
    refusals: ['delivery.unknown'],
    async run({ service, caller, params }) {
      return { status: 200, body: deliveryView(await deliveryOf(service, caller, params.id)) };
    },
  });
  const actions = [
    ['retry', 'Send a dead delivery again, or a waiting one now'],
    ['cancel', 'Cancel a delivery'],
  ] as const;
  for (const [action, summary] of actions) {
    routes.add({
      method: 'post',
      path: `/v1/deliveries/{id}/${action}`,
      tag,
      summary,
      need: ['operate'],
      params,
      statuses: [202],
      answer: delivery,
      refusals: ['delivery.unknown', 'delivery.state'],
      async run({ service, caller, params }) {
        const { id } = await deliveryOf(service, caller, params.id);
        await service.changeDelivery(id, action, caller.name);
        return { status: 202, body: deliveryView(await deliveryOf(service, caller, id)) };
      },
    });
  }
}

/** @throws AppError `delivery.unknown`, also for one that the caller may not see. */
async function deliveryOf(service: Service, caller: Caller, id: string): Promise<DeliveryDetail> {
  const found = await service.store.read('delivery', asId.delivery(id));
  if (found === null || !sees(caller, found.merchant))
    throw new AppError('delivery.unknown', `there is no delivery ${id}`);
  return found;
}

export function deliveryView(detail: DeliveryDetail): z.input<typeof delivery> {
  return { ...rowView(detail), attempts: detail.tries.map(attemptView) };
}

function rowView(one: DeliveryRow): z.input<typeof row> {
  const { id, merchant, notification, type, target, endpoint, url, state, attempts } = one;
  return {
    id,
    merchant,
    notification,
    order_no: one.orderNo,
    type,
    target: { ...target },
    endpoint,
    url,
    state,
    attempt_count: attempts,
    due_at: timeOrNull(one.dueAt),
    created_at: toIso(one.createdAt),
  };
}

export function shortAttemptView(one: ShortAttempt): z.input<typeof shortAttempt> {
  const { id, number, startedAt, durationMs, step, status, error, peer } = one;
  return { id, number, started_at: toIso(startedAt), duration_ms: durationMs, step, status, error, peer };
}

function attemptView(one: AttemptRecord): z.input<typeof attempt> {
  const { request, response } = one;
  return {
    ...shortAttemptView(one),
    request: request && { headers: request.headers.map((pair) => [...pair]), body_sha256: request.bodySha256 },
    response: response && {
      headers: response.headers.map((pair) => [...pair]),
      // For people: what is not UTF-8 shows as replacement characters.
      body: Buffer.from(response.body).toString('utf8'),
      truncated: response.truncated,
    },
  };
}
