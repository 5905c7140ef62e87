import { decimalFromMinor } from '../../domain/money.ts';
import { readShopifyBody, shopifyMoney, shopifyReference } from '../events/shopify.ts';
import { at, idAt, isObject, type JsonObject, textAt } from '../primitives/json.ts';
import type { Client, ClientWorld, QueryAnswer, Reference } from '../provider.ts';
import { readable } from './answers.ts';
import { callJson, foundAmongNewest, type JsonApi, joined, newestSince, objectsAt } from './json-api.ts';

export interface ShopifyAccess {
  accessToken: string;
  /** Of the Admin API, with its version. */
  baseUrl: string;
  /** The note attributes that may hold our number, the best first. */
  attributes: readonly string[];
}

export function shopifyUrl(shopDomain: string): string {
  return `https://${shopDomain}/admin/api/2025-07`;
}

/** Statuses after which nothing happens by itself; refunds are made by people. */
const finalStatuses = ['paid', 'partially_refunded', 'refunded', 'voided', 'expired'];

/**
 * Shopify's Admin API (shopify.dev/docs/api/admin-rest: orders, transactions; read 2026-11-25). An order there names its refunds, and its
 * transactions what was captured. One whose id is not known is looked for among the newest by its note attributes.
 */
export function shopifyClient({ accessToken, baseUrl, attributes }: ShopifyAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'shopify',
    baseUrl,
    headers: [['x-shopify-access-token', accessToken]],
    http: world.http,
    said: (body) => textAt(body, 'errors'),
  };
  const answerOf = async (order: JsonObject, signal: AbortSignal): Promise<QueryAnswer> => {
    const path = `/orders/${encodeURIComponent(idAt(order, 'id') ?? '')}/transactions.json`;
    const transactions = objectsAt(await callJson(api, { path, signal }), 'transactions');
    const reading = { account: world.account, type: 'order', now: world.now(), attributes };
    const opened = readShopifyBody(withCaptured(order, transactions), reading);
    if (opened.is === 'unreadable') readable('shopify', opened.why);
    const isFinal = finalStatuses.includes(textAt(order, 'financial_status') ?? '');
    return { state: isFinal ? 'final' : 'open', facts: opened.is === 'facts' ? opened.facts : [] };
  };
  return {
    async query(order, signal) {
      const orders = await ordersOf(order, { api, attributes, now: world.now(), signal });
      return joined(await Promise.all(orders.map((one) => answerOf(one, signal))));
    },
  };
}

async function ordersOf(
  { paymentId, reference }: Reference,
  { api, attributes, now, signal }: { api: JsonApi; attributes: readonly string[]; now: number; signal: AbortSignal },
): Promise<readonly JsonObject[]> {
  if (paymentId !== null) {
    const answer = await callJson(api, { path: `/orders/${encodeURIComponent(paymentId)}.json`, signal });
    const order = at(answer, 'order');
    return isObject(order) ? [order] : [];
  }
  return foundAmongNewest(
    api,
    {
      path: '/orders.json',
      query: { status: 'any', created_at_min: newestSince(now), limit: '250' },
      list: 'orders',
      cursor: 'page_info',
      // The next page is named in a header alone.
      next: () => null,
      isOurs: (order) => shopifyReference(order, attributes) === reference,
    },
    signal,
  );
}

/** The order as it was before its refunds: an order that is refunded says nothing of captures, its transactions do. */
function withCaptured(order: JsonObject, transactions: readonly JsonObject[]): JsonObject {
  if (!['refunded', 'partially_refunded'].includes(textAt(order, 'financial_status') ?? '')) return order;
  const captures = transactions.filter(
    ({ kind, status, currency }) =>
      (kind === 'sale' || kind === 'capture') && status === 'success' && currency === order.currency,
  );
  const amounts = captures.map(({ amount, currency }) =>
    readable('shopify', shopifyMoney(amount, currency) ?? 'a transaction without an amount'),
  );
  const [first] = amounts;
  if (first === undefined) return order;
  const sum = amounts.reduce((total, { amountMinor }) => total + amountMinor, 0n);
  return { ...order, financial_status: 'paid', total_price: decimalFromMinor(sum, first.currency) };
}
