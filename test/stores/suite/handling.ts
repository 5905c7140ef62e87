import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { laneOfFunction } from '../../../src/domain/ids.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { Claimed } from '../../../src/stores/kept.ts';
import type { Handled, Transaction } from '../../../src/stores/store.ts';
import {
  type Bench,
  claimInput,
  failedUntil,
  finishedOf,
  only,
  openBench,
  type StoreFolder,
  shop,
} from '../support.ts';

const functions = [laneOfFunction('handler', shop, 'mark-paid'), laneOfFunction('effect', shop, 'coupon')];

export function handling(makeFolder: () => Promise<StoreFolder>): void {
  describe('handling', () => {
    let folder: StoreFolder;
    let bench: Bench;
    beforeEach(async () => {
      folder = await makeFolder();
      bench = await openBench(folder);
      await bench.store.write('registerHandlers', [{ merchant: shop, type: '*', name: 'mark-paid' }]);
      await bench.store.transact(async (tx) => {
        await tx.query('create table shop_orders (no text, state text)');
      });
    });
    afterEach(async () => {
      await bench.close();
      await folder.end();
    });

    const claimed = async (orderNo: string): Promise<Claimed> => {
      await bench.publish(orderNo);
      return only((await bench.claim({ functions })).claimed);
    };
    const handle = (claim: Claimed, run: (tx: Transaction) => Promise<void>, deadlineMs = 5000): Promise<Handled> =>
      bench.store.handle({ claimed: claim, startedAt: bench.clock.at, deadlineMs }, run);
    const rows = () =>
      bench.store.transact(async (tx) => (await tx.query('select no, state from shop_orders order by no')).rows);
    const markPaid = (no: string) => async (tx: Transaction) => {
      await tx.query('insert into shop_orders (no, state) values ($1, $2)', [no, 'paid']);
    };

    it('commits what the handler wrote together with the mark that it ran', async () => {
      const claim = await claimed('O-1');
      expect(await handle(claim, markPaid('O-1'))).toEqual({ is: 'committed', work: false });
      expect(await rows()).toEqual([{ no: 'O-1', state: 'paid' }]);
      const delivery = await bench.delivery(claim.delivery);
      expect(delivery).toMatchObject({ state: 'confirmed', attempts: 1 });
      expect(only(delivery.tries)).toMatchObject({
        number: 1,
        step: 'confirmed',
        startedAt: bench.clock.at,
        status: null,
      });
    });

    it('rolls back what a handler that throws wrote, and leaves the delivery to be recorded as failed', async () => {
      const claim = await claimed('O-1');
      const boom = new Error('boom');
      const failed = await handle(claim, async (tx) => {
        await markPaid('O-1')(tx);
        throw boom;
      });
      expect(failed).toMatchObject({ is: 'failed', error: boom });
      expect(await rows()).toEqual([]);
      expect(await bench.delivery(claim.delivery)).toMatchObject({ state: 'sending', tries: [] });
      await bench.finish(claim, { ...failedUntil(bench.clock.at), step: 'received' });
      const again = only((await bench.claim({ functions })).claimed);
      expect(await handle(again, markPaid('O-1'))).toMatchObject({ is: 'committed' });
      expect(await rows()).toHaveLength(1);
    });

    it('runs nothing where the fence no longer holds', async () => {
      const claim = await claimed('O-1');
      bench.clock.at += claim.leaseMs;
      const taker = only((await bench.claim({ functions })).claimed);
      let runs = 0;
      const count = async () => {
        runs += 1;
      };
      expect(await handle(claim, count)).toEqual({ is: 'fenced_out' });
      expect(await handle(taker, count)).toMatchObject({ is: 'committed' });
      expect(await handle(taker, count)).toEqual({ is: 'fenced_out' });
      expect(runs).toBe(1);
    });

    it('rolls back at the deadline, and goes on', async () => {
      const claim = await claimed('O-1');
      const gate = Promise.withResolvers<void>();
      let late: Promise<unknown> = Promise.resolve();
      const stuck = async (tx: Transaction) => {
        await markPaid('O-1')(tx);
        late = gate.promise.then(() => tx.query('select 1')).catch((error: unknown) => error);
        await late;
      };
      expect(await handle(claim, stuck, 50)).toMatchObject({ is: 'failed', error: { code: 'handler.deadline' } });
      gate.resolve();
      expect(await late).toMatchObject({ code: 'handler.tx_over' });
      expect(await rows()).toEqual([]);
      expect(await handle(claim, markPaid('O-1'))).toMatchObject({ is: 'committed' });
    });

    it('does not let a handler that blocks its thread keep its transaction open', async () => {
      const claim = await claimed('O-1');
      const failed = await handle(
        claim,
        async (tx) => {
          await markPaid('O-1')(tx);
          const end = performance.now() + 300;
          while (performance.now() < end);
        },
        50,
      );
      expect(failed).toMatchObject({ is: 'failed', error: { code: 'handler.deadline' } });
      expect(await rows()).toEqual([]);
    });

    it('ends a transaction that its handler has returned from', async () => {
      let kept: Transaction | undefined;
      await handle(await claimed('O-1'), async (tx) => {
        kept = tx;
      });
      await expect(kept?.query('select 1')).rejects.toMatchObject({ code: 'handler.tx_over' });
    });

    it.each([
      'begin',
      'commit',
      'END',
      'rollback',
      '  savepoint one',
      '-- quiet\nrelease one',
      '/* quiet */ rollback to one',
      'select 1; select 2',
      "select ';'; commit",
    ])('refuses %j inside a transaction', async (sql) => {
      const run = bench.store.transact((tx) => tx.query(sql));
      await expect(run).rejects.toMatchObject({ code: 'handler.tx_control' });
    });

    it('takes a statement whose words only look like control', async () => {
      const value = await bench.store.transact(async (tx) => {
        await tx.query(`insert into shop_orders (no, state) values ('; commit', "$1") -- begin`.replace('"$1"', '$1'), [
          'x;y',
        ]);
        return only((await tx.query('select no, state from shop_orders;')).rows);
      });
      expect(value).toEqual({ no: '; commit', state: 'x;y' });
    });

    it('takes strings, numbers, bigints, booleans, null and bytes, and gives 64-bit integers as bigint', async () => {
      const row = await bench.store.transact(async (tx) => {
        await tx.query(
          'create table shop_values (big bigint, half double precision, word text, yes integer, none_at_all text, bytes bytea)',
        );
        const values = [9_007_199_254_740_993n, 0.5, 'word', 7, null, new Uint8Array([1, 2])];
        const inserted = await tx.query('insert into shop_values values ($1, $2, $3, $4, $5, $6)', values);
        expect(inserted).toMatchObject({ rows: [], rowCount: 1 });
        return only(
          (
            await tx.query('select big, half, word, none_at_all, bytes from shop_values where big = $1', [
              values[0] as bigint,
            ])
          ).rows,
        );
      });
      expect(row).toMatchObject({ big: 9_007_199_254_740_993n, half: 0.5, word: 'word', none_at_all: null });
      expect([...(row.bytes as Uint8Array)]).toEqual([1, 2]);
    });

    it('uses one parameter in several places', async () => {
      await bench.store.transact((tx) => tx.query('insert into shop_orders (no, state) values ($1, $1)', ['twice']));
      expect(await rows()).toEqual([{ no: 'twice', state: 'twice' }]);
    });

    it.each([
      ['undefined', undefined],
      ['an object', { a: 1 }],
      ['a date', new Date(0)],
      ['a list', [1]],
      ['a function', () => 1],
      ['a symbol', Symbol('x')],
    ])('refuses %s as a value', async (_, value) => {
      const run = bench.store.transact((tx) => tx.query('select $1', [value as never]));
      await expect(run).rejects.toMatchObject({ code: 'handler.value' });
    });

    it('refuses a call of the store inside a transaction without its tx, at once', async () => {
      const calls: (() => Promise<unknown>)[] = [
        () => bench.publish('O-2'),
        () => bench.store.write('claim', claimInput),
        () => bench.store.read('ready', null),
        () => bench.store.transact(async () => 1),
      ];
      const codes = await bench.store.transact(async () =>
        Promise.all(calls.map((call) => call().catch((error: { code: string }) => error.code))),
      );
      expect(codes).toEqual(calls.map(() => 'handler.outside_tx'));
    });

    it('lets what a handler started go on with the store once the transaction has ended', async () => {
      let publish: Promise<unknown> = Promise.resolve();
      const gate = Promise.withResolvers<void>();
      await handle(await claimed('O-1'), async () => {
        publish = gate.promise.then(() => bench.publish('O-2'));
      });
      gate.resolve();
      expect(await publish).toMatchObject({ is: 'accepted' });
    });

    it('queues an effect in the transaction, and has it done after the commit', async () => {
      const claim = await claimed('O-1');
      const item = {
        is: 'effect',
        merchant: shop,
        notification: claim.notification.id,
        handler: 'mark-paid',
        name: 'coupon',
        payload: '{}',
      } as const;
      const failed = await handle(claim, async (tx) => {
        await tx.enqueue(item);
        throw new Error('after all not');
      });
      expect(failed.is).toBe('failed');
      expect(await bench.store.decide('outbox', { born: null, most: 10 })).toMatchObject({ taken: 0 });
      expect(await handle(claim, (tx) => tx.enqueue(item))).toEqual({ is: 'committed', work: true });
      expect(await bench.store.read('gauges', null)).toMatchObject({ outbox: 1 });
      expect(await bench.store.decide('outbox', { born: null, most: 10 })).toMatchObject({ taken: 1, work: true });
      expect(await bench.store.decide('outbox', { born: null, most: 10 })).toMatchObject({ taken: 0 });
      const effect = only((await bench.claim({ functions })).claimed);
      expect(effect).toMatchObject({
        target: { kind: 'effect', name: 'coupon' },
        effect: { key: `${claim.notification.id}:mark-paid:coupon`, payload: '{}' },
        leaseMs: limits.effectMs + limits.leaseMarginMs,
      });
      await bench.store.write('finish', [finishedOf(effect, bench.clock.at)]);
      expect((await bench.delivery(effect.delivery)).state).toBe('confirmed');
    });

    it('commits batches between two handlers', async () => {
      const claims: Claimed[] = [];
      for (const orderNo of ['O-1', 'O-2', 'O-3']) claims.push(await claimed(orderNo));
      const gate = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const published = Promise.withResolvers<void>();
      const [first, second, third] = claims;
      if (first === undefined || second === undefined || third === undefined) throw new Error('too little was claimed');
      const handlers = [
        handle(first, () => {
          begun.resolve();
          return gate.promise;
        }),
        handle(second, async () => {}),
        // It would wait in vain, until its deadline, for a batch that waits for all handlers.
        handle(third, () => published.promise),
      ];
      await begun.promise;
      const publishing = bench.publish('O-4').then(() => published.resolve());
      gate.resolve();
      expect((await Promise.all(handlers)).map(({ is }) => is)).toEqual(['committed', 'committed', 'committed']);
      await publishing;
    });

    it('counts a handler that succeeds after failures as healthy', async () => {
      const claim = await claimed('O-1');
      for (let failure = 0; failure < limits.breakerFailures - 1; failure += 1) {
        const running = failure === 0 ? claim : only((await bench.claim({ functions })).claimed);
        await bench.finish(running, failedUntil(bench.clock.at));
      }
      await handle(only((await bench.claim({ functions })).claimed), async () => {});
      await bench.finish(await claimed('O-2'), failedUntil(bench.clock.at));
      expect((await bench.claim({ functions })).claimed).toHaveLength(1);
    });
  });
}
