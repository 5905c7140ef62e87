import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistry, type Registry, type Settled } from '../../src/deliver/registry.ts';
import { createWorker, type Worker, type WorkerOptions } from '../../src/deliver/worker.ts';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { asId, type EndpointId, isOrderNo, merchantId, newId, randomBytesOf } from '../../src/domain/ids.ts';
import type { Endpoint } from '../../src/domain/merchant.ts';
import type { NotificationType } from '../../src/domain/notification.ts';
import { notificationTypes } from '../../src/domain/notification.ts';
import type { Signal } from '../../src/domain/observe.ts';
import { createHttp, type Http } from '../../src/outbound/http-client.ts';
import type { Sender } from '../../src/providers/provider.ts';
import type { PublishInput, PublishOutput } from '../../src/stores/decisions.ts';
import type { DeliveryDetail } from '../../src/stores/reads.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { FakeClock, until } from './time.ts';

export const shop = merchantId('shop');

/** A format small enough to read: the notification as JSON; any 2xx but one that says `refused` confirms, 410 is for good. */
export const plainSender: Sender = {
  seal: (notification) => ({
    method: 'POST',
    target: '/',
    headers: [['content-type', 'application/json']],
    body: Buffer.from(
      JSON.stringify({ id: notification.id, order: notification.orderNo, sequence: notification.sequence }),
    ),
  }),
  judge(answer) {
    if (typeof answer === 'string') return { confirmed: false, why: answer, retry: 'by_schedule' };
    const refused = answer.status > 299 || Buffer.from(answer.body).toString() === 'refused';
    return {
      confirmed: !refused,
      why: `status ${answer.status}`,
      retry: answer.status === 410 ? 'stop' : 'by_schedule',
    };
  },
};

export interface Arrived {
  path: string;
  order: string;
  sequence: number;
  id: string;
  headers: IncomingMessage['headers'];
  atMs: number;
}

/** How the sink answers one request; `hang`: never. */
export type Answer = Partial<{
  status: number;
  headers: Record<string, string>;
  body: string;
  hang: true;
  after: Promise<unknown>;
}>;

/** A merchant's server on loopback that keeps what arrived and notes overlaps. */
export interface Sink {
  url(path?: string): string;
  arrived: Arrived[];
  /** Requests open at this moment, and the most there were at once, by path. */
  open: Map<string, number>;
  most: Map<string, number>;
  /** Deliveries that were posted while an earlier POST of theirs was open. */
  overlaps: string[];
  answer: (arrived: Arrived) => Answer;
  close(): Promise<void>;
}

