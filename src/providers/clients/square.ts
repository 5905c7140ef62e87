import type { Fact } from '../../domain/fact.ts';
import { readSquareEvent, squareReference } from '../events/square.ts';
import { at, exactInteger, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import type { Client, ClientWorld, QueryAnswer, Reference } from '../provider.ts';
import {
  bearer,
  callJson,
  factRead,
  factsRead,
  foundAmongNewest,
  type JsonApi,
  joined,
  newestSince,
  objectsAt,
  paymentIdOf,
  shortKey,
} from './json-api.ts';

export interface SquareAccess {
  access_token: string;
  location_id?: string;
  api_version?: string;
  api_base_url?: string;
  order_no_path?: string;
}

/**
 * Square's API (developer.squareup.com/reference/square: payments, refunds; read 2026-11-25). It has no search by reference_id: a payment
 * whose id is not known is looked for among the newest of its location. Disputes come by callback alone.
 */
export function squareClient(access: SquareAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'square',
    baseUrl:
      access.api_base_url ??
      (world.account.mode === 'live' ? 'https://connect.squareup.com' : 'https://connect.squareupsandbox.com'),
    headers: [
      ...bearer(access.access_token),
      ...(access.api_version === undefined ? [] : [['square-version', access.api_version] as const]),
    ],
    http: world.http,
    said: (body) => textAt(objectsAt(body, 'errors')[0], 'detail'),
  };
  const read = (name: 'payment' | 'refund', object: Json): Fact | string | null =>
    readSquareEvent(`${name}.updated`, wrapped(name, object), world.account.id, access.order_no_path);
  return {
    async query(order, signal) {
      const payments = await paymentsOf(order, { api, access, now: world.now(), signal });
      return joined(await Promise.all(payments.map((payment) => answerOf(payment, { api, read, signal }))));
    },
    async refund(order, { amountMinor, currency }, idempotencyKey, signal) {
      const body = {
        idempotency_key: shortKey(idempotencyKey),
        payment_id: paymentIdOf('square', order),
        amount_money: { amount: exactInteger(amountMinor), currency },
      };
      const answer = await callJson(api, { path: '/v2/refunds', body, signal });
      return factRead('square', read('refund', at(answer, 'refund') ?? null));
    },
    // Square makes a payment only when the buyer pays: without one there is nothing to close.
    async close({ paymentId }, signal) {
      if (paymentId === null) return null;
      const path = `/v2/payments/${encodeURIComponent(paymentId)}/cancel`;
      const answer = await callJson(api, { path, body: {}, signal });
      return answer === null ? null : factRead('square', read('payment', at(answer, 'payment') ?? null));
    },
  };
}

interface Search {
  api: JsonApi;
  access: SquareAccess;
  now: number;
  signal: AbortSignal;
}

async function paymentsOf({ paymentId, reference }: Reference, search: Search): Promise<readonly JsonObject[]> {
  const { api, access, now, signal } = search;
  if (paymentId !== null) {
    const answer = await callJson(api, { path: `/v2/payments/${encodeURIComponent(paymentId)}`, signal });
    const payment = at(answer, 'payment');
    return isObject(payment) ? [payment] : [];
  }
  return foundAmongNewest(
    api,
    {
      path: '/v2/payments',
      query: {
        begin_time: newestSince(now),
        limit: '100',
        ...(access.location_id === undefined ? {} : { location_id: access.location_id }),
      },
      list: 'payments',
      cursor: 'cursor',
      next: (answer) => textAt(answer, 'cursor'),
      isOurs: (payment) => squareReference(wrapped('payment', payment), access.order_no_path) === reference,
    },
    signal,
  );
}

/** What one payment has come to, with its refunds, which it only names. */
async function answerOf(
  payment: JsonObject,
  {
    api,
    read,
    signal,
  }: { api: JsonApi; read: (name: 'payment' | 'refund', object: Json) => Fact | string | null; signal: AbortSignal },
): Promise<QueryAnswer> {
  const ids = Array.isArray(payment.refund_ids) ? payment.refund_ids : [];
  const refunds = await Promise.all(
    ids.map(async (_: Json, index: number) => {
      const id = idAt({ id: ids[index] }, 'id') ?? '';
      const answer = await callJson(api, { path: `/v2/refunds/${encodeURIComponent(id)}`, signal });
      return read('refund', at(answer, 'refund') ?? null);
    }),
  );
  const isFinal = ['COMPLETED', 'CANCELED', 'FAILED'].includes(textAt(payment, 'status') ?? '');
  return { state: isFinal ? 'final' : 'open', facts: factsRead('square', [read('payment', payment), ...refunds]) };
}

/** As an event brings it, so that both are read in one way. */
function wrapped(name: 'payment' | 'refund', object: Json): JsonObject {
  return { data: { object: { [name]: object } } };
}
