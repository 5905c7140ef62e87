import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId, laneOfFunction } from '../../../src/domain/ids.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { Claimed } from '../../../src/stores/kept.ts';
import { type Bench, failedUntil, only, openBench, type StoreFolder, shop } from '../support.ts';

const leaseMs = limits.connectMs + limits.endpointTimeoutMs + limits.responseBodyMs + limits.leaseMarginMs;

export function delivering(makeFolder: () => Promise<StoreFolder>): void {
  describe('delivering', () => {
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

    const claimOne = async (): Promise<Claimed> => only((await bench.claim()).claimed);

    it('leases what is due once, with all that its attempt needs', async () => {
      const endpoint = await bench.addEndpoint();
      const { id } = await bench.publish('O-1', { data: '{"a":1}' });
      const { claimed, rescued } = await bench.claim();
      expect(rescued).toBe(0);
      expect(only(claimed)).toMatchObject({
        merchant: shop,
        lane: endpoint,
        target: { kind: 'endpoint', id: endpoint },
        number: 1,
        triesBefore: 0,
        leaseMs,
        notification: { id, orderNo: 'O-1', amountMinor: 100n, data: '{"a":1}' },
        endpoint: { id: endpoint, provider: 'standard', credentials: { version: 1, sealed: new Uint8Array([4, 5]) } },
        sequenceGap: false,
        probe: false,
      });
      expect((await bench.claim()).claimed).toEqual([]);
      expect((await bench.claim()).nextDueAt).toBe(bench.clock.at + leaseMs);
    });

    it('records a confirmed attempt, with what was sent and answered', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const claimed = await claimOne();
      expect(await bench.finish(claimed)).toEqual({ fencedOut: [], warned: [] });
      const delivery = await bench.delivery(claimed.delivery);
      expect(delivery).toMatchObject({ state: 'confirmed', dueAt: null, attempts: 1 });
      expect(only(delivery.tries)).toMatchObject({
        number: 1,
        step: 'confirmed',
        status: 200,
        request: { headers: [['webhook-id', claimed.notification.id]], bodySha256: 'abc' },
        response: { headers: [['server', 'x']], truncated: false },
        peer: '203.0.113.7',
      });
      expect(Buffer.from(only(delivery.tries).response?.body ?? []).toString()).toBe('ok');
      bench.clock.at += 10 * leaseMs;
      expect(await bench.claim()).toEqual({ claimed: [], nextDueAt: null, rescued: 0 });
    });

    it('tries again when the verdict says, and counts the tries that count', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      await bench.finish(await claimOne(), failedUntil(bench.clock.at + 5000));
      expect(await bench.claim()).toEqual({ claimed: [], nextDueAt: bench.clock.at + 5000, rescued: 0 });
      bench.clock.at += 5000;
      const second = await claimOne();
      expect(second).toMatchObject({ number: 2, triesBefore: 1 });
      await bench.finish(second, {
        ...failedUntil(bench.clock.at),
        verdict: { is: 'again', at: bench.clock.at, consumesTry: false },
      });
      expect(await claimOne()).toMatchObject({ number: 3, triesBefore: 1 });
    });

    it('keeps a dead delivery visible until a person retries it, and its schedule then begins anew', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const { delivery } = await claimOne().then(async (claimed) => {
        await bench.finish(claimed, { ...failedUntil(0), verdict: { is: 'dead' } });
        return claimed;
      });
      expect(await bench.delivery(delivery)).toMatchObject({ state: 'dead', dueAt: null });
      expect(await bench.store.read('gauges', null)).toMatchObject({ dead: 1, pending: 0 });
      expect(await bench.store.write('changeDelivery', { delivery, to: 'retry', by: 'ann' })).toBe('changed');
      expect(await claimOne()).toMatchObject({ delivery, number: 2, triesBefore: 0 });
    });

    it('lets a person have a waiting delivery tried at once', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const claimed = await claimOne();
      await bench.finish(claimed, failedUntil(bench.clock.at + 60_000));
      expect(await bench.store.write('changeDelivery', { delivery: claimed.delivery, to: 'retry', by: 'ann' })).toBe(
        'changed',
      );
      expect(await claimOne()).toMatchObject({ number: 2, triesBefore: 1 });
    });

    it('cancels a live delivery for good; what its attempt comes to is still recorded', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const claimed = await claimOne();
      const cancel = { delivery: claimed.delivery, to: 'cancel', by: 'ann' } as const;
      expect(await bench.store.write('changeDelivery', cancel)).toBe('changed');
      expect((await bench.finish(claimed)).fencedOut).toEqual([claimed.delivery]);
      const delivery = await bench.delivery(claimed.delivery);
      expect(delivery.state).toBe('canceled');
      expect(only(delivery.tries).step).toBe('confirmed');
      expect(await bench.store.write('changeDelivery', cancel)).toBe('state');
      expect(await bench.store.write('changeDelivery', { ...cancel, to: 'retry' })).toBe('state');
      expect(await bench.store.write('changeDelivery', { ...cancel, delivery: asId.delivery('dlv_x') })).toBe(
        'unknown',
      );
    });

    it('records a result that comes after its lease was taken over, and changes nothing by it', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const slow = await claimOne();
      bench.clock.at += leaseMs;
      const { claimed, rescued } = await bench.claim();
      const taker = only(claimed);
      expect(rescued).toBe(1);
      expect(taker).toMatchObject({ number: 2, triesBefore: 0 });
      const before = only((await bench.delivery(slow.delivery)).tries);
      expect(before).toMatchObject({ number: 1, step: 'total', startedAt: bench.clock.at - leaseMs });
      expect(before.error).toMatch(/^lease\.lost/);
      const late = await bench.finish(slow, { ...failedUntil(0), verdict: { is: 'dead' }, error: 'late' });
      expect(late.fencedOut).toEqual([slow.delivery]);
      expect(await bench.delivery(slow.delivery)).toMatchObject({ state: 'sending', attempts: 2 });
      await bench.finish(taker);
      const { state, tries } = await bench.delivery(slow.delivery);
      expect(state).toBe('confirmed');
      expect(tries.map(({ number, error }) => [number, error])).toEqual([
        [1, 'late'],
        [2, null],
      ]);
      expect(await bench.store.read('gauges', null)).toMatchObject({ rescuedLeases: 1 });
    });

    it('takes the result of an attempt whose lease ran out but that nobody has taken over', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const claimed = await claimOne();
      bench.clock.at += 2 * leaseMs;
      expect((await bench.finish(claimed)).fencedOut).toEqual([]);
      expect((await bench.delivery(claimed.delivery)).state).toBe('confirmed');
    });

    it('lets lost leases cost no try at first, and each further one a try', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const seen: number[] = [];
      for (let rescue = 0; rescue <= limits.freeRescues + 2; rescue += 1) {
        seen.push((await claimOne()).triesBefore);
        bench.clock.at += leaseMs;
      }
      expect(seen).toEqual([...Array.from({ length: limits.freeRescues + 1 }, () => 0), 1, 2]);
    });

    it('takes a result once, however often it is reported', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const claimed = await claimOne();
      await bench.finish(claimed, failedUntil(bench.clock.at));
      expect((await bench.finish(claimed)).fencedOut).toEqual([claimed.delivery]);
      expect(await bench.delivery(claimed.delivery)).toMatchObject({ state: 'pending', tries: [{ step: 'sent' }] });
    });

    it('takes a lease that is given back as never taken', async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const first = await claimOne();
      await bench.store.write('giveBack', [{ delivery: first.delivery, number: 1 }]);
      expect(await bench.delivery(first.delivery)).toMatchObject({ state: 'pending', attempts: 0, tries: [] });
      expect(await claimOne()).toMatchObject({ delivery: first.delivery, number: 1 });
      await bench.store.write('giveBack', [{ delivery: first.delivery, number: 7 }]);
      expect((await bench.delivery(first.delivery)).state).toBe('sending');
    });

    it('leases a delivery from birth to a node that has room, and rescues it like any other', async () => {
      const endpoint = await bench.addEndpoint();
      const born = { slots: 1, closed: [], functions: [] };
      const first = await bench.publish('O-1', { born });
      expect(only(first.born)).toMatchObject({ lane: endpoint, number: 1, leaseMs, endpoint: { id: endpoint } });
      expect(only(first.deliveries).state).toBe('sending');
      expect((await bench.claim()).claimed).toEqual([]);
      await bench.finish(only(first.born));
      const second = await bench.publish('O-2', { born });
      bench.clock.at += leaseMs;
      const { claimed, rescued } = await bench.claim();
      expect(rescued).toBe(1);
      expect(only(claimed)).toMatchObject({ delivery: only(second.born).delivery, number: 2 });
    });

    it('does not lease from birth in a lane that is paused, limited in rate, ordered, or named closed', async () => {
      const born = { slots: 100, closed: [], functions: [] };
      await bench.addEndpoint({ state: 'paused' });
      await bench.addEndpoint({ ratePerSecond: 5 });
      await bench.addEndpoint({ ordering: 'order' });
      const closed = await bench.addEndpoint();
      const open = await bench.addEndpoint();
      const published = await bench.publish('O-1', { born: { ...born, closed: [closed] } });
      expect(published.born.map(({ lane }) => lane)).toEqual([open]);
      expect(published.work).toBe(true);
    });

    it('claims a function only for a process that has it in code', async () => {
      await bench.store.write('registerHandlers', [{ merchant: shop, type: 'payment.*', name: 'mark-paid' }]);
      await bench.publish('O-1');
      await bench.publish('O-2', { type: 'refund.succeeded' });
      expect((await bench.claim()).claimed).toEqual([]);
      const backlog = await bench.store.read('handlers', { visible: null });
      expect(backlog).toEqual([
        { merchant: shop, kind: 'handler', name: 'mark-paid', type: 'payment.*', waiting: 1, dead: 0 },
      ]);
      const functions = [laneOfFunction('handler', shop, 'mark-paid')];
      expect((await bench.claim({ functions, functionSlots: { handler: 0, effect: 9 } })).claimed).toEqual([]);
      const { claimed } = await bench.claim({ functions, slots: 0 });
      expect(only(claimed)).toMatchObject({
        target: { kind: 'handler', name: 'mark-paid' },
        endpoint: null,
        leaseMs: 250 + limits.leaseMarginMs,
      });
      const again = await bench.publish('O-3', { born: { slots: 5, closed: [], functions } });
      expect(only(again.born).target).toEqual({ kind: 'handler', name: 'mark-paid' });
    });
  });
}
