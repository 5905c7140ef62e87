import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId } from '../../../src/domain/ids.ts';
import { toOutboxText } from '../../../src/publish/outbox-text.ts';
import type { PublishInput } from '../../../src/stores/decisions.ts';
import type { OutboxItem } from '../../../src/stores/kept.ts';
import { type Bench, callbackInput, only, openBench, publishInput, type StoreFolder, shop } from '../support.ts';

/** What users' code and people do wrong, or twice. */
export function mistakes(makeFolder: () => Promise<StoreFolder>): void {
  describe('mistakes', () => {
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

    const orderOf = async (orderNo: string) => {
      const found = await bench.store.read('order', { merchant: shop, orderNo: asId.orderNo(orderNo) });
      if (found === null) throw new Error(`no order ${orderNo}`);
      return found;
    };
    const typesOf = async (orderNo: string) =>
      (await bench.store.read('history', (await orderOf(orderNo)).order.id)).notifications.map(
        ({ notification }) => notification.type,
      );
    const queued = (orderNo: string, change: Partial<Record<keyof PublishInput, unknown>> = {}): OutboxItem => {
      const { born: _, ...input } = publishInput(orderNo);
      return { is: 'publish', input: toOutboxText({ ...input, ...change }) };
    };
    const act = (action: Parameters<typeof bench.store.decide<'act'>>[1]['action']) =>
      bench.store.decide('act', { merchant: shop, by: 'ada', note: 'why', born: null, action });

    it('refuses what users left in the outbox with values that cannot be, and applies the rest', async () => {
      const mistaken = [
        queued('O-1', { amountMinor: -1n }),
        queued('O-2', { amountMinor: 10n ** 30n }),
        queued('O-3', { amountMinor: 1.5 }),
        queued('O-4', { currency: undefined }),
        queued('O-5', { occurredAt: 'soon' }),
        queued('O-6', { type: 'payment.vanished' }),
      ];
      await bench.store.transact(async (tx) => {
        for (const item of [...mistaken, queued('O-9')]) await tx.enqueue(item);
      });
      expect(await bench.store.decide('outbox', { born: null, most: 64 })).toMatchObject({ taken: 7 });
      expect(await typesOf('O-9')).toEqual(['payment.succeeded']);
      expect(await bench.store.read('gauges', null)).toMatchObject({ outbox: 0 });
    });

    it('sets an item aside that breaks whoever applies it, when told to', async () => {
      await bench.store.transact(async (tx) => {
        await tx.enqueue({ is: 'expect', input: 'not JSON' });
        await tx.enqueue(queued('O-1'));
      });
      await expect(bench.store.decide('outbox', { born: null, most: 64 })).rejects.toThrow();
      await bench.store.decide('outbox', { born: null, most: 1, setAside: 'it is not JSON' });
      expect(await bench.store.decide('outbox', { born: null, most: 64 })).toMatchObject({ taken: 1 });
      expect(await typesOf('O-1')).toEqual(['payment.succeeded']);
    });

    it('gives a handler that is registered for overlapping types one delivery of each notification', async () => {
      await bench.store.write('registerHandlers', [
        { merchant: shop, type: 'payment.succeeded', name: 'mark-paid' },
        { merchant: shop, type: 'payment.*', name: 'mark-paid' },
        { merchant: shop, type: '*', name: 'tell' },
      ]);
      const { deliveries } = await bench.publish('O-1');
      const names = deliveries.map(({ target }) => ('name' in target ? target.name : ''));
      expect(names.sort()).toEqual(['mark-paid', 'tell']);
    });

    it('refuses an expectation whose reference another order has on one account, as its money would wait for ever', async () => {
      await bench.expect('O-1', { references: [{ account: bench.account, reference: 'O-2' }] });
      expect(await bench.expect('O-2')).toMatchObject({ is: 'refused', code: 'order.reference_taken' });
    });

    it('counts an order as closed from the first of two closes, so that late money stays late', async () => {
      await bench.expect('O-1');
      await act({ is: 'close', orderNo: asId.orderNo('O-1') });
      bench.clock.at += 60_000;
      await bench.callback([{ reference: 'O-1' }]);
      bench.clock.at += 60_000;
      expect(await act({ is: 'close', orderNo: asId.orderNo('O-1') })).toMatchObject({ is: 'done' });
      const { order, discrepancies } = await orderOf('O-1');
      expect(only(discrepancies)).toMatchObject({ kind: 'late_payment', state: 'open' });
      expect(only(order.actions)).toMatchObject({ is: 'close' });
      expect(await typesOf('O-1')).toEqual(['discrepancy.opened']);
    });

    it('shows an open discrepancy with what it has come to, and accepts that as payment in full', async () => {
      await bench.expect('O-1');
      await bench.callback([{ reference: 'O-1', operationId: 'p-1', amountMinor: 30n }]);
      bench.clock.at += 2 * 86_400_000;
      await bench.store.decide('refold', { born: null });
      await bench.callback([{ reference: 'O-1', operationId: 'p-2', amountMinor: 50n }]);
      const open = only((await orderOf('O-1')).discrepancies);
      expect(open).toMatchObject({ kind: 'underpaid', amountMinor: 80n, why: expect.stringContaining('0.80 EUR of') });
      await act({ is: 'resolve', discrepancy: open.id, with: 'accept', amountMinor: null });
      expect((await orderOf('O-1')).order.status).toBe('paid');
      await bench.callback([{ reference: 'O-1', kind: 'reversed', operationId: 'p-2', amountMinor: 50n }]);
      expect((await orderOf('O-1')).order.status).toBe('underpaid');
    });

    it('opens again what a person accepted, when it has become more', async () => {
      await bench.expect('O-1');
      await bench.callback([{ reference: 'O-1', operationId: 'p-1', amountMinor: 105n }]);
      const first = only((await orderOf('O-1')).discrepancies);
      await act({ is: 'resolve', discrepancy: first.id, with: 'ignore', amountMinor: null });
      await bench.callback([
        { reference: 'O-1', operationId: 'p-2', amountMinor: 1n, kind: 'refunded', paymentId: 'p-1' },
      ]);
      expect((await orderOf('O-1')).discrepancies).toHaveLength(1);
      await bench.callback([{ reference: 'O-1', operationId: 'p-3', paymentId: 'p-1', amountMinor: 90n }]);
      const open = (await orderOf('O-1')).discrepancies.filter(({ state }) => state === 'open');
      expect(only(open)).toMatchObject({ kind: 'overpaid', amountMinor: 94n });
    });

    it('keeps the verdict of an authentic callback that present secrets cannot verify any more', async () => {
      await bench.expect('O-1');
      const first = callbackInput(bench.account, bench.clock.at, [{ reference: 'O-1' }], { messageId: 'm-1' });
      await bench.store.decide('callback', first);
      const again = { ...first, again: 'handled', verdictBefore: 'verified' } as const;
      const callback = { ...first.callback, messageId: null, code: 'signature.mismatch', reason: 'wrong' } as const;
      const opened = { is: 'verdict', verdict: 'quarantined', nonce: null } as const;
      expect(await bench.store.decide('callback', { ...again, callback, opened })).toMatchObject({
        verdict: 'verified',
      });
      expect(await bench.store.read('callback', first.callback.id)).toMatchObject({
        verdict: 'verified',
        messageId: 'm-1',
        code: null,
      });
    });
  });
}
