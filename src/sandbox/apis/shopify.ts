import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { newestTries, standing, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ access_token: z.string() });

const statusOfState = {
  open: 'pending',
  authorized: 'authorized',
  paid: 'paid',
  failed: 'pending',
  closed: 'voided',
  reversed: 'paid',
} as const satisfies Record<BookedPayment['state'], string>;

/** Shopify's Admin API as far as a client asks it: orders, the newest of them, and their transactions. */
export const shopifyApi = playedApi({
  refusal: (call) => {
    const token = accountSchema.parse(call.pair.account).access_token;
    return unlessHeader(call, ['x-shopify-access-token', token], failure(401, '[API] Invalid API key or access token'));
  },
  routes: [
    ['GET', /^\/orders\.json$/, list],
    ['GET', /^\/orders\/([^/]+)\/transactions\.json$/, transactions],
    ['GET', /^\/orders\/([^/]+)\.json$/, order],
  ],
  failure,
});

async function list(call: ApiCall) {
  const newest = await newestTries(call, call.query.get('created_at_min'), 250);
  return jsonReply(200, { orders: newest.map(orderOf) });
}

async function order(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  return found === null ? failure(404, 'Not Found') : jsonReply(200, { order: orderOf(found) });
}

async function transactions(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  if (found === null) return failure(404, 'Not Found');
  const sale = { id: found.paymentId, kind: 'sale', status: 'success', amount: amountOf(found, found.amountMinor) };
  const refunds = standing(found, 'refund').map((one) => transactionOf(found, one));
  const isPaid = found.state === 'paid' || found.state === 'reversed';
  return jsonReply(200, { transactions: [...(isPaid ? [{ ...sale, currency: found.currency }] : []), ...refunds] });
}

function orderOf(found: BookedPayment) {
  const { paymentId, state, orderNo, currency, amountMinor, createdAt, at } = found;
  const refunds = standing(found, 'refund');
  const refunded = refunds.reduce((sum, one) => sum + (one.type === 'refund.succeeded' ? one.amountMinor : 0n), 0n);
  const status = refunded === 0n ? statusOfState[state] : refunded < amountMinor ? 'partially_refunded' : 'refunded';
  return {
    id: paymentId,
    financial_status: status,
    total_price: amountOf(found, amountMinor),
    currency,
    test: false,
    created_at: toIso(createdAt),
    updated_at: toIso(at),
    note_attributes: [{ name: 'order_no', value: orderNo }],
    refunds: refunds.map((one) => ({
      id: one.operationId,
      created_at: toIso(one.at),
      transactions: [transactionOf(found, one)],
    })),
  };
}

function transactionOf(found: BookedPayment, { operationId, type, amountMinor, at }: BookedOperation) {
  const status = type === 'refund.succeeded' ? 'success' : type === 'refund.pending' ? 'pending' : 'failure';
  const amount = amountOf(found, amountMinor);
  return { id: operationId, kind: 'refund', status, amount, currency: found.currency, processed_at: toIso(at) };
}

function amountOf({ currency }: BookedPayment, amountMinor: bigint): string {
  return decimalFromMinor(amountMinor, currency);
}

function failure(status: number, errors: string) {
  return jsonReply(status, { errors });
}
