import { coinbaseReference, lastOfTimeline, readCoinbaseCharge } from '../events/coinbase-commerce.ts';
import { at, idAt, isObject, type JsonObject, textAt } from '../primitives/json.ts';
import type { Client, ClientWorld, QueryAnswer, Reference } from '../provider.ts';
import { readable } from './answers.ts';
import { callJson, foundAmongNewest, type JsonApi, joined, objectsAt } from './json-api.ts';

export interface CoinbaseCommerceAccess {
  api_key: string;
  api_base_url?: string;
  order_no_path?: string;
}

/** The event that told of the newest change of a charge; `NEW` and `PENDING` are not final. */
const eventOfStatus: Readonly<Record<string, string>> = {
  COMPLETED: 'charge:confirmed',
  RESOLVED: 'charge:resolved',
  UNRESOLVED: 'charge:failed',
  EXPIRED: 'charge:failed',
  CANCELED: 'charge:failed',
  FAILED: 'charge:failed',
};

/**
 * Coinbase Commerce's API, version 2018-03-22 (docs.cdp.coinbase.com: charges; read 2026-11-25). There is no search by metadata: a charge
 * whose code is not known is looked for among the newest.
 */
export function coinbaseCommerceClient(access: CoinbaseCommerceAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'coinbase-commerce',
    baseUrl: access.api_base_url ?? 'https://api.commerce.coinbase.com',
    headers: [
      ['x-cc-api-key', access.api_key],
      ['x-cc-version', '2018-03-22'],
    ],
    http: world.http,
    said: (body) => textAt(body, 'error.message'),
  };
  return {
    async query(order, signal) {
      const charges = await chargesOf(order, { api, access, signal });
      return joined(charges.map((charge) => answerOf(charge, access, world)));
    },
  };
}

async function chargesOf(
  { paymentId, reference }: Reference,
  { api, access, signal }: { api: JsonApi; access: CoinbaseCommerceAccess; signal: AbortSignal },
): Promise<readonly JsonObject[]> {
  if (paymentId !== null) {
    const answer = await callJson(api, { path: `/charges/${encodeURIComponent(paymentId)}`, signal });
    const charge = at(answer, 'data');
    return isObject(charge) ? [charge] : [];
  }
  return foundAmongNewest(
    api,
    {
      path: '/charges',
      query: { order: 'desc', limit: '100' },
      list: 'data',
      cursor: 'starting_after',
      next: (answer) =>
        textAt(answer, 'pagination.next_uri') === null ? null : idAt(objectsAt(answer, 'data').at(-1), 'code'),
      isOurs: (charge) => coinbaseReference({ event: { data: charge } }, access.order_no_path) === reference,
    },
    signal,
  );
}

/** A charge whose money came late or in part waits for a person, who may resolve it. */
function answerOf(charge: JsonObject, access: CoinbaseCommerceAccess, { account }: ClientWorld): QueryAnswer {
  const last = lastOfTimeline(charge);
  const status = textAt(last, 'status') ?? '';
  const type = Object.hasOwn(eventOfStatus, status) ? eventOfStatus[status] : undefined;
  if (type === undefined) return { state: 'open', facts: [] };
  const event = { id: charge.code, type, data: charge, created_at: textAt(last, 'time') };
  const opened = readCoinbaseCharge({ event }, account, access.order_no_path);
  if (opened.is === 'unreadable') readable('coinbase-commerce', opened.why);
  return { state: status === 'UNRESOLVED' ? 'open' : 'final', facts: opened.is === 'facts' ? opened.facts : [] };
}
