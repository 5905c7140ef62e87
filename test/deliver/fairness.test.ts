import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Worker } from '../../src/deliver/worker.ts';
import { limits } from '../../src/domain/limits.ts';
import type { NotificationType } from '../../src/domain/notification.ts';
import { type Bench, createBench, only, shop } from './support.ts';
import { FakeClock, until } from './time.ts';

describe('one that is stuck', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench();
  });
  afterEach(() => bench.close());

  const endpoint = (path: string, type: NotificationType) =>
    bench.addEndpoint(path, { types: [type], timeoutMs: 60_000 });

  /** Publishes so many to the endpoint of this type, and gives their deliveries. */
  async function published(count: number, type: NotificationType, worker: Worker): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      // One in two is born here, the others are claimed.
      const through = n % 2 === 0 ? { through: worker } : {};
      ids.push(only((await bench.publish(`${type}-${n}`, { type, ...through })).deliveries).id);
    }
    return ids;
  }

  const openAt = (path: string) => bench.sink.open.get(path) ?? 0;

  it('endpoint that hangs, with ten times the work of the others, leaves them their slots', async () => {
    bench.sink.answer = ({ path }) => (path === '/hangs' ? { hang: true } : {});
    await endpoint('/hangs', 'payment.failed');
    await endpoint('/answers', 'payment.succeeded');
    // Fewer slots than the concurrency of one endpoint.
    const worker = await bench.startWorker({ sizes: { endpoints: 8, firstSends: 2 }, drainMs: 0 });
    await published(100, 'payment.failed', worker);
    await until('it holds its half', () => openAt('/hangs') === 4);
    for (const id of await published(10, 'payment.succeeded', worker)) await bench.reaches(id, 'confirmed');
    expect(openAt('/hangs')).toBe(4);
    expect(bench.sink.most.get('/hangs')).toBe(4);
  });

  it('endpoint after endpoint, each with more to send than there are slots, leaves some to the others', async () => {
    bench.sink.answer = ({ path }) => (path === '/answers' ? {} : { hang: true });
    const stuck = ['payment.failed', 'payment.closed', 'payment.reversed', 'dispute.won', 'dispute.lost'] as const;
    for (const type of stuck) await endpoint(`/${type}`, type);
    await endpoint('/answers', 'payment.succeeded');
    const worker = await bench.startWorker({ sizes: { endpoints: 48, firstSends: 8 }, drainMs: 0 });
    const held = () => stuck.map((type) => openAt(`/${type}`));
    for (const type of stuck) {
      await published(60, type, worker);
      await until('it has what it gets', () => openAt(`/${type}`) > 0);
    }
    for (const id of await published(10, 'payment.succeeded', worker)) await bench.reaches(id, 'confirmed');
    expect(Math.max(...held())).toBe(limits.concurrencyAtStart);
    expect(held().reduce((sum, one) => sum + one)).toBeLessThanOrEqual(5 * limits.concurrencyAtStart);
  });

  it('endpoint that drips a byte at a time is cut off at the deadline of its body, beside the others', async () => {
    const dripping = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-length': '1000' });
      const drip = setInterval(() => response.write('x'), 10);
      response.once('close', () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => dripping.listen(0, '127.0.0.1', resolve));
    const { port } = dripping.address() as AddressInfo;
    await bench.addEndpoint('/drips', { types: ['payment.failed'], url: `http://127.0.0.1:${port}/` });
    await endpoint('/answers', 'payment.succeeded');
    const worker = await bench.startWorker({ sizes: { endpoints: 4, firstSends: 1 } });
    const slow = await published(8, 'payment.failed', worker);
    for (const id of await published(10, 'payment.succeeded', worker)) await bench.reaches(id, 'confirmed');
    const states = await Promise.all(slow.map(async (id) => (await bench.delivery(id)).state));
    expect(states).not.toContain('confirmed');
    const [first = ''] = slow;
    const tried = await until('it was cut off', async () => {
      const { tries } = await bench.delivery(first);
      return tries.length > 0 ? tries : null;
    });
    expect(tried[0]).toMatchObject({ error: expect.stringContaining('body') });
    dripping.closeAllConnections();
    dripping.close();
  });

  it('endpoint whose retries would take everything leaves slots that only first sends use', async () => {
    const failing = ['payment.failed', 'payment.closed', 'payment.reversed', 'dispute.won'] as const;
    const gate = Promise.withResolvers<void>();
    const seen = new Set<string>();
    bench.sink.answer = ({ path, id }) => {
      if (path === '/answers') return {};
      if (seen.has(id)) return { after: gate.promise };
      seen.add(id);
      return { status: 500 };
    };
    for (const type of failing) await endpoint(`/${type}`, type);
    await endpoint('/answers', 'payment.succeeded');
    const worker = await bench.startWorker({ sizes: { endpoints: 6, firstSends: 4 } });
    for (const type of failing) await published(4, type, worker);
    const retries = () => failing.reduce((sum, type) => sum + openAt(`/${type}`), 0);
    await until('the retries have all that they may', () => seen.size === 16 && retries() === 2);
    for (const id of await published(10, 'payment.succeeded', worker)) await bench.reaches(id, 'confirmed');
    expect(retries()).toBe(2);
    gate.resolve();
  });

  it('merchant with nine tenths of the traffic does not keep the others waiting', async () => {
    const gate = Promise.withResolvers<void>();
    bench.sink.answer = ({ path }) => (path === '/large' ? { after: gate.promise } : {});
    await endpoint('/large', 'payment.failed');
    await endpoint('/small', 'payment.succeeded');
    const worker = await bench.startWorker({ sizes: { endpoints: 8, firstSends: 2 } });
    const large = await published(180, 'payment.failed', worker);
    for (const id of await published(20, 'payment.succeeded', worker)) await bench.reaches(id, 'confirmed');
    expect(bench.sink.arrived.filter(({ path }) => path === '/large').length).toBeLessThan(large.length);
    gate.resolve();
    for (const id of large) await bench.reaches(id, 'confirmed');
  });

  it('effect leaves the others their slots', async () => {
    const ran: string[] = [];
    bench.registry.on(shop, 'payment.failed', 'stuck', ({ effect }) => effect('hangs'));
    bench.registry.on(shop, 'payment.succeeded', 'quick', ({ effect }) => effect('returns'));
    bench.registry.effect(
      shop,
      'hangs',
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    );
    bench.registry.effect(shop, 'returns', ({ notification }) => ran.push(notification.orderNo));
    await bench.startWorker({ sizes: { effects: 4, effectsOfOneName: 4 }, drainMs: 0 });
    for (let n = 0; n < 10; n += 1) await bench.publish(`stuck-${n}`, { type: 'payment.failed' });
    for (let n = 0; n < 10; n += 1) await bench.publish(`quick-${n}`);
    await until('all others ran', () => ran.length === 10);
  });
});

