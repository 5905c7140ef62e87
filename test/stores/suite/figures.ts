import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId, laneOfFunction } from '../../../src/domain/ids.ts';
import { type LatencyCounts, latencyBucketOf } from '../../../src/domain/latency.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { FunnelQuery } from '../../../src/stores/reads.ts';
import { minuteOf } from '../../../src/stores/work/funnel-book.ts';
import {
  allFigures,
  type Bench,
  bothCounts,
  failedUntil,
  only,
  openBench,
  type StoreFolder,
  shop,
} from '../support.ts';

export function figures(makeFolder: () => Promise<StoreFolder>): void {
  describe('the funnel', () => {
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

    const agreed = async (change: Parameters<typeof bothCounts>[1] = {}) => {
      const both = await bothCounts(bench.store, change);
      for (const { side, per, funnel, recount } of both) expect(funnel, `${side} per ${per}`).toEqual(recount);
      const sums = both.map(({ side, per, funnel }) => {
        const sum = { total: 0, sent: 0, received: 0, handled: 0, confirmed: 0 };
        for (const { counts } of funnel)
          for (const step of Object.keys(sum) as (keyof typeof sum)[]) sum[step] += counts[step];
        return [`${side} per ${per}`, Object.values(sum).join(' ')];
      });
      return Object.fromEntries(sums);
    };

    it('counts attempts, and of each delivery the furthest step ever, under the minutes they began in', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const first = only((await bench.claim()).claimed);
      await bench.finish(first, { ...failedUntil(bench.clock.at + 60_000), step: 'handled', status: 200 });
      bench.clock.at += 60_000;
      const second = only((await bench.claim()).claimed);
      await bench.finish(second, { ...failedUntil(bench.clock.at + 60_000), step: 'sent' });
      bench.clock.at += 60_000;
      await bench.finish(only((await bench.claim()).claimed));
      expect(await agreed()).toMatchObject({ 'sending per attempt': '3 3 2 2 1', 'sending per delivery': '1 1 1 1 1' });
      const [attempts] = await bothCounts(bench.store);
      expect(attempts?.funnel.map(({ counts }) => counts.confirmed)).toEqual([0, 0, 1]);
    });

    it('agrees with a recount when leases are lost and late results replace what stood for them', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const late = only((await bench.claim()).claimed);
      bench.clock.at += late.leaseMs + 60_000;
      const taker = only((await bench.claim()).claimed);
      expect(await agreed()).toMatchObject({ 'sending per attempt': '1 0 0 0 0', 'sending per delivery': '1 0 0 0 0' });
      await bench.finish(late, { startedAt: bench.clock.at - 5 });
      expect(await agreed()).toMatchObject({ 'sending per attempt': '1 1 1 1 1', 'sending per delivery': '1 1 1 1 1' });
      await bench.finish(taker, failedUntil(bench.clock.at));
      expect(await agreed()).toMatchObject({ 'sending per attempt': '2 2 1 1 1', 'sending per delivery': '1 1 1 1 1' });
    });

    it('keeps how long attempts took that were sent, and callbacks that were answered, by target and minute', async () => {
      const endpoint = await bench.addEndpoint();
      const began = bench.clock.at;
      await bench.publish('O-1');
      const finishIn = async (durationMs: number, step: 'total' | 'sent' | 'confirmed') => {
        const one = only((await bench.claim()).claimed);
        await bench.finish(one, { ...failedUntil(bench.clock.at), step, durationMs });
      };
      await finishIn(1, 'total');
      await finishIn(10_000, 'sent');
      await finishIn(100, 'sent');
      bench.clock.at += 60_000;
      await finishIn(100, 'sent');
      await bench.callback([{ reference: 'O-2' }], { id: 'cbk_one' as never });
      const callback = { id: 'cbk_one' as never, merchant: shop, account: bench.account, provider: 'hmac' };
      await bench.store.write('acknowledged', [{ ...callback, receivedAt: bench.clock.at, tookMs: 7 }]);
      const look = async (change: Pick<FunnelQuery, 'side'> & Partial<FunnelQuery>) => {
        const found = await bench.store.read('latency', { ...allFigures, per: 'attempt', ...change });
        const took = (counts: LatencyCounts) => counts.flatMap((count, bucket) => (count > 0 ? [[bucket, count]] : []));
        return found.map(({ at, counts }) => [at - minuteOf(began), took(counts)]);
      };
      const [short, long] = [latencyBucketOf(100), latencyBucketOf(10_000)];
      const sent = [
        [
          0,
          [
            [short, 1],
            [long, 1],
          ],
        ],
        [60_000, [[short, 1]]],
      ];
      expect(await look({ side: 'sending' })).toEqual(sent);
      expect(await look({ side: 'sending', endpoint, visible: [shop] })).toEqual(sent);
      const wide = await look({ side: 'sending', bucketMs: 86_400_000 });
      expect(wide.map(([, took]) => took)).toEqual([
        [
          [short, 2],
          [long, 1],
        ],
      ]);
      expect(await look({ side: 'sending', visible: [asId.merchant('other')] })).toEqual([]);
      expect(await look({ side: 'receiving' })).toEqual([[60_000, [[latencyBucketOf(7), 1]]]]);
    });

    it('keeps the most that waited in a minute, and gives that of each bucket', async () => {
      const keep = (at: number, waiting: number, oldestDueMs: number) =>
        bench.store.write('keepBacklog', { at, waiting, dead: 1, oldestDueMs });
      const minute = minuteOf(bench.clock.at);
      await keep(minute + 1000, 5, 70);
      await keep(minute + 31_000, 9, 60);
      await keep(minute + 60_000, 4, 80);
      const look = (bucketMs: number, from = 0) =>
        bench.store.read('backlog', { from, to: minute + 120_000, bucketMs });
      const first = { at: minute, waiting: 9, dead: 1, oldestDueMs: 70 };
      const second = { at: minute + 60_000, waiting: 4, dead: 1, oldestDueMs: 80 };
      expect(await look(60_000)).toEqual([first, second]);
      expect(await look(60_000, minute + 60_000)).toEqual([second]);
      expect(await look(1000 * minute)).toEqual([{ at: 0, waiting: 9, dead: 1, oldestDueMs: 80 }]);
    });

    it('counts callbacks by how far they got, those that were not kept included', async () => {
      await bench.expect('O-1');
      const taken = { id: 'cbk_one' as never };
      await bench.callback([{ reference: 'O-1' }], taken);
      await bench.callback([{ reference: 'O-1' }]);
      const refused = { step: 'sent', opened: { is: 'verdict', verdict: 'refused', nonce: null } } as const;
      await Promise.all(Array.from({ length: limits.quarantinePerHour + 3 }, () => bench.callback([], refused)));
      const total = limits.quarantinePerHour + 5;
      expect(await agreed()).toMatchObject({ 'receiving per attempt': `${total} ${total} 2 2 0` });
      const answered = {
        ...taken,
        merchant: shop,
        account: bench.account,
        provider: 'hmac',
        receivedAt: bench.clock.at,
        tookMs: 3,
      };
      await bench.store.write('acknowledged', [answered]);
      await bench.store.write('acknowledged', [answered, { ...answered, id: 'cbk_unknown' as never }]);
      expect(await agreed()).toMatchObject({ 'receiving per attempt': `${total} ${total} 2 2 1` });
    });

    it('counts a callback that is read again at the furthest step it reached', async () => {
      const refused = {
        id: 'cbk_one' as never,
        step: 'sent',
        opened: { is: 'verdict', verdict: 'quarantined', nonce: null },
      } as const;
      await bench.callback([], refused);
      await bench.expect('O-1');
      const input = { ...refused, opened: undefined };
      const { callbackInput } = await import('../support.ts');
      const again = callbackInput(bench.account, bench.clock.at, [{ reference: 'O-1' }], {
        ...input,
        step: 'received',
      } as never);
      await bench.store.decide('callback', { ...again, again: 'sent' });
      expect(await bench.store.read('callback', refused.id)).toMatchObject({ verdict: 'verified', step: 'handled' });
      expect(await agreed()).toMatchObject({ 'receiving per attempt': '1 1 1 1 0' });
    });

    it('counts handlers apart from endpoints, and effects with neither', async () => {
      const functions = [laneOfFunction('handler', shop, 'mark-paid'), laneOfFunction('effect', shop, 'coupon')];
      await bench.store.write('registerHandlers', [{ merchant: shop, type: '*', name: 'mark-paid' }]);
      await bench.publish('O-1');
      const failing = only((await bench.claim({ functions })).claimed);
      await bench.finish(failing, { ...failedUntil(bench.clock.at), step: 'received' });
      const claimed = only((await bench.claim({ functions })).claimed);
      await bench.store.handle({ claimed, startedAt: bench.clock.at, deadlineMs: 5000 }, async (tx) => {
        const { notification } = claimed;
        await tx.enqueue({
          is: 'effect',
          merchant: shop,
          notification: notification.id,
          handler: 'mark-paid',
          name: 'coupon',
          payload: '{}',
        });
      });
      await bench.store.decide('outbox', { born: null, most: 10 });
      await bench.finish(only((await bench.claim({ functions })).claimed));
      expect(await agreed()).toMatchObject({
        'sending per attempt': '0 0 0 0 0',
        'handlers per attempt': '2 2 2 1 1',
        'handlers per delivery': '1 1 1 1 1',
      });
    });

    it('answers by merchant, provider, endpoint, type and range, alike in both counts', async () => {
      const stripe = await bench.addEndpoint({ provider: 'stripe' });
      await bench.addEndpoint();
      await bench.publish('O-1');
      await bench.publish('O-1', { type: 'refund.succeeded' });
      for (const one of (await bench.claim()).claimed) await bench.finish(one);
      bench.clock.at += 3_600_000;
      await bench.publish('O-2');
      for (const one of (await bench.claim()).claimed) await bench.finish(one);
      const attempts = async (change: Parameters<typeof bothCounts>[1]) =>
        (await agreed(change))['sending per attempt'];
      expect(await attempts({})).toBe('6 6 6 6 6');
      expect(await attempts({ provider: 'stripe' })).toBe('3 3 3 3 3');
      expect(await attempts({ endpoint: stripe, type: 'refund.succeeded' })).toBe('1 1 1 1 1');
      expect(await attempts({ merchant: 'other' as never })).toBe('0 0 0 0 0');
      expect(await attempts({ visible: [] })).toBe('0 0 0 0 0');
      expect(await attempts({ visible: [shop] })).toBe('6 6 6 6 6');
      expect(await attempts({ from: bench.clock.at - 60_000 })).toBe('2 2 2 2 2');
      expect(await attempts({ to: bench.clock.at - 60_000, bucketMs: 3_600_000 })).toBe('4 4 4 4 4');
    });

    it('agrees with a recount after a long mixed run', async () => {
      await bench.addEndpoint({ ordering: 'order' });
      const paused = await bench.addEndpoint({ provider: 'stripe' });
      await bench.addEndpoint({ ratePerSecond: 50 });
      let turn = 0;
      for (let round = 0; round < 12; round += 1) {
        const born = round % 2 === 0 ? { slots: 3, closed: [], functions: [] } : null;
        const made = await Promise.all(
          Array.from({ length: 10 }, (_, index) => bench.publish(`O-${index % 4}`, { born })),
        );
        const leased = [...made.flatMap((one) => one.born), ...(await bench.claim()).claimed];
        for (const one of leased) {
          turn += 1;
          const again = failedUntil(bench.clock.at + (turn % 7) * 1000);
          if (turn % 11 === 0) await bench.store.write('giveBack', [{ delivery: one.delivery, number: one.number }]);
          else if (turn % 5 !== 0)
            await bench.finish(
              one,
              turn % 3 === 0 ? again : turn % 13 === 0 ? { ...again, verdict: { is: 'dead' } } : {},
            );
        }
        const state = round % 3 === 0 ? 'paused' : 'enabled';
        await bench.store.write('changeEndpoint', { id: paused, by: 'ann', change: { state } });
        bench.clock.at += 20_000;
      }
      const sums = await agreed();
      expect(sums['sending per attempt']).not.toBe('0 0 0 0 0');
      expect((await bench.store.read('gauges', null)).rescuedLeases).toBeGreaterThan(0);
    });
  });
}
