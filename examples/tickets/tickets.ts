import type { Paidonce } from 'paidonce';
import { z } from 'zod';
import { type Counter, serveCounter } from '../parts/counter.ts';
import { methodNames, methods, moneyText } from '../parts/language.ts';
import { escaped, listOf } from '../parts/page.ts';
import { refundPayment } from '../parts/platform.ts';
import type { Merchant, StandOptions } from '../parts/stand.ts';
import {
  allot,
  findOrder,
  freeSeats,
  placeOrder,
  prepareTables,
  priceMinor,
  rememberPayment,
  seats,
  sendLetter,
  type TicketOrder,
  takeBack,
} from './seats.ts';
import { texts } from './texts.ts';

/** A small theatre. Registers its handlers, so call it before `pay.start()`; `pay` has an account for each method, under its name. */
export function createTickets(pay: Paidonce, options: StandOptions): Merchant {
  pay.on('payment.succeeded', 'allot', async ({ order, tx, effect }) => {
    const became = await allot(tx, order.orderNo);
    await effect(became === 'taken' ? 'give-back' : 'letter', { orderNo: order.orderNo });
  });
  pay.on('refund.succeeded', 'take-back', ({ order, notification, tx }) =>
    takeBack(tx, order.orderNo, notification.amountMinor),
  );
  pay.effect('letter', async ({ payload, key }) => {
    await sendLetter(pay, { ...orderIn.parse(payload), idempotencyKey: key });
  });
  pay.effect('give-back', async ({ payload }) => {
    const order = await findOrder(pay, orderIn.parse(payload).orderNo);
    if (order?.payment != null) await refundPayment(options.platform, order.payment, order.no);
  });
  return { app: serveCounter(pay, options, counterOf(pay)), prepare: () => prepareTables(pay) };
}

const orderIn = z.object({ orderNo: z.string() });

function counterOf(pay: Paidonce): Counter<TicketOrder> {
  return {
    words: ({ language }) => texts[language],
    async offers({ base, language }) {
      const say = texts[language];
      const free = await freeSeats(pay);
      const options = methods
        .map((method) => `<option value="${method}">${methodNames[method][language]}</option>`)
        .join('');
      const cards = seats.map(
        (seat) => `<li class="card"><h2>${seat}</h2><p class="price">${escaped(moneyText(priceMinor, language))}</p>
<form method="post" action="${base}/orders"><input type="hidden" name="seat" value="${seat}">
<label>${say.method}<select name="method">${options}</select></label>
<button${free.has(seat) ? '' : ' disabled'}>${free.has(seat) ? say.buy : say.sold}</button></form></li>`,
      );
      return `<ul class="cards">${cards.join('')}</ul>`;
    },
    async place({ seat }, method, { language }) {
      const no = typeof seat === 'string' && seats.includes(seat) ? await placeOrder(pay, seat, method) : null;
      return no === null ? texts[language].taken : { no, amountMinor: priceMinor };
    },
    remember: (no, payment) => rememberPayment(pay, no, payment),
    find: (no) => findOrder(pay, no),
    show(order, { base, language }) {
      const say = texts[language];
      const state = stateOf(order);
      const list = listOf([
        [say.order, order.no],
        [say.seat, order.seat],
        ...(order.code === null ? [] : [[say.code, order.code] as const]),
      ]);
      const refund =
        state === 'allotted'
          ? `<form method="post" action="${base}/orders/${order.no}/refund"><button class="plain">${say.refund}</button></form>`
          : '';
      const body = `<div class="card order"><p class="state ${state}" role="status">${say.states[state]}</p>${list}${refund}
<p><a href="${base}/">${say.back}</a></p></div>`;
      return { body, isChanging: state === 'placed' || state === 'taken' };
    },
    json: ({ code, ...order }) => ({ ...order, has_code: code !== null }),
  };
}

/** Paid and without a code: somebody else was first, and the money is on its way back. */
function stateOf({ paid, refunded, code }: TicketOrder): 'placed' | 'allotted' | 'taken' | 'refunded' {
  if (refunded > 0) return 'refunded';
  if (paid === 0) return 'placed';
  return code === null ? 'taken' : 'allotted';
}
