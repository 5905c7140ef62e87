import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId } from '../../src/domain/ids.ts';
import { type Bench, createBench, shop } from './support.ts';
import { FakeClock } from './time.ts';

describe('an effect', () => {
  const clock = new FakeClock();
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench({ clock });
  });
  afterEach(() => bench.close());

  const effectOf = (id: string) =>
    bench.until('the effect’s delivery', async () => {
      const found = await bench.store.read('notification', asId.notification(id));
      return found?.deliveries.find(({ target }) => target.kind === 'effect') ?? null;
    });

  it('runs after the commit of its handler, with its payload, under a key that names notification, handler and effect', async () => {
    const runs: unknown[] = [];
    bench.registry.on(shop, 'payment.succeeded', 'mark-paid', ({ order, effect }) =>
      effect('coupon', { orderNo: order.orderNo }),
    );
    bench.registry.effect<{ orderNo: string }>(shop, 'coupon', ({ payload, key, notification }) => {
      runs.push([payload.orderNo, key, notification.orderNo]);
    });
    await bench.startWorker();
    const { id } = await bench.publish('1');
    await bench.until('it ran', () => runs.length === 1);
    expect(runs).toEqual([['1', `${id}:mark-paid:coupon`, '1']]);
    const delivery = await effectOf(id);
    await bench.until('confirmed', async () => (await bench.delivery(delivery.id)).state === 'confirmed');
    expect((await bench.delivery(delivery.id)).tries).toMatchObject([{ step: 'confirmed', error: null }]);
  });

  it('is not queued when its handler throws afterwards', async () => {
    const runs: string[] = [];
    bench.registry.on(shop, 'payment.succeeded', 'mark-paid', async ({ effect, order }) => {
      await effect('coupon');
      if (order.orderNo === 'bad') throw new Error('rolled back');
    });
    bench.registry.effect(shop, 'coupon', ({ notification }) => runs.push(notification.orderNo));
    await bench.startWorker();
    await bench.publish('bad');
    await bench.publish('good');
    await bench.until('it ran', () => runs.length > 0);
    expect(runs).toEqual(['good']);
  });

  it('that throws is tried again by the default schedule under the same key', async () => {
    const keys: string[] = [];
    bench.registry.on(shop, 'payment.succeeded', 'mark-paid', ({ effect }) => effect('coupon'));
    bench.registry.effect(shop, 'coupon', ({ key }) => {
      if (keys.push(key) < 3) throw new Error('the coupon service is down');
    });
    await bench.startWorker();
    const { id } = await bench.publish('1');
    await bench.until('three runs', () => keys.length === 3, 500);
    expect(new Set(keys).size).toBe(1);
    const delivery = await effectOf(id);
    await bench.until('confirmed', async () => (await bench.delivery(delivery.id)).state === 'confirmed');
    const { tries } = await bench.delivery(delivery.id);
    expect(tries.map(({ step }) => step)).toEqual(['received', 'received', 'confirmed']);
    expect(tries[0]).toMatchObject({ error: 'Error: the coupon service is down' });
  });

  it('that never returns is given up at its deadline and tried again, while others run', async () => {
    const runs: string[] = [];
    bench.registry.on(shop, 'payment.succeeded', 'mark-paid', async ({ effect }) => {
      await effect('hangs');
      await effect('runs');
    });
    bench.registry.effect(shop, 'hangs', ({ signal }) => {
      runs.push('hangs');
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('told'))));
    });
    bench.registry.effect(shop, 'runs', () => runs.push('runs'));
    await bench.addEndpoint('/a', { timeoutMs: 20_000 });
    await bench.startWorker({ effectMs: 3000 });
    const { id } = await bench.publish('1');
    await bench.until('the other ran', () => runs.includes('runs'));
    await bench.until('the endpoint was told', () => bench.sink.arrived.length === 1);
    const deliveries = await bench.until(
      'its first try',
      async () => {
        const found = await bench.store.read('notification', asId.notification(id));
        const hanging = found?.deliveries.find(({ target }) => target.kind === 'effect' && target.name === 'hangs');
        return hanging !== undefined && hanging.tries.length > 0 ? hanging : null;
      },
      100,
    );
    expect(deliveries).toMatchObject({ tries: [{ step: 'sent', error: 'did not return within 3000 ms' }] });
    await bench.until('a second try', () => runs.filter((name) => name === 'hangs').length === 2, 500);
  });

  it('cannot be queued twice under one name by one handler', async () => {
    bench.registry.on(shop, 'payment.succeeded', 'mark-paid', async ({ effect }) => {
      await effect('coupon', 1);
      await effect('coupon', 2);
    });
    await bench.startWorker();
    const { deliveries } = await bench.publish('1');
    const [handler] = deliveries;
    await bench.until('a try', async () => (await bench.delivery(handler?.id ?? '')).tries.length > 0);
    expect((await bench.delivery(handler?.id ?? '')).tries).toMatchObject([
      { error: expect.stringContaining('queued already') },
    ]);
  });
});
