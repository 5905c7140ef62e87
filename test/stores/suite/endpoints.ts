import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndpointId, LaneId } from '../../../src/domain/ids.ts';
import { limits } from '../../../src/domain/limits.ts';
import { type Bench, failedUntil, only, openBench, type StoreFolder, shop } from '../support.ts';

const challenge = 'c'.repeat(32);

export function endpoints(makeFolder: () => Promise<StoreFolder>): void {
  describe('the life of an endpoint', () => {
    let folder: StoreFolder;
    let bench: Bench;
    let id: EndpointId & LaneId;
    beforeEach(async () => {
      folder = await makeFolder();
      bench = await openBench(folder);
      id = await bench.addEndpoint();
    });
    afterEach(async () => {
      await bench.close();
      await folder.end();
    });

    const everything = {
      limit: 100,
      cursor: null,
      visible: null,
      merchant: null,
      by: null,
      from: null,
      to: null,
    } as const;
    const actions = async (what: string | null = null) =>
      (await bench.store.read('actions', { ...everything, subject: id, what })).data;
    const change = (state: 'enabled' | 'paused') =>
      bench.store.write('changeEndpoint', { id, by: 'ann', change: { state } });
    const publishMany = (count: number, prefix: string) =>
      Promise.all(Array.from({ length: count }, (_, index) => bench.publish(`${prefix}-${index}`)));
    const ordersOf = (claimed: readonly { notification: { orderNo: string } }[]) =>
      claimed.map(({ notification }) => notification.orderNo);
    const health = async () => {
      const found = await bench.store.read('laneHealth', id);
      if (found === null) throw new Error('there is no lane');
      return found;
    };
    /** Fails whenever something may be tried, until its budget warns of `percent`, and gives all warnings on the way. */
    const failUntilWarned = async (percent: number): Promise<number[]> => {
      const warned: number[] = [];
      for (let attempt = 1; !warned.includes(percent); attempt += 1) {
        expect(attempt).toBeLessThan(limits.failureBudgetAttempts + 60);
        for (const one of (await bench.claim()).claimed) {
          const output = await bench.finish(one, failedUntil(bench.clock.at));
          warned.push(...output.warned.map((warning) => warning.percent));
        }
        const { nextDueAt } = await bench.claim();
        bench.clock.at = Math.max(bench.clock.at + limits.failureBudgetMs / 60, nextDueAt ?? 0);
      }
      return warned;
    };

    it('warns once at each mark of the failure budget, and at the last disables and holds what it had', async () => {
      await bench.publish('O-1');
      expect(await failUntilWarned(100)).toEqual([50, 80, 100]);
      expect(await bench.store.read('endpoint', id)).toMatchObject({ state: 'disabled' });
      expect((await health()).breaker.warnings.map(({ percent }) => percent)).toEqual([50, 80, 100]);
      expect((await actions()).map(({ what, by, note }) => [what, by, note?.split(':')[0]])).toEqual([
        ['endpoint.disable', 'paidonce', '100 % of its failure budget'],
        ['endpoint.warn', 'paidonce', '80 % of its failure budget'],
        ['endpoint.warn', 'paidonce', '50 % of its failure budget'],
        ['endpoint.add', 'ann', 'https'],
      ]);
      const signals = { since: bench.clock.at - 1, before: 0 };
      expect((await bench.store.read('alertSignals', signals)).failing).toEqual([
        { endpoint: id, merchant: shop, url: 'https://shop.example/notify', percent: 100 },
      ]);
      const held = { limit: 10, cursor: null, visible: null, merchant: null, endpoint: null, orderNo: null } as const;
      for (const state of ['held', 'waiting'] as const)
        expect((await bench.store.read('deliveries', { ...held, state })).data).toHaveLength(1);
      expect((await bench.publish('O-9')).deliveries).toMatchObject([{ state: 'held' }]);
      await change('enabled');
      const probe = only((await bench.claim()).claimed);
      expect(probe.probe).toBe(true);
      expect((await bench.claim()).claimed).toEqual([]);
      await bench.finish(probe);
      expect((await bench.claim()).claimed).toHaveLength(1);
      expect((await bench.store.read('alertSignals', signals)).failing).toEqual([]);
    });

    it('forgets its warnings with a success, and warns of the next outage anew', async () => {
      await bench.publish('O-1');
      await failUntilWarned(50);
      bench.clock.at = (await bench.claim()).nextDueAt ?? bench.clock.at;
      await bench.finish(only((await bench.claim()).claimed));
      expect((await health()).breaker.warnings).toEqual([]);
      await bench.publish('O-2');
      expect(await failUntilWarned(50)).toEqual([50]);
      expect(await actions('endpoint.warn')).toHaveLength(2);
    });

    it('warns of the higher mark alone when two are passed at once', async () => {
      await publishMany(limits.failureBudgetAttempts, 'O');
      const claimed = (await bench.claim({ room: new Map([[id, limits.failureBudgetAttempts]]) })).claimed;
      for (const one of claimed) await bench.finish(one, failedUntil(bench.clock.at));
      for (let probes = claimed.length; probes < limits.failureBudgetAttempts; probes += 1) {
        bench.clock.at = (await bench.claim()).nextDueAt ?? 0;
        await bench.finish(only((await bench.claim()).claimed), failedUntil(bench.clock.at));
      }
      bench.clock.at += limits.failureBudgetMs * 0.9;
      const late = await bench.finish(only((await bench.claim()).claimed), failedUntil(bench.clock.at));
      expect(late.warned).toEqual([{ endpoint: id, percent: 80 }]);
      expect(await actions('endpoint.warn')).toHaveLength(1);
    });

    it('lets out slowly, and ever faster, what waited, and what is new before it', async () => {
      await change('paused');
      const count = 300;
      await publishMany(count, 'old');
      await change('enabled');
      expect((await health()).draining).toEqual({ since: bench.clock.at, left: count });
      const start = bench.clock.at;
      let sent = 0;
      let lastSent = 0;
      const perSecond: number[] = [];
      for (let second = 0; sent < count; second += 1) {
        expect(second).toBeLessThan(60);
        if (second === 3) {
          await publishMany(4, 'new');
          const { claimed } = await bench.claim();
          expect(ordersOf(claimed).slice(0, 4).sort()).toEqual(['new-0', 'new-1', 'new-2', 'new-3']);
          sent += claimed.length - 4;
          for (const one of claimed) await bench.finish(one);
        }
        while (bench.clock.at < start + (second + 1) * 1000) {
          const { claimed, nextDueAt } = await bench.claim();
          sent += claimed.length;
          for (const one of claimed) await bench.finish(one);
          bench.clock.at = Math.min(Math.max(nextDueAt ?? 0, bench.clock.at + 1), start + (second + 1) * 1000);
        }
        perSecond.push(sent - lastSent);
        lastSent = sent;
      }
      expect(perSecond[1]).toBeLessThan(limits.drainPerSecond * 1.5);
      expect(perSecond[10]).toBeGreaterThan(limits.drainPerSecond * 3);
      expect(perSecond.length).toBeGreaterThan(10);
      expect((await health()).draining).toBeNull();
    });

    it('changes its URL when the challenge was answered, and not before', async () => {
      const asked = { url: 'https://new.example/', challenge, by: 'ann' };
      expect(await bench.store.write('askUrl', { id, change: asked })).toMatchObject({
        url: 'https://shop.example/notify',
        urlChange: { ...asked, tries: 1, failure: null, askedAt: bench.clock.at },
      });
      await bench.publish('O-1');
      expect(only((await bench.claim()).claimed).endpoint?.url).toBe('https://shop.example/notify');
      const settle = { id, challenge, version: 1, failure: null };
      expect(await bench.store.write('settleUrl', settle)).toMatchObject({ url: asked.url, urlChange: null });
      await bench.publish('O-2');
      expect(only((await bench.claim()).claimed).endpoint?.url).toBe(asked.url);
      const note = `https://shop.example/notify -> ${asked.url}`;
      expect(await actions()).toMatchObject([
        { what: 'endpoint.change_url', by: 'ann', note, at: bench.clock.at },
        { what: 'endpoint.ask_url', by: 'ann', note },
        { what: 'endpoint.add', by: 'ann' },
      ]);
    });

    it.each([
      ['failed', { failure: 'HTTP 404' }, 'HTTP 404'],
      ['secrets that changed meanwhile', { version: 7 }, 'the secrets of the endpoint were changed meanwhile'],
      ['came too late', { afterMs: limits.urlChangeMs }, 'it answered too late'],
    ])('keeps its URL and says why: %s', async (_, how, why) => {
      const { failure, version, afterMs } = { failure: null, version: 1, afterMs: 0, ...how };
      await bench.store.write('askUrl', { id, change: { url: 'https://new.example/', challenge, by: 'ann' } });
      bench.clock.at += afterMs;
      const settled = await bench.store.write('settleUrl', { id, challenge, version, failure });
      expect(settled).toMatchObject({ url: 'https://shop.example/notify', urlChange: { failure: why } });
      expect(await bench.store.read('endpoint', id)).toEqual(settled);
      expect(only(await actions('endpoint.refuse_url')).note).toContain(why);
      const again = { url: 'https://new.example/', challenge: 'd'.repeat(32), by: 'bob' };
      expect(await bench.store.write('askUrl', { id, change: again })).toMatchObject({
        urlChange: { tries: 2, failure: null },
      });
    });

    it('lets the later of two changes win: the answer to the earlier is void', async () => {
      await bench.store.write('askUrl', { id, change: { url: 'https://one.example/', challenge, by: 'ann' } });
      const later = { url: 'https://two.example/', challenge: 'd'.repeat(32), by: 'bob' };
      await bench.store.write('askUrl', { id, change: later });
      const early = await bench.store.write('settleUrl', { id, challenge, version: 1, failure: null });
      expect(early).toMatchObject({ url: 'https://shop.example/notify', urlChange: later });
      const settle = { id, challenge: later.challenge, version: 1, failure: null };
      expect(await bench.store.write('settleUrl', settle)).toMatchObject({ url: later.url });
      expect(await actions('endpoint.change_url')).toMatchObject([{ by: 'bob' }]);
    });

    it('probes a new URL where the old one had failed, and stays disabled where it was', async () => {
      await bench.publish('O-1');
      await failUntilWarned(100);
      await bench.store.write('forceUrl', { id, url: 'https://new.example/', by: 'ann', note: 'moved' });
      expect(await bench.store.read('endpoint', id)).toMatchObject({ state: 'disabled', url: 'https://new.example/' });
      expect((await bench.claim()).claimed).toEqual([]);
      await change('enabled');
      expect(only((await bench.claim()).claimed)).toMatchObject({
        probe: true,
        endpoint: { url: 'https://new.example/' },
      });
      expect(only(await actions('endpoint.change_url')).note).toMatch(/unasked: moved$/);
    });

    it('finds the endpoints whose older secrets end, and changes secrets only as they were read', async () => {
      const until = bench.clock.at + 1000;
      const secrets = { credentials: { version: 2, sealed: new Uint8Array([9]) }, previousUntil: until };
      const write = { id, by: 'ann', change: secrets };
      expect(await bench.store.write('changeEndpoint', { ...write, version: 7 })).toBe(false);
      expect(await bench.store.write('changeEndpoint', { ...write, version: 1 })).toBe(true);
      expect(await bench.store.read('endpointsToFinish', { at: until - 1 })).toEqual([]);
      expect(await bench.store.read('endpointsToFinish', { at: until })).toMatchObject([{ id, previousUntil: until }]);
      await bench.store.write('removeEndpoint', { id, by: 'ann' });
      expect(await bench.store.read('endpointsToFinish', { at: until })).toEqual([]);
    });
  });
}
