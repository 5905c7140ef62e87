import { randomBytes } from 'node:crypto';
import type { Callback } from '../../src/domain/callback.ts';
import { type Paidonce, type PaidonceOptions, paidonce } from '../../src/paidonce.ts';
import { alipay, hmac, standard, stripe, wechatpay } from '../../src/providers/index.ts';
import type { Store } from '../../src/stores/store.ts';
import { type TestPlatform, type ToldResult, temporaryStore, testPlatform } from '../../src/testing/testing.ts';

/** The five formats, each with a platform that signs with keys of its own. */
export const platforms: Readonly<Record<string, TestPlatform<unknown>>> = {
  hmac: testPlatform(hmac),
  standard: testPlatform(standard),
  stripe: testPlatform(stripe),
  wechatpay: testPlatform(wechatpay),
  alipay: testPlatform(alipay),
};

export interface OpenShop {
  pay: Paidonce;
  store: Store;
  /** Sends a platform's callback and gives status, body and the row that was kept of it. */
  send(
    name: string,
    request: Request,
  ): Promise<{ status: number; body: string; kept: Omit<Callback, 'headers' | 'body'> | null }>;
  close(): Promise<void>;
}

/** A merchant `shop` with an account for each format, on a store of its own. `prepare` registers functions before the start. */
export async function openShop(
  options: Partial<PaidonceOptions> = {},
  prepare: (pay: Paidonce) => void = () => {},
): Promise<OpenShop> {
  const { store, dispose } = await temporaryStore();
  const accounts = Object.fromEntries(Object.entries(platforms).map(([name, platform]) => [name, platform.account]));
  const masterKey = randomBytes(32).toString('base64');
  const pay = paidonce({ store, merchant: 'shop', accounts, masterKey, ...options });
  prepare(pay);
  await pay.start();
  const newest = async () => {
    const all = { visible: null, account: null, verdict: null, orderNo: null, merchant: null, from: null, to: null };
    const kept = await store.read('callbacks', { ...all, limit: 200, cursor: null });
    return kept.data.toSorted((one, other) => (one.id < other.id ? -1 : 1)).at(-1) ?? null;
  };
  return {
    pay,
    store,
    async send(name, request) {
      const before = (await newest())?.id;
      const response = await pay.receive(name, request);
      const body = await response.text();
      const kept = await newest();
      return { status: response.status, body, kept: kept?.id === before ? null : kept };
    },
    async close() {
      await pay.stop();
      await dispose();
    },
  };
}

/** 88.80 CNY paid for an order. */
export function paid(orderNo: string, change: Partial<ToldResult> = {}): ToldResult {
  const paymentId = `p-${orderNo}`;
  return { type: 'payment.succeeded', orderNo, amountMinor: 8880n, currency: 'CNY', paymentId, ...change };
}

export const expected = { amountMinor: 8880n, currency: 'CNY' } as const;

/** The same request with other bytes in its body. */
export async function withBody(request: Request, change: (body: string) => string): Promise<Request> {
  const body = change(await request.clone().text());
  return new Request(request.url, { method: request.method, headers: request.headers, body });
}
