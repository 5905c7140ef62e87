import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/errors.ts';
import { once, type Receipts, type ReceiptTransaction } from '../../src/receipts.ts';
import type { SqlValue, Store } from '../../src/stores/store.ts';
import { expected, openShop, paid, platforms } from '../library/open-shop.ts';
import { eventually } from '../support/eventually.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { type Connected, connectTo, insertIntoBook, type Kind } from './databases.ts';
import { type ForeignPlace, foreignPlace } from './places.ts';

const given = platforms.hmac;
if (!given) throw new Error('a platform is missing');
const hmac = given;

/** What every kind of database must keep of the promise. */
export function receiptsSuite(kind: Kind): void {
  let place: ForeignPlace;
  let one: Connected;
  let other: Connected;
  beforeEach(async () => {
    place = await foreignPlace(kind);
    one = connectTo(place);
    other = connectTo(place);
  });
  afterEach(async () => {
    await one.end();
    await other.end();
    await place.remove();
  });

  const key = { notification: 'ntf_1', handler: 'mark-paid' };
  const insertSql = insertIntoBook(kind);
  const insert = (tx: ReceiptTransaction, amount: SqlValue = 1) => tx.query(insertSql, [key.notification, amount]);
  const booked = async () => (await other.all('select amount from shop_book')).map(({ amount }) => Number(amount));
  const take = (
    receipts: Receipts,
    work: (tx: ReceiptTransaction) => Promise<unknown>,
    signal = new AbortController().signal,
  ) =>
    receipts.take(key, signal, async (tx) => {
      await work(tx);
      return 'kept';
    });

  describe('work under a receipt', () => {
    it('is done once, and whoever comes again is told what was kept', async () => {
      expect(await take(one.receipts, insert)).toBeNull();
      expect(await take(one.receipts, insert)).toBe('kept');
      expect(await take(other.receipts, insert)).toBe('kept');
      expect(await booked()).toEqual([1]);
    });

    it('is done for each handler, and for each notification', async () => {
      const { signal } = new AbortController();
      for (const handler of ['mark-paid', 'Mark-paid', 'count'])
        for (const notification of ['ntf_1', 'ntf_2'])
          await one.receipts.take({ notification, handler }, signal, async (tx) => {
            await insert(tx);
            return '';
          });
      expect(await booked()).toHaveLength(6);
    });

    it('that throws leaves nothing, and is done the next time', async () => {
      const failing = take(one.receipts, async (tx) => {
        await insert(tx);
        throw new RangeError('no stock');
      });
      await expect(failing).rejects.toThrow('no stock');
      expect(await booked()).toEqual([]);
      expect(await take(one.receipts, insert)).toBeNull();
      expect(await booked()).toEqual([1]);
    });

    it('waits for another under the same key, and does nothing where that one commits', async () => {
      const begun = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const first = take(one.receipts, async (tx) => {
        await insert(tx);
        begun.resolve();
        await gate.promise;
      });
      await begun.promise;
      let secondIsBack = false;
      const second = take(other.receipts, insert).finally(() => {
        secondIsBack = true;
      });
      // Reading needs no turn: what is not committed yet is not seen, and the second is still out.
      expect(await booked()).toEqual([]);
      expect(secondIsBack).toBe(false);
      gate.resolve();
      expect([await first, await second]).toEqual([null, 'kept']);
      expect(await booked()).toEqual([1]);
    });

    it('is done by whoever waited where the other fails', async () => {
      const begun = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const first = take(one.receipts, async (tx) => {
        await insert(tx);
        begun.resolve();
        await gate.promise;
        throw new Error('after all not');
      });
      await begun.promise;
      const second = take(other.receipts, (tx) => insert(tx, 2));
      gate.resolve();
      await expect(first).rejects.toThrow('after all not');
      expect(await second).toBeNull();
      expect(await booked()).toEqual([2]);
    });

    it('is done once by many at the same time', async () => {
      const all = Array.from({ length: 24 }, (_, index) => take((index % 2 ? one : other).receipts, insert));
      expect((await Promise.all(all)).filter((kept) => kept === null)).toHaveLength(1);
      expect(await booked()).toEqual([1]);
    });
  });

  describe('its transaction', () => {
    it.each(['begin', 'start transaction', 'commit', 'ROLLBACK', '-- quiet\nsavepoint one', 'select 1; select 2'])(
      'refuses %j',
      async (sql) => {
        const taking = take(one.receipts, (tx) => tx.query(sql));
        // MySQL itself refuses two statements in one.
        await expect(taking).rejects.toMatchObject(
          kind === 'mysql' && sql.includes(';') ? { errno: 1064 } : { code: 'handler.tx_control' },
        );
        expect(await take(one.receipts, insert)).toBeNull();
      },
    );

    it('is revoked when the handler has returned', async () => {
      let kept: ReceiptTransaction | undefined;
      await take(one.receipts, async (tx) => {
        kept = tx;
      });
      await expect(kept?.query('select 1')).rejects.toMatchObject({ code: 'handler.tx_over' });
    });

    it('ends at the deadline, and what comes after it does nothing', async () => {
      const over = new AbortController();
      const gate = Promise.withResolvers<void>();
      const late: unknown[] = [];
      const taking = take(
        one.receipts,
        async (tx) => {
          await insert(tx);
          over.abort();
          await gate.promise;
          await insert(tx).catch((error: unknown) => late.push(error));
        },
        over.signal,
      );
      await expect(taking).rejects.toMatchObject({ code: 'handler.deadline' });
      // The late one returns while the next is in the middle of its own.
      const next = take(one.receipts, async (tx) => {
        await insert(tx, 2);
        gate.resolve();
        await eventually(async () => late.length === 1);
      });
      expect(await next).toBeNull();
      expect(late[0]).toMatchObject({ code: 'handler.tx_over' });
      expect(await booked()).toEqual([2]);
    });

    it('is not begun after the deadline, and holds no connection then', async () => {
      for (let time = 0; time < 10; time += 1)
        await expect(take(one.receipts, insert, AbortSignal.abort())).rejects.toMatchObject({
          code: 'handler.deadline',
        });
      expect(await take(one.receipts, insert)).toBeNull();
    });

    it('takes strings, numbers, bigints, booleans, null and bytes, and gives 64-bit integers as bigint', async () => {
      const big = 9_007_199_254_740_993n;
      let rows: Record<string, unknown>[] = [];
      await take(one.receipts, async (tx) => {
        expect(await insert(tx, big)).toEqual({ rows: [], rowCount: 1 });
        const { rows: found, rowCount } = await tx.query('select notification, amount from shop_book');
        expect(rowCount).toBe(1);
        rows = found;
      });
      expect(rows).toEqual([{ notification: key.notification, amount: big }]);
    });

    it.each([
      ['undefined', undefined],
      ['an object', { a: 1 }],
      ['a date', new Date(0)],
    ])('refuses %s as a value', async (_, value) => {
      await expect(
        take(one.receipts, (tx) => tx.query(insertSql, [key.notification, value as never])),
      ).rejects.toMatchObject({
        code: 'handler.value',
      });
    });

    it('is over when a statement failed, though the handler goes on', async () => {
      const taking = take(one.receipts, async (tx) => {
        await insert(tx);
        await tx.query('select nothing from nowhere').catch(() => {});
      });
      await expect(taking).rejects.toMatchObject({ code: 'handler.tx_over' });
      expect(await booked()).toEqual([]);
    });
  });

  describe('the table', () => {
    it('is made by many at once, and stays', async () => {
      await one.all('drop table paidonce_receipts');
      await Promise.all(Array.from({ length: 4 }, (_, index) => (index % 2 ? one : other).receipts.createReceipts()));
      await take(one.receipts, insert);
      await one.receipts.createReceipts();
      expect(await take(one.receipts, insert)).toBe('kept');
    });

    it('gives up what is older than was asked for, and never younger than 400 days', async () => {
      await take(one.receipts, insert);
      expect(await one.receipts.deleteReceipts({ olderThanDays: 400 })).toBe(0);
      const long = "update paidonce_receipts set done_at = '2020-01-01 00:00:00'";
      await one.all(long);
      for (const olderThanDays of [399, 0, -400, Number.NaN, 400.5])
        await expect(one.receipts.deleteReceipts({ olderThanDays })).rejects.toThrow(RangeError);
      expect(await one.receipts.deleteReceipts({ olderThanDays: 400 })).toBe(1);
    });
  });

  describe('a handler', () => {
    it('whose mark was lost after its commit does nothing the next time, and its effect is queued all the same', async () => {
      let runs = 0;
      let lost = false;
      const payloads: unknown[] = [];
      const shop = await openShop({}, (pay) => {
        const handler = once(one.receipts, async ({ tx, notification, effect }) => {
          runs += 1;
          await tx.query(insertSql, [notification.id, notification.amountMinor ?? 0n]);
          await effect('coupon', { of: notification.orderNo });
        });
        pay.on('payment.succeeded', 'mark-paid', async (context) => {
          await handler(context);
          if (lost) return;
          lost = true;
          // What a store does whose connection breaks now: nothing of its own transaction is left, and no try is used up.
          throw new AppError('store.unavailable', 'the connection is gone');
        });
        pay.effect('coupon', ({ payload }) => payloads.push(payload));
      });
      try {
        await shop.pay.expected('R-1', expected);
        await shop.send('hmac', await hmac.callback(paid('R-1')));
        await eventually(async () => lost && (await retryAll(shop.store)) && payloads.length > 0);
        expect({ runs, lost, payloads }).toEqual({ runs: 1, lost: true, payloads: [{ of: 'R-1' }] });
        expect(await booked()).toEqual([8880]);
      } finally {
        await shop.close();
      }
    });

    it('over its deadline leaves nothing there either', async () => {
      const gate = Promise.withResolvers<void>();
      let calls = 0;
      const shop = await openShop({}, (pay) => {
        pay.on(
          'payment.succeeded',
          'slow',
          once(one.receipts, async ({ tx }) => {
            calls += 1;
            await insert(tx);
            await gate.promise;
          }),
        );
      });
      try {
        await shop.pay.expected('R-2', expected);
        await shop.send('hmac', await hmac.callback(paid('R-2')));
        await eventually(async () =>
          (await shop.pay.timeline('R-2')).some(({ why }) => why.includes('handler.deadline')),
        );
        gate.resolve();
        expect(calls).toBe(1);
        expect(await booked()).toEqual([]);
      } finally {
        await shop.close();
      }
    });
  });
}

