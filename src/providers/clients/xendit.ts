import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { factOfInvoice, factOfPayment, factOfPaymentRequest, factOfRefund } from '../events/xendit.ts';
import { exactDecimal, idAt, type Json, listAt, textAt } from '../primitives/json.ts';
import type { Client, ClientWorld, Headers, QueryAnswer, Reference } from '../provider.ts';
import { readable } from './answers.ts';
import { basic, callJson, type JsonApi } from './json-api.ts';

export interface XenditAccess {
  api_key: string;
  api_base_url?: string;
}

/** Payment requests and their payments are told as of this version. */
const apiVersion = '2024-11-11';
const refundsMax = 100;

/**
 * Xendit's API (docs.xendit.co/apidocs: invoices, payment requests, payments, refunds; read 2026-11-25). By an order number it finds
 * invoices alone: a payment request is asked for by its id.
 */
export function xenditClient(access: XenditAccess, world: ClientWorld): Client {
  const api: JsonApi = {
    platform: 'xendit',
    baseUrl: access.api_base_url ?? 'https://api.xendit.co',
    headers: [...basic(access.api_key, ''), ['api-version', apiVersion]],
    http: world.http,
    said: (body) => textAt(body, 'message'),
  };
  const ask = (path: string, signal: AbortSignal) => callJson(api, { path, signal });
  const { id: account } = world.account;
  const factIn = (fact: Fact | string | null): Fact => readable('xendit', fact ?? 'an object in another state');
  return {
    async query(order, signal) {
      const get = (path: string) => ask(path, signal);
      if (isPaymentRequest(order.paymentId)) return ofPaymentRequest(order, get, account);
      const invoices = await invoicesOf(order, get);
      const answers = await Promise.all(invoices.map((invoice) => ofInvoice(invoice, get, account)));
      if (answers.length === 0) return { state: 'not_found', facts: [] };
      const isFinal = answers.every(({ state }) => state === 'final');
      return { state: isFinal ? 'final' : 'open', facts: answers.flatMap(({ facts }) => facts) };
    },
    async refund({ paymentId }, { amountMinor, currency }, idempotencyKey, signal) {
      if (paymentId === null) throw new AppError('provider.cannot_ask', 'xendit needs the id of the payment');
      const body = {
        [isPaymentRequest(paymentId) ? 'payment_request_id' : 'invoice_id']: paymentId,
        reference_id: idempotencyKey,
        amount: exactDecimal(decimalFromMinor(amountMinor, currency)),
        currency,
        reason: 'REQUESTED_BY_CUSTOMER',
      };
      const headers: Headers = [['idempotency-key', idempotencyKey]];
      const refund = await callJson(api, { path: '/refunds', body, headers, signal });
      if (refund === null) throw new AppError('provider.refused', 'xendit has no such payment');
      return { ...factIn(factOfRefund(refund, account)), paymentId };
    },
    async close(order, signal) {
      if (isPaymentRequest(order.paymentId))
        throw new AppError('provider.cannot_ask', 'xendit is asked to end invoices alone');
      const invoices = await invoicesOf(order, (path) => ask(path, signal));
      const pending = invoices.find((invoice) => textAt(invoice, 'status') === 'PENDING');
      const [first] = invoices;
      if (pending === undefined)
        return first === undefined ? null : closedAlready(factIn(factOfInvoice(first, account)));
      const path = `/invoices/${encodeURIComponent(idAt(pending, 'id') ?? '')}/expire!`;
      return factIn(factOfInvoice(await callJson(api, { path, body: {}, signal }), account));
    },
  };
}

type Get = (path: string) => Promise<Json>;

function isPaymentRequest(paymentId: string | null): boolean {
  return paymentId?.startsWith('pr-') === true;
}

async function invoicesOf({ paymentId, reference }: Reference, get: Get): Promise<readonly Json[]> {
  if (paymentId !== null) {
    const invoice = await get(`/v2/invoices/${encodeURIComponent(paymentId)}`);
    return invoice === null ? [] : [invoice];
  }
  if (reference === null) throw new AppError('provider.cannot_ask', 'xendit needs the order number or an id');
  const found = await get(`/v2/invoices?${new URLSearchParams({ external_id: reference })}`);
  return Array.isArray(found) ? found : [];
}

async function ofInvoice(invoice: Json, get: Get, account: Fact['account']): Promise<QueryAnswer> {
  const refunds = await refundsOf({ invoice_id: idAt(invoice, 'id') ?? '' }, get);
  return {
    state: textAt(invoice, 'status') === 'PENDING' ? 'open' : 'final',
    facts: factsIn([factOfInvoice(invoice, account), ...refunds.map((refund) => factOfRefund(refund, account))]),
  };
}

async function ofPaymentRequest(order: Reference, get: Get, account: Fact['account']): Promise<QueryAnswer> {
  const id = order.paymentId ?? '';
  const request = await get(`/v3/payment_requests/${encodeURIComponent(id)}`);
  if (request === null) return { state: 'not_found', facts: [] };
  const own = order.operationId?.startsWith('py-') ? order.operationId : null;
  const paymentId = own ?? idAt(request, 'latest_payment_id');
  const payment = paymentId === null ? null : await get(`/v3/payments/${encodeURIComponent(paymentId)}`);
  const refunds = await refundsOf({ payment_request_id: id }, get);
  const facts = factsIn([
    factOfPaymentRequest(request, account),
    factOfPayment(payment, account),
    ...refunds.map((refund) => factOfRefund(refund, account)),
  ]);
  const isFinal = facts.some(({ kind }) => kind === 'captured' || kind === 'closed');
  return { state: isFinal ? 'final' : 'open', facts };
}

async function refundsOf(of: Record<string, string>, get: Get): Promise<readonly Json[]> {
  return listAt(await get(`/refunds?${new URLSearchParams({ ...of, limit: String(refundsMax) })}`), 'data');
}

function factsIn(found: readonly (Fact | string | null)[]): Fact[] {
  return found.filter((fact) => fact !== null).map((fact) => readable('xendit', fact));
}

/** @throws AppError `provider.refused` for one that is paid. */
function closedAlready(fact: Fact): Fact {
  if (fact.kind === 'closed') return fact;
  throw new AppError('provider.refused', 'xendit has the invoice as paid');
}
