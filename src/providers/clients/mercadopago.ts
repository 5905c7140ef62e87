import { AppError } from '../../domain/errors.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { factOfMercadopagoRefund, factsOfMercadopagoPayment } from '../events/mercadopago.ts';
import { utf8 } from '../primitives/bytes.ts';
import { at, exactDecimal, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import type { Client, ClientWorld, Headers, HttpRequest, QueryAnswer, Reference } from '../provider.ts';
import { jsonAnswer, readable } from './answers.ts';
import { paymentIdOf } from './json-api.ts';

export interface MercadopagoAccess {
  access_token: string;
  api_base_url?: string;
  order_no_path?: string;
}

const undecided = ['pending', 'in_process', 'authorized', 'in_mediation'];

/** Mercado Pago's API (mercadopago.com, developers, reference: payments and their search, refunds). */
export function mercadopagoClient(access: MercadopagoAccess, world: ClientWorld): Client {
  const source = { account: world.account.id, orderNoPath: access.order_no_path };
  const ask = (asked: Asked) => call(access, world, asked);
  return {
    async query(order, signal) {
      const ids = order.paymentId === null ? await idsNamed(order, access, { ask, signal }) : [order.paymentId];
      const payments = await Promise.all(ids.map((id) => ask({ path: pathOf(id), signal })));
      const found = payments.filter((one) => isObject(one));
      if (found.length === 0) return { state: 'not_found', facts: [] };
      const facts = found.flatMap((one) => readable('mercadopago', factsOfMercadopagoPayment(one, source)));
      return { state: stateOf(found), facts };
    },
    async refund(order, { amountMinor, currency }, idempotencyKey, signal) {
      const paymentId = paymentIdOf('mercadopago', order);
      const refund = await ask({
        path: `${pathOf(paymentId)}/refunds`,
        method: 'POST',
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
      const payment = await ask({ path, method: 'PUT', body: { status: 'cancelled' }, signal });
      if (!isObject(payment)) return null;
      const facts = readable('mercadopago', factsOfMercadopagoPayment(payment, source));
      const closed = facts.find(({ kind }) => kind === 'closed');
      if (closed === undefined)
        throw new AppError('provider.answer', 'mercadopago answered a payment that is not cancelled');
      return closed;
    },
  };
}

interface Asked {
  path: string;
  /** Default: GET. */
  method?: HttpRequest['method'];
  body?: object;
  headers?: Headers;
  signal: AbortSignal;
}

async function call(
  { api_base_url: base = 'https://api.mercadopago.com', access_token: token }: MercadopagoAccess,
  { http }: ClientWorld,
  { path, method = 'GET', body, headers = [], signal }: Asked,
): Promise<Json> {
  const request: HttpRequest = {
    method,
    url: base + path,
    headers: [['authorization', `Bearer ${token}`], ['content-type', 'application/json'], ...headers],
    body: utf8(body === undefined ? '' : JSON.stringify(body)),
  };
  return jsonAnswer('mercadopago', await http.send(request, signal), (answer) => textAt(answer, 'message'));
}

/** What the search gives may lack the refunds, so that each payment is then asked for by itself. */
async function idsNamed(
  { reference }: Reference,
  { order_no_path: path = 'external_reference' }: MercadopagoAccess,
  { ask, signal }: { ask: (asked: Asked) => Promise<Json>; signal: AbortSignal },
): Promise<readonly string[]> {
  if (path !== 'external_reference') {
    const why = `mercadopago can be searched by external_reference alone, and the order number is at ${path}`;
    throw new AppError('provider.cannot_ask', why);
  }
  const query = new URLSearchParams({ external_reference: reference ?? '', sort: 'date_created', criteria: 'desc' });
  const results = at(await ask({ path: `/v1/payments/search?${query}`, signal }), 'results');
  return Array.isArray(results) ? results.flatMap((one: Json) => idAt(one, 'id') ?? []) : [];
}

function pathOf(paymentId: string): string {
  return `/v1/payments/${encodeURIComponent(paymentId)}`;
}

function stateOf(payments: readonly JsonObject[]): QueryAnswer['state'] {
  return payments.some((payment) => undecided.includes(textAt(payment, 'status') ?? '')) ? 'open' : 'final';
}
