import { AppError } from '../../domain/errors.ts';
import { factOfDispute, factOfIntent, factOfRefund, stripeReference, stripeUnits } from '../events/stripe.ts';
import { at, idAt, integerText, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { wireFromMinor } from '../primitives/money.ts';
import type { Client, ClientWorld, Headers, QueryAnswer, Reference } from '../provider.ts';
import { factRead, factsRead, joined, objectsAt, paymentIdOf } from './json-api.ts';
import { stripeBill } from './stripe-bill.ts';
import { callStripe, type StripeAccess } from './stripe-calls.ts';

/**
 * Stripe's API (docs.stripe.com/api: payment_intents, refunds, disputes; docs.stripe.com/search, which lags behind by up to a
 * minute, so that a payment is asked for by its id where that is known).
 */
export function stripeClient(access: StripeAccess, world: ClientWorld): Client {
  return {
    async query(order, signal) {
      const intents = await intentsOf(order, access, (path) => callStripe(access, world, { path, signal }));
      const answers = await Promise.all(intents.map((intent) => answerOf(intent, access, { world, signal })));
      return joined(answers);
    },
    async refund(order, { amountMinor, currency }, idempotencyKey, signal) {
      const amount = String(wireFromMinor(amountMinor, currency, stripeUnits));
      const form = { payment_intent: paymentIdOf('stripe', order), amount };
      const headers: Headers = [['idempotency-key', idempotencyKey]];
      const refund = await callStripe(access, world, { path: '/v1/refunds', form, headers, signal });
      return factRead('stripe', isObject(refund) ? factOfRefund(refund, eventOf(refund, access, world)) : null);
    },
    async close(order, signal) {
      const path = `/v1/payment_intents/${encodeURIComponent(paymentIdOf('stripe', order))}/cancel`;
      const intent = await callStripe(access, world, { path, form: {}, signal });
      if (intent === null) return null;
      return factRead('stripe', isObject(intent) ? factOfIntent(intent, eventOf(intent, access, world)) : null);
    },
    statement: (day, signal) => stripeBill(day, { access, world }, signal),
  };
}

async function intentsOf(
  order: Reference,
  access: StripeAccess,
  get: (path: string) => Promise<Json>,
): Promise<readonly JsonObject[]> {
  if (order.paymentId !== null) {
    const intent = await get(`/v1/payment_intents/${encodeURIComponent(order.paymentId)}?expand[]=latest_charge`);
    return isObject(intent) ? [intent] : [];
  }
  const clauses = metadataNames(access).map((name) => `metadata[${quoted(name)}]:${quoted(order.reference ?? '')}`);
  const query = new URLSearchParams({ query: clauses.join(' OR '), limit: '100', 'expand[]': 'data.latest_charge' });
  return objectsAt(await get(`/v1/payment_intents/search?${query}`), 'data');
}

/** What one payment has come to, with its refunds and disputes, which Stripe lists apart. */
async function answerOf(
  intent: JsonObject,
  access: StripeAccess,
  { world, signal }: { world: ClientWorld; signal: AbortSignal },
): Promise<QueryAnswer> {
  const listOf = async (objects: string) => {
    const query = new URLSearchParams({ payment_intent: idAt(intent, 'id') ?? '', limit: '100' });
    return objectsAt(await callStripe(access, world, { path: `/v1/${objects}?${query}`, signal }), 'data');
  };
  const [refunds, disputes] = await Promise.all([listOf('refunds'), listOf('disputes')]);
  const read = (object: JsonObject, reader: typeof factOfIntent) => reader(object, eventOf(object, access, world));
  const found = [
    read(intent, factOfIntent),
    ...refunds.map((refund) => read(refund, factOfRefund)),
    ...disputes.map((dispute) => read(dispute, factOfDispute)),
  ];
  const isFinal = textAt(intent, 'status') === 'succeeded' || textAt(intent, 'status') === 'canceled';
  return { state: isFinal ? 'final' : 'open', facts: factsRead('stripe', found) };
}

/** What the readers of events want to know beside the object; the money moved when the charge was made. */
function eventOf(object: JsonObject, access: StripeAccess, { account }: ClientWorld) {
  const created = Number(integerText(at(object, 'latest_charge.created') ?? object.created) ?? Number.NaN);
  if (!(created > 0 && created < 1e11))
    throw new AppError('provider.answer', 'stripe answered an object without `created`');
  const reference = stripeReference({ data: { object } }, access.order_no_path);
  return { account, created, payee: access.account ?? null, reference };
}

function metadataNames({ order_no_path: path }: StripeAccess): readonly string[] {
  if (path === undefined) return ['order_no', 'order_id'];
  const name = /^data\.object\.metadata\.([^.]+)$/.exec(path)?.[1];
  if (name !== undefined) return [name];
  throw new AppError(
    'provider.cannot_ask',
    `stripe can be searched by metadata alone, and the order number is at ${path}`,
  );
}

/** docs.stripe.com/search#search-syntax: quotes inside are escaped. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`;
}
