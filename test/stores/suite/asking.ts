import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/domain/fact.ts';
import { type AccountId, asId, newId } from '../../../src/domain/ids.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { AnsweredInput } from '../../../src/stores/decisions.ts';
import type { ClaimedAsks } from '../../../src/stores/kept.ts';
import { type Bench, bucket, callbackInput, factOf, only, openBench, type StoreFolder, shop } from '../support.ts';

/** What providers are asked: durable, leased, and ended by an answer. */
export function asking(makeFolder: () => Promise<StoreFolder>): void {
  describe('asks', () => {
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

    const readBack = { is: 'verdict', verdict: 'parked', nonce: null } as const;
    const later = (ms: number) => {
      bench.clock.at += ms;
    };
    const claim = async (most = 16) => (await bench.store.write('claimAsks', { most })).claimed;
    const release = ({ account, lease }: ClaimedAsks, freeAt = bench.clock.at) =>
      bench.store.write('releaseAsks', { account, lease, freeAt });
    const answer = (ask: AnsweredInput['ask'], facts: readonly Partial<Fact>[], change: Partial<AnsweredInput> = {}) =>
      bench.store.decide('answered', {
        ask,
        came: { is: 'told', unknown: 0 },
        answer: 'final',
        facts: facts.map((fact) => factOf(bench.account, bench.clock.at, fact)),
        denied: [],
        withoutOrder: 'park',
        expectations: [],
        born: null,
        ...change,
      });
    const askAbout = async (id: string, account: AccountId = bench.account) => {
      const input = callbackInput(account, bench.clock.at, [], { id: asId.callback(id), opened: readBack });
      await bench.store.decide('callback', input);
      return input.callback.id;
    };
    const callback = async (id: string) => {
      const found = await bench.store.read('callback', asId.callback(id));
      if (found === null) throw new Error(`no callback ${id}`);
      return found;
    };
    const order = async (orderNo: string) => {
      const found = await bench.store.read('order', { merchant: shop, orderNo: asId.orderNo(orderNo) });
      if (found === null) throw new Error(`no order ${orderNo}`);
      return found;
    };
    const asksOf = async (orderNo: string) => (await bench.store.read('history', (await order(orderNo)).order.id)).asks;
    const askNow = (orderNo: string) =>
      bench.store.decide('ask', { merchant: shop, orderNo: asId.orderNo(orderNo), by: 'ann' });
    const canBeAsked = (account = bench.account, asked = true) =>
      bench.store.write('markAsked', { merchant: shop, account, asked });

    it('begin in the transaction that keeps a callback, and end in the one that takes what was told into effect', async () => {
      await bench.expect('O-1');
      await askAbout('cbk_1');
      const claimed = only(await claim());
      const ask = only(claimed.asks);
      expect(ask).toMatchObject({ reason: 'callback', subject: 'cbk_1', tries: 0 });
      expect(await answer(ask, [{ reference: 'O-1' }])).toMatchObject({ found: true, nextAt: null });
      expect(await callback('cbk_1')).toMatchObject({ verdict: 'verified', reason: null });
      const { order: paid, facts } = await order('O-1');
      expect(paid.status).toBe('paid');
      expect(only(only(facts).sightings)).toMatchObject({ source: 'query', callback: 'cbk_1' });
      await release(claimed);
      expect(await bench.store.write('claimAsks', { most: 16 })).toMatchObject({ claimed: [], nextDueAt: null });
    });

    it('end a callback as parked, duplicate or refused, as what was told says', async () => {
      for (const id of ['cbk_1', 'cbk_2', 'cbk_3', 'cbk_4']) await askAbout(id);
      const take = async () => {
        const claimed = only(await claim());
        await release(claimed);
        return claimed.asks;
      };
      const all = [...(await take())];
      const [parked, known] = all;
      if (parked === undefined || known === undefined) throw new Error('two asks of an account are claimed at once');
      expect(await answer(parked, [{ reference: 'O-9' }])).toMatchObject({
        parked: [{ account: bench.account, reference: 'O-9' }],
      });
      await answer(known, [{ reference: 'O-9' }]);
      expect(await callback('cbk_1')).toMatchObject({ verdict: 'parked', reason: 'its order is not known yet' });
      expect(await callback('cbk_2')).toMatchObject({ verdict: 'duplicate' });
      await bench.expect('O-9');
      expect(await callback('cbk_1')).toMatchObject({ verdict: 'verified' });
      const [missing, gone] = await take();
      if (missing === undefined || gone === undefined) throw new Error('two asks are left');
      await answer(gone, [], { came: { is: 'gone' }, answer: 'the account is gone' });
      expect(await callback('cbk_4')).toMatchObject({
        verdict: 'refused',
        code: 'callback.not_confirmed',
        reason: 'the account is gone',
      });
      const notFound = { came: { is: 'told', unknown: 1 }, answer: 'not found' } as const;
      const { nextAt } = await answer(missing, [], notFound);
      expect(nextAt).toBe(bench.clock.at + 5000);
      expect((await callback('cbk_3')).reason).toBe('waits to be read back; after try 1: not found');
      later(limits.notFoundMs);
      const again = only(await take());
      expect(again).toMatchObject({ subject: 'cbk_3', tries: 1, dueAt: nextAt });
      expect(await answer(again, [], notFound)).toMatchObject({ nextAt: null });
      expect(await callback('cbk_3')).toMatchObject({ verdict: 'refused', code: 'callback.not_confirmed' });
    });

    it('never give up a callback that the provider could not be asked about', async () => {
      await askAbout('cbk_1');
      const failed = { came: { is: 'failed' }, answer: 'provider.unreachable: no answer' } as const;
      const gaps: number[] = [];
      for (let tries = 1; tries < 9; tries += 1) {
        const claimed = only(await claim());
        const { nextAt } = await answer(only(claimed.asks), [], failed);
        await release(claimed);
        gaps.push(((nextAt ?? 0) - bench.clock.at) / 1000);
        bench.clock.at = nextAt ?? 0;
      }
      expect(gaps).toEqual([5, 15, 60, 300, 1800, 3600, 3600, 3600]);
      expect(await callback('cbk_1')).toMatchObject({
        verdict: 'parked',
        reason: 'waits to be read back; after try 8: provider.unreachable: no answer',
      });
      expect(await bench.store.read('gauges', null)).toMatchObject({ asks: 1, oldestAskDueAt: bench.clock.at });
    });

    it('of one account are leased to one at a time, a few at once, and to others when the lease ends', async () => {
      for (const id of ['cbk_1', 'cbk_2', 'cbk_3']) await askAbout(id);
      const first = only(await claim());
      expect(first.asks.map(({ subject }) => subject)).toEqual(['cbk_1', 'cbk_2']);
      await askAbout('cbk_4');
      expect(await claim()).toEqual([]);
      later(first.leaseMs);
      const second = only(await claim());
      expect(second.asks).toEqual(first.asks);
      // A lease that ended frees nothing.
      await release(first);
      expect(await claim()).toEqual([]);
      for (const ask of second.asks) await answer(ask, []);
      await release(second, bench.clock.at + 400);
      expect(await claim()).toEqual([]);
      later(400);
      expect(only(await claim()).asks.map(({ subject }) => subject)).toEqual(['cbk_3', 'cbk_4']);
    });

    it('wait while somebody asks the account who cannot wait, and that one while they are asked', async () => {
      const { account } = bench;
      const claimAccount = () => bench.store.write('claimAccount', { merchant: shop, account, leaseMs: 5000 });
      const free = await claimAccount();
      if (free === null) throw new Error('nobody asks the account');
      expect(await claimAccount()).toBeNull();
      await askAbout('cbk_1');
      expect(await claim()).toEqual([]);
      await bench.store.write('releaseAsks', { account, lease: free.lease, freeAt: bench.clock.at + 400 });
      expect(await claimAccount()).toBeNull();
      later(400);
      const claimed = only(await claim());
      expect(await claimAccount()).toBeNull();
      await release(claimed);
      const lapsed = await claimAccount();
      expect(lapsed).toMatchObject({ at: bench.clock.at });
      later(5000);
      expect(await claim()).toHaveLength(1);
    });

    it('of an account that has many do not delay those of another', async () => {
      for (let index = 0; index < 20; index += 1) await askAbout(`cbk_many_${index}`);
      later(1);
      const other = newId('acc', bench.clock.at, bucket);
      await askAbout('cbk_other', other);
      const turns: AccountId[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        later(1);
        const claimed = only(await claim(1));
        turns.push(claimed.account);
        for (const ask of claimed.asks) await answer(ask, []);
        await release(claimed, bench.clock.at);
      }
      expect(turns).toEqual([bench.account, other, bench.account]);
    });

    it('sweep orders at accounts that can be asked, and leave no trace at others', async () => {
      await bench.expect('O-1');
      expect(await asksOf('O-1')).toEqual([]);
      await canBeAsked();
      await bench.expect('O-2');
      const ask = only(await asksOf('O-2'));
      expect(ask).toMatchObject({ account: bench.account, reason: 'sweep', dueAt: bench.clock.at + 15_000 });
      later(15_000);
      const claimed = only(await claim());
      expect(await answer(only(claimed.asks), [])).toMatchObject({ nextAt: bench.clock.at + 15_000 });
      await release(claimed);
      later(15_000);
      const found = only(await claim());
      expect(await answer(only(found.asks), [{ reference: 'O-2' }])).toMatchObject({ found: true, nextAt: null });
      const paid = await bench.store.read('orderById', (await order('O-2')).order.id);
      expect(paid).toMatchObject({ order: { orderNo: 'O-2', status: 'paid' }, facts: [{ source: 'query' }] });
      expect(await bench.store.read('orderById', asId.order('ord_none'))).toBeNull();
      expect(await asksOf('O-2')).toEqual([]);
      await canBeAsked(bench.account, false);
      await bench.expect('O-3');
      expect(await asksOf('O-3')).toEqual([]);
    });

    it('that somebody waits for go before what is only looked at', async () => {
      await canBeAsked();
      for (const orderNo of ['O-1', 'O-2', 'O-3']) await bench.expect(orderNo);
      later(15_000);
      await askNow('O-3');
      await askAbout('cbk_1');
      const first = only(await claim());
      expect(first.asks.map(({ reason }) => reason).sort()).toEqual(['callback', 'person']);
      for (const ask of first.asks) await answer(ask, []);
      await release(first);
      expect(only(await claim()).asks.map(({ reason }) => reason)).toEqual(['sweep', 'sweep']);
    });

    it('end with what they were for, told by whomever', async () => {
      await canBeAsked();
      await bench.expect('O-1');
      expect(await asksOf('O-1')).toHaveLength(1);
      await bench.callback([{ reference: 'O-1' }]);
      expect(await asksOf('O-1')).toEqual([]);
    });

    it('go on for a refund that is pending, and hear the same again without a new sighting', async () => {
      await canBeAsked();
      await bench.expect('O-1');
      const paid = { reference: 'O-1', paymentId: 'p-1', operationId: 'p-1' };
      await bench.callback([paid, { ...paid, kind: 'refund_pending', operationId: 'r-1' }]);
      const ask = only(await asksOf('O-1'));
      expect(await answer(ask, [paid])).toMatchObject({ found: false, nextAt: bench.clock.at + 15_000 });
      const again = only(await asksOf('O-1'));
      await answer(again, [paid]);
      const { facts } = await order('O-1');
      expect(facts.find(({ kind }) => kind === 'captured')?.sightings).toHaveLength(2);
      const last = only(await asksOf('O-1'));
      const refund = { ...paid, kind: 'refunded', operationId: 'r-1' } as const;
      expect(await answer(last, [refund])).toMatchObject({ found: true, nextAt: null });
    });

    it('a person wants come at once, one for each account, and again where they are wanted while they are asked', async () => {
      await bench.expect('O-1');
      expect(await askNow('O-none')).toEqual({ is: 'order_unknown' });
      expect(await askNow('O-1')).toEqual({ is: 'cannot_ask' });
      await canBeAsked();
      expect(await askNow('O-1')).toEqual({ is: 'asked' });
      later(1);
      await askNow('O-1');
      const ask = only(await asksOf('O-1'));
      expect(ask).toMatchObject({ reason: 'person' });
      later(1);
      const claimed = only(await claim());
      await askNow('O-1');
      const wanted = bench.clock.at;
      expect(await answer(only(claimed.asks), [])).toMatchObject({ nextAt: wanted });
      await release(claimed);
      const again = only(only(await claim()).asks);
      const { nextAt } = await answer(again, [], { came: { is: 'told', unknown: 1 }, answer: 'not found' });
      expect(nextAt).toBeGreaterThan(wanted);
      const { actions } = await bench.store.read('history', (await order('O-1')).order.id);
      expect(actions.map(({ what, note }) => [what, note])).toEqual([
        ['order.query', null],
        ['order.query', null],
        ['order.query', null],
        ['order.asked', `not found (account ${bench.account})`],
      ]);
      expect(only(await asksOf('O-1'))).toMatchObject({ reason: 'sweep', tries: 2, answer: 'not found' });
    });

    it('of a closed order close it at the providers', async () => {
      await canBeAsked();
      await bench.expect('O-1');
      const action = { is: 'close', orderNo: asId.orderNo('O-1') } as const;
      await bench.store.decide('act', { merchant: shop, by: 'ada', note: 'why', born: null, action });
      expect(only(await asksOf('O-1'))).toMatchObject({ reason: 'close', dueAt: bench.clock.at });
      await askNow('O-1');
      expect(only(await asksOf('O-1'))).toMatchObject({ reason: 'close' });
    });

    it('of a refund begin with the action, are part of the order’s history, and keep their reason over a failure', async () => {
      await bench.expect('O-1');
      const paid = { reference: 'O-1' } as const;
      await bench.callback([{ ...paid, paymentId: 'p-1', operationId: 'p-1' }]);
      await bench.callback([{ ...paid, paymentId: 'p-2', operationId: 'p-2' }]);
      const { id } = only((await order('O-1')).discrepancies);
      const action = { is: 'resolve', discrepancy: id, with: 'refund', amountMinor: null } as const;
      const refund = () => bench.store.decide('act', { merchant: shop, by: 'ann', note: 'why', born: null, action });
      expect(await refund()).toMatchObject({ is: 'done' });
      expect(await refund()).toMatchObject({ is: 'does_not_fit' });
      const ask = only(await asksOf('O-1'));
      expect(ask).toMatchObject({ reason: 'refund', subject: id, dueAt: bench.clock.at });
      const claimed = only(await claim());
      const failed = { came: { is: 'failed' }, answer: 'provider.unreachable: no answer' } as const;
      const { nextAt } = await answer(only(claimed.asks), [], failed);
      expect(nextAt).toBe(bench.clock.at + 5000);
      await release(claimed);
      const again = only(await asksOf('O-1'));
      expect(again).toMatchObject({ reason: 'refund', since: ask.since, tries: 1 });
      const refunded = { ...paid, kind: 'refunded', paymentId: 'p-2', operationId: 'r-1' } as const;
      expect(await answer(again, [refunded])).toMatchObject({ found: true, nextAt: null });
      expect(only((await order('O-1')).discrepancies)).toMatchObject({ id, state: 'resolved' });
      const { actions, asks } = await bench.store.read('history', (await order('O-1')).order.id);
      expect(actions.map(({ what }) => what)).toEqual(['discrepancy.refund', 'discrepancy.refund_asked']);
      expect(asks).toEqual([]);
    });

    it('end with a trace when the order is over and nobody answers for a day', async () => {
      await canBeAsked();
      await bench.expect('O-1', { expiresAt: bench.clock.at + 10_000 });
      later(10_000 + limits.askOverdueMs);
      const failed = { came: { is: 'failed' }, answer: 'provider.refused: key revoked' } as const;
      expect(await answer(only(await asksOf('O-1')), [], failed)).toMatchObject({ nextAt: null });
      const { actions } = await bench.store.read('history', (await order('O-1')).order.id);
      expect(only(actions)).toMatchObject({
        what: 'order.ask_given_up',
        note: `provider.refused: key revoked (account ${bench.account})`,
      });
    });

    it('of an account that is removed sweep no more orders', async () => {
      await canBeAsked();
      expect((await bench.store.read('merchant', shop))?.askedAccounts).toEqual([bench.account]);
      await bench.store.write('removeAccount', { id: bench.account, by: 'ann' });
      expect((await bench.store.read('merchant', shop))?.askedAccounts).toEqual([]);
    });

    it('keep the bytes that they need', async () => {
      await askAbout('cbk_1');
      later(200 * 86_400_000);
      const bytesBefore = bench.clock.at;
      await bench.store.write('retain', {
        bytesBefore,
        noncesBefore: 0,
        idempotencyBefore: 0,
        commitsBefore: 0,
        reconciliationsBefore: 0,
        ordersBefore: 0,
      });
      expect((await callback('cbk_1')).method).not.toBe('');
    });
  });
}
