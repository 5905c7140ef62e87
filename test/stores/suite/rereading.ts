import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CallbackReplay, nothingLooked, type Reread } from '../../../src/domain/callback-replay.ts';
import { asId, newId } from '../../../src/domain/ids.ts';
import { type Bench, callbackInput, openBench, type StoreFolder, shop } from '../support.ts';

/** Callbacks read again by filter, a step at a time. */
export function rereading(makeFolder: () => Promise<StoreFolder>): void {
  describe('replays of callbacks', () => {
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

    const begin = async () => {
      const at = bench.clock.at;
      const filter = { merchant: shop, account: null, provider: null, verdict: null, from: null, to: null };
      const stand = { phase: 'preview', state: 'running', cursor: null, progress: nothingLooked } as const;
      const times = { nextAt: at, createdAt: at, updatedAt: at };
      const id = newId('rpl', at, 0);
      const replay: CallbackReplay = { id, by: 'ann', filter, ratePerSecond: null, ...stand, ...times };
      await bench.store.write('addCallbackReplay', replay);
      return id;
    };
    const change = (id: CallbackReplay['id'], to: 'apply' | 'pause' | 'resume' | 'cancel') =>
      bench.store.write('changeCallbackReplay', { id, to, by: 'ann' });
    const step = (id: CallbackReplay['id'], given: object = {}) =>
      bench.store.write('stepCallbackReplay', {
        id,
        cursor: null,
        next: null,
        nextAt: bench.clock.at,
        progress: nothingLooked,
        rereads: [],
        ...given,
      });
    const replay = (id: CallbackReplay['id']) => bench.store.read('callbackReplay', id);
    const rereadOf = (id: CallbackReplay['id'], callback: string): Reread => ({
      replay: id,
      callback: asId.callback(callback),
      before: { verdict: 'unreadable', code: 'callback.malformed', reason: 'x' },
      after: { verdict: 'verified', code: null, reason: null },
      added: [{ fact: factFor('O-1'), known: false }],
      untold: [],
      told: [],
      applied: null,
    });
    const factFor = (reference: string) => {
      const { opened } = callbackInput(bench.account, bench.clock.at, [{ reference, amountMinor: 2n ** 60n }]);
      if (opened.is !== 'facts' || opened.facts[0] === undefined) throw new Error('no fact');
      return opened.facts[0];
    };

    it('rehearse a callback: the same is answered as when it is taken, and nothing is changed', async () => {
      await bench.expect('O-1');
      const input = callbackInput(bench.account, bench.clock.at, [{ reference: 'O-1' }]);
      const order = async () =>
        (await bench.store.read('order', { merchant: shop, orderNo: asId.orderNo('O-1') }))?.facts;
      const rehearsal = { ...input, isRehearsal: true } as const;
      // Beside others in the same batch, which are not undone with it.
      const [rehearsed, expectation, again] = await Promise.all([
        bench.store.decide('callback', rehearsal),
        bench.expect('O-2'),
        bench.store.decide('callback', rehearsal),
      ]);
      expect(expectation.is).toBe('created');
      expect(await order()).toEqual([]);
      expect(await bench.store.read('callback', input.callback.id)).toBeNull();
      const { verdict, orders } = await bench.store.decide('callback', input);
      expect([rehearsed, again].map((one) => ({ verdict: one.verdict, orders: one.orders }))).toEqual([
        { verdict, orders },
        { verdict, orders },
      ]);
      expect(await order()).toHaveLength(1);
    });

    it('say what a callback has told, and which keys are known', async () => {
      await bench.expect('O-1');
      const input = callbackInput(bench.account, bench.clock.at, [{ reference: 'O-1' }]);
      await bench.store.decide('callback', input);
      const { facts } = await bench.store.read('told', { callback: input.callback.id, keys: [] });
      expect(facts).toMatchObject([{ reference: 'O-1' }]);
      expect(await bench.store.read('told', { callback: asId.callback('cbk_none'), keys: ['nothing'] })).toEqual({
        facts: [],
        known: [],
      });
    });

    it('are leased to one node for a step, and to another when its time is over', async () => {
      const id = await begin();
      const lease = () => bench.store.write('leaseCallbackReplay', { id, cursor: null, until: bench.clock.at + 1000 });
      expect((await Promise.all([lease(), lease()])).toSorted()).toEqual([false, true]);
      const running = async () => (await bench.store.read('runningCallbackReplays', { at: bench.clock.at })).length;
      expect(await running()).toBe(0);
      bench.clock.at += 1000;
      expect(await running()).toBe(1);
      expect(await lease()).toBe(true);
    });

    it('record a step once, and what differs in the order of its receipt', async () => {
      const id = await begin();
      const rereads = ['cbk_3', 'cbk_2'].map((callback) => rereadOf(id, callback));
      expect(await step(id, { next: 'next', rereads })).toBe('stepped');
      expect(await step(id, { next: 'next', rereads })).toBe('stale');
      expect(await step(id, { cursor: 'next', rereads: [rereadOf(id, 'cbk_1')] })).toBe('stepped');
      expect(await replay(id)).toMatchObject({ phase: 'preview', state: 'previewed', cursor: null });
      const first = await bench.store.read('rereads', { replay: id, before: null, most: 2 });
      expect(first).toEqual(rereads);
      expect(await bench.store.read('rereads', { replay: id, before: asId.callback('cbk_2'), most: 2 })).toEqual([
        rereadOf(id, 'cbk_1'),
      ]);
      const oldest = await bench.store.read('rereadsAfter', { replay: id, after: null, most: 2 });
      expect(oldest.map(({ callback }) => callback)).toEqual(['cbk_1', 'cbk_2']);
    });

    it('are applied when a person says so, and keep what that came to beside the preview', async () => {
      const id = await begin();
      expect(await change(id, 'apply')).toBe('state');
      await step(id, { rereads: [rereadOf(id, 'cbk_1')] });
      expect(await change(id, 'pause')).toBe('state');
      expect(await change(id, 'apply')).toBe('changed');
      expect(await replay(id)).toMatchObject({ phase: 'apply', state: 'running', cursor: null });
      const applied = {
        is: 'read',
        at: 5,
        verdict: 'parked',
        code: null,
        reason: 'y',
        added: [factFor('O-1')],
      } as const;
      expect(await change(id, 'pause')).toBe('changed');
      // A step that was under way is recorded, and the replay still stands where it was paused.
      const done = { ...rereadOf(id, 'cbk_1'), applied };
      expect(await step(id, { next: 'cbk_1', rereads: [done] })).toBe('stepped');
      expect(await replay(id)).toMatchObject({ state: 'paused', cursor: 'cbk_1' });
      expect(await bench.store.read('rereads', { replay: id, before: null, most: 5 })).toEqual([done]);
      await change(id, 'resume');
      await step(id, { cursor: 'cbk_1' });
      expect(await replay(id)).toMatchObject({ phase: 'apply', state: 'done' });
      expect(await change(id, 'cancel')).toBe('state');
      const page = { limit: 5, cursor: null };
      expect((await bench.store.read('callbackReplays', { ...page, visible: [shop] })).data).toHaveLength(1);
      expect((await bench.store.read('callbackReplays', { ...page, visible: [] })).data).toEqual([]);
      expect((await bench.store.read('replays', { ...page, visible: null })).data).toEqual([]);
    });
  });
}
