import { randomBytes } from 'node:crypto';
import { hmac, standard, wechatpay } from 'paidonce/providers';
import { testPlatform } from 'paidonce/testing';
import type { LoadRequest } from './load.ts';
import type { Product } from './product.ts';

export const merchant = 'bench';
const amountMinor = 8880;
const currency = 'CNY';

/** Requests as they go over the wire. */
export type Requests = Pick<LoadRequest, 'bytes' | 'ends'>;

export type Format = 'hmac' | 'wechatpay';

/** A provider as the bench plays it: it has an account at the product, and signs callbacks for it. */
export interface Payer {
  account: { provider: string; credentials: unknown };
  callback(orderNo: string): Promise<Request>;
}

export function payer(format: Format): Payer {
  const platform = format === 'hmac' ? testPlatform(hmac) : testPlatform(wechatpay);
  return {
    account: platform.account,
    callback: (orderNo) =>
      platform.callback({
        type: 'payment.succeeded',
        orderNo,
        amountMinor: BigInt(amountMinor),
        currency,
        paymentId: `pay-${orderNo}`,
      }),
  };
}

/** The secret with which an `hmac` payer signs. */
export function secretOf({ account }: Payer): string {
  const { credentials } = account as { credentials: { api_secrets: readonly string[] } };
  return credentials.api_secrets[0] ?? '';
}

/** Signed callbacks for the orders, made before anything is measured. */
export async function callbacks({ callback }: Payer, path: string, orderNos: readonly string[]): Promise<Requests> {
  const parts: Buffer[] = [];
  for (const orderNo of orderNos) {
    const request = await callback(orderNo);
    parts.push(wire('POST', path, Object.fromEntries(request.headers), Buffer.from(await request.arrayBuffer())));
  }
  return joined(parts);
}

/** What each order is to cost, said before its money comes. */
export function expectations({ headers }: Product, orderNos: readonly string[], of = merchant): Requests {
  const body = Buffer.from(JSON.stringify({ merchant: of, amount_minor: amountMinor, currency }));
  return joined(orderNos.map((orderNo) => wire('PUT', `/v1/orders/${orderNo}`, headers, body)));
}

/** Publishes as careful publishers make them: each under an idempotency key. */
export function publishes(
  { headers }: Product,
  orderNos: readonly string[],
  of: (index: number) => string = () => merchant,
): Requests {
  const said = { type: 'payment.succeeded', amount_minor: amountMinor, currency };
  return joined(
    orderNos.map((orderNo, index) => {
      const body = {
        merchant: of(index),
        ...said,
        order_no: orderNo,
        payment_id: `pay-${orderNo}`,
        idempotency_key: `paid-${orderNo}`,
      };
      return wire('POST', '/v1/notifications', headers, Buffer.from(JSON.stringify(body)));
    }),
  );
}

/** The same, so many in one request. */
export function publishBatches({ headers }: Product, orderNos: readonly string[], size: number): Requests {
  const of = { merchant, type: 'payment.succeeded', amount_minor: amountMinor, currency };
  const all = orderNos.map((orderNo) => ({
    ...of,
    order_no: orderNo,
    payment_id: `pay-${orderNo}`,
    idempotency_key: `paid-${orderNo}`,
  }));
  return joined(
    Array.from({ length: Math.ceil(all.length / size) }, (_, index) => {
      const body = { notifications: all.slice(index * size, (index + 1) * size) };
      return wire('POST', '/v1/notifications/batch', headers, Buffer.from(JSON.stringify(body)));
    }),
  );
}

export async function addMerchant(product: Product, id = merchant): Promise<void> {
  await product.call('POST', '/v1/merchants', { id, name: 'Bench' });
}

/** Gives the path of the account's callback URL. */
export async function addAccount(product: Product, { account }: Payer, of = merchant): Promise<string> {
  const made = await product.call<{ callback_url: string }>('POST', '/v1/accounts', {
    merchant: of,
    name: account.provider,
    ...account,
  });
  return new URL(made.callback_url).pathname;
}

/** In whose format an endpoint is sent to, and with which secrets. */
export interface SealedBy {
  provider: string;
  credentials?: unknown;
}

/** A format that takes an RSA signature for each notification. */
export function rsaSender(): SealedBy {
  return { provider: wechatpay.name, credentials: wechatpay.pair?.(randomBytes).endpoint };
}

export async function addEndpoint(
  product: Product,
  sinkPort: number,
  concurrency: number,
  by: SealedBy = { provider: standard.name },
): Promise<void> {
  await addEndpointOf(product, merchant, { url: `http://127.0.0.1:${sinkPort}/sink`, concurrency, ...by });
}

export async function addEndpointOf(
  product: Product,
  of: string,
  endpoint: { url: string; concurrency?: number } & Partial<SealedBy>,
): Promise<void> {
  await product.call('POST', `/v1/merchants/${of}/endpoints`, { provider: standard.name, ...endpoint });
}

export function orderNumbers(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(7, '0')}`);
}

function wire(method: string, path: string, headers: Record<string, string>, body: Buffer): Buffer {
  const lines = Object.entries({ host: '127.0.0.1', ...headers, 'content-length': String(body.length) });
  const head = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** One of the first, then of the second, in the given order of indexes: `from[i]` says whose the next is. */
export function mixed(requests: readonly Requests[], from: readonly number[]): Requests {
  const next = requests.map(() => 0);
  const parts = from.map((whose) => {
    const { bytes, ends } = requests[whose] ?? { bytes: Buffer.alloc(0), ends: [] };
    const index = next[whose] ?? 0;
    next[whose] = index + 1;
    return Buffer.from(bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
  });
  return joined(parts);
}

function joined(parts: readonly Buffer[]): Requests {
  let end = 0;
  const ends = parts.map((part) => {
    end += part.length;
    return end;
  });
  return { bytes: Buffer.concat(parts), ends };
}
