import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/deliver/registry.ts';
import { AppError } from '../../src/domain/errors.ts';
import type { DeliveryShown } from '../../src/stores/ledger.ts';
import { type Bench, createBench, only, publishInput, shop } from './support.ts';
import { FakeClock } from './time.ts';

describe('a handler', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench({ clock: new FakeClock() });
    await bench.store.transact((tx) => tx.query('create table shop_paid (order_no text, amount integer)'));
  });
  afterEach(() => bench.close());

  const paid = () =>
    bench.store.transact(async (tx) => (await tx.query('select order_no, amount from shop_paid order by rowid')).rows);

  it('commits what it wrote once with the mark that it ran, and sees the notification and its order', async () => {
    bench.registry.on(shop, 'payment.succeeded', 'mark-paid', async ({ notification, order, fact, tx }) => {
      expect(order).toMatchObject({ orderNo: '1', merchant: shop });
      expect(fact).toBeNull();
      await tx.query('insert into shop_paid values ($1, $2)', [order.orderNo, notification.amountMinor]);
    });
    const worker = await bench.startWorker();
    const { deliveries } = await bench.publish('1', { through: worker });
    const { id, target } = only(deliveries);
    expect(target).toEqual({ kind: 'handler', name: 'mark-paid' });
    const detail = await bench.reaches(id, 'confirmed');
    expect(only(detail.tries)).toMatchObject({ step: 'confirmed', error: null });
    expect(await paid()).toEqual([{ order_no: '1', amount: 1250n }]);
    await bench.until('it is told', () => bench.settled.length > 0);
    expect(bench.settled).toMatchObject([{ is: 'confirmed', name: 'mark-paid', orderNo: '1' }]);
  });

  it('runs once for each delivery, however often and by however many it is taken', async () => {
    bench.registry.on(shop, '*', 'mark-paid', ({ notification, tx }) =>
      tx.query('insert into shop_paid values ($1, 1)', [notification.id]),
    );
    const one = await bench.startWorker();
    const other = await bench.startWorker();
    const sinceMs = bench.clock.monotonicMs();
    const taken = await bench.store.decide('publish', { ...publishInput('1'), born: one.birth() });
    if (taken.is === 'refused') throw new Error(taken.detail);
    // The same lease handed to two workers, twice: only the fence can tell.
    for (const worker of [one, other, one]) worker.take(taken.born, sinceMs);
    await bench.reaches(only(taken.deliveries).id, 'confirmed');
    await bench.until(
      'the others are fenced out',
      () => bench.signals.filter(({ name }) => name === 'delivery.fenced_out').length === 2,
    );
    expect(await paid()).toHaveLength(1);
  });

  it('that throws leaves nothing behind, and is tried again', async () => {
    let calls = 0;
    bench.registry.on(shop, 'payment.*', 'mark-paid', async ({ tx, order }) => {
      await tx.query('insert into shop_paid values ($1, 1)', [order.orderNo]);
      calls += 1;
      if (calls === 1) throw new RangeError('no stock');
    });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    const failed = await firstTry(id);
    expect(failed).toMatchObject({ state: 'pending', tries: [{ step: 'received', error: 'RangeError: no stock' }] });
    expect(await paid()).toEqual([]);
    const { tries } = await bench.reaches(id, 'confirmed');
    expect(tries.map(({ step }) => step)).toEqual(['received', 'confirmed']);
    expect(await paid()).toHaveLength(1);
    expect(bench.settled.map(({ is }) => is)).toEqual(['again', 'confirmed']);
  });

  it('over its deadline is rolled back, told by its signal, and does not hold up the next', async () => {
    const aborted: boolean[] = [];
    bench.registry.on(shop, 'payment.succeeded', 'slow', async ({ tx, signal, order }) => {
      await tx.query('insert into shop_paid values ($1, 1)', [order.orderNo]);
      if (order.orderNo === 'hangs')
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      aborted.push(signal.aborted);
    });
    await bench.startWorker({ handlerMs: 60 });
    const slow = only((await bench.publish('hangs')).deliveries);
    const quick = only((await bench.publish('quick')).deliveries);
    expect(await firstTry(slow.id)).toMatchObject({
      state: 'pending',
      tries: [{ step: 'sent', error: expect.stringContaining('handler.deadline') }],
    });
    await bench.reaches(quick.id, 'confirmed');
    expect(await paid()).toEqual([{ order_no: 'quick', amount: 1n }]);
    await bench.until('the slow one was told', () => aborted.includes(true));
  });

  it('is leased from birth for as long as it may run', async () => {
    bench.registry.on(shop, 'payment.succeeded', 'patient', () => {});
    const worker = await bench.startWorker({ handlerMs: 30_000 });
    const output = await bench.store.decide('publish', { ...publishInput('1'), born: worker.birth() });
    expect(only(output.born).leaseMs).toBeGreaterThan(30_000);
  });

  it('whose store fails uses up no try', async () => {
    bench.registry.on(shop, 'payment.succeeded', 'cut-off', () => {
      throw new AppError('store.unavailable', 'the connection is gone');
    });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    expect(await firstTry(id)).toMatchObject({ state: 'pending', tries: [{ step: 'total' }] });
  });

  it('that calls the store without its tx fails at once and leaves nothing', async () => {
    bench.registry.on(shop, 'payment.succeeded', 'careless', async () => {
      await bench.publish('from inside', { type: 'payment.failed' });
    });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    expect(await firstTry(id)).toMatchObject({
      tries: [{ step: 'received', error: expect.stringContaining('handler.outside_tx') }],
    });
  });

  it('is never run by a process that does not have it, and waits for one that has', async () => {
    const { merchant, type, name } = { merchant: shop, type: 'payment.succeeded', name: 'mark-paid' };
    await bench.store.write('registerHandlers', [{ merchant, type, name }]);
    const without = await bench.startWorker();
    const { id, state } = only((await bench.publish('1', { through: without })).deliveries);
    expect(state).toBe('pending');
    const registry = createRegistry();
    registry.on(merchant, type, name, ({ tx }) => tx.query('insert into shop_paid values ($1, 1)', ['1']));
    await bench.startWorker({ registry });
    await bench.reaches(id, 'confirmed');
  });

  async function firstTry(id: DeliveryShown['id']) {
    return bench.until('a try', async () => {
      const detail = await bench.delivery(id);
      return detail.tries.length > 0 ? detail : null;
    });
  }
});
