import { randomUUID } from 'node:crypto';
import type { Paidonce, Transaction } from 'paidonce';
import { z } from 'zod';
import { type Method, methods } from '../parts/language.ts';
import { type Good, goods } from './goods.ts';

const orderRow = z.object({
  no: z.string(),
  good: z.string(),
  quantity: z.bigint().transform(Number),
  amount_minor: z.bigint(),
  method: z.enum(methods),
  payment: z.string().nullable(),
  paid: z.bigint().transform(Number),
  failed: z.bigint().transform(Number),
  refunded_minor: z.bigint(),
  coupons: z.bigint().transform(Number),
});
export type ShopOrder = z.output<typeof orderRow>;

/** The shop's own tables. They lie in the database of Paidonce, so that one transaction covers both. */
const tables = [
  `create table if not exists shop_goods (id text primary key, stock bigint not null)`,
  `create table if not exists shop_orders (
     no text primary key, good text not null, quantity bigint not null, amount_minor bigint not null, method text not null,
     payment text, paid bigint not null default 0, failed bigint not null default 0, refunded_minor bigint not null default 0)`,
  `create table if not exists shop_coupons (idempotency_key text primary key, order_no text not null, asked bigint not null)`,
];

export async function prepareTables(pay: Paidonce): Promise<void> {
  await pay.transaction(async (tx) => {
    for (const table of tables) await tx.query(table);
    for (const { id, stock } of goods) {
      await tx.query('insert into shop_goods (id, stock) values ($1, $2) on conflict (id) do nothing', [id, stock]);
    }
  });
}

/** Null where there is not enough left. The order, and what Paidonce is to expect for it, commit together. */
export async function placeOrder(
  pay: Paidonce,
  order: { good: Good; quantity: number; method: Method },
): Promise<string | null> {
  const { good, quantity, method } = order;
  const no = `SHOP-${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  const amountMinor = good.priceMinor * BigInt(quantity);
  return pay.transaction(async (tx) => {
    const left = await tx.query('select stock from shop_goods where id = $1 and stock >= $2', [good.id, quantity]);
    if (left.rows.length === 0) return null;
    await tx.query('insert into shop_orders (no, good, quantity, amount_minor, method) values ($1, $2, $3, $4, $5)', [
      no,
      good.id,
      quantity,
      amountMinor,
      method,
    ]);
    await pay.expected(no, { amountMinor, currency: 'CNY', accounts: [method] }, { tx });
    return no;
  });
}

export async function rememberPayment(pay: Paidonce, no: string, payment: string): Promise<void> {
  await pay.transaction((tx) => tx.query('update shop_orders set payment = $2 where no = $1', [no, payment]));
}

export async function findOrder(pay: Paidonce, no: string): Promise<ShopOrder | null> {
  const { rows } = await pay.transaction((tx) =>
    tx.query(
      `select no, good, quantity, amount_minor, method, payment, paid, failed, refunded_minor,
         (select count(*) from shop_coupons where order_no = shop_orders.no) as coupons
       from shop_orders where no = $1`,
      [no],
    ),
  );
  return rows[0] === undefined ? null : orderRow.parse(rows[0]);
}

export async function stockOf(pay: Paidonce): Promise<ReadonlyMap<string, bigint>> {
  const { rows } = await pay.transaction((tx) => tx.query('select id, stock from shop_goods'));
  return new Map(
    z
      .array(z.object({ id: z.string(), stock: z.bigint() }))
      .parse(rows)
      .map(({ id, stock }) => [id, stock]),
  );
}

/** Counts, rather than sets, what happened: if a handler ever ran twice, it would show. */
export async function markPaid(tx: Transaction, no: string): Promise<void> {
  const { rows } = await tx.query('update shop_orders set paid = paid + 1 where no = $1 returning good, quantity', [
    no,
  ]);
  await moveStock(tx, no, { row: rows[0], sign: -1n });
}

export async function markFailed(tx: Transaction, no: string): Promise<void> {
  await tx.query('update shop_orders set failed = failed + 1 where no = $1', [no]);
}

/** The goods go back on the shelf when all of the money has gone back. */
export async function markRefunded(tx: Transaction, no: string, amountMinor: bigint): Promise<void> {
  const { rows } = await tx.query(
    'update shop_orders set refunded_minor = refunded_minor + $2 where no = $1 returning good, quantity, amount_minor - refunded_minor as kept',
    [no, amountMinor],
  );
  if (rows[0]?.kept === 0n) await moveStock(tx, no, { row: rows[0], sign: 1n });
}

async function moveStock(tx: Transaction, no: string, { row, sign }: { row: unknown; sign: bigint }): Promise<void> {
  const moved = z.object({ good: z.string(), quantity: z.bigint() }).safeParse(row);
  // Thrown, not ignored: the notification is then tried again, and a person sees why.
  if (!moved.success) throw new Error(`the shop has no order ${no}`);
  await tx.query('update shop_goods set stock = stock + $2 where id = $1', [
    moved.data.good,
    sign * moved.data.quantity,
  ]);
}

/** Stands for a service of somebody else that honours idempotency keys: asked twice under one key it grants one coupon. */
export async function grantCoupon(pay: Paidonce, coupon: { orderNo: string; idempotencyKey: string }): Promise<void> {
  await pay.transaction((tx) =>
    tx.query(
      `insert into shop_coupons (idempotency_key, order_no, asked) values ($1, $2, 1)
       on conflict (idempotency_key) do update set asked = shop_coupons.asked + 1`,
      [coupon.idempotencyKey, coupon.orderNo],
    ),
  );
}
