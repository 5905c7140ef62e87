import { toIso } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { checkoutUnits, readCheckoutEvent } from '../events/checkout.ts';
import { at, exactInteger, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { wireFromMinor } from '../primitives/money.ts';
import type { Client, ClientWorld, QueryAnswer, Reference } from '../provider.ts';
import {
  bearer,
  callJson,
  factRead,
  factsRead,
  type JsonApi,
  joined,
  objectsAt,
  paymentIdOf,
  shortKey,
} from './json-api.ts';

export interface CheckoutAccess {
  secret_key: string;
  api_base_url?: string;
  order_no_path?: string;
}

/** The events that tell of an action, where it was approved and where not. */
const eventsOfAction: Readonly<Record<string, readonly [approved: string, declined: string]>> = {
  Authorization: ['payment_approved', 'payment_declined'],
  Capture: ['payment_captured', 'payment_capture_declined'],
  Void: ['payment_voided', ''],
  Refund: ['payment_refunded', 'payment_refund_declined'],
};
/** Where no action tells of the end. */
const eventOfStatus: Readonly<Record<string, string>> = {
  Canceled: 'payment_canceled',
  Expired: 'payment_expired',
};
const finalStatuses = ['Captured', 'Refunded', 'Partially Refunded', 'Voided', 'Canceled', 'Expired', 'Declined'];

/**
 * Checkout.com's API (api-reference.checkout.com: payments, "Get payment actions", "Refund a payment", "Void a payment"; read 2026-11-25).
 * What is asked of it is done later: refunds and voids are told by callbacks. Disputes come by callback alone.
 */
export function checkoutClient(access: CheckoutAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'checkout',
    baseUrl:
      access.api_base_url ??
      (world.account.mode === 'live' ? 'https://api.checkout.com' : 'https://api.sandbox.checkout.com'),
    headers: bearer(access.secret_key),
    http: world.http,
    said: (body) => textAt(body, 'error_type'),
  };
  const read = (type: string, payment: JsonObject, changes: JsonObject) => {
    const { reference = null, metadata = null, currency = null, amount = null, requested_on: time = null } = payment;
    const said = { id: payment.id, reference, metadata, currency, amount, processed_on: time };
    return readCheckoutEvent(type, { type, data: { ...said, ...changes } }, world.account.id, access.order_no_path);
  };
  const answerOf = async (payment: JsonObject, signal: AbortSignal): Promise<QueryAnswer> => {
    const path = `/payments/${encodeURIComponent(idAt(payment, 'id') ?? '')}/actions`;
    const actions = objectsAt({ actions: await callJson(api, { path, signal }) }, 'actions');
    const status = textAt(payment, 'status') ?? '';
    const ended = Object.hasOwn(eventOfStatus, status) ? read(eventOfStatus[status] ?? '', payment, {}) : null;
    const facts = actions.map((action) => read(eventOf(action), payment, saidBy(action)));
    return {
      state: finalStatuses.includes(status) ? 'final' : 'open',
      facts: factsRead('checkout', [...facts, ended]),
    };
  };
  return {
    async query(order, signal) {
      const payments = await paymentsOf(order, api, signal);
      return joined(await Promise.all(payments.map((payment) => answerOf(payment, signal))));
    },
    async refund(order, { amountMinor, currency }, idempotencyKey, signal) {
      const id = paymentIdOf('checkout', order);
      const amount = exactInteger(wireFromMinor(amountMinor, currency, checkoutUnits));
      const answer = await callJson(api, {
        path: `/payments/${encodeURIComponent(id)}/refunds`,
        body: { amount, ...(order.reference === null ? {} : { reference: order.reference }) },
        headers: [['cko-idempotency-key', shortKey(idempotencyKey)]],
        signal,
      });
      const payment = { id, reference: order.reference, currency, amount, requested_on: toIso(world.now()) };
      const actionId = idAt(answer, 'action_id');
      if (actionId === null) throw new AppError('provider.answer', 'checkout answered a refund without an action_id');
      return factRead('checkout', read('payment_refund_pending', payment, { action_id: actionId }));
    },
    async close({ paymentId }, signal) {
      if (paymentId === null) return null;
      // Accepted is not done: the event of the void tells when it is.
      await callJson(api, { path: `/payments/${encodeURIComponent(paymentId)}/voids`, body: {}, signal });
      return null;
    },
  };
}

async function paymentsOf(
  { paymentId, reference }: Reference,
  api: JsonApi,
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  if (paymentId !== null) {
    const payment = await callJson(api, { path: `/payments/${encodeURIComponent(paymentId)}`, signal });
    return isObject(payment) ? [payment] : [];
  }
  const query = new URLSearchParams({ reference: reference ?? '', limit: '100' });
  return objectsAt(await callJson(api, { path: `/payments?${query}`, signal }), 'data');
}

/** The event that would tell of an action; none (an empty name) where it is not decided yet, or no kind of ours. */
function eventOf(action: JsonObject): string {
  const type = textAt(action, 'type') ?? '';
  const events = Object.hasOwn(eventsOfAction, type) ? eventsOfAction[type] : undefined;
  if (events === undefined || typeof action.approved !== 'boolean') return '';
  return events[action.approved ? 0 : 1];
}

/** An action has no currency of its own. */
function saidBy(action: JsonObject): JsonObject {
  const said: Record<string, Json> = { action_id: idAt(action, 'id') };
  for (const name of ['amount', 'processed_on']) said[name] = at(action, name) ?? null;
  return said;
}
