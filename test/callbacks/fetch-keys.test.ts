import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFetchKeys } from '../../src/callbacks/fetch-keys.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { AppError } from '../../src/domain/errors.ts';
import { asId, newId, randomBytesOf } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Account } from '../../src/domain/merchant.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { wechatpay } from '../../src/providers/index.ts';
import type { Headers } from '../../src/providers/provider.ts';
import { wechatpayApi } from '../../src/sandbox/apis/wechatpay.ts';
import type { Books } from '../../src/sandbox/books.ts';
import { FakeClock } from '../deliver/time.ts';
import { type OpenShop, openShop, paid } from '../library/open-shop.ts';
import { notificationOf } from '../providers/support.ts';

const pair = wechatpay.pair?.(randomBytesOf);
if (pair === undefined) throw new Error('no pair');
const noBooks: Books = {
  ofOrder: async () => [],
  withId: async () => null,
  since: async function* () {},
  move: () => Promise.reject(new Error('nothing is moved')),
};

/** WeChat Pay's API on loopback; `answers`: whether it gives its certificates, or an error. */
async function startWechatPay(answers: () => boolean = () => true) {
  const asked: string[] = [];
  const server = createServer(async ({ method = '', url: target = '', rawHeaders }, reply) => {
    asked.push(`${method} ${target}`);
    const headers: Headers = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
    );
    const context = { now: systemClock.now(), publicUrl: '', random: randomBytesOf };
    const request = { method, target, headers, body: new Uint8Array(0) };
    const given = answers()
      ? await wechatpayApi(request, {
          books: noBooks,
          pair: pair ?? { account: 0, endpoint: 0 },
          context,
          statement: async () => null,
          url: '',
        })
      : null;
    reply.writeHead(given?.status ?? 503, Object.fromEntries(given?.headers ?? []));
    reply.end(given?.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A shop whose account has the merchant's key and no key of the platform. */
async function shopAt(url: string): Promise<OpenShop> {
  const account = wechatpay.account({ ...pair?.account, platform_keys: {}, api_base_url: url } as never);
  const shop = await openShop({ accounts: { wechatpay: account }, allowTargets: ['127.0.0.0/8'] });
  onTestFinished(() => shop.close());
  return shop;
}

async function callback(
  orderNo: string,
  changes: Partial<NonNullable<typeof pair>['endpoint']> = {},
): Promise<Request> {
  const { paymentId } = paid(orderNo);
  const id = newId('ntf', systemClock.now(), 0);
  const told = { id, orderNo: asId.orderNo(orderNo), operationId: paymentId };
  const notification = notificationOf('payment.succeeded', told);
  const context = { now: systemClock.now(), publicUrl: '', random: randomBytesOf };
  const sealed = await wechatpay.sender({ ...pair?.endpoint, ...changes }).seal(notification, context);
  return new Request('http://localhost/', {
    method: 'POST',
    headers: sealed.headers.map(([name, value]): [string, string] => [name, value]),
    body: Buffer.from(sealed.body),
  });
}

describe('a callback signed with a key that the account lacks', () => {
  it('has the keys fetched and is opened with them, and so are those that come at the same time', async () => {
    const platform = await startWechatPay();
    const shop = await shopAt(platform.url);
    const requests = await Promise.all(['F-1', 'F-2', 'F-3'].map((orderNo) => callback(orderNo)));
    const replies = await Promise.all(requests.map((request) => shop.pay.receive('wechatpay', request)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await shop.send('wechatpay', await callback('F-4'))).kept).toMatchObject({ verdict: 'parked' });
    expect(platform.asked).toEqual(['GET /v3/certificates']);
    const { data } = await shop.store.read('accounts', { visible: null, merchant: null, limit: 10, cursor: null });
    expect(data.map(({ credentials }) => credentials.version)).toEqual([2]);
  });

  it('is quarantined when they cannot be had, and the next ones do not ask again', async () => {
    const platform = await startWechatPay(() => false);
    const shop = await shopAt(platform.url);
    for (const orderNo of ['F-6', 'F-7']) {
      const given = await shop.send('wechatpay', await callback(orderNo));
      expect(given.status).toBe(401);
      expect(given.kept).toMatchObject({ verdict: 'quarantined', code: 'signature.unknown_key' });
    }
    expect(platform.asked).toHaveLength(1);
  });

  it('is quarantined when its key is none of the platform’s, while the keys that are help others', async () => {
    const platform = await startWechatPay();
    const shop = await shopAt(platform.url);
    const given = await shop.send('wechatpay', await callback('F-8', { serial: 'ABCDEF0123456789' }));
    expect(given.kept).toMatchObject({ verdict: 'quarantined', code: 'signature.unknown_key' });
    expect((await shop.send('wechatpay', await callback('F-9'))).kept).toMatchObject({ verdict: 'parked' });
    expect(platform.asked).toHaveLength(1);
  });
});

const account = {
  id: asId.account('acc_1'),
  provider: 'p',
  credentials: { version: 1, sealed: new Uint8Array() },
} as Account;
const other = { ...account, id: asId.account('acc_2') };

/** Keys are fetched by hand: `asked` says for which, `settle` ends the oldest fetch that waits. */
function bench() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const waiting: { resolve(): void; reject(error: Error): void }[] = [];
  const fetchKeys = createFetchKeys({
    clock,
    observe: unobserved,
    client: () => ({
      fetchKeys: (keyId) => {
        asked.push(keyId);
        return new Promise((resolve, reject) => waiting.push({ resolve: () => resolve({}), reject }));
      },
    }),
    addKeys: async (id) => ({ ...account, id }),
  });
  const settle = (error?: Error) => {
    const next = waiting.shift();
    if (error === undefined) next?.resolve();
    else next?.reject(error);
  };
  return { clock, asked, fetchKeys, settle };
}

describe('fetching keys', () => {
  it('is shared by those that wait, and each account has its own', async () => {
    const { asked, fetchKeys, settle } = bench();
    const three = [fetchKeys(account, 'A', 1000), fetchKeys(account, 'B', 1000), fetchKeys(other, 'A', 1000)];
    settle();
    settle();
    expect((await Promise.all(three)).map((one) => one?.id)).toEqual(['acc_1', 'acc_1', 'acc_2']);
    expect(asked).toEqual(['A', 'A']);
  });

  it('is done at most once a minute for an account, whatever is asked for', async () => {
    const { clock, asked, fetchKeys, settle } = bench();
    const first = fetchKeys(account, 'A', 1000);
    settle();
    await first;
    for (const keyId of ['B', 'C', 'D']) expect(await fetchKeys(account, keyId, 1000)).toBeNull();
    clock.advance(limits.keyFetchGapMs);
    void fetchKeys(account, 'E', 1000);
    expect(asked).toEqual(['A', 'E']);
  });

  it('does not ask again soon for a key that the platform does not know', async () => {
    const { clock, asked, fetchKeys, settle } = bench();
    const first = fetchKeys(account, 'A', 1000);
    settle(new AppError('provider.refused', 'none of ours'));
    expect(await first).toBeNull();
    clock.advance(limits.keyFetchGapMs);
    expect(await fetchKeys(account, 'A', 1000)).toBeNull();
    expect(asked).toEqual(['A']);
    clock.advance(limits.keyUnknownMs);
    void fetchKeys(account, 'A', 1000);
    expect(asked).toEqual(['A', 'A']);
  });

  it('for a key that can be none keeps nobody else from asking', async () => {
    const { asked, fetchKeys, settle } = bench();
    const first = fetchKeys(account, 'nonsense', 1000);
    settle(new AppError('provider.cannot_ask', 'not asked'));
    expect(await first).toBeNull();
    void fetchKeys(account, 'A', 1000);
    expect(asked).toEqual(['nonsense', 'A']);
    expect(await fetchKeys(other, 'x'.repeat(5000), 1000)).toBeNull();
    expect(asked).toEqual(['nonsense', 'A']);
  });

  it('is waited for no longer than the time there is', async () => {
    const { clock, fetchKeys } = bench();
    const late = fetchKeys(account, 'A', 1000);
    clock.advance(1000);
    expect(await late).toBeNull();
  });
});
