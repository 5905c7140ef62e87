import type { Instant } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import {
  factOfAuthorization,
  factOfCapture,
  factOfDispute,
  factOfRefund,
  orderNoFieldsOf,
  type PaypalReading,
  paypalAmount,
} from '../events/paypal.ts';
import { textOf, toBase64, utf8 } from '../primitives/bytes.ts';
import { certificateOf } from '../primitives/certificate.ts';
import { at, idAt, integerText, type Json, listAt, textAt } from '../primitives/json.ts';
import { isPaypalCertificateUrl, paypalCertificateIn } from '../primitives/paypal-certificate.ts';
import { shown } from '../primitives/refusal.ts';
import type { Client, ClientWorld, Headers, QueryAnswer, Reference } from '../provider.ts';
import { assertAnswered, jsonAnswer, readable } from './answers.ts';

export interface PaypalAccess {
  client_id?: string;
  client_secret?: string;
  ca_certificates?: string[];
  order_no_field?: string;
  api_base_url?: string;
}

const hosts = { live: 'https://api-m.paypal.com', test: 'https://api-m.sandbox.paypal.com' } as const;
/** A token is renewed this long before it ends. */
const renewalMs = 60_000;
/** What a capture, an authorisation or a refund is while more comes by itself. */
const openStatuses = ['PENDING', 'CREATED', 'PARTIALLY_CAPTURED'];

/**
 * PayPal's API (developer.paypal.com/api: orders/v2, payments/v2, customer-disputes/v1, authentication). It finds nothing by the
 * merchant's own number: captures, refunds and disputes are asked for by their ids, an order of PayPal's by its own as a reference.
 */
export function paypalClient(access: PaypalAccess, world: ClientWorld): Client {
  const fetchKeys = (url: string, signal: AbortSignal) => fetchCertificate(url, access, { world, signal });
  const { client_id: id, client_secret: secret } = access;
  if (id === undefined || secret === undefined) return { fetchKeys };
  const call = callerOf({ id, secret, base: access.api_base_url ?? hosts[world.account.mode] }, world);
  const reading = { account: world.account.id, orderNoFields: orderNoFieldsOf(access.order_no_field) };
  return {
    fetchKeys,
    query: (order, signal) => query(order, (path) => call({ path, signal }), reading),
    async refund({ paymentId }, money, idempotencyKey, signal) {
      if (paymentId === null) throw new AppError('provider.cannot_ask', 'paypal needs the id of the capture');
      const refund = await call({
        path: `/v2/payments/captures/${encodeURIComponent(paymentId)}/refund`,
        body: { amount: paypalAmount(money) },
        headers: [
          ['paypal-request-id', idempotencyKey],
          ['prefer', 'return=representation'],
        ],
        signal,
      });
      if (refund === null) throw new AppError('provider.refused', 'paypal has no such capture');
      const fact = readable('paypal', factOfRefund(refund, reading) ?? 'a refund without a known status');
      if (fact.paymentId === paymentId) return fact;
      throw new AppError('provider.answer', 'paypal answered a refund of another payment');
    },
  };
}

interface Call {
  path: string;
  /** Makes it a POST. */
  body?: object;
  headers?: Headers;
  signal: AbortSignal;
}

type Caller = (call: Call) => Promise<Json>;

interface Access {
  id: string;
  secret: string;
  base: string;
}

/** Asks under a token that is kept until shortly before it ends, or PayPal no longer takes it. */
function callerOf(access: Access, world: ClientWorld): Caller {
  let token: { text: string; until: Instant } | null = null;
  return async ({ path, body, headers = [], signal }) => {
    if (token === null || world.now() >= token.until) token = await newToken(access, world, signal);
    const request = {
      method: body === undefined ? 'GET' : 'POST',
      url: access.base + path,
      headers: [['authorization', `Bearer ${token.text}`], ['content-type', 'application/json'], ...headers],
      body: utf8(body === undefined ? '' : JSON.stringify(body)),
    } as const;
    const reply = await world.http.send(request, signal);
    if (reply.status === 401) token = null;
    return jsonAnswer('paypal', reply, saidIn);
  };
}

async function newToken(
  { id, secret, base }: Access,
  { http, now }: ClientWorld,
  signal: AbortSignal,
): Promise<{ text: string; until: Instant }> {
  const request = {
    method: 'POST',
    url: `${base}/v1/oauth2/token`,
    headers: [
      ['authorization', `Basic ${toBase64(utf8(`${id}:${secret}`))}`],
      ['content-type', 'application/x-www-form-urlencoded'],
    ],
    body: utf8('grant_type=client_credentials'),
  } as const;
  const from = now();
  const answer = jsonAnswer('paypal', await http.send(request, signal), saidIn);
  const [text, seconds] = [textAt(answer, 'access_token'), Number(integerText(at(answer, 'expires_in')))];
  if (text === null || !/^[!-~]+$/.test(text) || !(seconds > 0))
    throw new AppError('provider.answer', 'paypal answered no access_token, or none with expires_in');
  return { text, until: from + seconds * 1000 - renewalMs };
}

