import { describe, expect, it } from 'vitest';
import { crashSuite } from './crash.ts';
import { connectTo } from './databases.ts';
import { foreignPlace } from './places.ts';
import { lostCommitSuite, receiptsSuite } from './suite.ts';

/** Run by `npm run test:mysql`, not by `npm test`: no package brings a MySQL server. */
describe('receipts in MySQL', () => {
  receiptsSuite('mysql');
  lostCommitSuite('mysql');
  crashSuite('mysql');

  it.each([
    'create table shop_other (id int)',
    'truncate table shop_book',
    'set autocommit = 1',
    'lock tables shop_book write',
    '/*!50000 create table shop_other */ select 1',
    'call something()',
    'xa commit 1',
  ])('the transaction refuses %j, which could commit it', async (sql) => {
    const place = await foreignPlace('mysql');
    const { receipts, end } = connectTo(place);
    try {
      const { signal } = new AbortController();
      const taking = receipts.take({ notification: 'ntf_1', handler: 'h' }, signal, async (tx) => {
        await tx.query(sql);
        return '';
      });
      await expect(taking).rejects.toMatchObject({ code: 'handler.tx_control' });
    } finally {
      await end();
      await place.remove();
    }
  });

  it('a deadlock ends the transaction, though the handler goes on', async () => {
    const place = await foreignPlace('mysql');
    const [one, other] = [connectTo(place), connectTo(place)];
    try {
      await one.all("insert into shop_book (notification, amount) values ('a', 0), ('b', 0)");
      await one.all('alter table shop_book add primary key (notification)');
      const { signal } = new AbortController();
      const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
      const run = (index: 0 | 1, order: readonly string[]) =>
        (index === 0 ? one : other).receipts.take(
          { notification: `ntf_${index}`, handler: 'h' },
          signal,
          async (tx) => {
            const add = (at: number) =>
              tx.query('update shop_book set amount = amount + 1 where notification = ?', [order[at] ?? '']);
            await add(0);
            both[index].resolve();
            await Promise.all(both.map(({ promise }) => promise));
            await add(1).catch(() => {});
            return '';
          },
        );
      const ends = await Promise.allSettled([run(0, ['a', 'b']), run(1, ['b', 'a'])]);
      expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'handler.tx_over' } });
      expect(await one.all('select amount from shop_book')).toEqual([{ amount: 1 }, { amount: 1 }]);
    } finally {
      await one.end();
      await other.end();
      await place.remove();
    }
  });
});
