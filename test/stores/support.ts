import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Callback } from '../../src/domain/callback.ts';
import type { Fact } from '../../src/domain/fact.ts';
import {
  type AccountId,
  asId,
  bucketOf,
  type EndpointId,
  type LaneId,
  merchantId,
  newId,
} from '../../src/domain/ids.ts';
import type { Endpoint } from '../../src/domain/merchant.ts';
import { notificationTypes } from '../../src/domain/notification.ts';
import type {
  CallbackInput,
  CallbackOutput,
  Decisions,
  ExpectInput,
  PublishInput,
  PublishOutput,
} from '../../src/stores/decisions.ts';
import type { Claimed } from '../../src/stores/kept.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import type { DeliveryDetail, FunnelQuery } from '../../src/stores/reads.ts';
import type { Store } from '../../src/stores/store.ts';
import type { ClaimInput, Finished, FinishOutput } from '../../src/stores/writes.ts';

export const shop = merchantId('shop');
export const bucket = bucketOf(shop);
export const program = new URL('../../src/program.ts', import.meta.url);
export const node = newId('nod', 0, 0);

/** A clock that moves when told. */
export interface TestClock {
  at: number;
  now(): number;
}

export function testClock(): TestClock {
  return {
    at: Date.UTC(2026, 0, 5, 12),
    now() {
      return this.at;
    },
  };
}

/** What the conformance suite needs of a store: opening it on the same data again and again. */
export interface StoreFolder {
  make(): Store;
  end(): Promise<void>;
}

/** A store with a merchant `shop` and one account, and short ways to the calls that tests make. */
export interface Bench {
  store: Store;
  clock: TestClock;
  account: AccountId;
  work: number;
  /** Gives the endpoint's lane, which is named like it. */
  addEndpoint(change?: Partial<Endpoint>): Promise<EndpointId & LaneId>;
  expect(orderNo: string, change?: Partial<ExpectInput>): Promise<Decisions['expect']['output']>;
  publish(
    orderNo: string,
    change?: Partial<PublishInput>,
  ): Promise<Extract<PublishOutput, { is: 'accepted' | 'repeated' }>>;
  callback(facts: readonly Partial<Fact>[], change?: CallbackChange): Promise<CallbackOutput>;
  claim(change?: Partial<ClaimInput>): Promise<Decided>;
  finish(claimed: Claimed, change?: FinishChange): Promise<FinishOutput>;
  delivery(id: string): Promise<DeliveryDetail>;
  close(): Promise<void>;
}

type Decided = { claimed: readonly Claimed[]; nextDueAt: number | null; rescued: number };
export type CallbackChange = Partial<Omit<Callback, 'verdict'>> & {
  nonce?: string;
  bodyDigest?: string;
  opened?: CallbackInput['opened'];
};
export type FinishChange = Partial<Pick<Finished, 'verdict' | 'health'>> & Partial<Finished['attempt']>;

export async function openBench(folder: StoreFolder, clock: TestClock = testClock(), as = node): Promise<Bench> {
  const store = folder.make();
  const bench = { work: 0 };
  const onWork = () => {
    bench.work += 1;
  };
  await store.open({ program, node: as, clock, onWork });
  const { at } = clock;
  await store.write('addMerchant', { by: 'ann', id: shop, name: 'Shop', policies: {}, credentials: {}, createdAt: at });
  const { data } = await store.read('accounts', { limit: 1, cursor: null, visible: null, merchant: shop });
  const account = data[0]?.id ?? newId('acc', at, bucket);
  const credentials = { version: 1, sealed: new Uint8Array([1, 2, 3]) };
  if (data.length === 0) {
    const modes = { mode: 'live', acknowledge: 'after_commit', withoutOrder: 'park' } as const;
    await store.write('addAccount', {
      by: 'ann',
      id: account,
      merchant: shop,
      provider: 'hmac',
      name: 'first',
      ...modes,
      credentials,
      createdAt: at,
    });
  }
  return Object.assign(bench, { store, clock, account, ...callsOf(store, clock, account), close: () => store.close() });
}

function callsOf(store: Store, clock: TestClock, account: AccountId) {
  return {
    async addEndpoint(change: Partial<Endpoint> = {}) {
      const endpoint = endpointOf(clock.at, change);
      await store.write('addEndpoint', { ...endpoint, by: 'ann' });
      return asId.lane(endpoint.id) as EndpointId & LaneId;
    },
    expect: (orderNo: string, change: Partial<ExpectInput> = {}) =>
      store.decide('expect', { ...expectInput(orderNo), ...change }),
    async publish(orderNo: string, change: Partial<PublishInput> = {}) {
      const published = await store.decide('publish', { ...publishInput(orderNo), ...change });
      if (published.is === 'refused') throw new Error(published.detail);
      return published;
    },
    callback: (facts: readonly Partial<Fact>[], change: CallbackChange = {}) =>
      store.decide('callback', callbackInput(account, clock.at, facts, change)),
    claim: (change: Partial<ClaimInput> = {}) => store.write('claim', { ...claimInput, ...change }),
    finish: (claimed: Claimed, change: FinishChange = {}) =>
      store.write('finish', [finishedOf(claimed, clock.at, change)]),
    async delivery(id: string) {
      const delivery = await store.read('delivery', asId.delivery(id));
      if (delivery === null) throw new Error(`no delivery ${id}`);
      return delivery;
    },
  };
}

