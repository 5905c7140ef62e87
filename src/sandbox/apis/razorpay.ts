import { z } from 'zod';
import { minorToJson } from '../../domain/money.ts';
import { toBase64, utf8 } from '../../providers/primitives/bytes.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { refundedOnce, standing, triesOf, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, headerOf, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ key_id: z.string(), key_secret: z.string() });
const refundBody = z.object({ amount: z.int().positive().transform(BigInt).optional() });

const statusOfState = {
  open: 'created',
  authorized: 'authorized',
  paid: 'captured',
  failed: 'failed',
  closed: 'failed',
  reversed: 'captured',
} as const satisfies Record<BookedPayment['state'], string>;

const statusOfRefund: Readonly<Record<string, string>> = {
  'refund.pending': 'pending',
  'refund.succeeded': 'processed',
  'refund.failed': 'failed',
  'refund.bounced': 'failed',
};

/** Razorpay's API as far as a client asks it: orders by their receipt, payments, refunds. An order's id here is made of its receipt. */
export const razorpayApi = playedApi({
  refusal: (call) => {
    const { key_id: id, key_secret: secret } = accountSchema.parse(call.pair.account);
    const refused = failure(401, 'Authentication failed');
    return unlessHeader(call, ['authorization', `Basic ${toBase64(utf8(`${id}:${secret}`))}`], refused);
  },
  routes: [
    ['GET', /^\/v1\/orders$/, orders],
    ['GET', /^\/v1\/orders\/order_([^/]+)\/payments$/, paymentsOfOrder],
    ['GET', /^\/v1\/payments\/([^/]+)$/, payment],
    ['GET', /^\/v1\/payments\/([^/]+)\/refunds$/, refunds],
    ['POST', /^\/v1\/payments\/([^/]+)\/refund$/, refund],
  ],
  failure,
});

async function orders(call: ApiCall) {
  const receipt = call.query.get('receipt') ?? '';
  const [newest] = await call.books.ofOrder(receipt);
  return listReply(newest === undefined ? [] : [{ id: `order_${receipt}`, entity: 'order', receipt }]);
}

async function paymentsOfOrder(call: ApiCall, receipt = '') {
  return listReply((await triesOf(call, receipt)).map(paymentOf));
}

async function payment(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  return found === null ? absent() : jsonReply(200, paymentOf(found));
}

async function refunds(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  return found === null ? absent() : listReply(standing(found, 'refund').map((one) => refundOf(found, one)));
}

async function refund(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  if (found === null) return absent();
  const { amount = null } = jsonOf(call, refundBody);
  const made = await refundedOnce(call, found, { amountMinor: amount, key: headerOf(call, 'x-refund-idempotency') });
  return jsonReply(200, refundOf(made.payment, made.refund));
}

function paymentOf({ paymentId, amountMinor, currency, state, orderNo, createdAt }: BookedPayment) {
  return {
    id: paymentId,
    entity: 'payment',
    amount: minorToJson(amountMinor),
    currency,
    status: statusOfState[state],
    captured: state === 'paid' || state === 'reversed',
    order_id: `order_${orderNo}`,
    notes: { order_no: orderNo },
    created_at: Math.floor(createdAt / 1000),
  };
}

function refundOf({ paymentId, currency }: BookedPayment, { operationId, type, amountMinor, at }: BookedOperation) {
  return {
    id: operationId,
    entity: 'refund',
    payment_id: paymentId,
    amount: minorToJson(amountMinor),
    currency,
    status: statusOfRefund[type],
    created_at: Math.floor(at / 1000),
  };
}

function listReply(items: readonly object[]) {
  return jsonReply(200, { entity: 'collection', count: items.length, items });
}

function absent() {
  return failure(400, 'The id provided does not exist');
}

function failure(status: number, description: string) {
  return jsonReply(status, { error: { code: 'BAD_REQUEST_ERROR', description } });
}
