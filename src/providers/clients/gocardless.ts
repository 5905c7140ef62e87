import type { Fact } from '../../domain/fact.ts';
import { factOfGocardless, type GocardlessSource, gocardlessReference } from '../events/gocardless.ts';
import { at, idAt, isObject, type JsonObject, textAt } from '../primitives/json.ts';
import { moneyFrom } from '../primitives/money.ts';
import type { Client, ClientWorld, QueryAnswer, Reference } from '../provider.ts';
import { readable } from './answers.ts';
import {
  bearer,
  callJson,
  factsRead,
  foundAmongNewest,
  type JsonApi,
  joined,
  newestSince,
  objectsAt,
} from './json-api.ts';

export interface GocardlessAccess {
  access_token: string;
  api_base_url?: string;
  order_no_path?: string;
}

/** A payment that may still move by itself; `confirmed` is paid out later, which says nothing new. */
const openStatuses = ['pending_customer_approval', 'pending_submission', 'submitted', 'charged_back'];

/**
 * GoCardless's API, version 2015-07-06 (developer.gocardless.com/api-reference: payments, refunds, events; read 2026-11-25). What happened is
 * read from the events, and its amount from the payment or the refund. There is no search by metadata: a payment whose id is not known is
 * looked for among the newest.
 */
export function gocardlessClient(access: GocardlessAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'gocardless',
    baseUrl:
      access.api_base_url ??
      (world.account.mode === 'live' ? 'https://api.gocardless.com' : 'https://api-sandbox.gocardless.com'),
    headers: [...bearer(access.access_token), ['gocardless-version', '2015-07-06']],
    http: world.http,
    said: (body) => textAt(body, 'error.message'),
  };
  const source = { account: world.account, orderNoPath: access.order_no_path, fromOrder: false, readBack: false };
  return {
    async query(order, signal) {
      const payments = await paymentsOf(order, { api, source, now: world.now(), signal });
      return joined(await Promise.all(payments.map((payment) => answerOf(payment, { api, source, signal }))));
    },
  };
}

interface Asking {
  api: JsonApi;
  source: GocardlessSource;
  signal: AbortSignal;
}

/** An event of a refund may name no payment: its fact then has the refund, or the order, in the place of it. */
async function paymentsOf(
  { paymentId, reference }: Reference,
  { api, source, now, signal }: Asking & { now: number },
): Promise<readonly JsonObject[]> {
  if (paymentId?.startsWith('RF') === true) {
    const refund = await callJson(api, { path: `/refunds/${encodeURIComponent(paymentId)}`, signal });
    const payment = idAt(refund, 'refunds.links.payment');
    return payment === null ? [] : paymentsOf({ paymentId: payment, reference }, { api, source, now, signal });
  }
  if (paymentId !== null && !paymentId.startsWith('order:')) {
    const answer = await callJson(api, { path: `/payments/${encodeURIComponent(paymentId)}`, signal });
    const payment = at(answer, 'payments');
    return isObject(payment) ? [payment] : [];
  }
  return foundAmongNewest(
    api,
    {
      path: '/payments',
      query: { 'created_at[gte]': newestSince(now), limit: '500' },
      list: 'payments',
      cursor: 'after',
      next: (answer) => textAt(answer, 'meta.cursors.after'),
      isOurs: (payment) => gocardlessReference(wrapped({}, payment), source.orderNoPath) === reference,
    },
    signal,
  );
}

async function answerOf(payment: JsonObject, asking: Asking): Promise<QueryAnswer> {
  const { api, signal } = asking;
  const id = idAt(payment, 'id') ?? '';
  const query = new URLSearchParams({ payment: id, limit: '500' });
  const refunds = objectsAt(await callJson(api, { path: `/refunds?${query}`, signal }), 'refunds');
  const facts = await Promise.all([
    factsOf(payment, { payment }, { ...asking, query: { payment: id, resource_type: 'payments' } }),
    ...refunds.map((refund) => {
      const of = { refund: idAt(refund, 'id') ?? '', resource_type: 'refunds' };
      return factsOf(refund, { payment }, { ...asking, query: of });
    }),
  ]);
  const isFinal = !openStatuses.includes(textAt(payment, 'status') ?? '');
  return { state: isFinal ? 'final' : 'open', facts: facts.flat() };
}

/** What the events tell of a payment or refund, the oldest first, each kind once, with the amount that the object has. */
async function factsOf(
  object: JsonObject,
  { payment }: { payment: JsonObject },
  { api, source, signal, query }: Asking & { query: Readonly<Record<string, string>> },
): Promise<readonly Fact[]> {
  const path = `/events?${new URLSearchParams({ ...query, limit: '500' })}`;
  const events = objectsAt(await callJson(api, { path, signal }), 'events');
  const read = factsRead(
    'gocardless',
    events.toReversed().map((event) => factOfGocardless(wrapped(event, payment), source)),
  );
  const money = readable('gocardless', moneyFrom(object.amount, object.currency) ?? 'no amount');
  const isFirst = (fact: Fact, index: number) => read.findIndex(({ kind }) => kind === fact.kind) === index;
  return read.filter(isFirst).map((fact) => ({ ...fact, ...money }));
}

/** An event as a callback brings it: with the metadata of its payment, and its payment named. */
function wrapped(event: JsonObject, payment: JsonObject): JsonObject {
  const links = { ...(isObject(event.links) ? event.links : {}), payment: payment.id };
  return { ...event, links, resource_metadata: payment.metadata };
}
