import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { minorToJson } from '../../domain/money.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { newestTries, standing, type Tried, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ access_token: z.string() });

const statusOfState = {
  open: 'submitted',
  authorized: 'submitted',
  paid: 'confirmed',
  failed: 'failed',
  closed: 'cancelled',
  reversed: 'failed',
} as const satisfies Record<BookedPayment['state'], string>;

/** What the events of a payment in this state are called, in the order in which they happened. */
const eventsOfState: Readonly<Record<BookedPayment['state'], readonly string[]>> = {
  open: [],
  authorized: [],
  paid: ['confirmed'],
  failed: ['failed'],
  closed: ['cancelled'],
  reversed: ['confirmed', 'late_failure_settled'],
};
const eventOfOperation: Readonly<Record<string, string>> = {
  'refund.pending': 'created',
  'refund.succeeded': 'paid',
  'refund.bounced': 'failed',
  'dispute.opened': 'charged_back',
  'dispute.won': 'chargeback_cancelled',
  'dispute.lost': 'chargeback_settled',
};

/** GoCardless's API as far as a client asks it: payments, the newest of them, refunds, and the events of both. */
export const gocardlessApi = playedApi({
  refusal: (call) => {
    const token = accountSchema.parse(call.pair.account).access_token;
    return unlessHeader(call, ['authorization', `Bearer ${token}`], failure(401, 'access token not found'));
  },
  routes: [
    ['GET', /^\/payments$/, list],
    ['GET', /^\/payments\/([^/]+)$/, payment],
    ['GET', /^\/refunds$/, refunds],
    ['GET', /^\/refunds\/([^/]+)$/, refund],
    ['GET', /^\/events$/, events],
  ],
  failure,
});

async function list(call: ApiCall) {
  const newest = await newestTries(call, call.query.get('created_at[gte]'), 500);
  const meta = { cursors: { before: null, after: null }, limit: 500 };
  return jsonReply(200, { payments: newest.map(paymentOf), meta });
}

async function payment(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  return found === null ? missing() : jsonReply(200, { payments: paymentOf(found) });
}

async function refunds(call: ApiCall) {
  const found = await tryWith(call, call.query.get('payment') ?? '');
  return jsonReply(200, {
    refunds: found === null ? [] : standing(found, 'refund').map((one) => refundOf(found, one)),
  });
}

async function refund(call: ApiCall, id = '') {
  const found = await tryWith(call, id);
  const one = found === null ? undefined : standing(found, 'refund').find(({ operationId }) => operationId === id);
  return found === null || one === undefined ? missing() : jsonReply(200, { refunds: refundOf(found, one) });
}

/** The newest first. */
async function events(call: ApiCall) {
  const id = call.query.get('refund') ?? call.query.get('payment') ?? '';
  const found = await tryWith(call, id);
  const all = found === null ? [] : call.query.has('refund') ? eventsOfRefund(found, id) : eventsOfPayment(found);
  return jsonReply(200, { events: all.reverse(), meta: { cursors: { before: null, after: null }, limit: 500 } });
}

function eventsOfPayment({ paymentId, state, at, operations }: Tried): object[] {
  const links = { payment: paymentId };
  const disputes = operations.filter(({ type }) => type.startsWith('dispute.'));
  return [
    ...eventsOfState[state].map((action) => eventOf('payments', action, { links, at })),
    ...disputes.map((one) => eventOf('payments', eventOfOperation[one.type] ?? '', { links, at: one.at })),
  ];
}

function eventsOfRefund({ operations }: Tried, id: string): object[] {
  return operations
    .filter(({ operationId }) => operationId === id)
    .map(({ type, at }) => eventOf('refunds', eventOfOperation[type] ?? '', { links: { refund: id }, at }));
}

function eventOf(resource: string, action: string, { links, at }: { links: object; at: number }) {
  return { id: `EV${at}${action}`, created_at: toIso(at), resource_type: resource, action, links, metadata: {} };
}

function paymentOf({ paymentId, state, orderNo, amountMinor, currency, createdAt }: BookedPayment) {
  return {
    id: paymentId,
    created_at: toIso(createdAt),
    amount: minorToJson(amountMinor),
    currency,
    status: statusOfState[state],
    metadata: { order_no: orderNo },
  };
}

function refundOf({ paymentId, currency }: BookedPayment, { operationId, amountMinor, at }: BookedOperation) {
  return {
    id: operationId,
    created_at: toIso(at),
    amount: minorToJson(amountMinor),
    currency,
    links: { payment: paymentId },
  };
}

function missing() {
  return failure(404, 'Resource not found');
}

function failure(code: number, message: string) {
  return jsonReply(code, { error: { message, type: 'invalid_api_usage', code } });
}
