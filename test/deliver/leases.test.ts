import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultSlotSizes } from '../../src/deliver/slots.ts';
import type { Sender } from '../../src/providers/provider.ts';
import { type Bench, createBench, only, plainSender } from './support.ts';
import { FakeClock, until } from './time.ts';

describe('a lease', () => {
  const clock = new FakeClock();
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench({ clock });
  });
  afterEach(() => bench.close());

  it('of a worker that vanished is taken over, and its late result is recorded but changes nothing', async () => {
    const gate = Promise.withResolvers<void>();
    bench.sink.answer = () => (bench.sink.arrived.length === 1 ? { after: gate.promise, status: 500 } : {});
    await bench.addEndpoint('/a', { timeoutMs: 20_000 });
    const lost = await bench.startWorker();
    const { id } = only((await bench.publish('1', { through: lost })).deliveries);
    await until('it arrived', () => bench.sink.arrived.length === 1);
    clock.advance(120_000);
    const rescued = await bench.until('another try', async () => {
      const detail = await bench.delivery(id);
      return detail.state === 'confirmed' ? detail : null;
    });
    expect(rescued.tries.map(({ number, step }) => [number, step])).toContainEqual([2, 'confirmed']);
    gate.resolve();
    await until('the late result', () => bench.signals.some(({ name }) => name === 'delivery.fenced_out'));
    const detail = await bench.delivery(id);
    expect(detail).toMatchObject({ state: 'confirmed' });
    expect(detail.tries).toHaveLength(2);
    expect(detail.tries.find(({ number }) => number === 1)).toMatchObject({ status: 500 });
  });

  it('that is no longer long enough for the attempt is given back, not used', async () => {
    const slow: Sender = {
      ...plainSender,
      // Sealing that takes longer than the lease has to spare; the second time it is quick.
      seal: (notification, context) => {
        if (sealed.push(notification.id) === 1) clock.advance(60_000);
        return plainSender.seal(notification, context);
      },
    };
    const sealed: string[] = [];
    await bench.addEndpoint('/a');
    const worker = await bench.startWorker({ sender: () => slow });
    const { id } = only((await bench.publish('1', { through: worker })).deliveries);
    const detail = await bench.until('confirmed', async () => {
      const found = await bench.delivery(id);
      return found.state === 'confirmed' ? found : null;
    });
    expect(sealed).toHaveLength(2);
    expect(bench.sink.arrived).toHaveLength(1);
    expect(only(detail.tries)).toMatchObject({ step: 'confirmed' });
  });

  it('is given back at once by a stopping worker that had not begun', async () => {
    const gate = Promise.withResolvers<void>();
    bench.sink.answer = () => ({ after: gate.promise });
    await bench.addEndpoint('/a', { concurrency: 1, timeoutMs: 20_000 });
    const worker = await bench.startWorker();
    // Three decisions in flight at once all see the lane open: one begins, two wait in memory.
    const through = { through: worker };
    const published = await Promise.all([
      bench.publish('1', through),
      bench.publish('2', through),
      bench.publish('3', through),
    ]);
    await until('one arrived', () => bench.sink.arrived.length === 1);
    const stopped = worker.stop();
    await until('two are pending', async () => {
      const states = await Promise.all(
        published.map(async ({ deliveries }) => (await bench.delivery(only(deliveries).id)).state),
      );
      return states.filter((state) => state === 'pending').length === 2;
    });
    gate.resolve();
    await stopped;
    const states = await Promise.all(
      published.map(async ({ deliveries }) => (await bench.delivery(only(deliveries).id)).state),
    );
    expect(states.sort()).toEqual(['confirmed', 'pending', 'pending']);
    expect(worker.birth()).toBeNull();
    await bench.startWorker();
    for (const { deliveries } of published) await bench.reaches(only(deliveries).id, 'confirmed');
    expect(bench.sink.arrived).toHaveLength(3);
  });

  it('of what is on its way when the drain time is over ends at once, and costs no try', async () => {
    bench.sink.answer = () => (bench.sink.arrived.length === 1 ? { hang: true } : {});
    await bench.addEndpoint('/a', { schedule: [], timeoutMs: 20_000 });
    const worker = await bench.startWorker({ drainMs: 1000 });
    const { id } = only((await bench.publish('1', { through: worker })).deliveries);
    await until('it arrived', () => bench.sink.arrived.length === 1);
    const stopped = { yes: false };
    const stopping = worker.stop().then(() => {
      stopped.yes = true;
    });
    await bench.until('stopped', () => stopped.yes);
    await stopping;
    expect(await bench.delivery(id)).toMatchObject({
      state: 'pending',
      tries: [{ step: 'sent', error: expect.stringContaining('stopped') }],
    });
    await bench.startWorker();
    await bench.reaches(id, 'confirmed');
  });

  it('past the bound of what may wait in memory is given back and claimed later', async () => {
    const gate = Promise.withResolvers<void>();
    bench.sink.answer = () => ({ after: gate.promise });
    await bench.addEndpoint('/a', { concurrency: 1, timeoutMs: 20_000 });
    const worker = await bench.startWorker({ sizes: { ...defaultSlotSizes, waiting: 1 } });
    const through = { through: worker };
    const published = await Promise.all(['1', '2', '3', '4', '5'].map((orderNo) => bench.publish(orderNo, through)));
    await until('one arrived', () => bench.sink.arrived.length === 1);
    gate.resolve();
    for (const { deliveries } of published) {
      await bench.until('confirmed', async () => (await bench.delivery(only(deliveries).id)).state === 'confirmed');
    }
    expect(bench.sink.most.get('/a')).toBe(1);
    expect(bench.sink.arrived).toHaveLength(5);
  });
});