describe('a breaker', () => {
  it('opens for an endpoint that answers 500 to everything, and then tries it with one at a time', async () => {
    const bench = await createBench({ clock: new FakeClock() });
    bench.sink.answer = ({ path }) => (path === '/fails' ? { status: 500 } : {});
    await bench.addEndpoint('/fails', { types: ['payment.failed'], concurrency: 2, schedule: [1000, 1000, 1000] });
    await bench.addEndpoint('/answers', { types: ['payment.succeeded'] });
    await bench.startWorker({ pollMs: 50 });
    for (let n = 0; n < 40; n += 1) await bench.publish(`f-${n}`, { type: 'payment.failed' });
    const failed = () => bench.sink.arrived.filter(({ path }) => path === '/fails').length;
    await bench.until('it opened', () => failed() >= limits.breakerFailures);
    const good: string[] = [];
    for (let n = 0; n < 10; n += 1) good.push(only((await bench.publish(`s-${n}`)).deliveries).id);
    for (const id of good) await bench.reaches(id, 'confirmed');
    // What was on its way when the breaker opened, and no more.
    const atOpening = failed();
    expect(atOpening).toBeLessThanOrEqual(limits.breakerFailures + 2);
    await bench.until('a probe', () => failed() > atOpening, 200);
    expect(failed()).toBe(atOpening + 1);
    await bench.close();
  });

  it('opens for a handler that never returns, so that it does not hold the store', async () => {
    const bench = await createBench();
    let stuck = 0;
    const served: string[] = [];
    bench.registry.on(shop, 'payment.failed', 'never', () => {
      stuck += 1;
      return new Promise(() => {});
    });
    bench.registry.on(shop, 'payment.succeeded', 'quick', ({ order }) => served.push(order.orderNo));
    await bench.startWorker({ handlerMs: 20, drainMs: 0 });
    for (let n = 0; n < 60; n += 1) await bench.publish(`never-${n}`, { type: 'payment.failed' });
    for (let n = 0; n < 20; n += 1) await bench.publish(`quick-${n}`);
    await until('the others were served', () => served.length === 20);
    await until('it opened', () => stuck >= limits.breakerFailures);
    // A second wave: the breaker is open, so nothing of the stuck one runs while the others do.
    const before = await settledCount(bench, () => stuck);
    for (let n = 0; n < 20; n += 1) await bench.publish(`again-${n}`);
    await until('the second wave', () => served.length === 40);
    expect(stuck).toBe(before);
    expect(before).toBeLessThan(60);
    await bench.close();
  });
});

/** The count once everything that was under way has been recorded. */
async function settledCount(bench: Bench, count: () => number): Promise<number> {
  await until('all are recorded', () => bench.settled.filter(({ name }) => name === 'never').length === count());
  return count();
}
