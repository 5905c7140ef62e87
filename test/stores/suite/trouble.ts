import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId, newId } from '../../../src/domain/ids.ts';
import { amountMinorMax } from '../../../src/domain/money.ts';
import { type Bench, factOf, failedUntil, openBench, type StoreFolder, shop } from '../support.ts';

export function trouble(makeFolder: () => Promise<StoreFolder>): void {
  describe('what fares badly', () => {
    let folder: StoreFolder;
    let bench: Bench;
    beforeEach(async () => {
      folder = await makeFolder();
      bench = await openBench(folder);
    });
    afterEach(async () => {
      await bench.close();
      await folder.end();
    });

    const look = (visible: readonly (typeof shop)[] | null = null) =>
      bench.store.read('trouble', { since: bench.clock.at - 3_600_000, visible });
    const atRisk = (visible: readonly (typeof shop)[] | null = null) => bench.store.read('atRisk', visible);

    it('counts the money of each notification once, from its due time until it is confirmed or dead', async () => {
      await bench.addEndpoint();
      await bench.addEndpoint();
      const began = bench.clock.at;
      await bench.publish('O-1', { amountMinor: 9_000_000_000_000_001n, currency: 'JPY' });
      await bench.publish('O-2', { amountMinor: 5n, currency: 'USD', notBefore: began + 3_600_000 });
      bench.clock.at += 60_000;
      expect(await atRisk()).toMatchObject([
        { currency: 'JPY', amountMinor: 9_000_000_000_000_001n, notifications: 1, deliveries: 2, oldestAt: began },
      ]);
      const { claimed } = await bench.claim();
      expect(claimed).toHaveLength(2);
      // A first attempt that is under way is not late.
      expect(await atRisk()).toEqual([]);
      for (const one of claimed) await bench.finish(one, failedUntil(bench.clock.at + 3_000_000));
      expect(await atRisk()).toMatchObject([{ currency: 'JPY', deliveries: 2 }]);
      expect(await atRisk([shop])).toHaveLength(1);
      expect(await atRisk([asId.merchant('other')])).toEqual([]);
      bench.clock.at += 3_000_000;
      const [first, second] = (await bench.claim()).claimed;
      if (first === undefined || second === undefined) throw new Error('both are due');
      await bench.finish(first);
      await bench.finish(second, { ...failedUntil(bench.clock.at), verdict: { is: 'dead' } });
      expect(await atRisk()).toEqual([]);
    });

    it('adds amounts beyond what one integer of SQL holds', async () => {
      await bench.addEndpoint();
      const notifications = 93;
      const publish = (_: unknown, index: number) =>
        bench.publish(`O-${index}`, { amountMinor: amountMinorMax, currency: 'IRR' });
      await Promise.all(Array.from({ length: notifications }, publish));
      const amountMinor = amountMinorMax * BigInt(notifications);
      expect(amountMinor).toBeGreaterThan(2n ** 63n);
      expect(await atRisk()).toMatchObject([{ amountMinor, notifications }]);
    });

    it('names endpoints that fail or are disabled, after them what people paused, and none that is healthy or removed', async () => {
      const failing = await bench.addEndpoint();
      const change = (state: 'enabled' | 'paused' | 'disabled') =>
        bench.store.write('changeEndpoint', { id: failing, by: 'ann', change: { state } });
      expect((await look()).endpoints).toEqual([]);
      await bench.publish('O-1');
      for (let isOpen = false; !isOpen; isOpen = (await look()).endpoints.length > 0) {
        for (const one of (await bench.claim()).claimed) await bench.finish(one, failedUntil(bench.clock.at));
        bench.clock.at += 1000;
      }
      expect(await look([shop])).toMatchObject({
        endpoints: [{ endpoint: failing, merchant: shop, state: 'enabled', breaker: { opens: 1 } }],
      });
      expect((await look([asId.merchant('other')])).endpoints).toEqual([]);
      await change('paused');
      const other = await bench.addEndpoint();
      await bench.store.write('changeEndpoint', { id: other, by: 'bob', change: { state: 'disabled' } });
      expect((await look()).endpoints).toMatchObject([
        { endpoint: other, state: 'disabled' },
        { endpoint: failing, state: 'paused' },
      ]);
      await bench.store.write('removeEndpoint', { id: other, by: 'bob' });
      expect((await look()).endpoints).toMatchObject([{ endpoint: failing }]);
      await change('enabled');
      expect((await look()).endpoints).toEqual([]);
    });

    it('names accounts that refuse callbacks, or are silent while something is found', async () => {
      const { account, store, clock } = bench;
      await bench.expect('O-1');
      await bench.callback([{ reference: 'O-1' }]);
      expect((await look()).accounts).toEqual([]);
      const refused = { id: newId('cbk', clock.at, 0), step: 'sent' } as const;
      await bench.callback([], { ...refused, opened: { is: 'verdict', verdict: 'quarantined', nonce: null } });
      const provider = 'hmac';
      expect((await look([shop])).accounts).toMatchObject([
        { account, merchant: shop, provider, refused: 1, authentic: 1, found: 0 },
      ]);
      expect((await look([asId.merchant('other')])).accounts).toEqual([]);
      clock.at += 2 * 3_600_000;
      expect((await look()).accounts).toEqual([]);
      await store.decide('sight', {
        merchant: shop,
        source: 'query',
        orderNo: null,
        withoutOrder: 'park',
        note: null,
        by: null,
        born: null,
        facts: [factOf(account, clock.at, { reference: 'O-2', paymentId: 'found', operationId: 'found' })],
      });
      expect((await look([shop])).accounts).toMatchObject([
        { account, merchant: shop, refused: 0, authentic: 0, found: 1 },
      ]);
      expect((await look([asId.merchant('other')])).accounts).toEqual([]);
    });
  });
}
