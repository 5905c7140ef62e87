import { setTimeout as sleep } from 'node:timers/promises';
import type { BareCalls } from './bare.ts';
import { type Ceiling, ceilingOf, ceilingSteps } from './ceiling.ts';
import type { Databases } from './database.ts';
import { inFolder } from './folder.ts';
import type { LoadCalls, LoadResult } from './load.ts';
import type { PosterCalls } from './poster.ts';
import { Product, type ProductOptions } from './product.ts';
import { Role } from './role.ts';
import type { Seen, SinkCalls } from './sink.ts';
import * as traffic from './traffic.ts';

/** How much is sent. Everything else is the same in a short run. */
export interface Sizes {
  warmUp: number;
  callbacks: number;
  publishes: number;
  bare: number;
  ceiling: number;
  /** Open loops: requests, and how many a second. */
  paced: number;
  ratePerSecond: number;
  connections: number;
  /** Finished deliveries, and as many pending, beside which publishes are measured again. */
  grown: number;
  /** The flood: requests, at twice the measured maximum, over so many connections. */
  flood: number;
  floodConnections: number;
  /** Publishes to each endpoint that answers; to each that hangs ten times as many. */
  publishesEach: number;
  /** Rows of one bill. */
  statementRows: number;
  /** Hosts that a publish each goes to. */
  hosts: number;
}

export interface Bench {
  sizes: Sizes;
  load: Role<LoadCalls>;
  sink: Role<SinkCalls>;
  sinkPort: number;
  databases: Databases;
  /** A folder for CPU profiles of the product, or null. */
  profile: string | null;
}

export interface Rate {
  perSecond: number;
  /** Processor time of the server for one, in microseconds. */
  cpuUs: number;
  /** The same by thread, in words. */
  threads?: string;
}

export interface Latency {
  p50Ms: number;
  p99Ms: number;
}

export async function onProduct<T>(
  bench: Pick<Bench, 'profile' | 'databases'>,
  run: (product: Product) => Promise<T>,
  options: Pick<ProductOptions, 'processes' | 'env'> = {},
): Promise<T> {
  return inFolder(async (folder) => {
    const database = await bench.databases.open(folder);
    const product = await Product.start(folder, database, { profile: bench.profile, ...options });
    try {
      await traffic.addMerchant(product);
      return await run(product);
    } finally {
      await product.stop();
      await database.remove();
    }
  });
}

/** Start-to-listening, and resident memory a second after it; each the middle of three starts. */
export async function start({ databases }: Pick<Bench, 'databases'>): Promise<{ startMs: number; memoryMib: number }> {
  const starts: { startMs: number; memoryMib: number }[] = [];
  for (let count = 0; count < 3; count += 1) {
    const one = await inFolder(async (folder) => {
      const database = await databases.open(folder);
      const product = await Product.start(folder, database);
      await sleep(1000);
      const memoryMib = product.memoryMib();
      await product.stop();
      await database.remove();
      return { startMs: product.startMs, memoryMib };
    });
    starts.push(one);
  }
  const middle = (of: (one: (typeof starts)[number]) => number) => starts.map(of).sort((one, other) => one - other)[1];
  return { startMs: middle((one) => one.startMs) ?? 0, memoryMib: middle((one) => one.memoryMib) ?? 0 };
}

/** Requests per second of `node:http` that answers without doing anything. */
export async function bareHttp(bench: Bench): Promise<Rate> {
  const bare = new Role<BareCalls>('./bare.ts');
  try {
    const requests = await signed(traffic.orderNumbers('bare', bench.sizes.bare));
    const port = await bare.call('bare', null);
    await closed(bench, port, slice(requests, 0, bench.sizes.warmUp));
    return await rateOf(bare, () => closed(bench, port, requests));
  } finally {
    bare.stop();
  }
}

/** Ceiling B. */
export async function ceilingB(bench: Bench): Promise<Rate> {
  const bare = new Role<BareCalls>('./bare.ts');
  try {
    return await inFolder(async (folder) => {
      const payer = traffic.payer('hmac');
      const requests = await traffic.callbacks(
        payer,
        '/callbacks/b',
        traffic.orderNumbers('b', bench.sizes.callbacks + bench.sizes.warmUp),
      );
      const database = await bench.databases.open(folder);
      const url = database.env.PAIDONCE_DATABASE_URL ?? null;
      const port = await bare.call('durable', { folder, url, secret: traffic.secretOf(payer) });
      await closed(bench, port, slice(requests, 0, bench.sizes.warmUp));
      const cpuMs = () => new Map([...bare.cpuMs(), ...database.cpuMs()]);
      const rate = await rateOf({ cpuMs }, () => closed(bench, port, slice(requests, bench.sizes.warmUp)));
      bare.stop();
      await database.remove();
      return rate;
    });
  } finally {
    bare.stop();
  }
}

