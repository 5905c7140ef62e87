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
export function expectations({ headers }: Product, orderNos: readonly string[]): Requests {
  const body = Buffer.from(JSON.stringify({ merchant, amount_minor: amountMinor, currency }));
  return joined(orderNos.map((orderNo) => wire('PUT', `/v1/orders/${orderNo}`, headers, body)));
}

/** Publishes as careful publishers make them: each under an idempotency key. */
export function publishes({ headers }: Product, orderNos: readonly string[]): Requests {
  const of = { merchant, type: 'payment.succeeded', amount_minor: amountMinor, currency };
  return joined(
    orderNos.map((orderNo) => {
      const body = { ...of, order_no: orderNo, payment_id: `pay-${orderNo}`, idempotency_key: `paid-${orderNo}` };
      return wire('POST', '/v1/notifications', headers, Buffer.from(JSON.stringify(body)));
    }),
  );
}

export async function addMerchant(product: Product): Promise<void> {
  await product.call('POST', '/v1/merchants', { id: merchant, name: 'Bench' });
}

/** Gives the path of the account's callback URL. */
export async function addAccount(product: Product, { account }: Payer): Promise<string> {
  const made = await product.call<{ callback_url: string }>('POST', '/v1/accounts', {
    merchant,
    name: account.provider,
    ...account,
  });
  return new URL(made.callback_url).pathname;
}

export async function addEndpoint(product: Product, sinkPort: number, concurrency: number): Promise<void> {
  const url = `http://127.0.0.1:${sinkPort}/sink`;
  await product.call('POST', `/v1/merchants/${merchant}/endpoints`, { url, provider: standard.name, concurrency });
}

export function orderNumbers(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(7, '0')}`);
}

function wire(method: string, path: string, headers: Record<string, string>, body: Buffer): Buffer {
  const lines = Object.entries({ host: '127.0.0.1', ...headers, 'content-length': String(body.length) });
  const head = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

function joined(parts: readonly Buffer[]): Requests {
  let end = 0;
  const ends = parts.map((part) => {
    end += part.length;
    return end;
  });
  return { bytes: Buffer.concat(parts), ends };
}
