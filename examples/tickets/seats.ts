import { randomBytes, randomUUID } from 'node:crypto';
import type { Paidonce, Transaction } from 'paidonce';
import { z } from 'zod';
import type { Method } from '../parts/language.ts';

export const priceMinor = 18_000n;
const rows = ['A', 'B', 'C'];
/** The seats of the house. */
export const seats = rows.flatMap((row) => Array.from({ length: 6 }, (_, index) => `${row}${index + 1}`));

const orderRow = z.object({
  no: z.string(),
  seat: z.string(),
  method: z.string(),
  payment: z.string().nullable(),
  /** How often it was heard to be paid, and to be paid back in full. */
  paid: z.bigint().transform(Number),
  refunded: z.bigint().transform(Number),
  code: z.string().nullable(),
  letters: z.bigint().transform(Number),
});
export type TicketOrder = z.output<typeof orderRow>;

/** The house's own tables. They lie in the database of Paidonce, so that one transaction covers both. */
const tables = [
  `create table if not exists tickets_seats (seat text primary key, order_no text)`,
  `create table if not exists tickets_orders (
     no text primary key, seat text not null, method text not null, payment text,
     paid bigint not null default 0, refunded bigint not null default 0, refunded_minor bigint not null default 0)`,
  `create table if not exists tickets_codes (code text primary key, order_no text not null unique)`,
  `create table if not exists tickets_letters (idempotency_key text primary key, order_no text not null, asked bigint not null)`,
];

export async function prepareTables(pay: Paidonce): Promise<void> {
  await pay.transaction(async (tx) => {
    for (const table of tables) await tx.query(table);
    for (const seat of seats)
      await tx.query('insert into tickets_seats (seat) values ($1) on conflict (seat) do nothing', [seat]);
  });
}

/** Null where the seat is taken. It is allotted when it is paid: whoever pays first has it. */
export async function placeOrder(pay: Paidonce, seat: string, method: Method): Promise<string | null> {
  const no = `TICKET-${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  return pay.transaction(async (tx) => {
    const free = await tx.query('select seat from tickets_seats where seat = $1 and order_no is null', [seat]);
    if (free.rows.length === 0) return null;
    await tx.query('insert into tickets_orders (no, seat, method) values ($1, $2, $3)', [no, seat, method]);
    await pay.expected(no, { amountMinor: priceMinor, currency: 'CNY', accounts: [method] }, { tx });
    return no;
  });
}

export async function rememberPayment(pay: Paidonce, no: string, payment: string): Promise<void> {
  await pay.transaction((tx) => tx.query('update tickets_orders set payment = $2 where no = $1', [no, payment]));
}

export async function findOrder(pay: Paidonce, no: string): Promise<TicketOrder | null> {
  const found = await pay.transaction((tx) =>
    tx.query(
      `select no, seat, method, payment, paid, refunded,
         (select code from tickets_codes where order_no = tickets_orders.no) as code,
         (select count(*) from tickets_letters where order_no = tickets_orders.no) as letters
       from tickets_orders where no = $1`,
      [no],
    ),
  );
  return found.rows[0] === undefined ? null : orderRow.parse(found.rows[0]);
}

export async function freeSeats(pay: Paidonce): Promise<ReadonlySet<string>> {
  const found = await pay.transaction((tx) => tx.query('select seat from tickets_seats where order_no is null'));
  return new Set(
    z
      .array(z.object({ seat: z.string() }))
      .parse(found.rows)
      .map(({ seat }) => seat),
  );
}

/**
 * Allots the seat and issues its code. Both are inserts and counts that would show a second run. Answers whose seat it is now: one
 * who paid for a seat that somebody else had paid for before gets the money back.
 */
export async function allot(tx: Transaction, no: string): Promise<'allotted' | 'taken'> {
  const paid = await tx.query('update tickets_orders set paid = paid + 1 where no = $1 returning seat, refunded', [no]);
  const order = z.object({ seat: z.string(), refunded: z.bigint() }).safeParse(paid.rows[0]);
  // Thrown, not ignored: the notification is then tried again, and a person sees why.
  if (!order.success) throw new Error(`the house has no order ${no}`);
  // Heard of the refund first: there is nothing to allot any more.
  if (order.data.refunded > 0n) return 'allotted';
  const { seat } = order.data;
  const taken = await tx.query(
    'update tickets_seats set order_no = $2 where seat = $1 and order_no is null returning seat',
    [seat, no],
  );
  if (taken.rows.length === 0) return 'taken';
  await tx.query('insert into tickets_codes (code, order_no) values ($1, $2)', [
    randomBytes(5).toString('hex').toUpperCase(),
    no,
  ]);
  return 'allotted';
}

/** When all of the money went back, the seat is free again and the code opens no door. */
export async function takeBack(tx: Transaction, no: string, amountMinor: bigint): Promise<void> {
  const after = await tx.query(
    'update tickets_orders set refunded_minor = refunded_minor + $2 where no = $1 returning refunded_minor',
    [no, amountMinor],
  );
  const order = z.object({ refunded_minor: z.bigint() }).safeParse(after.rows[0]);
  if (!order.success) throw new Error(`the house has no order ${no}`);
  if (order.data.refunded_minor < priceMinor) return;
  await tx.query('update tickets_orders set refunded = refunded + 1 where no = $1', [no]);
  await tx.query('update tickets_seats set order_no = null where order_no = $1', [no]);
  await tx.query('delete from tickets_codes where order_no = $1', [no]);
}

/** Stands for a mail service that honours idempotency keys: asked twice under one key it sends one letter. */
export async function sendLetter(pay: Paidonce, letter: { orderNo: string; idempotencyKey: string }): Promise<void> {
  await pay.transaction((tx) =>
    tx.query(
      `insert into tickets_letters (idempotency_key, order_no, asked) values ($1, $2, 1)
       on conflict (idempotency_key) do update set asked = tickets_letters.asked + 1`,
      [letter.idempotencyKey, letter.orderNo],
    ),
  );
}
