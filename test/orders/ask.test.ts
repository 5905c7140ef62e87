import { expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { asId } from '../../src/domain/ids.ts';
import { createAsk } from '../../src/orders/ask.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import { until } from '../deliver/time.ts';
import { openBench, shop, temporaryFolder } from '../stores/support.ts';

it('asks again where the user’s code gave an expectation that cannot be, and tells it', async () => {
  const folder = await temporaryFolder();
  const bench = await openBench({ make: () => sqlite({ folder: folder.path }), end: folder.remove });
  const told: unknown[] = [];
  const ask = createAsk({
    store: bench.store,
    clock: { ...systemClock, sleep: (_, signal) => systemClock.sleep(1, signal) },
    observe: (name, _, { error }) => told.push([name, error]),
    withBirth: (decide) => decide(null),
  });
  const amounts = [0n, 8880n];
  ask.askWith(async (merchant, orderNo) => ({
    merchant,
    orderNo,
    currency: 'CNY',
    amountMinor: amounts.shift() ?? 1n,
  }));
  ask.again(shop, ['O-1']);
  const read = () => bench.store.read('order', { merchant: shop, orderNo: asId.orderNo('O-1') });
  const detail = await until('the order is known', read);
  expect(detail?.order.expectations.map(({ amountMinor }) => amountMinor)).toEqual([8880n]);
  expect(told).toEqual([['expect.failed', expect.stringContaining('request.invalid')]]);
  ask.stop();
  await bench.close();
  await folder.remove();
});
