import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import { readRazorpayEvent, receiptPath } from '../events/razorpay.ts';
import { exactInteger, idAt, isObject, type Json, type JsonObject, parseJson, textAt } from '../primitives/json.ts';
import type { Client, ClientWorld, QueryAnswer, Reference } from '../provider.ts';
import {
  basic,
  callJson,
  factRead,
  factsRead,
  type JsonApi,
  joined,
  objectsAt,
  paymentIdOf,
  shortKey,
} from './json-api.ts';

export interface RazorpayAccess {
  key_id: string;
  key_secret: string;
  api_base_url?: string;
  order_no_path?: string;
}

/** A payment, with the order that it was made for where it was found by that. */
interface Found {
  payment: JsonObject;
  order: JsonObject | null;
}

/**
 * Razorpay's API (razorpay.com/docs/api: orders, payments, refunds, "Create a normal refund (idempotent request)"; read 2026-11-25). Without
 * the id of a payment its order is found by the receipt. Nothing can be closed there; disputes come by callback alone.
 */
export function razorpayClient(access: RazorpayAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'razorpay',
    baseUrl: access.api_base_url ?? 'https://api.razorpay.com',
    headers: basic(access.key_id, access.key_secret),
    http: world.http,
    said: (body) => textAt(body, 'error.description'),
    isAbsent: ({ status, body }) => {
      const parsed = status === 400 ? parseJson(body) : { why: '' };
      return 'value' in parsed && /does not exist/.test(textAt(parsed.value, 'error.description') ?? '');
    },
  };
  const read = (type: string, entities: Readonly<Record<string, JsonObject | null>>, created: Json | undefined) =>
    readRazorpayEvent(type, wrapped(entities, created), world.account.id, access.order_no_path);
  const answerOf = async ({ payment, order }: Found, signal: AbortSignal): Promise<QueryAnswer> => {
    const path = `/v1/payments/${encodeURIComponent(idAt(payment, 'id') ?? '')}/refunds?count=100`;
    const answer = await callJson(api, { path, signal });
    const refunds = objectsAt(answer, 'items').map((refund) => refundRead(read, { payment, order, refund }));
    const isFinal = textAt(payment, 'status') === 'captured' || textAt(payment, 'status') === 'refunded';
    const facts = factsRead('razorpay', [paymentRead(read, { payment, order }), ...refunds]);
    return { state: isFinal ? 'final' : 'open', facts };
  };
  return {
    async query(order, signal) {
      const found = await paymentsOf(order, { api, access, signal });
      return joined(await Promise.all(found.map((one) => answerOf(one, signal))));
    },
    async refund(order, { amountMinor }, idempotencyKey, signal) {
      const id = paymentIdOf('razorpay', order);
      const refund = await callJson(api, {
        path: `/v1/payments/${encodeURIComponent(id)}/refund`,
        body: { amount: exactInteger(amountMinor) },
        headers: [['x-refund-idempotency', shortKey(idempotencyKey)]],
        signal,
      });
      const fact = isObject(refund) ? refundRead(read, { payment: { id, captured: true }, order: null, refund }) : null;
      return factRead('razorpay', fact);
    },
  };
}

async function paymentsOf(
  { paymentId, reference }: Reference,
  { api, access, signal }: { api: JsonApi; access: RazorpayAccess; signal: AbortSignal },
): Promise<readonly Found[]> {
  if (paymentId !== null) {
    const payment = await callJson(api, { path: `/v1/payments/${encodeURIComponent(paymentId)}`, signal });
    return isObject(payment) ? [{ payment, order: null }] : [];
  }
  if (access.order_no_path !== undefined && access.order_no_path !== receiptPath)
    throw new AppError(
      'provider.cannot_ask',
      `razorpay finds orders by their receipt alone, and the order number is at ${access.order_no_path}`,
    );
  const query = new URLSearchParams({ receipt: reference ?? '', count: '100' });
  const orders = objectsAt(await callJson(api, { path: `/v1/orders?${query}`, signal }), 'items');
  const found = orders.map(async (order) => {
    const path = `/v1/orders/${encodeURIComponent(idAt(order, 'id') ?? '')}/payments`;
    return objectsAt(await callJson(api, { path, signal }), 'items').map((payment) => ({ payment, order }));
  });
  return (await Promise.all(found)).flat();
}

type Read = (
  type: string,
  entities: Readonly<Record<string, JsonObject | null>>,
  created: Json | undefined,
) => Fact | string | null;

/** A payment that was refunded was captured, unless Razorpay released it by itself. */
function paymentRead(read: Read, { payment, order }: Found): Fact | string | null {
  const status = textAt(payment, 'status');
  const isRefunded = status === 'refunded';
  const said = isRefunded ? (payment.captured === false ? 'authorized' : 'captured') : status;
  return read(`payment.${said}`, { payment, order }, payment.created_at);
}

/** The event is named by any of its names: the status of the refund decides. */
function refundRead(read: Read, { payment, order, refund }: Found & { refund: JsonObject }): Fact | string | null {
  return read('refund.processed', { payment, order, refund }, refund.created_at);
}

/** As an event brings it, so that both are read in one way. */
function wrapped(entities: Readonly<Record<string, JsonObject | null>>, created: Json | undefined): JsonObject {
  const payload = Object.entries(entities).map(([name, entity]) => [name, { entity }] as const);
  return { payload: Object.fromEntries(payload), created_at: created ?? null };
}
