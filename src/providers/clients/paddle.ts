import { factOfPaddle, paddleReference } from '../events/paddle.ts';
import { at, idAt, isObject, type JsonObject, textAt } from '../primitives/json.ts';
import { timeAt } from '../primitives/told-fact.ts';
import type { Client, ClientWorld, QueryAnswer, ReceiverAccount, Reference } from '../provider.ts';
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

export interface PaddleAccess {
  api_key: string;
  api_base_url?: string;
  order_no_path?: string;
}

/** The event that tells of a transaction in this status. A failed try leaves it open. */
const eventOfStatus: Readonly<Record<string, string>> = {
  paid: 'transaction.paid',
  completed: 'transaction.completed',
  canceled: 'transaction.canceled',
};

/**
 * Paddle Billing's API, version 1 (developer.paddle.com/api-reference: transactions, adjustments; read 2026-11-25). There is no search by
 * custom_data: a transaction whose id is not known is looked for among the newest.
 */
export function paddleClient(access: PaddleAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'paddle',
    baseUrl:
      access.api_base_url ??
      (world.account.mode === 'live' ? 'https://api.paddle.com' : 'https://sandbox-api.paddle.com'),
    headers: [...bearer(access.api_key), ['paddle-version', '1']],
    http: world.http,
    said: (body) => textAt(body, 'error.detail'),
  };
  return {
    async query(order, signal) {
      const transactions = await transactionsOf(order, { api, access, now: world.now(), signal });
      return joined(
        await Promise.all(transactions.map((one) => answerOf(one, { api, access, account: world.account, signal }))),
      );
    },
  };
}

interface Asking {
  api: JsonApi;
  access: PaddleAccess;
  signal: AbortSignal;
}

async function transactionsOf(
  { paymentId, reference }: Reference,
  { api, access, now, signal }: Asking & { now: number },
): Promise<readonly JsonObject[]> {
  if (paymentId !== null) {
    const answer = await callJson(api, { path: `/transactions/${encodeURIComponent(paymentId)}`, signal });
    const transaction = at(answer, 'data');
    return isObject(transaction) ? [transaction] : [];
  }
  return foundAmongNewest(
    api,
    {
      path: '/transactions',
      query: {
        'created_at[GTE]': newestSince(now),
        order_by: 'created_at[DESC]',
        per_page: '30',
      },
      list: 'data',
      cursor: 'after',
      next: (answer) =>
        at(answer, 'meta.pagination.has_more') === true ? idAt(objectsAt(answer, 'data').at(-1), 'id') : null,
      isOurs: (one) => paddleReference({ data: one }, access.order_no_path) === reference,
    },
    signal,
  );
}

async function answerOf(
  transaction: JsonObject,
  { api, access, account, signal }: Asking & { account: ReceiverAccount },
): Promise<QueryAnswer> {
  const query = new URLSearchParams({ transaction_id: idAt(transaction, 'id') ?? '', per_page: '50' });
  const adjustments = objectsAt(await callJson(api, { path: `/adjustments?${query}`, signal }), 'data');
  const status = textAt(transaction, 'status') ?? '';
  const type = Object.hasOwn(eventOfStatus, status) ? eventOfStatus[status] : undefined;
  const read = (event: string, data: JsonObject, time: number | null) =>
    factOfPaddle(event, data, { account, orderNoPath: access.order_no_path, occurredAt: time });
  const [newest] = objectsAt(transaction, 'payments');
  const paidAt = timeAt(newest, 'captured_at') ?? timeAt(transaction, 'updated_at');
  const facts = factsRead('paddle', [
    type === undefined ? null : read(type, transaction, paidAt),
    ...adjustments.map((one) =>
      read('adjustment.updated', one, timeAt(one, 'updated_at') ?? timeAt(one, 'created_at')),
    ),
  ]);
  return { state: type === undefined ? 'open' : 'final', facts };
}
