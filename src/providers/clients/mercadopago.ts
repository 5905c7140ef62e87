import { AppError } from '../../domain/errors.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { factOfMercadopagoRefund, factsOfMercadopagoPayment } from '../events/mercadopago.ts';
import { at, exactDecimal, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import type { Client, ClientWorld, QueryAnswer, Reference } from '../provider.ts';
import { readable } from './answers.ts';
import { bearer, callJson, type JsonApi, paymentIdOf } from './json-api.ts';

export interface MercadopagoAccess {
  access_token: string;
  api_base_url?: string;
  order_no_path?: string;
}

const undecided = ['pending', 'in_process', 'authorized', 'in_mediation'];

/** Mercado Pago's API (mercadopago.com, developers, reference: payments and their search, refunds). */
export function mercadopagoClient(access: MercadopagoAccess, world: ClientWorld): Client {
  const source = { account: world.account.id, orderNoPath: access.order_no_path };
  const api: JsonApi = {
    platform: 'mercadopago',
    baseUrl: access.api_base_url ?? 'https://api.mercadopago.com',
    headers: bearer(access.access_token),
    http: world.http,
    said: (body) => textAt(body, 'message'),
  };
  return {
    async query(order, signal) {
      const ids = order.paymentId === null ? await idsNamed(order, access, { api, signal }) : [order.paymentId];
      const payments = await Promise.all(ids.map((id) => callJson(api, { path: pathOf(id), signal })));
      const found = payments.filter((one) => isObject(one));
      if (found.length === 0) return { state: 'not_found', facts: [] };
      const facts = found.flatMap((one) => readable('mercadopago', factsOfMercadopagoPayment(one, source)));
      return { state: stateOf(found), facts };
    },
    async refund(order, { amountMinor, currency }, idempotencyKey, signal) {
      const paymentId = paymentIdOf('mercadopago', order);
      const refund = await callJson(api, {
        path: `${pathOf(paymentId)}/refunds`,
        body: { amount: exactDecimal(decimalFromMinor(amountMinor, currency)) },
        headers: [['x-idempotency-key', idempotencyKey]],
        signal,
      });
      const about = { account: source.account, payment: { id: paymentId, currency_id: currency } };
      const fact = isObject(refund) ? factOfMercadopagoRefund(refund, { ...about, reference: order.reference }) : null;
      if (fact === null) throw new AppError('provider.answer', 'mercadopago answered something else than a refund');
      return readable('mercadopago', fact);
    },
    async close(order, signal) {
      const path = pathOf(paymentIdOf('mercadopago', order));
      const payment = await callJson(api, { path, method: 'PUT', body: { status: 'cancelled' }, signal });
      if (!isObject(payment)) return null;
      const facts = readable('mercadopago', factsOfMercadopagoPayment(payment, source));
      const closed = facts.find(({ kind }) => kind === 'closed');
      if (closed === undefined)
        throw new AppError('provider.answer', 'mercadopago answered a payment that is not cancelled');
      return closed;
    },
  };
}

/** What the search gives may lack the refunds, so that each payment is then asked for by itself. */
async function idsNamed(
  { reference }: Reference,
  { order_no_path: path = 'external_reference' }: MercadopagoAccess,
  { api, signal }: { api: JsonApi; signal: AbortSignal },
): Promise<readonly string[]> {
  if (path !== 'external_reference') {
    const why = `mercadopago can be searched by external_reference alone, and the order number is at ${path}`;
    throw new AppError('provider.cannot_ask', why);
  }
  const query = new URLSearchParams({ external_reference: reference ?? '', sort: 'date_created', criteria: 'desc' });
  const results = at(await callJson(api, { path: `/v1/payments/search?${query}`, signal }), 'results');
  return Array.isArray(results) ? results.flatMap((one: Json) => idAt(one, 'id') ?? []) : [];
}

function pathOf(paymentId: string): string {
  return `/v1/payments/${encodeURIComponent(paymentId)}`;
}

function stateOf(payments: readonly JsonObject[]): QueryAnswer['state'] {
  return payments.some((payment) => undecided.includes(textAt(payment, 'status') ?? '')) ? 'open' : 'final';
}
