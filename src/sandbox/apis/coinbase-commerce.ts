import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import type { BookedPayment } from '../books.ts';
import { newestTries, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ api_key: z.string() });

const statusOfState = {
  open: 'NEW',
  authorized: 'PENDING',
  paid: 'COMPLETED',
  failed: 'FAILED',
  closed: 'EXPIRED',
  reversed: 'COMPLETED',
} as const satisfies Record<BookedPayment['state'], string>;

/** Coinbase Commerce's API as far as a client asks it: charges, and the newest of them. */
export const coinbaseCommerceApi = playedApi({
  refusal: (call) => {
    const key = accountSchema.parse(call.pair.account).api_key;
    return unlessHeader(call, ['x-cc-api-key', key], failure(401, 'Invalid API key'));
  },
  routes: [
    ['GET', /^\/charges$/, list],
    ['GET', /^\/charges\/([^/]+)$/, charge],
  ],
  failure,
});

async function list(call: ApiCall) {
  const newest = await newestTries(call, null, 100);
  return jsonReply(200, { data: newest.map(chargeOf), pagination: { next_uri: null } });
}

async function charge(call: ApiCall, code = '') {
  const found = await tryWith(call, code);
  return found === null ? failure(404, 'Not found') : jsonReply(200, { data: chargeOf(found) });
}

function chargeOf({ paymentId, state, orderNo, amountMinor, currency, createdAt, at }: BookedPayment) {
  const status = statusOfState[state];
  const first = { status: 'NEW', time: toIso(createdAt) };
  return {
    code: paymentId,
    name: orderNo,
    pricing_type: 'fixed_price',
    pricing: { local: { amount: decimalFromMinor(amountMinor, currency), currency } },
    metadata: { order_no: orderNo },
    payments: [],
    timeline: status === 'NEW' ? [first] : [first, { status, time: toIso(at) }],
  };
}

function failure(status: number, message: string) {
  return jsonReply(status, { error: { type: 'invalid_request', message } });
}
