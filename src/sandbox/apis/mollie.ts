import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { decimalFromMinor, minorFromDecimal } from '../../domain/money.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { type ApiCall, headerOf, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ api_key: z.string() });
const refundBody = z.object({ amount: z.object({ currency: z.string(), value: z.string() }) });
const pageMax = 250;
const dayMs = 86_400_000;

/** Mollie has no word for a payment that was reversed: what it takes back is a chargeback. */
const statusOfState = {
  open: 'open',
  authorized: 'authorized',
  paid: 'paid',
  failed: 'failed',
  closed: 'canceled',
  reversed: 'paid',
} as const satisfies Record<BookedPayment['state'], string>;

const timeOfStatus = {
  authorized: 'authorizedAt',
  paid: 'paidAt',
  failed: 'failedAt',
  canceled: 'canceledAt',
} as const;

const statusOfRefund: Readonly<Record<string, string>> = {
  'refund.pending': 'pending',
  'refund.succeeded': 'refunded',
  'refund.failed': 'canceled',
  'refund.bounced': 'failed',
};

/** Mollie's API as far as a client asks it: payments with what they embed, the newest payments, refunds, cancel. */
export const mollieApi = playedApi({
  refusal: (call) => {
    const { api_key: key } = accountSchema.parse(call.pair.account);
    const isKnown = headerOf(call, 'authorization') === `Bearer ${key}`;
    return isKnown ? null : failure(401, 'Missing authentication, or failed to authenticate');
  },
  routes: [
    ['GET', /^\/v2\/payments$/, list],
    ['GET', /^\/v2\/payments\/([^/]+)$/, async ({ books }, id) => paymentReply(await books.withId(id ?? ''))],
    ['DELETE', /^\/v2\/payments\/([^/]+)$/, cancel],
    ['POST', /^\/v2\/payments\/([^/]+)\/refunds$/, refund],
  ],
  failure,
});

/** Those of the last day, which is further back than a sandbox has 250. */
async function list({ books, context }: ApiCall) {
  const all: BookedPayment[] = [];
  for await (const payment of books.since(context.now - dayMs)) if (payment.paymentId !== null) all.push(payment);
  const payments = all.slice(-pageMax).reverse().map(paymentOf);
  const next = all.length > pageMax ? { href: `/v2/payments?from=${all.at(-pageMax - 1)?.paymentId}` } : null;
  return jsonReply(200, { count: payments.length, _embedded: { payments }, _links: { next } });
}

async function cancel({ books }: ApiCall, id = '') {
  const payment = await books.withId(id);
  return paymentReply(payment === null ? null : await books.move(payment, { is: 'close' }));
}

async function refund(call: ApiCall, id = '') {
  const { amount } = jsonOf(call, refundBody);
  const key = headerOf(call, 'idempotency-key');
  const before = await call.books.withId(id);
  if (before === null) return paymentReply(null);
  const amountMinor = minorFromDecimal(amount.value, amount.currency);
  if (amountMinor === null) return failure(422, 'The amount has another number of decimals than its currency');
  const after = await call.books.move(before, { is: 'refund', amountMinor, ...(key === undefined ? {} : { key }) });
  const made = after.operations.findLast(
    (one) => one.type === 'refund.succeeded' && (key === undefined || one.key === key),
  );
  if (made === undefined) throw new AppError('sandbox.state', 'nothing was refunded');
  return jsonReply(201, refundOf(after, made));
}

function paymentReply(payment: BookedPayment | null) {
  return payment?.paymentId ? jsonReply(200, paymentOf(payment)) : failure(404, 'No payment exists with this token');
}

function paymentOf(payment: BookedPayment) {
  const status = statusOfState[payment.state];
  const latest = [...new Map(payment.operations.map((one) => [one.operationId, one])).values()];
  const refunds = latest.filter(({ type }) => type.startsWith('refund.'));
  const chargebacks = latest.filter(({ type }) => type.startsWith('dispute.'));
  return {
    resource: 'payment',
    id: payment.paymentId,
    mode: 'live',
    status,
    amount: amountOf(payment, payment.amountMinor),
    metadata: { order_no: payment.orderNo },
    createdAt: toIso(payment.createdAt),
    ...(status === 'open' ? {} : { [timeOfStatus[status]]: toIso(payment.at) }),
    _embedded: {
      refunds: refunds.map((one) => refundOf(payment, one)),
      chargebacks: chargebacks.map((one) => chargebackOf(payment, one)),
    },
  };
}

function refundOf(payment: BookedPayment, { type, operationId, amountMinor, at }: BookedOperation) {
  return {
    resource: 'refund',
    id: operationId,
    amount: amountOf(payment, amountMinor),
    status: statusOfRefund[type],
    paymentId: payment.paymentId,
    createdAt: toIso(at),
  };
}

function chargebackOf(payment: BookedPayment, { type, operationId, amountMinor, at }: BookedOperation) {
  return {
    resource: 'chargeback',
    id: operationId,
    amount: amountOf(payment, amountMinor),
    paymentId: payment.paymentId,
    createdAt: toIso(at),
    reversedAt: type === 'dispute.won' ? toIso(at) : null,
  };
}

function amountOf({ currency }: BookedPayment, amountMinor: bigint) {
  return { value: decimalFromMinor(amountMinor, currency), currency };
}

function failure(status: number, detail: string) {
  return jsonReply(status, { status, title: 'Error', detail });
}
