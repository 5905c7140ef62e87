import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RetainInput } from '../../../src/stores/writes.ts';
import { type Bench, failedUntil, openBench, publishInput, type StoreFolder, shop } from '../support.ts';

const dayMs = 86_400_000;

export function retention(makeFolder: () => Promise<StoreFolder>): void {
  describe('history', () => {
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

    /** Until nothing is left to delete; gives the sums. */
    const retain = async (change: Partial<RetainInput> = {}) => {
      const input = {
        bytesBefore: 0,
        noncesBefore: 0,
        idempotencyBefore: 0,
        commitsBefore: 0,
        reconciliationsBefore: 0,
        ordersBefore: 0,
        ...change,
      };
      const sums: Record<string, number> = {};
      const kept = new Set<string>();
      for (let round = 0; round < 100; round += 1) {
        const output = await bench.store.write('retain', input);
        for (const [name, count] of Object.entries(output.removed)) sums[name] = (sums[name] ?? 0) + count;
        for (const part of output.kept) kept.add(part);
        if (Object.values(output.removed).every((count) => count === 0)) return { sums, kept: [...kept] };
      }
      throw new Error('there is always more to delete');
    };
    const later = (days: number) => {
      bench.clock.at += days * dayMs;
    };

    it('loses bytes, payloads and attempts with age, and still knows what has happened once', async () => {
      await bench.addEndpoint();
      await bench.expect('O-1');
      const told = await bench.callback([{ reference: 'O-1', paymentId: 'pay-1' }], { messageId: 'm-1' });
      expect(told.verdict).toBe('verified');
      const published = await bench.publish('O-2', { data: '{"a":1}' });
      for (const claimed of (await bench.claim()).claimed) await bench.finish(claimed);
      later(100);
      await retain({ bytesBefore: bench.clock.at - 50 * dayMs });
      const callbacks = { limit: 10, cursor: null, visible: null, account: null, verdict: null, orderNo: null };
      const { data } = await bench.store.read('callbacks', { ...callbacks, merchant: null, from: null, to: null });
      const first = data[0];
      if (first === undefined) throw new Error('the callback is gone');
      expect((await bench.store.read('callback', first.id))?.body ?? new Uint8Array(0)).toHaveLength(0);
      const detail = await bench.store.read('notification', published.id);
      expect(detail?.notification.data).toBeNull();
      expect(detail?.deliveries.map(({ state, tries }) => [state, tries.length])).toEqual([['confirmed', 0]]);
      expect((await bench.callback([{ reference: 'O-1', paymentId: 'pay-1' }], { messageId: 'm-1' })).verdict).toBe(
        'duplicate',
      );
    });

    it('keeps the history of what is still live or parked, however old', async () => {
      const endpoint = await bench.addEndpoint();
      await bench.publish('O-1', { data: '{"a":1}' });
      const [claimed] = (await bench.claim()).claimed;
      if (claimed === undefined) throw new Error('nothing was claimed');
      await bench.finish(claimed, failedUntil(bench.clock.at + 300 * dayMs));
      await bench.callback([{ reference: 'nobody', paymentId: 'pay-2' }]);
      later(200);
      await retain({ bytesBefore: bench.clock.at - dayMs, ordersBefore: bench.clock.at - dayMs });
      expect((await bench.delivery(claimed.delivery)).tries).toHaveLength(1);
      expect((await bench.store.read('notification', claimed.notification.id))?.notification.data).toBe('{"a":1}');
      const deliveries = { limit: 10, cursor: null, visible: null, merchant: null, state: null, orderNo: null };
      expect((await bench.store.read('deliveries', { ...deliveries, endpoint })).data).toHaveLength(1);
      await bench.expect('nobody');
      expect(await bench.store.read('gauges', null)).toMatchObject({ parkedFacts: 0 });
    });

    it('deletes orders whole when they have been final long enough, and no others', async () => {
      await bench.addEndpoint();
      for (const orderNo of ['paid', 'open', 'late']) await bench.expect(orderNo, { expiresAt: null });
      await bench.callback([{ reference: 'paid', paymentId: 'pay-1' }]);
      for (const claimed of (await bench.claim()).claimed) await bench.finish(claimed);
      later(390);
      await bench.callback([{ reference: 'late', paymentId: 'pay-3' }]);
      for (const claimed of (await bench.claim()).claimed) await bench.finish(claimed);
      later(20);
      const { sums } = await retain({ ordersBefore: bench.clock.at - 400 * dayMs });
      expect(sums.orders).toBe(1);
      const orders = { limit: 10, cursor: null, visible: null, merchant: null, status: null, q: null };
      const left = (await bench.store.read('orders', { ...orders, from: null, to: null })).data;
      expect(left.map(({ orderNo }) => orderNo)).toEqual(['late', 'open']);
      // Nothing of it is in the way of a new order of that number.
      await bench.expect('paid');
      expect((await bench.callback([{ reference: 'paid', paymentId: 'pay-1' }])).verdict).toBe('verified');
    });

    it('forgets nonces, refused callbacks and idempotency keys by their own ages', async () => {
      const refused = { is: 'verdict', verdict: 'refused', nonce: null } as const;
      await bench.callback([], { step: 'sent', opened: refused, code: 'callback.stale', reason: 'old' });
      await bench.callback([{ reference: 'O-1' }], { nonce: 'n-1', bodyDigest: 'd-1' });
      const idempotency = { key: 'k-1', bodyDigest: 'd' };
      const first = await bench.publish('O-2', { idempotency });
      later(10);
      await bench.callback([{ reference: 'O-3', paymentId: 'p-3' }], { nonce: 'n-2', bodyDigest: 'd-2' });
      const { sums } = await retain({
        noncesBefore: bench.clock.at - 5 * dayMs,
        idempotencyBefore: bench.clock.at - 5 * dayMs,
        reconciliationsBefore: bench.clock.at - 5 * dayMs,
      });
      expect(sums).toMatchObject({ nonces: 1, refused: 1, idempotency: 1, orders: 0 });
      const again = await bench.store.decide('publish', { ...publishInput('O-2'), merchant: shop, idempotency });
      expect(again).toMatchObject({ is: 'accepted' });
      expect(again.is === 'accepted' && again.id).not.toBe(first.id);
      const other = await bench.callback([{ reference: 'O-3', paymentId: 'p-4' }], { nonce: 'n-2', bodyDigest: 'x' });
      expect(other).toMatchObject({ verdict: 'refused', code: 'callback.nonce_reused' });
    });
  });
}
