import { z } from 'zod';
import { type Instant, toIso } from '../../domain/clock.ts';
import { minorToJson } from '../../domain/money.ts';
import { stripeUnits } from '../../providers/events/stripe.ts';
import { wireFromMinor } from '../../providers/primitives/money.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { refundedOnce, standing, triesOf } from './booked.ts';
import { type ApiCall, fileReply, formOf, headerOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ api_key: z.string().optional() });
const refundForm = z.object({
  payment_intent: z.string(),
  amount: z
    .string()
    .regex(/^\d{1,17}$/)
    .transform(BigInt)
    .optional(),
});

const runForm = z.object({ 'parameters[interval_start]': z.string().regex(/^\d{1,11}$/) });
const daySeconds = 86_400;

const statusOfState = {
  open: 'requires_payment_method',
  authorized: 'requires_capture',
  paid: 'succeeded',
  failed: 'requires_payment_method',
  closed: 'canceled',
  reversed: 'canceled',
} as const satisfies Record<BookedPayment['state'], string>;

const statusOfOperation: Readonly<Record<string, string>> = {
  'refund.pending': 'pending',
  'refund.succeeded': 'succeeded',
  'refund.failed': 'canceled',
  'refund.bounced': 'failed',
  'dispute.opened': 'needs_response',
  'dispute.won': 'won',
  'dispute.lost': 'lost',
};

/** Stripe's API as far as a client asks it: payment intents and their search, cancel, refunds, disputes. */
export const stripeApi = playedApi({
  refusal: (call) => {
    const key = accountSchema.parse(call.pair.account).api_key;
    const isKnown = key !== undefined && headerOf(call, 'authorization') === `Bearer ${key}`;
    return isKnown ? null : failure(401, 'Invalid API Key provided');
  },
  routes: [
    ['GET', /^\/v1\/payment_intents\/search$/, search],
    ['GET', /^\/v1\/payment_intents\/([^/]+)$/, async ({ books }, id) => intentReply(await books.withId(id ?? ''))],
    ['POST', /^\/v1\/payment_intents\/([^/]+)\/cancel$/, cancel],
    ['GET', /^\/v1\/(refund|dispute)s$/, operations],
    ['POST', /^\/v1\/refunds$/, refund],
    ['GET', /^\/v1\/reporting\/report_types\/balance_change_from_activity\.itemized\.3$/, reportType],
    ['POST', /^\/v1\/reporting\/report_runs$/, run],
    ['GET', /^\/v1\/reporting\/report_runs\/frr_(\d+)$/, report],
    ['GET', /^\/v1\/files\/file_(\d+)\/contents$/, contents],
  ],
  failure,
});

/** The running day has its data too, as of now. */
function reportType({ context }: ApiCall) {
  return jsonReply(200, { data_available_end: (Math.floor(seconds(context.now) / daySeconds) + 1) * daySeconds });
}

function run(call: ApiCall) {
  const { 'parameters[interval_start]': start } = formOf(call, runForm);
  return jsonReply(200, { id: `frr_${start}`, status: 'pending', result: null });
}

/** A run, and its file, are named by the second at which their day begins. */
function report({ url }: ApiCall, start = '') {
  const result = { url: `${url}/v1/files/file_${start}/contents` };
  return jsonReply(200, { id: `frr_${start}`, status: 'succeeded', result });
}

async function contents({ statement }: ApiCall, start = '') {
  const file = await statement(toIso(Number(start) * 1000).slice(0, 10));
  return file === null ? failure(404, 'No such file') : fileReply(file);
}

async function search(call: ApiCall) {
  const asked = [...(call.query.get('query') ?? '').matchAll(/metadata\['(?:[^'\\]|\\.)*'\]:'((?:[^'\\]|\\.)*)'/g)];
  const orderNos = new Set(asked.map(([, value = '']) => value.replaceAll(/\\(.)/g, '$1')));
  const found = await Promise.all([...orderNos].map((orderNo) => triesOf(call, orderNo)));
  return listReply(found.flat().map(intentOf));
}

async function cancel({ books }: ApiCall, id = '') {
  const payment = await books.withId(id);
  return intentReply(payment === null ? null : await books.move(payment, { is: 'close' }));
}

async function operations({ books, query }: ApiCall, object = '') {
  const payment = await books.withId(query.get('payment_intent') ?? '');
  const of = object === 'refund' ? 'refund' : 'dispute';
  return listReply(payment === null ? [] : standing(payment, of).map((operation) => operationOf(payment, operation)));
}

async function refund(call: ApiCall) {
  const { payment_intent: id, amount } = formOf(call, refundForm);
  const before = await call.books.withId(id);
  if (before === null) return failure(404, `No such payment_intent: '${id}'`);
  const key = headerOf(call, 'idempotency-key');
  const made = await refundedOnce(call, before, { amountMinor: amount ?? null, key });
  return jsonReply(200, operationOf(made.payment, made.refund));
}

function intentReply(payment: BookedPayment | null) {
  return payment === null ? failure(404, 'No such payment_intent') : jsonReply(200, intentOf(payment));
}

function intentOf(payment: BookedPayment) {
  const { paymentId, state, orderNo, at } = payment;
  const amount = wireAmount(payment, payment.amountMinor);
  const charge = { id: `ch_${paymentId}`, object: 'charge', created: seconds(at) };
  return {
    id: paymentId,
    object: 'payment_intent',
    amount,
    amount_capturable: state === 'authorized' ? amount : 0,
    amount_received: state === 'paid' || state === 'reversed' ? amount : 0,
    created: seconds(payment.createdAt),
    currency: payment.currency.toLowerCase(),
    last_payment_error: state === 'failed' ? { code: 'card_declined', charge: paymentId } : null,
    latest_charge: state === 'open' || state === 'closed' ? null : charge,
    metadata: { order_no: orderNo },
    status: statusOfState[state],
  };
}

function operationOf(payment: BookedPayment, { type, operationId, amountMinor, at }: BookedOperation) {
  return {
    id: operationId,
    object: type.startsWith('refund.') ? 'refund' : 'dispute',
    amount: wireAmount(payment, amountMinor),
    created: seconds(at),
    currency: payment.currency.toLowerCase(),
    payment_intent: payment.paymentId,
    status: statusOfOperation[type],
  };
}

function wireAmount({ currency }: BookedPayment, amountMinor: bigint) {
  return minorToJson(wireFromMinor(amountMinor, currency, stripeUnits));
}

function seconds(at: Instant): number {
  return Math.floor(at / 1000);
}

function listReply(data: readonly object[]) {
  return jsonReply(200, { object: 'list', data, has_more: false });
}

function failure(status: number, message: string) {
  return jsonReply(status, { error: { type: 'invalid_request_error', message } });
}
