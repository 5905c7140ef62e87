import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { decimalFromMinor, minorFromDecimal } from '../../domain/money.ts';
import { exactDecimal, type Json, numberText } from '../../providers/primitives/json.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { type ApiCall, headerOf, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ access_token: z.string() });
/** A number, as it was written. */
const refundBody = z.object({ amount: z.custom<Json>().optional() });
const cancelBody = z.object({ status: z.literal('cancelled') });

const statusOfState = {
  open: 'pending',
  authorized: 'authorized',
  paid: 'approved',
  failed: 'rejected',
  closed: 'cancelled',
  reversed: 'charged_back',
} as const satisfies Record<BookedPayment['state'], string>;

const statusOfRefund: Readonly<Record<string, string>> = {
  'refund.pending': 'in_process',
  'refund.succeeded': 'approved',
  'refund.failed': 'rejected',
  'refund.bounced': 'rejected',
};
const detailOfDispute: Readonly<Record<string, string>> = {
  'dispute.opened': 'in_process',
  'dispute.won': 'reimbursed',
  'dispute.lost': 'settled',
};

/** Mercado Pago's API as far as a client asks it: payments and their search, cancel, refunds. */
export const mercadopagoApi = playedApi({
  refusal: (call) => {
    const { access_token: token } = accountSchema.parse(call.pair.account);
    return headerOf(call, 'authorization') === `Bearer ${token}` ? null : failure(401, 'invalid access token');
  },
  routes: [
    ['GET', /^\/v1\/payments\/search$/, search],
    ['GET', /^\/v1\/payments\/([^/]+)$/, async ({ books }, id) => paymentReply(await books.withId(id ?? ''))],
    ['PUT', /^\/v1\/payments\/([^/]+)$/, cancel],
    ['POST', /^\/v1\/payments\/([^/]+)\/refunds$/, refund],
  ],
  failure,
});

async function search({ books, query }: ApiCall) {
  const payments = await books.ofOrder(query.get('external_reference') ?? '');
  const results = payments.filter(({ paymentId }) => paymentId !== null).map(paymentOf);
  return jsonReply(200, { paging: { total: results.length, limit: 30, offset: 0 }, results });
}

async function cancel(call: ApiCall, id = '') {
  jsonOf(call, cancelBody);
  const payment = await call.books.withId(id);
  return paymentReply(payment === null ? null : await call.books.move(payment, { is: 'close' }));
}

async function refund(call: ApiCall, id = '') {
  const { amount } = jsonOf(call, refundBody);
  const key = headerOf(call, 'x-idempotency-key');
  const before = await call.books.withId(id);
  if (before === null) return paymentReply(null);
  if (key === undefined) return failure(400, 'Header X-Idempotency-Key can’t be null');
  const amountMinor = minorFromDecimal(numberText(amount) ?? '', before.currency, { zerosBeyond: true });
  if (amount !== undefined && amountMinor === null) return failure(400, 'Invalid amount');
  const after = await call.books.move(before, { is: 'refund', amountMinor, key });
  const made = after.operations.findLast((one) => one.type === 'refund.succeeded' && one.key === key);
  if (made === undefined) throw new AppError('sandbox.state', 'nothing was refunded');
  return jsonReply(201, refundOf(after, made));
}

function paymentReply(payment: BookedPayment | null) {
  return payment?.paymentId ? jsonReply(200, paymentOf(payment)) : failure(404, 'Payment not found');
}

function paymentOf(payment: BookedPayment) {
  const latest = [...new Map(payment.operations.map((one) => [one.operationId, one])).values()];
  const refunds = latest.filter(({ type }) => type.startsWith('refund.'));
  const dispute = latest.find(({ type }) => type.startsWith('dispute.'));
  const refunded = refunds.reduce((sum, one) => (one.type === 'refund.succeeded' ? sum + one.amountMinor : sum), 0n);
  const status = dispute === undefined ? statusOfState[payment.state] : 'charged_back';
  return {
    id: payment.paymentId,
    date_created: toIso(payment.createdAt),
    date_approved: ['approved', 'charged_back'].includes(status) ? toIso(payment.at) : null,
    date_last_updated: toIso(latest.at(-1)?.at ?? payment.at),
    status: refunded === payment.amountMinor && status === 'approved' ? 'refunded' : status,
    status_detail: dispute === undefined ? 'accredited' : detailOfDispute[dispute.type],
    currency_id: payment.currency,
    external_reference: payment.orderNo,
    transaction_amount: amountOf(payment, payment.amountMinor),
    transaction_amount_refunded: amountOf(payment, refunded),
    refunds: refunds.map((one) => refundOf(payment, one)),
    live_mode: true,
  };
}

function refundOf(payment: BookedPayment, { type, operationId, amountMinor, at }: BookedOperation) {
  return {
    id: operationId,
    payment_id: payment.paymentId,
    amount: amountOf(payment, amountMinor),
    status: statusOfRefund[type],
    date_created: toIso(at),
  };
}

/** Mercado Pago writes amounts as numbers. */
function amountOf({ currency }: BookedPayment, amountMinor: bigint) {
  return exactDecimal(decimalFromMinor(amountMinor, currency));
}

function failure(status: number, message: string) {
  return jsonReply(status, { message, status });
}
