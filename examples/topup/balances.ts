import { randomUUID } from 'node:crypto';
import type { Paidonce, Transaction } from 'paidonce';
import { z } from 'zod';
import type { Method } from '../parts/language.ts';

/** What can be put on a balance, in fen. */
export const amountsMinor = [600n, 3000n, 9800n] as const;

const orderRow = z.object({
  no: z.string(),
  player: z.string(),
  amount_minor: z.bigint(),
  payment: z.string().nullable(),
  credited: z.bigint().transform(Number),
  debited_minor: z.bigint(),
});
export type TopupOrder = z.output<typeof orderRow>;

const balanceRow = z.object({ balance_minor: z.bigint(), owed_minor: z.bigint() });
/** `owed_minor`: what was paid back although it was spent; the next money pays that first. */
export type Balance = z.output<typeof balanceRow>;

/** The game's own tables. That no balance is negative is the table's own rule, whatever the code does. */
const tables = [
  `create table if not exists topup_players (
     player text primary key, balance_minor bigint not null check (balance_minor >= 0), owed_minor bigint not null check (owed_minor >= 0))`,
  `create table if not exists topup_orders (
     no text primary key, player text not null, amount_minor bigint not null, payment text,
     credited bigint not null default 0, debited_minor bigint not null default 0)`,
];

export async function prepareTables(pay: Paidonce): Promise<void> {
  await pay.transaction(async (tx) => {
    for (const table of tables) await tx.query(table);
  });
}

export async function placeOrder(
  pay: Paidonce,
  order: { player: string; amountMinor: bigint; method: Method },
): Promise<string> {
  const { player, amountMinor, method } = order;
  const no = `TOPUP-${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  await pay.transaction(async (tx) => {
    await tx.query(
      'insert into topup_players (player, balance_minor, owed_minor) values ($1, 0, 0) on conflict (player) do nothing',
      [player],
    );
    await tx.query('insert into topup_orders (no, player, amount_minor) values ($1, $2, $3)', [
      no,
      player,
      amountMinor,
    ]);
    await pay.expected(no, { amountMinor, currency: 'CNY', accounts: [method] }, { tx });
  });
  return no;
}

export async function rememberPayment(pay: Paidonce, no: string, payment: string): Promise<void> {
  await pay.transaction((tx) => tx.query('update topup_orders set payment = $2 where no = $1', [no, payment]));
}

export async function findOrder(pay: Paidonce, no: string): Promise<TopupOrder | null> {
  const { rows } = await pay.transaction((tx) =>
    tx.query('select no, player, amount_minor, payment, credited, debited_minor from topup_orders where no = $1', [no]),
  );
  return rows[0] === undefined ? null : orderRow.parse(rows[0]);
}

export async function balanceOf(pay: Paidonce, player: string): Promise<Balance> {
  return pay.transaction((tx) => balanceIn(tx, player));
}

/** False where there is not enough. */
export async function spend(pay: Paidonce, player: string, amountMinor: bigint): Promise<boolean> {
  const { rows } = await pay.transaction((tx) =>
    tx.query(
      'update topup_players set balance_minor = balance_minor - $2 where player = $1 and balance_minor >= $2 returning player',
      [player, amountMinor],
    ),
  );
  return rows.length === 1;
}

/** Counts, rather than sets, that it was credited: if a handler ever ran twice, it would show. */
export async function credit(tx: Transaction, no: string): Promise<void> {
  const { rows } = await tx.query(
    'update topup_orders set credited = credited + 1 where no = $1 returning player, amount_minor',
    [no],
  );
  const order = z.object({ player: z.string(), amount_minor: z.bigint() }).safeParse(rows[0]);
  // Thrown, not ignored: the notification is then tried again, and a person sees why.
  if (!order.success) throw new Error(`the game has no order ${no}`);
  await move(tx, order.data.player, order.data.amount_minor);
}

/** Takes what was paid back off the balance; what is spent already is owed. */
export async function debit(tx: Transaction, no: string, amountMinor: bigint): Promise<void> {
  const { rows } = await tx.query(
    'update topup_orders set debited_minor = debited_minor + $2 where no = $1 returning player',
    [no, amountMinor],
  );
  const order = z.object({ player: z.string() }).safeParse(rows[0]);
  if (!order.success) throw new Error(`the game has no order ${no}`);
  await move(tx, order.data.player, -amountMinor);
}

async function move(tx: Transaction, player: string, byMinor: bigint): Promise<void> {
  const { balance_minor: balance, owed_minor: owed } = await balanceIn(tx, player);
  const net = balance - owed + byMinor;
  await tx.query('update topup_players set balance_minor = $2, owed_minor = $3 where player = $1', [
    player,
    net > 0n ? net : 0n,
    net < 0n ? -net : 0n,
  ]);
}

async function balanceIn(tx: Transaction, player: string): Promise<Balance> {
  const { rows } = await tx.query('select balance_minor, owed_minor from topup_players where player = $1', [player]);
  return rows[0] === undefined ? { balance_minor: 0n, owed_minor: 0n } : balanceRow.parse(rows[0]);
}
