import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { type Bench, createBench, only } from './support.ts';
import { FakeClock, until } from './time.ts';

describe('the lane of an endpoint', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench();
  });
  afterEach(() => bench.close());

  it('holds its deliveries while paused, and sends them when resumed', async () => {
    const endpoint = await bench.addEndpoint('/a');
    await bench.startWorker();
    await bench.store.write('changeEndpoint', { id: endpoint, by: 'ann', change: { state: 'paused' } });
    const { id } = only((await bench.publish('1')).deliveries);
    await bench.reaches(id, 'held');
    const other = await bench.addEndpoint('/b', { types: ['payment.failed'] });
    expect(other).not.toBe(endpoint);
    const { deliveries } = await bench.publish('2', { type: 'payment.failed' });
    await until('the other endpoint', () => bench.sink.arrived.some(({ path }) => path === '/b'));
    expect(bench.sink.arrived.every(({ path }) => path === '/b')).toBe(true);
    await bench.store.write('changeEndpoint', { id: endpoint, by: 'ann', change: { state: 'enabled' } });
    await bench.reaches(id, 'confirmed');
    for (const delivery of deliveries) await bench.reaches(delivery.id, 'confirmed');
  });

  it('has never more under way than its concurrency', async () => {
    const gate = Promise.withResolvers<void>();
    bench.sink.answer = () => ({ after: gate.promise });
    await bench.addEndpoint('/a', { concurrency: 3 });
    const worker = await bench.startWorker();
    const deliveries = [];
    for (let n = 0; n < 20; n += 1) {
      deliveries.push(only((await bench.publish(String(n), n % 2 === 0 ? { through: worker } : {})).deliveries));
    }
    await until('three arrived', () => bench.sink.open.get('/a') === 3);
    gate.resolve();
    for (const { id } of deliveries) await bench.reaches(id, 'confirmed');
    expect(bench.sink.most.get('/a')).toBe(3);
    expect(bench.sink.arrived).toHaveLength(20);
  });

  it('is filled again as soon as it has room, whatever the poll', async () => {
    const endpoint = await bench.addEndpoint('/a', { concurrency: 2 });
    await bench.store.write('changeEndpoint', { id: endpoint, by: 'ann', change: { state: 'paused' } });
    const deliveries = [];
    for (let n = 0; n < 30; n += 1) deliveries.push(only((await bench.publish(String(n))).deliveries));
    await bench.store.write('changeEndpoint', { id: endpoint, by: 'ann', change: { state: 'enabled' } });
    await bench.startWorker({ pollMs: 600_000 });
    for (const { id } of deliveries) await bench.reaches(id, 'confirmed');
    expect(bench.sink.most.get('/a')).toBeLessThanOrEqual(2);
  });

  it('keeps to its rate', async () => {
    await bench.addEndpoint('/a', { ratePerSecond: 10 });
    const worker = await bench.startWorker();
    const deliveries = [];
    for (let n = 0; n < 20; n += 1)
      deliveries.push(only((await bench.publish(String(n), { through: worker })).deliveries));
    for (const { id } of deliveries) await bench.reaches(id, 'confirmed');
    const at = bench.sink.arrived.map(({ atMs }) => atMs);
    // A full bucket of ten may go at once; the other ten take their second.
    expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(900);
  });

  it('with ordering sends one of an order at a time, lowest sequence first, while other orders go on', async () => {
    bench.sink.answer = ({ order, sequence }) =>
      order === 'a' && sequence === 1 && bench.sink.arrived.filter((one) => one.order === 'a').length < 3
        ? { status: 500 }
        : {};
    await bench.addEndpoint('/a', { ordering: 'order', schedule: [150, 150, 150] });
    const worker = await bench.startWorker();
    const ids: string[] = [];
    for (const order of ['a', 'a', 'a', 'b', 'b'])
      ids.push(only((await bench.publish(order, { through: worker })).deliveries).id);
    for (const id of ids) await bench.reaches(id, 'confirmed');
    const sequences = (order: string) =>
      bench.sink.arrived.filter((one) => one.order === order).map(({ sequence }) => sequence);
    expect(sequences('a')).toEqual([1, 1, 1, 2, 3]);
    expect(sequences('b')).toEqual([1, 2]);
    const whole = bench.sink.arrived.map(({ order, sequence }) => `${order}${sequence}`);
    expect(whole.indexOf('b2')).toBeLessThan(whole.indexOf('a2'));
  });

  it('with ordering goes past a dead head, and the next says that there is a gap', async () => {
    bench.sink.answer = ({ sequence }) => (sequence === 1 ? { status: 410 } : {});
    await bench.addEndpoint('/a', { ordering: 'order' });
    await bench.startWorker();
    const first = only((await bench.publish('a')).deliveries);
    const second = only((await bench.publish('a')).deliveries);
    await bench.reaches(first.id, 'dead');
    await bench.reaches(second.id, 'confirmed');
    expect(bench.sink.arrived.map(({ headers }) => headers['paidonce-sequence-gap'])).toEqual([undefined, 'true']);
  });
});

describe('the breaker of a lane', () => {
  it('opens after failures in a row, lets one probe through when its time is over, and closes when that is confirmed', async () => {
    const clock = new FakeClock();
    const bench = await createBench({ clock });
    bench.sink.answer = () => ({ status: 500 });
    await bench.addEndpoint('/a', { concurrency: 1, schedule: [1000, 1000, 1000, 1000] });
    await bench.startWorker({ pollMs: 50 });
    const deliveries = [];
    for (let n = 0; n < limits.breakerFailures + 5; n += 1)
      deliveries.push(only((await bench.publish(String(n))).deliveries));
    const moved = (about: string, condition: () => boolean) =>
      until(about, () => {
        clock.advance(10);
        return condition();
      });
    await moved('ten failures', () => bench.sink.arrived.length === limits.breakerFailures);
    await until(
      'they are recorded',
      () => bench.signals.filter(({ name }) => name === 'delivery.attempted').length === limits.breakerFailures,
    );
    clock.advance(limits.breakerOpenMs / 2);
    const other = await bench.addEndpoint('/b', { types: ['dispute.won'] });
    expect(other).toBeDefined();
    await bench.publish('other', { type: 'dispute.won' });
    await moved('another lane', () => bench.sink.arrived.some(({ path }) => path === '/b'));
    expect(bench.sink.arrived.filter(({ path }) => path === '/a')).toHaveLength(limits.breakerFailures);

    const gate = Promise.withResolvers<void>();
    bench.sink.answer = () => ({ after: gate.promise });
    clock.advance(limits.breakerOpenMs);
    await moved('the probe', () => bench.sink.open.get('/a') === 1);
    expect(bench.sink.arrived.filter(({ path }) => path === '/a')).toHaveLength(limits.breakerFailures + 1);
    gate.resolve();
    await moved(
      'all arrive',
      () => new Set(bench.sink.arrived.map(({ order }) => order)).size === limits.breakerFailures + 6,
    );
    for (const { id } of deliveries) {
      await until('confirmed', async () => {
        clock.advance(10);
        return (await bench.delivery(id)).state === 'confirmed';
      });
    }
    await bench.close();
  });
});
