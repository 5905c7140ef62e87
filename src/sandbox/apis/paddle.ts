import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { newestTries, standing, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ api_key: z.string() });

const statusOfState = {
  open: 'ready',
  authorized: 'ready',
  paid: 'completed',
  failed: 'ready',
  closed: 'canceled',
  reversed: 'completed',
} as const satisfies Record<BookedPayment['state'], string>;

const adjustmentOf: Readonly<Record<string, readonly [action: string, status: string]>> = {
  'refund.pending': ['refund', 'pending_approval'],
  'refund.succeeded': ['refund', 'approved'],
  'refund.failed': ['refund', 'rejected'],
  'dispute.opened': ['chargeback', 'approved'],
  'dispute.won': ['chargeback', 'reversed'],
};

/** Paddle's API as far as a client asks it: transactions, the newest of them, and their adjustments. */
export const paddleApi = playedApi({
  refusal: (call) => {
    const key = accountSchema.parse(call.pair.account).api_key;
    return unlessHeader(call, ['authorization', `Bearer ${key}`], failure(403, 'You are not permitted to do this'));
  },
  routes: [
    ['GET', /^\/transactions$/, list],
    ['GET', /^\/transactions\/([^/]+)$/, transaction],
    ['GET', /^\/adjustments$/, adjustments],
  ],
  failure,
});

async function list(call: ApiCall) {
  const newest = await newestTries(call, call.query.get('created_at[GTE]'), 30);
  return jsonReply(200, { data: newest.map(transactionOf), meta: { pagination: { has_more: false } } });
}

async function transaction(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  return found === null ? failure(404, 'Entity not found') : jsonReply(200, { data: transactionOf(found) });
}

async function adjustments(call: ApiCall) {
  const found = await tryWith(call, call.query.get('transaction_id') ?? '');
  const operations = found === null ? [] : [...standing(found, 'refund'), ...standing(found, 'dispute')];
  const data = found === null ? [] : operations.map((one) => adjustmentFor(found, one));
  return jsonReply(200, { data, meta: { pagination: { has_more: false } } });
}

function transactionOf({ paymentId, state, orderNo, amountMinor, currency, createdAt, at }: BookedPayment) {
  const total = String(amountMinor);
  return {
    id: paymentId,
    status: statusOfState[state],
    origin: 'web',
    currency_code: currency,
    custom_data: { order_no: orderNo },
    details: { totals: { total, grand_total: total, currency_code: currency } },
    payments: state === 'paid' ? [{ payment_attempt_id: paymentId, status: 'captured', captured_at: toIso(at) }] : [],
    created_at: toIso(createdAt),
    updated_at: toIso(at),
  };
}

function adjustmentFor(
  { paymentId, currency }: BookedPayment,
  { operationId, type, amountMinor, at }: BookedOperation,
) {
  const [action, status] = adjustmentOf[type] ?? ['credit', 'approved'];
  return {
    id: operationId,
    action,
    status,
    transaction_id: paymentId,
    currency_code: currency,
    totals: { total: String(amountMinor), currency_code: currency },
    created_at: toIso(at),
    updated_at: toIso(at),
  };
}

function failure(status: number, detail: string) {
  return jsonReply(status, { error: { type: 'request_error', code: 'invalid', detail } });
}
