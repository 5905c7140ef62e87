import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { minorToJson } from '../../domain/money.ts';
import { checkoutUnits } from '../../providers/events/checkout.ts';
import { moneyFromWire, wireFromMinor } from '../../providers/primitives/money.ts';
import type { BookedPayment } from '../books.ts';
import { refundedOnce, standing, triesOf, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, headerOf, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ secret_key: z.string() });
const refundBody = z.object({ amount: z.int().positive().optional(), reference: z.string().optional() });

const statusOfState = {
  open: 'Pending',
  authorized: 'Authorized',
  paid: 'Captured',
  failed: 'Declined',
  closed: 'Canceled',
  reversed: 'Captured',
} as const satisfies Record<BookedPayment['state'], string>;

/** Checkout.com's API as far as a client asks it: payments by id and reference, their actions, refunds, voids. */
export const checkoutApi = playedApi({
  refusal: (call) => {
    const key = accountSchema.parse(call.pair.account).secret_key;
    return unlessHeader(call, ['authorization', `Bearer ${key}`], failure(401, 'unauthorized'));
  },
  routes: [
    ['GET', /^\/payments$/, list],
    ['GET', /^\/payments\/([^/]+)$/, payment],
    ['GET', /^\/payments\/([^/]+)\/actions$/, actions],
    ['POST', /^\/payments\/([^/]+)\/refunds$/, refund],
    ['POST', /^\/payments\/([^/]+)\/voids$/, cancel],
  ],
  failure,
});

async function list(call: ApiCall) {
  const data = (await triesOf(call, call.query.get('reference') ?? '')).map(paymentOf);
  return jsonReply(200, { limit: 100, skip: 0, total_count: data.length, data });
}

async function payment(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  return found === null ? failure(404, 'not_found') : jsonReply(200, paymentOf(found));
}

async function actions(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  return found === null ? failure(404, 'not_found') : jsonReply(200, actionsOf(found));
}

async function refund(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  if (found === null) return failure(404, 'not_found');
  const { amount } = jsonOf(call, refundBody);
  const money = moneyFromWire(amount, found.currency, checkoutUnits);
  if (typeof money === 'string') return failure(422, 'request_invalid');
  const key = headerOf(call, 'cko-idempotency-key');
  const made = await refundedOnce(call, found, { amountMinor: money?.amountMinor ?? null, key });
  return jsonReply(202, { action_id: made.refund.operationId });
}

async function cancel(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  if (found === null) return failure(404, 'not_found');
  const closed = await call.books.move(found, { is: 'close' });
  return jsonReply(202, { action_id: closed.paymentId });
}

function paymentOf(found: BookedPayment) {
  const { paymentId, state, orderNo, amountMinor, currency, createdAt } = found;
  return {
    id: paymentId,
    requested_on: toIso(createdAt),
    amount: wireAmount(amountMinor, currency),
    currency,
    status: statusOfState[state],
    reference: orderNo,
    metadata: {},
  };
}

/** The newest first. A payment is captured with its authorisation here, so that one action tells of both. */
function actionsOf(found: BookedPayment) {
  const { paymentId, state, at, amountMinor, currency } = found;
  const type = state === 'paid' || state === 'reversed' ? 'Capture' : 'Authorization';
  const first = actionOf({
    id: paymentId,
    type,
    amount: wireAmount(amountMinor, currency),
    at,
    approved: state !== 'failed',
  });
  const refunds = standing(found, 'refund').map((one) =>
    actionOf({
      id: one.operationId,
      type: 'Refund',
      amount: wireAmount(one.amountMinor, currency),
      at: one.at,
      approved: one.type === 'refund.succeeded',
    }),
  );
  return [...refunds.reverse(), ...(state === 'open' || state === 'closed' ? [] : [first])];
}

function actionOf(action: { id: string | null; type: string; amount: number | string; at: number; approved: boolean }) {
  const { at, approved, ...rest } = action;
  return { ...rest, approved, processed_on: toIso(at), response_code: approved ? '10000' : '20005' };
}

function wireAmount(amountMinor: bigint, currency: string) {
  return minorToJson(wireFromMinor(amountMinor, currency, checkoutUnits));
}

function failure(status: number, type: string) {
  return jsonReply(status, { request_id: 'sandbox', error_type: type });
}
