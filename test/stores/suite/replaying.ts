import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EndpointId, laneOfFunction, type NotificationId, newId } from '../../../src/domain/ids.ts';
import { noProgress, type Replay } from '../../../src/domain/replay.ts';
import { type Bench, failedUntil, only, openBench, type StoreFolder, shop } from '../support.ts';

/** Notifications sent again by filter, a step at a time. */
export function replaying(makeFolder: () => Promise<StoreFolder>): void {
  describe('replays', () => {
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

    const begin = async (filter: Partial<Replay['filter']> = {}, change: Partial<Replay> = {}) => {
      const at = bench.clock.at;
      const replay: Replay = {
        id: newId('rpl', at, 0),
        by: 'ann',
        filter: { merchant: shop, endpoint: null, state: null, type: null, from: null, to: null, ...filter },
        isDryRun: false,
        forceNote: null,
        ratePerSecond: null,
        state: 'running',
        cursor: null,
        nextAt: at,
        progress: noProgress,
        createdAt: at,
        updatedAt: at,
        ...change,
      };
      await bench.store.write('addReplay', replay);
      return replay.id;
    };
    const step = (id: Replay['id'], notifications: readonly NotificationId[], change: object = {}) =>
      bench.store.decide('replay', { id, cursor: null, next: null, notifications, born: null, ...change });
    const replay = async (id: Replay['id']) => {
      const found = await bench.store.read('replay', id);
      if (found === null) throw new Error(`no replay ${id}`);
      return found;
    };
    const deliveriesOf = async (id: NotificationId) => (await bench.store.read('notification', id))?.deliveries ?? [];
    const sendOne = async (onlyEndpoint: EndpointId | null = null) => {
      const { id } = await bench.publish('O-1', { onlyEndpoint });
      return { id, claimed: only((await bench.claim()).claimed) };
    };

    it('make a new delivery beside a confirmed one, of the same notification, and count its money', async () => {
      const endpoint = await bench.addEndpoint();
      const { id, claimed } = await sendOne();
      await bench.finish(claimed);
      const job = await begin();
      expect(await step(job, [id])).toMatchObject({ is: 'stepped', work: true });
      expect((await deliveriesOf(id)).map(({ state, target }) => [state, target]).sort()).toEqual([
        ['confirmed', { kind: 'endpoint', id: endpoint }],
        ['pending', { kind: 'endpoint', id: endpoint }],
      ]);
      const { amountMinor, currency, type } = claimed.notification;
      const sums = [{ type, currency, notifications: 1, amountMinor }];
      expect(await replay(job)).toMatchObject({ state: 'done', progress: { looked: 1, added: 1, retried: 0, sums } });
      const [again] = (await bench.claim()).claimed;
      expect(again?.notification).toEqual(claimed.notification);
    });

    it('retry a dead delivery, and leave one that is under way', async () => {
      await bench.addEndpoint();
      const { id, claimed } = await sendOne();
      const under = await begin();
      await step(under, [id]);
      expect((await replay(under)).progress).toMatchObject({ added: 0, retried: 0, left: { under_way: 1 } });
      await bench.finish(claimed, { ...failedUntil(bench.clock.at), verdict: { is: 'dead' } });
      const job = await begin({ state: 'dead' });
      await step(job, [id]);
      expect((await deliveriesOf(id)).map(({ state }) => state)).toEqual(['pending']);
      expect((await replay(job)).progress).toMatchObject({ added: 0, retried: 1 });
    });

    it('reach a target that was added since, but never with what went to one endpoint as a test', async () => {
      const first = await bench.addEndpoint();
      const sent = await sendOne();
      await bench.finish(sent.claimed);
      const { id: test } = await bench.publish('test', { onlyEndpoint: first, data: '{"test":true}' });
      const later = await bench.addEndpoint();
      const job = await begin({ state: 'missing' });
      await step(job, [sent.id, test]);
      expect((await replay(job)).progress).toMatchObject({ looked: 2, added: 1 });
      expect((await deliveriesOf(sent.id)).filter(({ endpoint }) => endpoint === later)).toHaveLength(1);
      expect(await deliveriesOf(test)).toHaveLength(1);
    });

    it('do the same step only once, whoever takes it again', async () => {
      await bench.addEndpoint();
      const { id, claimed } = await sendOne();
      await bench.finish(claimed);
      const job = await begin();
      const both = await Promise.all([step(job, [id], { next: 'next' }), step(job, [id], { next: 'next' })]);
      expect(both.map(({ is }) => is).sort()).toEqual(['stale', 'stepped']);
      expect(await deliveriesOf(id)).toHaveLength(2);
      expect(await replay(job)).toMatchObject({ state: 'running', cursor: 'next' });
    });

    it('send nothing in a dry run, and count what would be sent', async () => {
      await bench.addEndpoint();
      const { id, claimed } = await sendOne();
      await bench.finish(claimed);
      const job = await begin({}, { isDryRun: true });
      expect(await step(job, [id])).toMatchObject({ is: 'stepped', work: false });
      expect((await replay(job)).progress).toMatchObject({ looked: 1, added: 1, sums: [{ notifications: 1 }] });
      expect(await deliveriesOf(id)).toHaveLength(1);
    });

    it('leave a confirmed handler unless a person forces it', async () => {
      await bench.store.write('registerHandlers', [{ merchant: shop, type: 'payment.*', name: 'mark-paid' }]);
      const { id, deliveries } = await bench.publish('O-1');
      const functions = [laneOfFunction('handler', shop, 'mark-paid')];
      const handled = only((await bench.claim({ functions, slots: 0 })).claimed);
      await bench.store.handle({ claimed: handled, startedAt: bench.clock.at, deadlineMs: 250 }, async () => {});
      expect(deliveries).toHaveLength(1);
      const plain = await begin();
      await step(plain, [id]);
      expect((await replay(plain)).progress).toMatchObject({ added: 0, left: { handler_confirmed: 1 } });
      const forced = await begin({}, { forceNote: 'its table was lost' });
      await step(forced, [id]);
      expect((await deliveriesOf(id)).map(({ state }) => state).sort()).toEqual(['confirmed', 'pending']);
    });

    it('hold their rate, are found when it lets them go on, and stand still while paused', async () => {
      await bench.addEndpoint();
      const { id, claimed } = await sendOne();
      await bench.finish(claimed);
      const job = await begin({}, { ratePerSecond: 2 });
      const running = async () =>
        (await bench.store.read('runningReplays', { at: bench.clock.at })).map((one) => one.id);
      expect(await running()).toEqual([job]);
      await step(job, [id], { next: 'next' });
      expect(await running()).toEqual([]);
      bench.clock.at += 500;
      expect(await running()).toEqual([job]);
      const change = (to: 'pause' | 'resume' | 'cancel') =>
        bench.store.write('changeReplay', { id: job, to, by: 'ann' });
      expect(await change('pause')).toBe('changed');
      expect(await running()).toEqual([]);
      expect(await step(job, [id], { cursor: 'next' })).toMatchObject({ is: 'stale' });
      expect(await change('resume')).toBe('changed');
      expect(await running()).toEqual([job]);
      expect(await change('cancel')).toBe('changed');
      expect(await change('resume')).toBe('state');
      expect((await bench.store.read('replays', { limit: 5, cursor: null, visible: [shop] })).data).toHaveLength(1);
      expect((await bench.store.read('replays', { limit: 5, cursor: null, visible: [] })).data).toEqual([]);
    });
  });
}
