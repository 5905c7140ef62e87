import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { minorFromDecimal } from '../../domain/money.ts';
import { paypalAmount } from '../../providers/events/paypal.ts';
import type { RawReply } from '../../providers/provider.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { type ApiCall, headerOf, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ client_id: z.string(), client_secret: z.string() });
const refundBody = z.object({ amount: z.object({ value: z.string(), currency_code: z.string() }).optional() });
const tokenSeconds = 32_400;

const statusOfState = {
  open: 'PENDING',
  authorized: 'CREATED',
  paid: 'COMPLETED',
  failed: 'DECLINED',
  closed: 'VOIDED',
  reversed: 'COMPLETED',
} as const satisfies Record<BookedPayment['state'], string>;

const statusOfRefund: Readonly<Record<string, string>> = {
  'refund.pending': 'PENDING',
  'refund.succeeded': 'COMPLETED',
  'refund.failed': 'FAILED',
};
const outcomeOfDispute: Readonly<Record<string, string>> = {
  'dispute.won': 'RESOLVED_SELLER_FAVOUR',
  'dispute.lost': 'RESOLVED_BUYER_FAVOUR',
};

/** PayPal's API as far as a client asks it: tokens, orders, captures, authorizations, refunds, disputes. */
export const paypalApi = playedApi({
  refusal: (call) => {
    const { client_id: id, client_secret: secret } = accountSchema.parse(call.pair.account);
    const expected = call.request.target.startsWith('/v1/oauth2/')
      ? `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
      : `Bearer ${tokenOf(secret)}`;
    return headerOf(call, 'authorization') === expected ? null : failure(401, 'Client Authentication failed');
  },
  routes: [
    ['POST', /^\/v1\/oauth2\/token$/, token],
    ['GET', /^\/v2\/checkout\/orders\/([^/]+)$/, order],
    ['GET', /^\/v2\/payments\/(capture|authorization)s\/([^/]+)$/, payment],
    ['POST', /^\/v2\/payments\/captures\/([^/]+)\/refund$/, refund],
    ['GET', /^\/v2\/payments\/refunds\/([^/]+)$/, (call, id) => operation(call, 'refund', id)],
    ['GET', /^\/v1\/customer\/disputes\/([^/]+)$/, (call, id) => operation(call, 'dispute', id)],
  ],
  failure,
});

function token({ pair }: ApiCall): RawReply {
  const { client_secret: secret } = accountSchema.parse(pair.account);
  return jsonReply(200, { access_token: tokenOf(secret), token_type: 'Bearer', expires_in: tokenSeconds });
}

function tokenOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The sandbox keeps no orders of PayPal's: the id of one is that of its payment, read backwards. */
function orderIdOf(paymentId: string | null): string {
  return [...(paymentId ?? '')].reverse().join('');
}

async function order({ books }: ApiCall, id = ''): Promise<RawReply> {
  const found = await books.withId(orderIdOf(id));
  if (found === null || found.paymentId !== orderIdOf(id))
    return failure(404, 'The specified resource does not exist.');
  const isAuthorized = kindOf(found) === 'authorization';
  const refunds = latest(found, 'refund').map((one) => refundOf(found, one));
  const payments = isAuthorized ? { authorizations: [paymentOf(found)] } : { captures: [paymentOf(found)], refunds };
  const units = [{ invoice_id: found.orderNo, payments }];
  return jsonReply(200, { id, status: found.state === 'open' ? 'CREATED' : 'COMPLETED', purchase_units: units });
}

async function payment({ books }: ApiCall, kind = '', id = ''): Promise<RawReply> {
  const found = await books.withId(id);
  return found !== null && found.paymentId === id && kindOf(found) === kind
    ? jsonReply(200, paymentOf(found))
    : failure(404, 'The specified resource does not exist.');
}

async function refund(call: ApiCall, id = ''): Promise<RawReply> {
  const { amount } = jsonOf(call, refundBody);
  const key = headerOf(call, 'paypal-request-id');
  const before = await call.books.withId(id);
  if (before === null) return failure(404, 'The specified resource does not exist.');
  const amountMinor = amount === undefined ? null : minorFromDecimal(amount.value, amount.currency_code);
  const after = await call.books.move(before, { is: 'refund', amountMinor, ...(key === undefined ? {} : { key }) });
  const made = latest(after, 'refund').findLast((one) => key === undefined || one.key === key);
  if (made === undefined) throw new AppError('sandbox.state', 'nothing was refunded');
  return jsonReply(201, refundOf(after, made));
}

async function operation({ books }: ApiCall, object: 'refund' | 'dispute', id = ''): Promise<RawReply> {
  const found = await books.withId(id);
  const made = found === null ? undefined : latest(found, object).find(({ operationId }) => operationId === id);
  if (found === null || made === undefined) return failure(404, 'The specified resource does not exist.');
  return jsonReply(200, object === 'refund' ? refundOf(found, made) : disputeOf(found, made));
}

/** The last stage of each. */
function latest({ operations }: BookedPayment, object: 'refund' | 'dispute'): readonly BookedOperation[] {
  const of = operations.filter(({ type }) => type.startsWith(`${object}.`));
  return [...new Map(of.map((one) => [one.operationId, one])).values()];
}

function kindOf({ state }: BookedPayment): 'authorization' | 'capture' {
  return state === 'authorized' || state === 'closed' ? 'authorization' : 'capture';
}

function paymentOf(booked: BookedPayment) {
  const { paymentId, state, orderNo, at } = booked;
  const refunded = latest(booked, 'refund')
    .filter(({ type }) => type === 'refund.succeeded')
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const refundedStatus = refunded === booked.amountMinor ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
  return {
    id: paymentId,
    status: refunded > 0n ? refundedStatus : statusOfState[state],
    amount: amountOf(booked, booked.amountMinor),
    invoice_id: orderNo,
    create_time: toIso(at),
    supplementary_data: { related_ids: { order_id: orderIdOf(paymentId) } },
  };
}

function refundOf(booked: BookedPayment, { type, operationId, amountMinor, at }: BookedOperation) {
  return {
    id: operationId,
    status: statusOfRefund[type],
    amount: amountOf(booked, amountMinor),
    invoice_id: booked.orderNo,
    create_time: toIso(at),
    links: [{ rel: 'up', href: `https://api.paypal.com/v2/payments/captures/${booked.paymentId}`, method: 'GET' }],
  };
}

function disputeOf(booked: BookedPayment, { type, operationId, amountMinor, at }: BookedOperation) {
  const outcome_code = outcomeOfDispute[type];
  return {
    dispute_id: operationId,
    disputed_transactions: [{ seller_transaction_id: booked.paymentId, invoice_number: booked.orderNo }],
    dispute_amount: amountOf(booked, amountMinor),
    ...(outcome_code === undefined ? { status: 'OPEN' } : { status: 'RESOLVED', dispute_outcome: { outcome_code } }),
    create_time: toIso(at),
    update_time: toIso(at),
  };
}

function amountOf({ currency }: BookedPayment, amountMinor: bigint) {
  return paypalAmount({ amountMinor, currency });
}

function failure(status: number, message: string) {
  return jsonReply(status, { name: 'ERROR', message, ...(status === 401 ? { error_description: message } : {}) });
}
