import { methods } from '../../examples/parts/language.ts';
import * as shop from '../../examples/shop/orders.ts';
import * as tickets from '../../examples/tickets/seats.ts';
import * as topup from '../../examples/topup/balances.ts';
import type { Paidonce } from '../../src/paidonce.ts';
import type { Chance } from './chance.ts';
import type { Story, Truth } from './stories.ts';

/** A merchant of the examples, on the same functions and tables as there. */
export interface SimulatedMerchant {
  name: string;
  /** What an order of it can cost. */
  amounts: readonly [bigint, ...bigint[]];
  register(pay: Paidonce): void;
  prepare(pay: Paidonce): Promise<void>;
  /** The merchant's own row of an order, made once. */
  row(story: Story, index: number): { sql: string; values: (string | bigint | number)[] };
  /** What its tables say of an order, against what is true. */
  differences(pay: Paidonce, stories: readonly (readonly [Story, Truth])[]): Promise<string[]>;
}

const shopMerchant: SimulatedMerchant = {
  name: 'shop',
  amounts: [8800n, 12_900n, 4550n],
  register(pay) {
    pay.on('payment.succeeded', 'mark-paid', async ({ order, tx, effect }) => {
      await shop.markPaid(tx, order.orderNo);
      await effect('coupon', { orderNo: order.orderNo });
    });
    pay.on('refund.succeeded', 'restore', ({ order, notification, tx }) =>
      shop.markRefunded(tx, order.orderNo, notification.amountMinor),
    );
    pay.effect<{ orderNo: string }>('coupon', ({ payload: { orderNo }, key }) =>
      shop.grantCoupon(pay, { orderNo, idempotencyKey: key }),
    );
  },
  prepare: (pay) => shop.prepareTables(pay),
  row: ({ orderNo, amountMinor }) => ({
    sql: 'insert into shop_orders (no, good, quantity, amount_minor, method) values ($1, $2, 1, $3, $4) on conflict (no) do nothing',
    values: [orderNo, 'tea', amountMinor, methods[0]],
  }),
  async differences(pay, stories) {
    const found: string[] = [];
    let sold = 0n;
    for (const [{ orderNo, amountMinor }, truth] of stories) {
      const order = await shop.findOrder(pay, orderNo);
      if (order === null) {
        found.push(`${orderNo}: the shop has no such order`);
        continue;
      }
      found.push(
        ...differ(orderNo, 'times marked as paid', BigInt(order.paid), BigInt(truth.successes)),
        ...differ(orderNo, 'coupons', BigInt(order.coupons), BigInt(truth.successes)),
        ...differ(orderNo, 'refunds heard', order.refunded_minor, truth.refundsHeardMinor),
      );
      sold += BigInt(truth.successes) - (truth.refundsHeardMinor >= amountMinor ? 1n : 0n);
    }
    const left = (await shop.stockOf(pay)).get('tea') ?? 0n;
    return [...found, ...differ('tea', 'left in stock', left, 40n - sold)];
  },
};

const ticketMerchant: SimulatedMerchant = {
  name: 'tickets',
  amounts: [tickets.priceMinor],
  register(pay) {
    pay.on('payment.succeeded', 'allot', async ({ order, tx, effect }) => {
      if ((await tickets.allot(tx, order.orderNo)) === 'allotted') await effect('letter', { orderNo: order.orderNo });
    });
    pay.on('refund.succeeded', 'take-back', ({ order, notification, tx }) =>
      tickets.takeBack(tx, order.orderNo, notification.amountMinor),
    );
    pay.effect<{ orderNo: string }>('letter', ({ payload: { orderNo }, key }) =>
      tickets.sendLetter(pay, { orderNo, idempotencyKey: key }),
    );
  },
  prepare: (pay) => tickets.prepareTables(pay),
  row: ({ orderNo }, index) => ({
    sql: 'insert into tickets_orders (no, seat, method) values ($1, $2, $3) on conflict (no) do nothing',
    values: [orderNo, tickets.seats[index % tickets.seats.length] ?? '', methods[0]],
  }),
  async differences(pay, stories) {
    const found: string[] = [];
    const seats = new Map<string, number>();
    for (const [{ orderNo }, truth] of stories) {
      const order = await tickets.findOrder(pay, orderNo);
      const isBack = truth.refundsHeardMinor >= tickets.priceMinor;
      found.push(
        ...differ(orderNo, 'times paid', BigInt(order?.paid ?? -1), BigInt(truth.successes)),
        ...differ(orderNo, 'times given back', BigInt(order?.refunded ?? -1), isBack ? 1n : 0n),
      );
      if (isBack && order?.code !== null) found.push(`${orderNo}: its code still opens the door`);
      if (order?.code != null) seats.set(order.seat, (seats.get(order.seat) ?? 0) + 1);
    }
    return [...found, ...[...seats].filter(([, codes]) => codes > 1).map(([seat]) => `${seat}: sold twice`)];
  },
};

const topupMerchant: SimulatedMerchant = {
  name: 'topup',
  amounts: topup.amountsMinor,
  register(pay) {
    pay.on('payment.succeeded', 'credit', ({ order, tx }) => topup.credit(tx, order.orderNo));
    pay.on('refund.succeeded', 'debit', ({ order, notification, tx }) =>
      topup.debit(tx, order.orderNo, notification.amountMinor),
    );
  },
  async prepare(pay) {
    await topup.prepareTables(pay);
    await pay.transaction((tx) =>
      tx.query(
        'insert into topup_players (player, balance_minor, owed_minor) values ($1, 0, 0) on conflict do nothing',
        ['player'],
      ),
    );
  },
  row: ({ orderNo, amountMinor }) => ({
    sql: 'insert into topup_orders (no, player, amount_minor) values ($1, $2, $3) on conflict (no) do nothing',
    values: [orderNo, 'player', amountMinor],
  }),
  async differences(pay, stories) {
    const found: string[] = [];
    let net = 0n;
    for (const [{ orderNo, amountMinor }, truth] of stories) {
      const order = await topup.findOrder(pay, orderNo);
      found.push(
        ...differ(orderNo, 'times credited', BigInt(order?.credited ?? -1), BigInt(truth.successes)),
        ...differ(orderNo, 'debited', order?.debited_minor ?? -1n, truth.refundsHeardMinor),
      );
      net += BigInt(truth.successes) * amountMinor - truth.refundsHeardMinor;
    }
    const { balance_minor: balance, owed_minor: owed } = await topup.balanceOf(pay, 'player');
    return [...found, ...differ('player', 'balance', balance - owed, net)];
  },
};

export function merchantOf(chance: Chance): SimulatedMerchant {
  return chance.pick([shopMerchant, ticketMerchant, topupMerchant]);
}

export function differ(of: string, what: string, is: unknown, must: unknown): string[] {
  return is === must ? [] : [`${of}: ${what} is ${is}, must be ${must}`];
}
