import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { minorToJson } from '../../domain/money.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { newestTries, refundedOnce, standing, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ access_token: z.string() });
const refundBody = z.object({
  idempotency_key: z.string(),
  payment_id: z.string(),
  amount_money: z.object({ amount: z.int().positive().transform(BigInt), currency: z.string() }),
});

const statusOfState = {
  open: 'PENDING',
  authorized: 'APPROVED',
  paid: 'COMPLETED',
  failed: 'FAILED',
  closed: 'CANCELED',
  reversed: 'COMPLETED',
} as const satisfies Record<BookedPayment['state'], string>;

const statusOfRefund: Readonly<Record<string, string>> = {
  'refund.pending': 'PENDING',
  'refund.succeeded': 'COMPLETED',
  'refund.failed': 'REJECTED',
  'refund.bounced': 'FAILED',
};

/** Square's API as far as a client asks it: payments by id and the newest of them, cancel, refunds. */
export const squareApi = playedApi({
  refusal: (call) => {
    const token = accountSchema.parse(call.pair.account).access_token;
    const refused = failure(401, 'This request could not be authorized.');
    return unlessHeader(call, ['authorization', `Bearer ${token}`], refused);
  },
  routes: [
    ['GET', /^\/v2\/payments$/, list],
    ['GET', /^\/v2\/payments\/([^/]+)$/, async (call, id = '') => paymentReply(await tryWith(call, id))],
    ['POST', /^\/v2\/payments\/([^/]+)\/cancel$/, cancel],
    ['GET', /^\/v2\/refunds\/([^/]+)$/, refundById],
    ['POST', /^\/v2\/refunds$/, refund],
  ],
  failure,
});

async function list(call: ApiCall) {
  const newest = await newestTries(call, call.query.get('begin_time'), 100);
  return jsonReply(200, { payments: newest.map(paymentOf) });
}

async function cancel(call: ApiCall, id = '') {
  const payment = await tryWith(call, id);
  return paymentReply(payment === null ? null : await call.books.move(payment, { is: 'close' }));
}

async function refundById(call: ApiCall, id = '') {
  const payment = await tryWith(call, id);
  const refund = payment === null ? [] : standing(payment, 'refund').filter(({ operationId }) => operationId === id);
  const [found] = refund;
  return payment === null || found === undefined
    ? failure(404, 'Could not find the refund')
    : jsonReply(200, { refund: refundOf(payment, found) });
}

async function refund(call: ApiCall) {
  const { idempotency_key: key, payment_id: id, amount_money: money } = jsonOf(call, refundBody);
  const payment = await tryWith(call, id);
  if (payment === null) return failure(404, 'Could not find the payment');
  const made = await refundedOnce(call, payment, { amountMinor: money.amount, key });
  return jsonReply(200, { refund: refundOf(made.payment, made.refund) });
}

function paymentReply(payment: BookedPayment | null) {
  return payment === null
    ? failure(404, 'Could not find the payment')
    : jsonReply(200, { payment: paymentOf(payment) });
}

function paymentOf(payment: BookedPayment) {
  const money = { amount: minorToJson(payment.amountMinor), currency: payment.currency };
  const refunds = standing(payment, 'refund').map(({ operationId }) => operationId);
  return {
    id: payment.paymentId,
    status: statusOfState[payment.state],
    amount_money: money,
    total_money: money,
    reference_id: payment.orderNo,
    ...(refunds.length === 0 ? {} : { refund_ids: refunds }),
    created_at: toIso(payment.createdAt),
    updated_at: toIso(payment.at),
  };
}

function refundOf({ paymentId, currency }: BookedPayment, { operationId, type, amountMinor, at }: BookedOperation) {
  return {
    id: operationId,
    status: statusOfRefund[type],
    amount_money: { amount: minorToJson(amountMinor), currency },
    payment_id: paymentId,
    created_at: toIso(at),
    updated_at: toIso(at),
  };
}

function failure(status: number, detail: string) {
  return jsonReply(status, { errors: [{ category: 'INVALID_REQUEST_ERROR', code: 'BAD_REQUEST', detail }] });
}