export function endpointOf(at: number, change: Partial<Endpoint> = {}): Endpoint {
  return {
    id: newId('end', at, bucket),
    merchant: shop,
    url: 'https://shop.example/notify',
    provider: 'standard',
    types: ['*'],
    speaks: { types: notificationTypes, currencies: null },
    schedule: null,
    timeoutMs: 10_000,
    ratePerSecond: null,
    concurrency: 32,
    ordering: 'none',
    state: 'enabled',
    credentials: { version: 1, sealed: new Uint8Array([4, 5]) },
    previousUntil: null,
    urlChange: null,
    hidden: false,
    createdAt: at,
    ...change,
  };
}

export function expectInput(orderNo: string): ExpectInput {
  const terms = { amountMinor: 100n, currency: 'EUR', accounts: null, references: [], payee: null, expiresAt: null };
  return { merchant: shop, orderNo: asId.orderNo(orderNo), ...terms, description: null, metadata: null, born: null };
}

export function publishInput(orderNo: string): PublishInput {
  return {
    merchant: shop,
    type: 'payment.succeeded',
    orderNo: asId.orderNo(orderNo),
    amountMinor: 100n,
    currency: 'EUR',
    operationId: null,
    paymentId: null,
    orderAmountMinor: null,
    refundedTotalMinor: null,
    data: null,
    occurredAt: null,
    notifyUrl: null,
    alsoEndpoints: false,
    idempotency: null,
    onlyEndpoint: null,
    notBefore: null,
    born: null,
  };
}

export function callbackInput(
  account: AccountId,
  at: number,
  facts: readonly Partial<Fact>[],
  change: CallbackChange = {},
): CallbackInput {
  const { nonce = null, bodyDigest = 'digest', opened, ...rest } = change;
  const whole = facts.map((fact) => factOf(account, at, fact));
  return {
    callback: {
      id: newId('cbk', at, bucket),
      merchant: shop,
      account,
      provider: 'hmac',
      receivedAt: at,
      method: 'POST',
      target: `/callbacks/${account}`,
      headers: [['content-type', 'application/json']],
      body: Buffer.from('{"order_id":"O-1"}'),
      messageId: null,
      code: null,
      reason: null,
      step: 'received',
      ...rest,
    },
    born: null,
    opened: opened ?? { is: 'facts', facts: whole, nonce, withoutOrder: 'park' },
    bodyDigest,
    expectations: [],
    again: null,
  };
}

export function factOf(account: AccountId, at: number, change: Partial<Fact>): Fact {
  const paymentId = change.paymentId ?? change.operationId ?? `pay-${change.reference}`;
  return {
    account,
    kind: 'captured',
    paymentId,
    operationId: paymentId,
    reference: null,
    amountMinor: 100n,
    currency: 'EUR',
    fromOrder: false,
    measure: 'single',
    providerTime: at,
    ...change,
  };
}

export const claimInput: ClaimInput = {
  slots: 256,
  firstOnlySlots: 64,
  functionSlots: { handler: 8, effect: 8 },
  room: new Map(),
  functions: [],
  functionMs: 250,
};

export function finishedOf(claimed: Claimed, at: number, change: FinishChange = {}): Finished {
  const { verdict = { is: 'confirmed' }, health = 'success', ...attempt } = change;
  const { delivery, merchant, lane, target, number, notification, probe } = claimed;
  return {
    claimed: { delivery, merchant, lane, target, number, notification, probe },
    provider: claimed.endpoint?.provider ?? null,
    attempt: {
      id: newId('att', at, bucket),
      delivery,
      number,
      startedAt: at,
      durationMs: 5,
      step: 'confirmed',
      status: 200,
      error: null,
      request: { headers: [['webhook-id', notification.id]], bodySha256: 'abc' },
      response: { headers: [['server', 'x']], body: Buffer.from('ok'), truncated: false },
      peer: '203.0.113.7',
      certificate: null,
      secret: null,
      ...attempt,
    },
    verdict,
    health,
  };
}

/** An attempt that got no answer, to be tried again then. */
export function failedUntil(at: number): FinishChange {
  return {
    verdict: { is: 'again', at, consumesTry: true },
    health: 'failure',
    step: 'sent',
    status: null,
    error: 'timeout',
    response: null,
  };
}

/** All that was ever counted, by minutes. */
export const allFigures = {
  from: 0,
  to: Date.UTC(2030, 0),
  bucketMs: 60_000,
  visible: null,
  merchant: null,
  provider: null,
  endpoint: null,
  type: null,
};

/** Asserts nothing itself: gives both counts of every side, for a test to compare. */
export async function bothCounts(store: Store, change: Partial<FunnelQuery> = {}) {
  const sides = [
    ['sending', 'attempt'],
    ['sending', 'delivery'],
    ['handlers', 'attempt'],
    ['handlers', 'delivery'],
    ['receiving', 'attempt'],
  ] as const;
  const counts = sides.map(async ([side, per]) => {
    const query: FunnelQuery = { ...allFigures, side, per, ...change };
    return { side, per, funnel: await store.read('funnel', query), recount: await store.read('recount', query) };
  });
  return Promise.all(counts);
}

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'paidonce-store-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The only one; a test that expects one thing fails where there is another number of them. */
export function only<T>(things: readonly T[]): T {
  if (things.length !== 1) throw new Error(`expected one, found ${things.length}`);
  return things[0] as T;
}

/** Brings a database up to date, for a template that tests copy. */
export async function migrated(url: string): Promise<void> {
  const store = postgres(url);
  await store.open({ program, node });
  await store.close();
}
