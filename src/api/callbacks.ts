import { z } from '@hono/zod-openapi';
import { type Callback, verdicts } from '../domain/callback.ts';
import { toIso } from '../domain/clock.ts';
import { steps } from '../domain/delivery.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import type { Service } from '../service.ts';
import { type Caller, sees } from './auth.ts';
import { answered, filter, listOf, merchant, orderNo, pageView, paging, range, text } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import { shortFact, shortFactView } from './orders.ts';
import type { Routes } from './route.ts';

const verdict = z.enum(verdicts);
export const callbackRow = z
  .object({
    id: z.string(),
    merchant: z.string(),
    account: z.string(),
    provider: z.string(),
    received_at: answered.time,
    method: z.string(),
    target: z.string().openapi({ description: 'Path and query as on the request line.' }),
    message_id: z.string().nullable(),
    verdict,
    code: z.string().nullable(),
    reason: z.string().nullable(),
    step: z.enum(steps),
  })
  .openapi('CallbackRow');
const callback = callbackRow
  .extend({
    headers: z.array(z.array(z.string())).openapi({ description: 'Pairs of name and value, as received.' }),
    body: z.string().openapi({ format: 'byte', description: 'The bytes as received, in base64.' }),
    facts: z
      .array(shortFact.extend({ order_no: z.string().nullable().openapi({ description: 'Null while it is parked.' }) }))
      .openapi({ description: 'What it told, be it for the first time or again.' }),
  })
  .openapi('Callback');
export type CallbackDetail = z.output<typeof callback>;

const tag = 'Callbacks';

export function addCallbacks(routes: Routes): void {
  const params = z.strictObject({ id: text(1, 64) });
  routes.add({
    method: 'get',
    path: '/v1/callbacks',
    tag,
    summary: 'List callbacks',
    need: ['read'],
    query: z.strictObject({
      ...paging,
      ...range,
      merchant: filter(merchant),
      account: filter(text(1, 64)),
      verdict: filter(verdict),
      order_no: filter(orderNo),
    }),
    statuses: [200],
    answer: listOf(callbackRow),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const { order_no, account, ...others } = query;
      const filter = { account: account === null ? null : asId.account(account), orderNo: order_no };
      const page = await service.store.read('callbacks', { ...others, ...filter, visible: caller.visible });
      return { status: 200, body: pageView(page, callbackRowView) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/callbacks/{id}',
    tag,
    summary: 'Read a callback, byte for byte',
    need: ['read'],
    params,
    statuses: [200],
    answer: callback,
    refusals: ['callback.unknown'],
    async run({ service, caller, params }) {
      return { status: 200, body: await callbackView(service, await callbackOf(service, caller, params.id)) };
    },
  });
  routes.add({
    method: 'post',
    path: '/v1/callbacks/{id}/reprocess',
    tag,
    summary: 'Read a callback again with the present secrets',
    need: ['operate'],
    params,
    statuses: [202],
    answer: callback,
    refusals: ['callback.unknown', 'account.unknown'],
    async run({ service, caller, params }) {
      const { id } = await callbackOf(service, caller, params.id);
      await service.callbacks.reprocess(id);
      return { status: 202, body: await callbackView(service, await callbackOf(service, caller, id)) };
    },
  });
}

/** @throws AppError `callback.unknown`, also for one that the caller may not see. */
async function callbackOf(service: Service, caller: Caller, id: string): Promise<Callback> {
  const found = await service.store.read('callback', asId.callback(id));
  if (found === null || !sees(caller, found.merchant))
    throw new AppError('callback.unknown', `there is no callback ${id}`);
  return found;
}

async function callbackView(service: Service, one: Callback): Promise<z.input<typeof callback>> {
  const { id, headers, body } = one;
  const { facts } = await service.store.read('told', { callback: id, keys: [] });
  const orders = new Set(facts.flatMap(({ order }) => order ?? []));
  const found = await Promise.all([...orders].map((order) => service.store.read('orderById', order)));
  const orderNos = new Map(found.flatMap((one) => (one === null ? [] : [[one.order.id, one.order.orderNo] as const])));
  return {
    ...callbackRowView(one),
    headers: headers.map((pair) => [...pair]),
    body: Buffer.from(body).toString('base64'),
    facts: facts.map((fact) => ({
      ...shortFactView(fact),
      order_no: fact.order === null ? null : (orderNos.get(fact.order) ?? null),
    })),
  };
}

export function callbackRowView(one: Omit<Callback, 'headers' | 'body'>): z.input<typeof callbackRow> {
  const { id, merchant, account, provider, receivedAt, method, target, messageId, verdict, code, reason, step } = one;
  const received_at = toIso(receivedAt);
  return {
    id,
    merchant,
    account,
    provider,
    received_at,
    method,
    target,
    message_id: messageId,
    verdict,
    code,
    reason,
    step,
  };
}
