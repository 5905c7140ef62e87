import { csrf } from 'hono/csrf';
import type { Paidonce } from 'paidonce';
import { z } from 'zod';
import { type Counter, serveCounter } from '../parts/counter.ts';
import { methodNames, methods, moneyText } from '../parts/language.ts';
import { escaped, listOf, viewOf } from '../parts/page.ts';
import type { Merchant, StandOptions } from '../parts/stand.ts';
import {
  amountsMinor,
  type Balance,
  balanceOf,
  credit,
  debit,
  findOrder,
  placeOrder,
  prepareTables,
  rememberPayment,
  spend,
  type TopupOrder,
} from './balances.ts';
import { texts } from './texts.ts';

/** The purse of a game. Registers its handlers, so call it before `pay.start()`; `pay` has an account for each method, under its name. */
export function createTopup(pay: Paidonce, options: StandOptions): Merchant {
  pay.on('payment.succeeded', 'credit', ({ order, tx }) => credit(tx, order.orderNo));
  pay.on('refund.succeeded', 'debit', ({ order, notification, tx }) =>
    debit(tx, order.orderNo, notification.amountMinor),
  );
  const app = serveCounter(pay, options, counterOf(pay));
  app.post('/orders/:no/sword', csrf(), async (context) => {
    const order = await findOrder(pay, context.req.param('no'));
    if (order !== null) await spend(pay, order.player, swordMinor);
    return context.redirect(`${viewOf(context, options.url).base}/orders/${context.req.param('no')}`, 303);
  });
  return { app, prepare: () => prepareTables(pay) };
}

/** What the game sells for credit. */
const swordMinor = 500n;

const topupForm = z.looseObject({
  player: z.string().regex(/^[\p{L}\p{N}_-]{1,32}$/u),
  amount: z.enum(amountsMinor.map(String)).transform(BigInt),
});

function counterOf(pay: Paidonce): Counter<TopupOrder & Balance> {
  return {
    words: ({ language }) => texts[language],
    async offers({ base, language }) {
      const say = texts[language];
      const options = methods
        .map((method) => `<option value="${method}">${methodNames[method][language]}</option>`)
        .join('');
      const cards = amountsMinor.map(
        (amount) => `<li class="card"><p class="price">${escaped(moneyText(amount, language))}</p>
<form method="post" action="${base}/orders"><input type="hidden" name="amount" value="${amount}">
<label>${say.player}<input name="player" required maxlength="32" value="player-1"></label>
<label>${say.method}<select name="method">${options}</select></label><button>${say.buy}</button></form></li>`,
      );
      return `<ul class="cards">${cards.join('')}</ul>`;
    },
    async place(given, method, { language }) {
      const form = topupForm.safeParse(given);
      if (!form.success) return texts[language].unknown;
      const { player, amount: amountMinor } = form.data;
      return { no: await placeOrder(pay, { player, amountMinor, method }), amountMinor };
    },
    remember: (no, payment) => rememberPayment(pay, no, payment),
    async find(no) {
      const order = await findOrder(pay, no);
      if (order === null) return null;
      return { ...order, ...(await balanceOf(pay, order.player)) };
    },
    show(order, { base, language }) {
      const say = texts[language];
      const state = order.debited_minor > 0n ? 'refunded' : order.credited > 0 ? 'credited' : 'placed';
      const list = listOf([
        [say.order, order.no],
        [say.player, order.player],
        [say.amount, moneyText(order.amount_minor, language)],
        [say.creditedTimes, String(order.credited)],
        [say.balance, moneyText(order.balance_minor, language)],
        ...(order.owed_minor === 0n ? [] : [[say.owed, moneyText(order.owed_minor, language)] as const]),
      ]);
      const refund =
        state === 'credited'
          ? `<form method="post" action="${base}/orders/${order.no}/refund"><button class="plain">${say.refund}</button></form>`
          : '';
      const sword =
        order.balance_minor >= swordMinor
          ? `<form method="post" action="${base}/orders/${order.no}/sword"><button>${say.sword(moneyText(swordMinor, language))}</button></form>`
          : '';
      const body = `<div class="card order"><p class="state ${state}" role="status">${say.states[state]}</p>${list}${sword}${refund}
<p><a href="${base}/">${say.back}</a></p></div>`;
      return { body, isChanging: state === 'placed' };
    },
    json: ({ no, player, payment, credited, ...amounts }) => ({
      no,
      player,
      payment,
      credited,
      ...Object.fromEntries(Object.entries(amounts).map(([name, amountMinor]) => [name, Number(amountMinor)])),
    }),
  };
}