/** POSTs per second of undici to the sink, with nothing stored. */
export async function plainPosts({ sizes, sink, sinkPort }: Bench): Promise<number> {
  const poster = new Role<PosterCalls>('./poster.ts');
  try {
    const body = Buffer.alloc(300, 'x');
    await poster.call('run', { port: sinkPort, posts: sizes.warmUp, atOnce: 64, body });
    return await poster.call('run', { port: sinkPort, posts: sizes.bare, atOnce: 64, body });
  } finally {
    poster.stop();
    await sink.call('seen', null);
  }
}

export interface CallbackFigures {
  ceiling: Ceiling;
  announced: Rate;
  rate: Rate;
  saturated: Latency;
  paced: Latency;
  /** At 60 % of the rate. */
  busy: Latency;
  /** Accepted callbacks whose order is not paid. */
  loss: number;
}

export async function callbacks(bench: Bench, format: traffic.Format): Promise<CallbackFigures> {
  const { sizes } = bench;
  const payer = traffic.payer(format);
  const ceiling = await onProduct({ ...bench, profile: null }, async (product) => {
    const path = await traffic.addAccount(product, payer);
    const orders = traffic.orderNumbers('a', ceilingSteps);
    await closed(bench, product.port, traffic.expectations(product, orders));
    return ceilingOf(bench, product, async (index) => {
      expectStatus(
        await closed(bench, product.port, await traffic.callbacks(payer, path, orders.slice(index, index + 1))),
        200,
      );
      await product.confirmed('receiving', index + 1);
    });
  });
  return onProduct(bench, async (product) => {
    const path = await traffic.addAccount(product, payer);
    const orders = traffic.orderNumbers('o', sizes.warmUp + sizes.callbacks + 2 * sizes.paced);
    const requests = await traffic.callbacks(payer, path, orders);
    const announced = await rateOf(
      product,
      () => closed(bench, product.port, traffic.expectations(product, orders)),
      201,
    );
    const [warm, full] = [sizes.warmUp, sizes.warmUp + sizes.callbacks];
    await closed(bench, product.port, slice(requests, 0, warm));
    const { latencies, ...rate } = await rateOf(product, () =>
      closed(bench, product.port, slice(requests, warm, full)),
    );
    const paced = await open(bench, product.port, slice(requests, full, full + sizes.paced));
    const busy = await open(bench, product.port, slice(requests, full + sizes.paced), rate.perSecond * 0.6);
    for (const result of [paced, busy]) expectStatus(result, 200);
    await product.confirmed('receiving', orders.length);
    const loss = orders.length - (await product.database.paidOrders());
    return {
      ceiling,
      announced,
      rate,
      saturated: latencyOf(latencies),
      paced: latencyOf(paced.latencies),
      busy: latencyOf(busy.latencies),
      loss,
    };
  });
}

/** Callbacks in a closed loop, taken by that many processes. */
export async function byProcesses(
  bench: Bench,
  format: traffic.Format,
  processes: number,
): Promise<{ rate: Rate; saturated: Latency; loss: number }> {
  const { sizes } = bench;
  const payer = traffic.payer(format);
  const run = async (product: Product) => {
    const path = await traffic.addAccount(product, payer);
    const orders = traffic.orderNumbers('o', sizes.warmUp + sizes.callbacks);
    const requests = await traffic.callbacks(payer, path, orders);
    expectStatus(await closed(bench, product.port, traffic.expectations(product, orders)), 201);
    await closed(bench, product.port, slice(requests, 0, sizes.warmUp));
    const { latencies, ...rate } = await rateOf(product, () =>
      closed(bench, product.port, slice(requests, sizes.warmUp)),
    );
    await product.confirmed('receiving', orders.length);
    return { rate, saturated: latencyOf(latencies), loss: orders.length - (await product.database.paidOrders()) };
  };
  return onProduct(bench, run, { processes });
}

export interface PublishFigures {
  ceiling: Ceiling;
  acceptedPerSecond: number;
  /** Published, posted to the sink, confirmed, and recorded. */
  rate: Rate;
  accepting: Latency;
  /** From the intended publish to its arrival at the sink. */
  arriving: Latency;
  loss: number;
  duplicates: number;
}

