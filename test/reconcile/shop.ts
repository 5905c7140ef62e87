import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { type AccountId, asId, merchantId, newId, randomBytesOf } from '../../src/domain/ids.ts';
import type { ExpectRequest } from '../../src/orders/desk.ts';
import { createService, type Service } from '../../src/service.ts';
import type { Store } from '../../src/stores/store.ts';
import { temporaryStore } from '../../src/testing/testing.ts';
import type { FakeClock } from '../deliver/time.ts';
import { eventually } from '../support/eventually.ts';
import { type Bank, bank, startBank } from './bank.ts';

export const shop = merchantId('shop');

export interface Shop {
  service: Service;
  bank: Bank;
  account: AccountId;
  signals: { name: string; fields: Readonly<Record<string, unknown>> }[];
  /** Sends a callback of the bank; gives the status of the answer. */
  callback(body: { is: 'facts' | 'ping'; order?: string; payment?: string }, secret?: string): Promise<number>;
  expect(orderNo: string, change?: Partial<ExpectRequest>): Promise<void>;
  order(orderNo: string): ReturnType<Service['orders']['detail']>;
  timeline(orderNo: string): Promise<readonly string[]>;
  /** All callbacks, the newest first. */
  callbacks(): Promise<readonly { verdict: string; code: string | null; reason: string | null }[]>;
}

export interface ShopOptions {
  clock?: Clock;
  store?: Store;
  credentials?: object;
  bank?: Bank;
  policies?: Readonly<Record<string, string>>;
  /** The store has the shop and its account already. */
  again?: true;
}

/** A merchant with an account at the bank, on a store of its own and the bank's real server. */
export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const clock = options.clock === undefined ? systemClock : plain(options.clock);
  const signals: Shop['signals'] = [];
  const temporary = options.store === undefined ? await temporaryStore() : null;
  const store = options.store ?? temporary?.store;
  if (store === undefined) throw new Error('no store');
  const server = options.bank ?? (await startBank());
  const service = createService({
    store,
    providers: new Map([[bank.name, bank]]),
    masterKeys: [createHash('sha256').update('master').digest()],
    adminKey: null,
    publicUrl: 'http://127.0.0.1:7700',
    allowTargets: ['127.0.0.0/8'],
    role: 'all',
    node: newId('nod', clock.now(), 0),
    clock,
    random: randomBytesOf,
    observe: (name, _, fields) => signals.push({ name, fields }),
  });
  await service.start();
  onTestFinished(async () => {
    await service.stop();
    await temporary?.dispose();
    if (options.bank === undefined) await server.close();
  });
  if (options.again === undefined)
    await service.merchants.add({ id: shop, name: 'Shop', policies: options.policies ?? {} });
  const credentials = options.credentials ?? { secret: 's', api_url: server.url };
  const { id: account } = await service.accounts.ensure({
    merchant: shop,
    provider: 'bank',
    credentials,
    name: 'bank',
  });
  return { service, bank: server, account, signals, ...callsOf(service, account) };
}

/** A service spreads its clock, which leaves the methods of a class behind. */
function plain(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}

function callsOf(service: Service, account: AccountId) {
  const named = (orderNo: string) => asId.orderNo(orderNo);
  return {
    async callback(body: object, secret = 's') {
      const request = { method: 'POST', target: '/', headers: [['x-secret', secret]] as const, cut: null };
      const bytes = Buffer.from(JSON.stringify(body));
      const received = await service.callbacks.receive({
        ...request,
        account,
        body: bytes,
        receivedAt: service.clock.now(),
      });
      received?.written();
      return received?.reply.status ?? 404;
    },
    async expect(orderNo: string, change: Parameters<Shop['expect']>[1] = {}) {
      const request = { merchant: shop, orderNo: named(orderNo), amountMinor: 100n, currency: 'EUR', ...change };
      await service.orders.expect(request);
    },
    order: (orderNo: string) => service.orders.detail(shop, named(orderNo)),
    async timeline(orderNo: string) {
      const entries = await service.orders.timeline(shop, named(orderNo));
      return entries.map(({ what, text }) => `${what}: ${text}`);
    },
    async callbacks() {
      const all = { visible: null, account: null, verdict: null, orderNo: null, merchant: null, from: null, to: null };
      return (await service.store.read('callbacks', { ...all, limit: 50, cursor: null })).data;
    },
  };
}

/** Asks until the answer is yes, while time passes: who looks for work may only now have gone to sleep. */
export function moving(clock: FakeClock, condition: () => Promise<boolean>): Promise<void> {
  return eventually(() => {
    clock.advance(1000);
    return condition();
  });
}
