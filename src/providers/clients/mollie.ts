import { AppError } from '../../domain/errors.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { factOfMollieRefund, factsOfMolliePayment, mollieReference } from '../events/mollie.ts';
import { at, idAt, isObject, type JsonObject, textAt } from '../primitives/json.ts';
import type { Client, ClientWorld, Headers, QueryAnswer } from '../provider.ts';
import { readable } from './answers.ts';
import { bearer, callJson, type JsonApi, objectsAt, paymentIdOf } from './json-api.ts';

export interface MollieAccess {
  api_key: string;
  api_base_url?: string;
  order_no_path?: string;
}

/** What one page of the list holds at most. */
const pageMax = 250;
const undecided = ['open', 'pending', 'authorized'];

/**
 * Mollie's API (docs.mollie.com: "Get payment", "List payments", "Create refund", "Cancel payment"). A payment is asked for by its id;
 * Mollie cannot search by an order number, so that one is looked for among the newest payments alone.
 */
export function mollieClient(access: MollieAccess, world: ClientWorld): Client {
  const source = { account: world.account.id, orderNoPath: access.order_no_path };
  const api: JsonApi = {
    platform: 'mollie',
    baseUrl: access.api_base_url ?? 'https://api.mollie.com',
    headers: bearer(access.api_key),
    http: world.http,
    said: (body) => textAt(body, 'detail'),
  };
  return {
    async query(order, signal) {
      const ids =
        order.paymentId === null ? await idsNamed(order.reference, { access, api, signal }) : [order.paymentId];
      const payments = await Promise.all(
        ids.map((id) =>
          callJson(api, { path: `/v2/payments/${encodeURIComponent(id)}?embed=refunds,chargebacks`, signal }),
        ),
      );
      const found = payments.filter((one) => isObject(one));
      if (found.length === 0) return { state: 'not_found', facts: [] };
      const facts = found.flatMap((payment) => readable('mollie', factsOfMolliePayment(payment, source)));
      return { state: stateOf(found), facts };
    },
    async refund(order, { amountMinor, currency }, idempotencyKey, signal) {
      const path = `/v2/payments/${encodeURIComponent(paymentIdOf('mollie', order))}/refunds`;
      const body = { amount: { currency, value: decimalFromMinor(amountMinor, currency) } };
      const headers: Headers = [['idempotency-key', idempotencyKey]];
      const refund = await callJson(api, { path, body, headers, signal });
      const fact = isObject(refund) ? factOfMollieRefund(refund, source.account, order.reference) : null;
      if (fact === null) throw new AppError('provider.answer', 'mollie answered something else than a refund');
      return readable('mollie', fact);
    },
    async close(order, signal) {
      const path = `/v2/payments/${encodeURIComponent(paymentIdOf('mollie', order))}`;
      const payment = await callJson(api, { path, method: 'DELETE', signal });
      if (!isObject(payment)) return null;
      const closed = readable('mollie', factsOfMolliePayment(payment, source)).find(({ kind }) => kind === 'closed');
      if (closed === undefined) throw new AppError('provider.answer', 'mollie answered a payment that is not closed');
      return closed;
    },
  };
}

/** @throws AppError `provider.cannot_ask` where there are more payments than were looked at, and none of these is it. */
async function idsNamed(
  reference: string | null,
  { access, api, signal }: { access: MollieAccess; api: JsonApi; signal: AbortSignal },
): Promise<readonly string[]> {
  const page = await callJson(api, { path: `/v2/payments?limit=${pageMax}`, signal });
  const payments = objectsAt(page, '_embedded.payments');
  const named = payments.filter((payment) => mollieReference(payment, access.order_no_path) === reference);
  if (named.length > 0 || !isObject(at(page, '_links.next'))) return named.flatMap((one) => idAt(one, 'id') ?? []);
  throw new AppError(
    'provider.cannot_ask',
    `mollie needs the id of the payment; none of its newest ${pageMax} has this order number`,
  );
}

function stateOf(payments: readonly JsonObject[]): QueryAnswer['state'] {
  return payments.some((payment) => undecided.includes(textAt(payment, 'status') ?? '')) ? 'open' : 'final';
}