/** What PayPal says is wrong: with its details, or of the token. */
function saidIn(body: Json): string | null {
  const [detail = null] = listAt(body, 'details');
  return textAt(detail, 'issue') ?? textAt(body, 'message') ?? textAt(body, 'error_description');
}

interface Found {
  read(object: Json, reading: PaypalReading): Fact | string | null;
  object: Json;
  /** Of what it is part. */
  unit?: Json;
}

type Get = (path: string) => Promise<Json>;

/** A payment's order tells all that became of it; what it does not list is asked for by its own id. */
async function query(
  { reference, paymentId, operationId }: Reference,
  get: Get,
  reading: PaypalReading,
): Promise<QueryAnswer> {
  const payment = paymentId === null ? [] : await paymentWith(paymentId, get);
  const orderId = idAt(payment[0]?.object, 'supplementary_data.related_ids.order_id') ?? orderIdIn(reference);
  if (paymentId === null && orderId === null)
    throw new AppError('provider.cannot_ask', 'paypal finds nothing by an order number; it needs an id of its own');
  const order = orderId === null ? null : await get(`/v2/checkout/orders/${encodeURIComponent(orderId)}`);
  const found = [...payment, ...partsOf(order).filter(({ object }) => idAt(object, 'id') !== paymentId)];
  const isListed = operationId === undefined || found.some(({ object }) => idAt(object, 'id') === operationId);
  if (!isListed) found.push(...(await operationWith(operationId, get)));
  const facts = found.map(({ read, object, unit }) =>
    read(object, unit === undefined ? reading : { ...reading, unit }),
  );
  if (found.length === 0) return { state: order === null ? 'not_found' : 'open', facts: [] };
  const isOpen = found.some(({ object }) => openStatuses.includes(textAt(object, 'status') ?? ''));
  return {
    state: isOpen ? 'open' : 'final',
    facts: facts.filter((fact) => fact !== null).map((fact) => readable('paypal', fact)),
  };
}

async function paymentWith(id: string, get: Get): Promise<readonly Found[]> {
  const capture = await get(`/v2/payments/captures/${encodeURIComponent(id)}`);
  if (capture !== null) return [{ read: factOfCapture, object: capture }];
  const authorization = await get(`/v2/payments/authorizations/${encodeURIComponent(id)}`);
  return authorization === null ? [] : [{ read: factOfAuthorization, object: authorization }];
}

async function operationWith(id: string, get: Get): Promise<readonly Found[]> {
  const isDispute = id.startsWith('PP-');
  const object = await get(`${isDispute ? '/v1/customer/disputes' : '/v2/payments/refunds'}/${encodeURIComponent(id)}`);
  return object === null ? [] : [{ read: isDispute ? factOfDispute : factOfRefund, object }];
}

function partsOf(order: Json): readonly Found[] {
  const parts = [
    ['authorizations', factOfAuthorization],
    ['captures', factOfCapture],
    ['refunds', factOfRefund],
  ] as const;
  return listAt(order, 'purchase_units').flatMap((unit) =>
    parts.flatMap(([name, read]) => listAt(unit, `payments.${name}`).map((object) => ({ read, object, unit }))),
  );
}

/** An order of PayPal's may stand among the references of ours. */
function orderIdIn(reference: string | null): string | null {
  return reference !== null && /^[0-9A-Z]{17}$/.test(reference) ? reference : null;
}

/** The certificate at PayPal's address, once it is PayPal's by its name, its time and, where they are pinned, its issuers. */
async function fetchCertificate(
  url: string,
  { ca_certificates: pinned = [] }: PaypalAccess,
  { world, signal }: { world: ClientWorld; signal: AbortSignal },
): Promise<Readonly<Record<string, unknown>>> {
  const { mode } = world.account;
  if (!isPaypalCertificateUrl(url, mode))
    throw new AppError('provider.refused', `${shown(url)} is no address of PayPal's certificates`);
  const reply = await world.http.send({ method: 'GET', url, headers: [], body: new Uint8Array(0) }, signal);
  assertAnswered('paypal', reply);
  if (reply.status !== 200)
    throw new AppError('provider.refused', `paypal answered ${reply.status} for its certificate`);
  const issuers = pinned.map(certificateOf);
  const found = paypalCertificateIn(textOf(reply.body) ?? '', { mode, now: world.now(), issuers });
  if ('why' in found) throw new AppError('provider.refused', `${shown(url)}: ${found.why}`);
  return { certificates: { [url]: found.certificate.toString() } };
}
