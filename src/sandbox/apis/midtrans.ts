import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { midtransDigest, midtransText, toJakarta } from '../../providers/events/midtrans.ts';
import type { RawReply } from '../../providers/provider.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { type ApiCall, headerOf, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ server_keys: z.array(z.string()).default([]) });
const refundBody = z.object({ refund_key: z.string().optional(), amount: z.int().min(1).optional() });

const statusOfState = {
  open: ['pending', '201'],
  authorized: ['authorize', '200'],
  paid: ['settlement', '200'],
  failed: ['deny', '202'],
  closed: ['expire', '407'],
  reversed: ['cancel', '200'],
} as const satisfies Record<BookedPayment['state'], readonly [status: string, code: string]>;

/** The API of Midtrans as far as a client asks it: status, refund, expire; errors stand in the body. */
export const midtransApi = playedApi({
  refusal: (call) => {
    const [key] = keysOf(call);
    const expected = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
    return key !== undefined && headerOf(call, 'authorization') === expected
      ? null
      : failure(401, 'Unknown Merchant server_key/id');
  },
  routes: [
    ['GET', /^\/v2\/([^/]+)\/status$/, async (call, id) => statusReply(call, await find(call, id))],
    ['POST', /^\/v2\/([^/]+)\/refund$/, refund],
    ['POST', /^\/v2\/([^/]+)\/expire$/, expire],
  ],
  failure,
});

async function find({ books }: ApiCall, id = ''): Promise<BookedPayment | null> {
  const tried = (await books.ofOrder(id)).filter(({ paymentId }) => paymentId !== null);
  return tried[0] ?? (await books.withId(id));
}

async function expire(call: ApiCall, id = '') {
  const payment = await find(call, id);
  return statusReply(call, payment === null ? null : await call.books.move(payment, { is: 'close' }));
}

async function refund(call: ApiCall, id = '') {
  const { refund_key: key, amount } = jsonOf(call, refundBody);
  const payment = await find(call, id);
  if (payment === null) return statusReply(call, null);
  const amountMinor = amount === undefined ? null : BigInt(amount) * 100n;
  const after = await call.books.move(payment, { is: 'refund', amountMinor, ...(key === undefined ? {} : { key }) });
  const made = refundsOf(after).findLast((one) => key === undefined || one.key === key);
  if (made === undefined) throw new AppError('sandbox.state', 'nothing was refunded');
  const { signature_key: _, refunds: _all, ...status } = statusOf(call, after);
  return jsonReply(200, { ...status, ...refundOf(made, after) });
}

function statusReply(call: ApiCall, payment: BookedPayment | null): RawReply {
  return payment === null ? failure(404, "Transaction doesn't exist.") : jsonReply(200, statusOf(call, payment));
}

function statusOf(call: ApiCall, payment: BookedPayment) {
  const { state, paymentId, orderNo, at, createdAt, currency } = payment;
  const [word, status_code] = statusOfState[state];
  const refunds = refundsOf(payment);
  const refunded = refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const refundWord = refunded === payment.amountMinor ? 'refund' : 'partial_refund';
  const status = {
    status_code,
    transaction_status: refunds.length === 0 ? word : refundWord,
    transaction_id: paymentId,
    order_id: orderNo,
    gross_amount: amountOf(payment, payment.amountMinor),
    currency,
    payment_type: 'qris',
    transaction_time: toJakarta(state === 'authorized' || state === 'failed' ? at : createdAt),
    ...(state === 'paid' ? { settlement_time: toJakarta(at), fraud_status: 'accept' } : {}),
    ...(state === 'closed' ? { expiry_time: toJakarta(at) } : {}),
    ...(refunds.length === 0
      ? {}
      : { refund_amount: amountOf(payment, refunded), refunds: refunds.map((one) => refundOf(one, payment)) }),
  };
  const signature = midtransDigest(midtransText(status) ?? new Uint8Array(), keysOf(call)[0] ?? '');
  return { ...status, signature_key: Buffer.from(signature).toString('hex') };
}

function refundOf({ operationId, amountMinor, at }: BookedOperation, payment: BookedPayment) {
  return {
    refund_chargeback_id: refundsOf(payment).findIndex((one) => one.operationId === operationId) + 1,
    refund_amount: amountOf(payment, amountMinor),
    created_at: toJakarta(at),
    refund_key: operationId,
  };
}

function refundsOf({ operations }: BookedPayment): readonly BookedOperation[] {
  return operations.filter(({ type }) => type === 'refund.succeeded');
}

function amountOf({ currency }: BookedPayment, amountMinor: bigint): string {
  return decimalFromMinor(amountMinor, currency);
}

function keysOf({ pair }: ApiCall): readonly string[] {
  return accountSchema.parse(pair.account).server_keys;
}

function failure(status: number, message: string) {
  return jsonReply(status, { status_code: String(status), status_message: message });
}