export async function createSink(): Promise<Sink> {
  const openIds = new Set<string>();
  const sink: Omit<Sink, 'url' | 'close'> = {
    arrived: [],
    open: new Map(),
    most: new Map(),
    overlaps: [],
    answer: () => ({}),
  };
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const arrived: Arrived = {
      path,
      headers: request.headers,
      atMs: performance.now(),
      ...JSON.parse(Buffer.concat(chunks).toString()),
    };
    const key = `${path} ${arrived.id}`;
    if (openIds.has(key)) sink.overlaps.push(key);
    openIds.add(key);
    sink.arrived.push(arrived);
    const open = (sink.open.get(path) ?? 0) + 1;
    sink.open.set(path, open);
    sink.most.set(path, Math.max(open, sink.most.get(path) ?? 0));
    const over = () => {
      if (openIds.delete(key)) sink.open.set(path, (sink.open.get(path) ?? 1) - 1);
    };
    response.once('close', over);
    const answer = sink.answer(arrived);
    if (answer.hang) return;
    await answer.after;
    over();
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? 'ok');
  };
  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(sink, {
    url: (path = '/') => `http://127.0.0.1:${port}${path}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export type WorkerChange = Partial<Omit<WorkerOptions, 'observe'>>;

/** A store, a sink and as many workers as a test starts; `close` ends all of them. */
export interface Bench {
  store: Store;
  sink: Sink;
  clock: Clock;
  registry: Registry;
  signals: Signal[];
  settled: Settled[];
  startWorker(change?: WorkerChange): Promise<Worker>;
  addEndpoint(path: string, change?: Partial<Endpoint>): Promise<EndpointId>;
  publish(orderNo: string, options?: PublishChange): Promise<Extract<PublishOutput, { is: 'accepted' | 'repeated' }>>;
  delivery(id: string): Promise<DeliveryDetail>;
  /** As {@link until}; a fake clock moves a little with each look. */
  until<T>(about: string, condition: () => T | Promise<T>, stepMs?: number): Promise<NonNullable<T>>;
  /** Waits until the delivery is in this state, and gives it. */
  reaches(id: string, state: DeliveryDetail['state']): Promise<DeliveryDetail>;
  applyOutbox(): Promise<number>;
  close(): Promise<void>;
}

interface PublishChange {
  type?: NotificationType;
  /** Who may bear the deliveries; default nobody, so that they are claimed. */
  through?: Worker;
  notBefore?: number;
}

export async function createBench(options: { clock?: Clock } = {}): Promise<Bench> {
  const clock = options.clock ?? systemClock;
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-deliver-'));
  const sink = await createSink();
  const http = createHttp({ allow: ['127.0.0.0/8'] });
  const store = sqlite({ folder });
  const workers: Worker[] = [];
  const wakeAll = () => {
    for (const worker of workers) worker.wake();
  };
  await store.open({
    program: new URL('../../src/program.ts', import.meta.url),
    node: newId('nod', Date.now(), 0),
    onWork: wakeAll,
    ...(options.clock === undefined ? {} : { clock }),
  });
  const merchant = { id: shop, name: 'Shop', policies: {}, credentials: {} };
  await store.write('addMerchant', { ...merchant, createdAt: clock.now(), by: 'ann' });
  const bench: Bench = {
    store,
    sink,
    clock,
    registry: createRegistry(),
    signals: [],
    settled: [],
    async startWorker(change = {}) {
      await store.write('registerHandlers', bench.registry.registrations());
      const worker = createWorker({ ...workerOptions(bench, http), ...change });
      worker.onSettled((one) => bench.settled.push(one));
      workers.push(worker);
      worker.start();
      return worker;
    },
    async addEndpoint(path, change = {}) {
      const id = newId('end', Date.now(), 0);
      await store.write('addEndpoint', { ...endpointAt(id, sink.url(path), clock.now()), ...change, by: 'ann' });
      return id;
    },
    publish: (orderNo, change) => publish(bench, orderNo, change),
    async delivery(id) {
      const found = await store.read('delivery', asId.delivery(id));
      if (found === null) throw new Error(`no delivery ${id}`);
      return found;
    },
    until: (about, condition, stepMs = 20) => untilWith(clock, about, condition, stepMs),
    reaches: (id, state) =>
      bench.until(`${id} is ${state}`, async () => {
        const found = await bench.delivery(id);
        return found.state === state ? found : null;
      }),
    async applyOutbox() {
      const { taken } = await store.decide('outbox', { born: null, most: 64 });
      wakeAll();
      return taken;
    },
    async close() {
      await stopAll(clock, workers);
      await store.close();
      await http.close();
      await sink.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

function workerOptions(bench: Bench, http: Http): WorkerOptions {
  const { store, clock, registry, signals } = bench;
  return {
    store,
    clock,
    registry,
    http,
    random: randomBytesOf,
    sender: () => plainSender,
    scheduleOf: () => null,
    publicUrl: 'http://127.0.0.1:7700',
    observe: (name, level, fields) => signals.push({ name, level, fields }),
    onOutbox: () => void bench.applyOutbox(),
  };
}

function untilWith<T>(clock: Clock, about: string, condition: () => T | Promise<T>, stepMs: number) {
  return until(about, () => {
    if (clock instanceof FakeClock) clock.advance(stepMs);
    return condition();
  });
}

/** Draining waits for time to pass, so a fake clock has to move. */
async function stopAll(clock: Clock, workers: readonly Worker[]): Promise<void> {
  const stopped = { yes: false };
  const stopping = Promise.all(workers.map((worker) => worker.stop())).then(() => {
    stopped.yes = true;
  });
  await untilWith(clock, 'the workers stopped', () => stopped.yes, 500);
  await stopping;
}

function endpointAt(id: EndpointId, url: string, createdAt: number): Endpoint {
  return {
    id,
    merchant: shop,
    url,
    provider: 'plain',
    types: ['*'],
    speaks: { types: notificationTypes, currencies: null },
    schedule: [40, 60, 80],
    timeoutMs: 2000,
    ratePerSecond: null,
    concurrency: 32,
    ordering: 'none',
    state: 'enabled',
    credentials: { version: 1, sealed: new Uint8Array([1]) },
    previousUntil: null,
    urlChange: null,
    hidden: false,
    createdAt,
  };
}

async function publish({ store, clock }: Bench, orderNo: string, options: PublishChange = {}) {
  const sinceMs = clock.monotonicMs();
  const output = await store.decide('publish', publishInput(orderNo, options));
  if (output.is === 'refused') throw new Error(output.detail);
  options.through?.take(output.born, sinceMs);
  return output;
}

export function publishInput(orderNo: string, options: PublishChange = {}): PublishInput {
  if (!isOrderNo(orderNo)) throw new Error(`not an order number: ${orderNo}`);
  return {
    merchant: shop,
    type: options.type ?? 'payment.succeeded',
    orderNo,
    amountMinor: 1250n,
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
    notBefore: options.notBefore ?? null,
    born: options.through?.birth() ?? null,
  };
}

/** The one delivery of a publish. */
export function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`expected one, got ${items.length}`);
  return item;
}
