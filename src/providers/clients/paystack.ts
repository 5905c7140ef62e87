import type { Fact } from '../../domain/fact.ts';
import { factOfTransaction, type PaystackReading, paystackUnits, readPaystackEvent } from '../events/paystack.ts';
import { at, exactInteger, idAt, isObject, type Json, type JsonObject, parseJson, textAt } from '../primitives/json.ts';
import { wireFromMinor } from '../primitives/money.ts';
import type { Client, ClientWorld, Reference } from '../provider.ts';
import { bearer, callJson, factRead, factsRead, type JsonApi, objectsAt, paymentIdOf, shortKey } from './json-api.ts';

export interface PaystackAccess {
  secret_keys: readonly string[];
  api_base_url?: string;
  order_no_path?: string;
}

/**
 * Paystack's API (paystack.com/docs/api: transactions, refunds; read 2026-11-25). A payment is known by its transaction's reference. A refund
 * has no idempotency key: ours is kept in its merchant_note and looked for before another one is made.
 */
export function paystackClient(access: PaystackAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'paystack',
    baseUrl: access.api_base_url ?? 'https://api.paystack.co',
    headers: bearer(access.secret_keys[0] ?? ''),
    http: world.http,
    said: (body) => textAt(body, 'message'),
    isAbsent: ({ status, body }) => {
      const parsed = status === 400 ? parseJson(body) : { why: '' };
      return 'value' in parsed && /not found/i.test(textAt(parsed.value, 'message') ?? '');
    },
  };
  const reading = (): PaystackReading => ({
    account: world.account.id,
    orderNoPath: access.order_no_path,
    now: world.now(),
  });
  return {
    async query(order, signal) {
      const answer = await transactionOf(order, api, signal);
      if (answer === null) return { state: 'not_found', facts: [] };
      const refunds = await refundsOf(answer, api, signal);
      const status = textAt(answer, 'data.status');
      const isPaid = status === 'success' || status === 'reversed';
      const kind = isPaid ? 'captured' : status === 'failed' ? 'failed' : null;
      const facts = factsRead('paystack', [
        kind === null ? null : factOfTransaction(kind, answer, reading()),
        ...refunds.map((refund) => refundRead(answer, refund, reading())),
      ]);
      return { state: isPaid ? 'final' : 'open', facts };
    },
    async refund(order, { amountMinor, currency }, idempotencyKey, signal) {
      const reference = paymentIdOf('paystack', order);
      const note = `paidonce ${shortKey(idempotencyKey)}`;
      const transaction = await transactionOf(order, api, signal);
      const before = await refundsOf(transaction, api, signal);
      const made = before.find((refund) => textAt(refund, 'merchant_note') === note);
      const amount = exactInteger(wireFromMinor(amountMinor, currency, paystackUnits));
      const body = { transaction: reference, amount, currency, merchant_note: note };
      const refund = made ?? at(await callJson(api, { path: '/refund', body, signal }), 'data');
      return factRead('paystack', isObject(refund) ? refundRead(transaction, refund, reading()) : null);
    },
  };
}

/** The whole answer, whose `data` is the transaction, as an event's is; null: there is none. */
async function transactionOf(
  { paymentId, reference }: Reference,
  api: JsonApi,
  signal: AbortSignal,
): Promise<JsonObject | null> {
  const path = `/transaction/verify/${encodeURIComponent(paymentId ?? reference ?? '')}`;
  const answer = await callJson(api, { path, signal });
  return isObject(answer) && isObject(answer.data) ? answer : null;
}

async function refundsOf(transaction: Json, api: JsonApi, signal: AbortSignal): Promise<readonly JsonObject[]> {
  const id = idAt(transaction, 'data.id');
  if (id === null) return [];
  const query = new URLSearchParams({ transaction: id, perPage: '100' });
  return objectsAt(await callJson(api, { path: `/refund?${query}`, signal }), 'data');
}

/** A refund names its transaction by a number, an event of it by the reference. */
function refundRead(transaction: Json, refund: JsonObject, reading: PaystackReading): Fact | string | null {
  const reference = idAt(transaction, 'data.reference');
  const data = { ...refund, transaction_reference: reference };
  return readPaystackEvent(`refund.${textAt(refund, 'status')}`, { data }, reading);
}