export async function publishes(bench: Bench, concurrency: number): Promise<PublishFigures> {
  const { sizes, sink, sinkPort } = bench;
  const ceiling = await onProduct({ ...bench, profile: null }, async (product) => {
    await traffic.addEndpoint(product, sinkPort, concurrency);
    return ceilingOf(bench, product, async (index) => {
      expectStatus(await closed(bench, product.port, traffic.publishes(product, [`a-${index}`])), 202);
      await product.confirmed('sending', index + 1);
    });
  });
  return onProduct(bench, async (product) => {
    await traffic.addEndpoint(product, sinkPort, concurrency);
    const orders = traffic.orderNumbers('p', sizes.warmUp + sizes.publishes + sizes.paced);
    const requests = traffic.publishes(product, orders);
    const [warm, full] = [sizes.warmUp, sizes.warmUp + sizes.publishes];
    await closed(bench, product.port, slice(requests, 0, warm));
    await product.confirmed('sending', warm);
    await sink.call('seen', null);
    const before = product.cpuMs();
    const saturated = await closed(bench, product.port, slice(requests, warm, full));
    const recordedAt = await product.confirmed('sending', full);
    const cost = costOf(before, product.cpuMs(), sizes.publishes);
    const first = counted(saturated, await sink.call('seen', null));
    const paced = await open(bench, product.port, slice(requests, full));
    await product.confirmed('sending', orders.length);
    const second = counted(paced, await sink.call('seen', null));
    for (const result of [saturated, paced]) expectStatus(result, 202);
    return {
      ceiling,
      acceptedPerSecond: perSecond(saturated),
      rate: { perSecond: (sizes.publishes / (recordedAt - (saturated.sentAt[0] ?? 0))) * 1000, ...cost },
      accepting: latencyOf(paced.latencies),
      arriving: latencyOf(second.arrivals),
      loss: first.loss + second.loss,
      duplicates: first.duplicates + second.duplicates,
    };
  });
}

/** What was accepted against what the sink saw. */
function counted(
  { bodies, sentAt }: LoadResult,
  seen: Seen,
): { loss: number; duplicates: number; arrivals: Float64Array } {
  const firstAt = new Map(seen.ids.map((id, index) => [id, seen.firstAt[index] ?? 0]));
  const arrivals: number[] = [];
  let loss = 0;
  for (const [index, body] of bodies.entries()) {
    const { id }: { id: string } = JSON.parse(body);
    const at = firstAt.get(id);
    if (at === undefined) loss += 1;
    else arrivals.push(at - (sentAt[index] ?? 0));
  }
  return { loss, duplicates: seen.posts - seen.ids.length, arrivals: Float64Array.from(arrivals) };
}

async function signed(orders: readonly string[]): Promise<traffic.Requests> {
  return traffic.callbacks(traffic.payer('hmac'), '/callbacks/bare', orders);
}

export function closed({ load, sizes }: Bench, port: number, requests: traffic.Requests): Promise<LoadResult> {
  const connections = Math.min(sizes.connections, requests.ends.length);
  return load.call('run', { ...requests, port, connections, ratePerSecond: null, keepBodies: true });
}

function open(
  { load, sizes }: Bench,
  port: number,
  requests: traffic.Requests,
  ratePerSecond = sizes.ratePerSecond,
): Promise<LoadResult> {
  const { connections } = sizes;
  return load.call('run', { ...requests, port, connections, ratePerSecond, keepBodies: true });
}

export function slice({ bytes, ends }: traffic.Requests, from: number, to = ends.length): traffic.Requests {
  const start = from === 0 ? 0 : (ends[from - 1] ?? 0);
  const part = ends.slice(from, to);
  return { bytes: bytes.subarray(start, part.at(-1) ?? start), ends: part.map((end) => end - start) };
}

function expectStatus({ statuses }: LoadResult, wanted: number): void {
  const others = Object.entries(statuses).filter(([status]) => Number(status) !== wanted);
  if (others.length > 0)
    throw new Error(`not only ${wanted} was answered: ${JSON.stringify(Object.fromEntries(others))}`);
}

/** What came of a closed loop, and what it cost the server. */
export async function rateOf(
  server: { cpuMs(): Map<string, number> },
  run: () => Promise<LoadResult>,
  wanted = 200,
): Promise<Rate & Pick<LoadResult, 'latencies'>> {
  const before = server.cpuMs();
  const result = await run();
  const cost = costOf(before, server.cpuMs(), result.latencies.length);
  expectStatus(result, wanted);
  return { perSecond: perSecond(result), ...cost, latencies: result.latencies };
}

export function costOf(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  count: number,
): Required<Pick<Rate, 'cpuUs' | 'threads'>> {
  const costs = [...after].map(([name, ms]): [string, number] => [
    name,
    ((ms - (before.get(name) ?? 0)) / count) * 1000,
  ]);
  const told = costs.filter(([, us]) => us >= 5).sort(([, one], [, other]) => other - one);
  return {
    cpuUs: costs.reduce((sum, [, us]) => sum + us, 0),
    threads: told.map(([name, us]) => `${name} ${Math.round(us)}`).join(', '),
  };
}

export function perSecond({ durationMs, latencies }: LoadResult): number {
  return (latencies.length / durationMs) * 1000;
}

export function latencyOf(latencies: Float64Array): Latency {
  const sorted = latencies.toSorted();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
