import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { exactDecimal, type numberText } from '../../providers/primitives/json.ts';
import { moneyFromMajor } from '../../providers/primitives/money.ts';
import type { RawReply } from '../../providers/provider.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { type ApiCall, headerOf, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ api_key: z.string() });
const refundBody = z.object({
  invoice_id: z.string(),
  amount: z.custom<Parameters<typeof numberText>[0]>((value) => value !== undefined).optional(),
  currency: z.string().optional(),
});

const statusOfState = {
  open: 'PENDING',
  authorized: 'PENDING',
  paid: 'PAID',
  failed: 'PENDING',
  closed: 'EXPIRED',
  reversed: 'PAID',
} as const satisfies Record<BookedPayment['state'], string>;
const statusOfRefund: Readonly<Record<string, string>> = {
  'refund.pending': 'PENDING',
  'refund.succeeded': 'SUCCEEDED',
  'refund.failed': 'FAILED',
};

/** Xendit's API as far as a client asks it, with an invoice for every payment. */
export const xenditApi = playedApi({
  refusal: (call) => {
    const { api_key: key } = accountSchema.parse(call.pair.account);
    const expected = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
    return headerOf(call, 'authorization') === expected ? null : failure(401, 'The API key is not authorized');
  },
  routes: [
    ['GET', /^\/v2\/invoices$/, invoices],
    ['GET', /^\/v2\/invoices\/([^/]+)$/, async ({ books }, id = '') => invoiceReply(await books.withId(id))],
    ['POST', /^\/invoices\/([^/]+)\/expire!$/, expire],
    ['GET', /^\/refunds$/, refunds],
    ['POST', /^\/refunds$/, refund],
  ],
  failure,
});

async function invoices({ books, query }: ApiCall) {
  const found = await books.ofOrder(query.get('external_id') ?? '');
  return jsonReply(200, found.filter(({ paymentId }) => paymentId !== null).map(invoiceOf));
}

async function expire({ books }: ApiCall, id = '') {
  const payment = await books.withId(id);
  return invoiceReply(payment === null ? null : await books.move(payment, { is: 'close' }));
}

async function refunds({ books, query }: ApiCall) {
  const payment = await books.withId(query.get('invoice_id') ?? '');
  const data = payment === null ? [] : latest(payment).map((one) => refundOf(payment, one));
  return jsonReply(200, { data, has_more: false });
}

async function refund(call: ApiCall) {
  const { invoice_id: id, amount, currency } = jsonOf(call, refundBody);
  const key = headerOf(call, 'idempotency-key');
  const before = await call.books.withId(id);
  if (before === null) return failure(404, 'Invoice not found');
  const money = moneyFromMajor(amount, currency);
  if (typeof money === 'string') return failure(400, money);
  const amountMinor = money?.amountMinor ?? null;
  const after = await call.books.move(before, { is: 'refund', amountMinor, ...(key === undefined ? {} : { key }) });
  const made = latest(after).findLast((one) => key === undefined || one.key === key);
  if (made === undefined) throw new AppError('sandbox.state', 'nothing was refunded');
  return jsonReply(200, refundOf(after, made));
}

/** The last stage of each. */
function latest({ operations }: BookedPayment): readonly BookedOperation[] {
  const of = operations.filter(({ type }) => type.startsWith('refund.'));
  return [...new Map(of.map((one) => [one.operationId, one])).values()];
}

function invoiceReply(payment: BookedPayment | null): RawReply {
  return payment === null ? failure(404, 'Invoice not found') : jsonReply(200, invoiceOf(payment));
}

function invoiceOf(payment: BookedPayment) {
  const { paymentId, orderNo, state, currency, at, createdAt } = payment;
  const amount = amountOf(payment, payment.amountMinor);
  const isPaid = statusOfState[state] === 'PAID';
  return {
    id: paymentId,
    external_id: orderNo,
    status: statusOfState[state],
    amount,
    currency,
    ...(isPaid ? { paid_amount: amount, paid_at: toIso(at) } : {}),
    created: toIso(createdAt),
    updated: toIso(at),
  };
}

function refundOf(payment: BookedPayment, { type, operationId, amountMinor, at }: BookedOperation) {
  return {
    id: operationId,
    invoice_id: payment.paymentId,
    amount: amountOf(payment, amountMinor),
    currency: payment.currency,
    status: statusOfRefund[type],
    reason: 'REQUESTED_BY_CUSTOMER',
    created: toIso(at),
    updated: toIso(at),
  };
}

function amountOf({ currency }: BookedPayment, amountMinor: bigint) {
  return exactDecimal(decimalFromMinor(amountMinor, currency));
}

function failure(status: number, message: string) {
  return jsonReply(status, { error_code: 'API_ERROR', message });
}
