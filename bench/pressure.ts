import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadResult } from './load.ts';
import type { Product } from './product.ts';
import { type Bench, closed, type Latency, latencyOf, onProduct, perSecond, slice } from './scenarios.ts';
import * as traffic from './traffic.ts';

export interface OverloadFigures {
  maxPerSecond: number;
  offeredPerSecond: number;
  goodPerSecond: number;
  accepted: Latency;
  /** Accepted of the small merchant, which sends one in ten and by itself much less than the server can do. */
  smallAccepted: number;
  refused: number;
  memoryBeforeMib: number;
  memoryMostMib: number;
  memoryAfterMib: number;
}

const small = 'small';
/** Of ten requests of the flood the last is the small merchant's. */
const floodOfOne = 10;

/**
 * Callbacks at twice the measured maximum, nine of ten from one merchant. The generator has a processor of its own and the server
 * all others: on shared ones the generator would take from the server, in the overload, what the maximum was measured with.
 */
export async function overload(bench: Bench): Promise<OverloadFigures> {
  const { warmUp, callbacks, flood, floodConnections } = bench.sizes;
  const last = availableParallelism() - 1;
  bench.load.keepOn(String(last));
  return onProduct(bench, async (product) => {
    product.keepOn(`0-${last - 1}`);
    const [large, little] = await Promise.all([
      payerOf(bench, product, { prefix: 'l', count: warmUp + callbacks + flood }),
      payerOf(bench, product, { prefix: 's', count: Math.ceil(flood / floodOfOne), merchant: small }),
    ]);
    await closed(bench, product.port, slice(large, 0, warmUp));
    const maximum = await closed(bench, product.port, slice(large, warmUp, warmUp + callbacks));
    if (maximum.statuses[200] !== callbacks) throw new Error('the maximum was measured with refusals in it');
    const from = Array.from({ length: flood }, (_, index) => (index % floodOfOne === floodOfOne - 1 ? 1 : 0));
    const requests = traffic.mixed([slice(large, warmUp + callbacks), little], from);
    const offeredPerSecond = 2 * perSecond(maximum);
    const memoryBeforeMib = product.memoryMib();
    const watched = watch(product);
    const result = await bench.load.call('run', {
      ...requests,
      port: product.port,
      connections: floodConnections,
      ratePerSecond: offeredPerSecond,
      keepBodies: false,
    });
    const memoryMostMib = await watched.stop();
    await sleep(2000);
    const isAccepted = (index: number) => result.answers[index] === 200;
    const { latencies } = result;
    const accepted = latencies.filter((_, index) => isAccepted(index));
    const ofSmall = from.flatMap((whose, index) => (whose === 1 ? [index] : []));
    return {
      maxPerSecond: perSecond(maximum),
      offeredPerSecond,
      goodPerSecond: (accepted.length / result.durationMs) * 1000,
      accepted: latencyOf(accepted),
      smallAccepted: ofSmall.filter(isAccepted).length / ofSmall.length,
      refused: latencies.length - accepted.length,
      memoryBeforeMib,
      memoryMostMib,
      memoryAfterMib: product.memoryMib(),
    };
  });
}

/** A merchant with an account, and signed callbacks for orders that it announced. */
async function payerOf(
  bench: Bench,
  product: Product,
  { prefix, count, merchant }: { prefix: string; count: number; merchant?: string },
): Promise<traffic.Requests> {
  const payer = traffic.payer('hmac');
  if (merchant !== undefined) await traffic.addMerchant(product, merchant);
  const path = await traffic.addAccount(product, payer, merchant);
  const orders = traffic.orderNumbers(prefix, count);
  const requests = await traffic.callbacks(payer, path, orders);
  await closed(bench, product.port, traffic.expectations(product, orders, merchant));
  return requests;
}

/** The most memory that was resident from now until it is stopped. */
function watch(product: Product): { stop(): Promise<number> } {
  const over = new AbortController();
  const watching = (async () => {
    let most = 0;
    while (!over.signal.aborted) {
      most = Math.max(most, product.memoryMib());
      await sleep(100);
    }
    return most;
  })();
  return {
    stop() {
      over.abort();
      return watching;
    },
  };
}

export interface FairnessFigures {
  alonePerSecond: number;
  besidePerSecond: number;
}

const endpoints = 200;
const hanging = 10;
const backlogFactor = 10;

/** Publishes to 190 endpoints that answer: alone, and beside ten that hang with ten times as much for each. */
export async function fairness(bench: Bench): Promise<FairnessFigures> {
  return {
    alonePerSecond: await besideHanging(bench, 0),
    besidePerSecond: await besideHanging(bench, hanging),
  };
}

async function besideHanging(bench: Bench, stuck: number): Promise<number> {
  const { publishesEach, warmUp } = bench.sizes;
  const answering = endpoints - hanging;
  return onProduct(bench, async (product) => {
    const base = `http://127.0.0.1:${bench.sinkPort}`;
    for (let index = 0; index < answering + stuck; index += 1) {
      await traffic.addMerchant(product, `m-${index}`);
      await traffic.addEndpointOf(product, `m-${index}`, { url: `${base}/${index < answering ? 'sink' : 'hang'}` });
    }
    const publish = async (prefix: string, count: number, of: (index: number) => string): Promise<LoadResult> =>
      closed(bench, product.port, traffic.publishes(product, traffic.orderNumbers(prefix, count), of));
    const healthy = (index: number) => `m-${index % answering}`;
    await publish('w', warmUp, healthy);
    await product.confirmed('sending', warmUp);
    const backlog = stuck * publishesEach * backlogFactor;
    if (backlog > 0) await publish('h', backlog, (index) => `m-${answering + (index % stuck)}`);
    const count = answering * publishesEach;
    const { sentAt } = await publish('p', count, healthy);
    const recordedAt = await product.confirmed('sending', warmUp + count);
    await bench.sink.call('seen', null);
    return (count / (recordedAt - (sentAt[0] ?? 0))) * 1000;
  });
}
