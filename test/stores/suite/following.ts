import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MadeKind, madeKinds } from '../../../src/domain/made.ts';
import type { Commit } from '../../../src/stores/reads.ts';
import { eventually } from '../../support/eventually.ts';
import { type Bench, failedUntil, only, openBench, type StoreFolder } from '../support.ts';

export function following(makeFolder: () => Promise<StoreFolder>): void {
  describe('following commits', () => {
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

    const read = (from: number, change: { most?: number; kinds?: readonly MadeKind[] } = {}) =>
      bench.store.read('commits', { from, most: 100, kinds: madeKinds, ...change });
    const newest = () => bench.store.read('newestCommit', null);
    /** Once so many things are to be seen: on PostgreSQL what others run on the same server holds them up. */
    const seen = async (from: number, things: number, change: Parameters<typeof read>[1] = {}) => {
      await eventually(async () => (await read(from, change)).flatMap(({ made }) => made).length >= things);
      return read(from, change);
    };
    const said = (commits: readonly Commit[]) =>
      commits.flatMap(({ made }) => made.map((one) => (one === null ? null : `${one.is} ${one.orderNo}`)));

    it('begins with a commit that made nothing, so that there always is a place', async () => {
      const first = await newest();
      expect(await read(first.commit)).toEqual([{ ...first, made: [] }]);
      expect(await read(first.commit + 1)).toEqual([]);
    });

    it('shows what each commit made, in order, as it is now', async () => {
      await bench.addEndpoint();
      await bench.expect('O-1');
      const { commit } = await newest();
      await bench.callback([{ reference: 'O-1' }]);
      const claimed = only((await bench.claim()).claimed);
      await bench.finish(claimed, failedUntil(bench.clock.at));
      await bench.finish(only((await bench.claim()).claimed));
      await bench.publish('O-2');
      const commits = await seen(commit + 1, 6);
      expect(said(commits)).toEqual([
        'callback null',
        'fact O-1',
        'notification O-1',
        'attempt O-1',
        'attempt O-1',
        'notification O-2',
      ]);
      const [received, ...tried] = commits;
      expect(received?.made[1]).toMatchObject({ callback: Object(received?.made[0]).callback.id });
      const attempts = tried.flatMap(({ made }) => made).filter((one) => one?.is === 'attempt');
      expect(attempts.map(({ attempt, delivery }) => [attempt.number, delivery.state])).toEqual([
        [1, 'confirmed'],
        [2, 'confirmed'],
      ]);
      expect(attempts[0]?.attempt).not.toHaveProperty('response');
    });

    it('shows a discrepancy again with every change', async () => {
      await bench.expect('O-1');
      const { commit } = await newest();
      await bench.callback([{ reference: 'O-1', amountMinor: 150n }]);
      await bench.callback([
        { reference: 'O-1', kind: 'refunded', amountMinor: 50n, operationId: 'back', paymentId: 'pay-O-1' },
      ]);
      const states = (await seen(commit + 1, 8)).flatMap(({ made }) =>
        made.flatMap((one) => (one?.is === 'discrepancy' ? [one.discrepancy.state] : [])),
      );
      expect(states).toEqual(['resolved', 'resolved']);
    });

    it('reads only the kinds that are asked for, and says where the others were', async () => {
      const { commit } = await newest();
      await bench.callback([{ reference: 'O-1' }]);
      await bench.publish('O-2');
      const commits = await seen(commit + 1, 3, { kinds: ['notification'] });
      expect(said(commits)).toEqual([null, null, 'notification O-2']);
    });

    it('goes on from any commit, as far as it is told', async () => {
      const { commit } = await newest();
      for (const orderNo of ['O-1', 'O-2', 'O-3']) await bench.publish(orderNo);
      const [first, second] = (await seen(commit + 1, 3)).slice(0, 2);
      expect(await read(commit + 1, { most: 2 })).toEqual([first, second]);
      expect(said([first, second].flatMap((one) => one ?? []))).toEqual(['notification O-1', 'notification O-2']);
      expect(said(await read((second?.commit ?? 0) + 1))).toEqual(['notification O-3']);
      expect(new Set((await read(commit)).map(({ digest }) => digest)).size).toBe(4);
    });

    it('forgets what is too old, but never the newest commit', async () => {
      const before = await newest();
      await bench.publish('O-1');
      bench.clock.at += 1000;
      await bench.publish('O-2');
      const last = (await seen(before.commit + 1, 2)).at(-1) ?? before;
      const history = { bytesBefore: 0, noncesBefore: 0, idempotencyBefore: 0, ordersBefore: 0 };
      await bench.store.write('retain', { ...history, reconciliationsBefore: 0, commitsBefore: bench.clock.at });
      expect(said(await read(0))).toEqual(['notification O-2']);
      await bench.store.write('retain', {
        ...history,
        reconciliationsBefore: 0,
        commitsBefore: bench.clock.at + 1_000_000_000_000,
      });
      expect((await read(before.commit)).map(({ commit }) => commit)).toEqual([last.commit]);
    });
  });
}