/** Nobody waits for the schedule here. */
async function retryAll(store: Store): Promise<boolean> {
  const all = { limit: 200, cursor: null, visible: null, merchant: null, endpoint: null, orderNo: null };
  const { data } = await store.read('deliveries', { ...all, state: 'pending' });
  for (const { id } of data) await store.write('changeDelivery', { delivery: id, to: 'retry', by: 'test' });
  return true;
}

/** A commit whose answer never comes; only for databases that are asked over a connection. */
export function lostCommitSuite(kind: Exclude<Kind, 'sqlite'>): void {
  it('a commit whose answer was lost is found by its receipt', async () => {
    const place = await foreignPlace(kind);
    const url = new URL(place.at);
    const proxy = await cuttingProxy(Number(url.port));
    url.port = String(proxy.port);
    const through = connectTo({ kind, at: url.href });
    const key = { notification: 'ntf_1', handler: 'mark-paid' };
    const { signal } = new AbortController();
    const work = async (tx: ReceiptTransaction) => {
      await tx.query(insertIntoBook(kind), [key.notification, 1]);
      return 'kept';
    };
    try {
      proxy.loseNextCommit();
      await expect(through.receipts.take(key, signal, work)).rejects.toThrow();
      expect(proxy.lost()).toBe(1);
      expect(await through.receipts.take(key, signal, work)).toBe('kept');
      expect(await through.all('select amount from shop_book')).toHaveLength(1);
    } finally {
      await through.end();
      proxy.close();
      await place.remove();
    }
  });
}
