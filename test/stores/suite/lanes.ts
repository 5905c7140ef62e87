import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { laneOfEndpoint, newId } from '../../../src/domain/ids.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { Claimed } from '../../../src/stores/kept.ts';
import { type Bench, bothCounts, failedUntil, only, openBench, type StoreFolder, shop } from '../support.ts';

const minuteMs = 60_000;

export function lanes(makeFolder: () => Promise<StoreFolder>): void {
  describe('lanes', () => {
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

    const publishMany = (count: number, prefix = 'O') =>
      Promise.all(Array.from({ length: count }, (_, index) => bench.publish(`${prefix}-${index}`)));
    const fail = async (claimed: readonly Claimed[], at: number) => {
      for (const one of claimed) await bench.finish(one, failedUntil(at));
    };

    it('holds the deliveries of a paused endpoint and lets them go when it is resumed', async () => {
      const id = await bench.addEndpoint();
      await publishMany(3);
      await bench.store.write('changeEndpoint', { id, by: 'ann', change: { state: 'paused' } });
      const { deliveries } = await bench.publish('O-9');
      expect(await bench.claim()).toEqual({ claimed: [], nextDueAt: null, rescued: 0 });
      expect(await bench.delivery(only(deliveries).id)).toMatchObject({ state: 'held', attempts: 0 });
      const held = {
        limit: 10,
        cursor: null,
        visible: null,
        merchant: null,
        endpoint: id,
        state: 'held',
        orderNo: null,
      } as const;
      expect((await bench.store.read('deliveries', held)).data).toHaveLength(4);
      expect((await bench.store.read('deliveries', { ...held, state: 'pending' })).data).toEqual([]);
      const work = bench.work;
      await bench.store.write('changeEndpoint', { id, by: 'ann', change: { state: 'enabled' } });
      expect(bench.work).toBe(work + 1);
      expect((await bench.claim()).claimed).toHaveLength(4);
    });

    it('cancels the live deliveries of a removed endpoint, and knows it no longer', async () => {
      const id = await bench.addEndpoint();
      const [first, second] = await publishMany(2);
      const { claimed } = await bench.claim({ room: new Map([[id, 1]]) });
      const { delivery } = only(claimed);
      expect(await bench.store.write('removeEndpoint', { id, by: 'ann' })).toBe(true);
      expect(await bench.store.write('removeEndpoint', { id, by: 'ann' })).toBe(false);
      expect(await bench.store.read('endpoint', id)).toBeNull();
      for (const { deliveries } of [first, second].filter((one) => one !== undefined)) {
        expect(await bench.delivery(only(deliveries).id)).toMatchObject({
          state: 'canceled',
          url: 'https://shop.example/notify',
        });
      }
      expect((await bench.finish(only(claimed))).fencedOut).toEqual([delivery]);
      expect(await bench.store.write('changeDelivery', { delivery, to: 'retry', by: 'ann' })).toBe('state');
      expect((await bench.publish('O-9')).deliveries).toEqual([]);
    });

    it('sends the notifications of one order one after the other where the endpoint wants order', async () => {
      await bench.addEndpoint({ ordering: 'order' });
      await bench.publish('O-1');
      await bench.publish('O-1');
      await bench.publish('O-2');
      await bench.publish('O-1');
      const first = (await bench.claim()).claimed;
      expect(first.map(({ notification }) => [notification.orderNo, notification.sequence])).toEqual([
        ['O-1', 1],
        ['O-2', 1],
      ]);
      expect((await bench.claim()).claimed).toEqual([]);
      // The head waits for its next try, and the others of its order wait with it.
      await fail(first, bench.clock.at + minuteMs);
      expect((await bench.claim()).claimed).toEqual([]);
      bench.clock.at += minuteMs;
      const [head] = (await bench.claim()).claimed;
      if (head === undefined) throw new Error('nothing was claimed');
      expect(head.notification).toMatchObject({ orderNo: 'O-1', sequence: 1 });
      await bench.finish(head);
      const second = only((await bench.claim()).claimed);
      expect(second).toMatchObject({ notification: { orderNo: 'O-1', sequence: 2 }, sequenceGap: false });
      await bench.finish(second, { ...failedUntil(0), verdict: { is: 'dead' } });
      expect(only((await bench.claim()).claimed)).toMatchObject({ notification: { sequence: 3 }, sequenceGap: true });
    });

    it('records the lost attempt of one that has to wait again for an earlier of its order', async () => {
      await bench.addEndpoint({ ordering: 'order' });
      const [first, second] = [
        only((await bench.publish('O-1')).deliveries),
        only((await bench.publish('O-1')).deliveries),
      ];
      await bench.finish(only((await bench.claim()).claimed), { ...failedUntil(0), verdict: { is: 'dead' } });
      expect(only((await bench.claim()).claimed).delivery).toBe(second.id);
      await bench.store.write('changeDelivery', { delivery: first.id, to: 'retry', by: 'ann' });
      bench.clock.at += 60_000;
      const { claimed, rescued } = await bench.claim();
      expect(only(claimed).delivery).toBe(first.id);
      expect(rescued).toBe(1);
      const waiting = await bench.delivery(second.id);
      expect(waiting).toMatchObject({ state: 'pending', dueAt: null });
      expect(only(waiting.tries).error).toMatch(/lease.lost/);
      for (const { funnel, recount } of await bothCounts(bench.store)) expect(funnel).toEqual(recount);
      await bench.finish(only(claimed));
      expect(only((await bench.claim()).claimed)).toMatchObject({ delivery: second.id, number: 2 });
    });

    it('frees the next of an order when its head is canceled', async () => {
      await bench.addEndpoint({ ordering: 'order' });
      const head = await bench.publish('O-1');
      await bench.publish('O-1');
      only((await bench.claim()).claimed);
      await bench.store.write('changeDelivery', { delivery: only(head.deliveries).id, to: 'cancel', by: 'ann' });
      expect(only((await bench.claim()).claimed)).toMatchObject({ notification: { sequence: 2 }, sequenceGap: true });
    });

    it('lets all go that waited for their order when the endpoint no longer wants it', async () => {
      const id = await bench.addEndpoint({ ordering: 'order' });
      for (let sequence = 1; sequence <= 4; sequence += 1) await bench.publish('O-1');
      expect((await bench.claim()).claimed).toHaveLength(1);
      await bench.store.write('changeEndpoint', { id, by: 'ann', change: { ordering: 'none' } });
      expect((await bench.claim()).claimed).toHaveLength(3);
    });

    it('keeps an endpoint below its rate', async () => {
      await bench.addEndpoint({ ratePerSecond: 10 });
      await publishMany(40);
      const start = bench.clock.at;
      let sent = 0;
      while (sent < 40) {
        const { claimed, nextDueAt } = await bench.claim();
        sent += claimed.length;
        expect(sent).toBeLessThanOrEqual(1 + ((bench.clock.at - start) / 1000) * 10);
        if (nextDueAt === null) throw new Error('a lane with something due has no next time');
        bench.clock.at = Math.max(nextDueAt, bench.clock.at + 1);
      }
      expect(bench.clock.at - start).toBeLessThan(40 * 110 + 40_000);
    });

    it('opens the breaker after failures in a row, probes once, and closes it with a success', async () => {
      await bench.addEndpoint();
      await publishMany(limits.breakerFailures + 5);
      const first = (await bench.claim({ slots: limits.breakerFailures, firstOnlySlots: 0 })).claimed;
      await fail(first, bench.clock.at);
      const open = await bench.claim();
      expect(open.claimed).toEqual([]);
      const openUntil = open.nextDueAt ?? 0;
      expect(openUntil - bench.clock.at).toBeGreaterThanOrEqual(limits.breakerOpenMs * 0.8);
      expect(openUntil - bench.clock.at).toBeLessThanOrEqual(limits.breakerOpenMs);
      bench.clock.at = openUntil;
      const probe = only((await bench.claim()).claimed);
      expect(probe.probe).toBe(true);
      expect((await bench.claim()).claimed).toEqual([]);
      await bench.finish(probe, failedUntil(bench.clock.at));
      const longer = await bench.claim();
      expect(longer.claimed).toEqual([]);
      expect((longer.nextDueAt ?? 0) - bench.clock.at).toBeGreaterThanOrEqual(2 * limits.breakerOpenMs * 0.8);
      bench.clock.at = longer.nextDueAt ?? 0;
      const work = bench.work;
      await bench.finish(only((await bench.claim()).claimed));
      expect(bench.work).toBe(work + 1);
      expect((await bench.claim()).claimed).toHaveLength(limits.concurrencyAtStart);
      bench.clock.at += 1000;
      expect((await bench.claim()).claimed).toHaveLength(limits.breakerFailures + 4 - limits.concurrencyAtStart);
    });

    it('probes again when the probe was given back or its lease was lost', async () => {
      await bench.addEndpoint();
      await publishMany(limits.breakerFailures);
      await fail((await bench.claim()).claimed, bench.clock.at);
      bench.clock.at += limits.breakerOpenMs;
      const given = only((await bench.claim()).claimed);
      await bench.store.write('giveBack', [{ delivery: given.delivery, number: given.number }]);
      const lost = only((await bench.claim()).claimed);
      expect(lost.probe).toBe(true);
      bench.clock.at += lost.leaseMs;
      expect(only((await bench.claim()).claimed).probe).toBe(true);
    });

    it('never disables the URL of a notification, which nobody could enable again', async () => {
      const credentials = { stripe: { version: 1, sealed: new Uint8Array([1]) } };
      await bench.store.write('changeMerchant', { id: shop, credentials, by: 'test' });
      await bench.publish('O-1', { notifyUrl: { url: 'https://b.example/one', provider: 'stripe' } });
      for (let attempt = 1; attempt < limits.failureBudgetAttempts + 60; attempt += 1) {
        const { claimed } = await bench.claim();
        for (const one of claimed) {
          expect((await bench.finish(one, failedUntil(bench.clock.at))).warned).toEqual([]);
        }
        const { nextDueAt } = await bench.claim();
        bench.clock.at = Math.max(bench.clock.at + limits.failureBudgetMs / 40, nextDueAt ?? 0);
      }
      expect(only((await bench.claim()).claimed)).toMatchObject({ url: 'https://b.example/one' });
    });

    it('tells how long a lane has only failed', async () => {
      const id = await bench.addEndpoint();
      await publishMany(1);
      const lane = laneOfEndpoint(id);
      expect(await bench.store.read('laneHealth', lane)).toMatchObject({
        breaker: { failures: 0, failingSince: null },
      });
      await bench.finish(only((await bench.claim()).claimed), failedUntil(bench.clock.at));
      expect(await bench.store.read('laneHealth', lane)).toMatchObject({
        breaker: { failures: 1, failingSince: bench.clock.at },
      });
      expect(await bench.store.read('laneHealth', laneOfEndpoint(newId('end', 0, 0)))).toBeNull();
    });

    it('takes at most so many of one lane, and says that there is more', async () => {
      await bench.addEndpoint({ concurrency: 1000 });
      await publishMany(limits.claimMax + 6);
      const first = await bench.claim();
      expect(first.claimed).toHaveLength(limits.claimMax);
      expect(first.nextDueAt).toBe(bench.clock.at);
      expect((await bench.claim()).claimed).toHaveLength(6);
    });

    it('keeps to the room and the concurrency of a lane, without holding up another', async () => {
      const narrow = await bench.addEndpoint({ concurrency: 2 });
      const wide = await bench.addEndpoint();
      await publishMany(5);
      const { claimed } = await bench.claim();
      const of = (lane: string) => claimed.filter((one) => one.lane === lane).length;
      expect([of(narrow), of(wide)]).toEqual([2, 5]);
      const full = new Map([[narrow, 0]]);
      const next = await bench.claim({ room: full });
      expect(next.claimed).toEqual([]);
      expect(next.nextDueAt).toBeGreaterThan(bench.clock.at);
    });

    it('keeps slots for first tries that retries cannot take', async () => {
      const failing = await bench.addEndpoint({ url: 'https://failing.example/', types: ['payment.failed'] });
      const fresh = await bench.addEndpoint({ types: ['payment.succeeded'] });
      for (let index = 0; index < 9; index += 1) await bench.publish(`F-${index}`, { type: 'payment.failed' });
      await fail((await bench.claim()).claimed, bench.clock.at);
      bench.clock.at += 1;
      await publishMany(6);
      const { claimed } = await bench.claim({ slots: 5, firstOnlySlots: 3 });
      const of = (lane: string) => claimed.filter((one) => one.lane === lane).length;
      expect([of(failing), of(fresh)]).toEqual([2, 3]);
    });

    it('has a bound on the endpoints of a merchant', async () => {
      for (let count = 0; count < limits.merchantEndpointsMax; count += 1) await bench.addEndpoint();
      const { data } = await bench.store.read('endpoints', {
        limit: 200,
        cursor: null,
        visible: null,
        merchant: shop,
        state: null,
      });
      expect(data).toHaveLength(limits.merchantEndpointsMax);
      const [first] = data;
      if (first === undefined) throw new Error('there is no endpoint');
      expect(await bench.store.write('addEndpoint', { ...first, id: 'end_more' as never, by: 'ann' })).toBe('too_many');
    });
  });
}
