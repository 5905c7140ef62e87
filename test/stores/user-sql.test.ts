import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqlite, transactionOn } from '../../src/stores/sqlite/sqlite.ts';
import { type Bench, only, openBench, shop, temporaryFolder } from './support.ts';

describe('a transaction of the user on SQLite', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let bench: Bench;
  beforeEach(async () => {
    folder = await temporaryFolder();
    bench = await openBench({ make: () => sqlite({ folder: folder.path }), end: async () => {} });
    await bench.store.transact((tx) => tx.query('create table shop_orders (no text primary key, count text)'));
  });
  afterEach(async () => {
    await bench.close();
    await folder.remove();
  });

  it('does not commit what comes after the database has rolled back by itself', async () => {
    await bench.store.transact((tx) => tx.query("insert into shop_orders (no) values ('O-1')"));
    const run = bench.store.transact(async (tx) => {
      await tx.query("insert into shop_orders (no) values ('O-2')");
      await tx.query("insert or rollback into shop_orders (no) values ('O-1')").catch(() => null);
      await tx.query("insert into shop_orders (no) values ('O-3')");
    });
    await expect(run).rejects.toMatchObject({ code: 'handler.tx_over' });
    const silent = bench.store.transact(async (tx) => {
      await tx.query("insert or rollback into shop_orders (no) values ('O-1')").catch(() => null);
    });
    await expect(silent).rejects.toMatchObject({ code: 'handler.tx_over' });
    const { rows } = await bench.store.transact((tx) => tx.query('select no from shop_orders'));
    expect(rows).toEqual([{ no: 'O-1' }]);
  });

  it('keeps a whole number as its digits in a text column, as PostgreSQL does', async () => {
    await bench.store.transact((tx) => tx.query('insert into shop_orders (no, count) values ($1, $2)', ['O-1', 3]));
    const { rows } = await bench.store.transact((tx) => tx.query('select count from shop_orders'));
    expect(only(rows)).toEqual({ count: '3' });
  });

  it('takes true and false as 1 and 0', async () => {
    const { rows } = await bench.store.transact((tx) => tx.query('select $1 as yes, $2 as no', [true, false]));
    expect(only(rows)).toEqual({ yes: 1n, no: 0n });
  });

  it.each(['attach', 'detach', 'pragma', 'vacuum', 'explain query plan pragma'])('refuses %s', async (word) => {
    const run = bench.store.transact((tx) => tx.query(`${word} x`));
    await expect(run).rejects.toMatchObject({ code: 'handler.tx_control' });
  });

  describe('on a connection of their own', () => {
    let own: DatabaseSync;
    beforeEach(() => {
      own = new DatabaseSync(join(folder.path, 'paidonce.db'), { timeout: 5000 });
    });
    afterEach(() => own.close());
    const item = (orderNo: string) => {
      const input = { merchant: shop, notification: 'ntf_x' as never, handler: 'h', name: orderNo, payload: '{}' };
      return { is: 'effect', ...input } as const;
    };

    it('leaves something in the outbox that is applied after their commit, and nothing after a rollback', async () => {
      const tx = transactionOn(own);
      own.exec('begin');
      await tx.query('insert into shop_orders (no) values ($1)', ['O-1']);
      await tx.enqueue(item('one'));
      expect(await bench.store.read('gauges', null)).toMatchObject({ outbox: 0 });
      own.exec('commit');
      expect(await bench.store.read('gauges', null)).toMatchObject({ outbox: 1 });
      own.exec('begin');
      await tx.enqueue(item('two'));
      own.exec('rollback');
      expect(await bench.store.decide('outbox', { born: null, most: 10 })).toMatchObject({ taken: 1 });
      expect(await bench.store.decide('outbox', { born: null, most: 10 })).toMatchObject({ taken: 0 });
    });

    it('refuses to do anything where no transaction is open', async () => {
      const tx = transactionOn(own);
      await expect(tx.query('select 1')).rejects.toMatchObject({ code: 'handler.outside_tx' });
      await expect(tx.enqueue(item('one'))).rejects.toMatchObject({ code: 'handler.outside_tx' });
    });
  });
});
