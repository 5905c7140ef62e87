import { methodNames, methods, moneyText } from '../parts/language.ts';
import { documentOf, escaped, listOf, type View } from '../parts/page.ts';
import { goodOf, goods } from './goods.ts';
import type { ShopOrder } from './orders.ts';
import { texts } from './texts.ts';

/** Everything the shop sells, each with a form to buy it. */
export function cataloguePage(view: View & { stock: ReadonlyMap<string, bigint> }): string {
  const say = texts[view.language];
  const options = methods
    .map((method) => `<option value="${method}">${methodNames[method][view.language]}</option>`)
    .join('');
  const cards = goods.map((good) => {
    const left = view.stock.get(good.id) ?? 0n;
    return `<li class="card"><svg class="picture" viewBox="0 0 48 48" aria-hidden="true"><path d="${good.picture}"/></svg>
<h2>${escaped(good.names[view.language])}</h2><p>${escaped(good.about[view.language])}</p>
<p class="price">${escaped(moneyText(good.priceMinor, view.language))}</p><p>${left > 0n ? left : 0n} ${say.left}</p>
<form method="post" action="${view.base}/orders"><input type="hidden" name="good" value="${good.id}">
<label>${say.quantity}<input type="number" name="quantity" value="1" min="1" max="9"></label>
<label>${say.method}<select name="method">${options}</select></label>
<button${left > 0n ? '' : ' disabled'}>${say.buy}</button></form></li>`;
  });
  return shopPage(view, { title: say.shop, body: `<ul class="cards">${cards.join('')}</ul>` });
}

/** An order's state. It looks again by itself while nothing is known yet. */
export function orderPage(view: View & { order: ShopOrder }): string {
  const { order, language } = view;
  const say = texts[language];
  const state = stateOf(order);
  const name = goodOf(order.good)?.names[language] ?? order.good;
  const rows: (readonly [string, string])[] = [
    [say.order, order.no],
    [say.good, `${name} × ${order.quantity}`],
    [say.amount, moneyText(order.amount_minor, language)],
    [say.method, methodNames[order.method][language]],
    ...(order.paid > 0
      ? [[say.paidTimes, say.times(order.paid)] as const, [say.coupon, String(order.coupons)] as const]
      : []),
    ...(order.refunded_minor > 0n ? [[say.refunded, moneyText(order.refunded_minor, language)] as const] : []),
  ];
  const refund =
    state === 'paid' || state === 'partly'
      ? `<form method="post" action="${view.base}/orders/${escaped(order.no)}/refund"><button class="plain">${say.refund}</button></form>`
      : '';
  const isChanging = state === 'placed' || (state === 'paid' && order.coupons === 0);
  const body = `<div class="card order"><p class="state ${state}" role="status">${say.states[state]}</p>
${state === 'placed' ? `<p>${say.waiting}</p>` : ''}${listOf(rows)}${refund}<p><a href="${view.base}/">${say.again}</a></p></div>`;
  return shopPage(view, { title: `${say.order} ${order.no}`, body, isChanging });
}

export function noticePage(view: View & { text: string }): string {
  const say = texts[view.language];
  const body = `<div class="card order"><p role="status">${escaped(view.text)}</p><p><a href="${view.base}/">${say.again}</a></p></div>`;
  return shopPage(view, { title: say.shop, body });
}

/** From what is counted, so that it does not matter which notification came first. */
export function stateOf(order: ShopOrder): 'placed' | 'paid' | 'failed' | 'partly' | 'refunded' {
  if (order.refunded_minor > 0n) return order.refunded_minor >= order.amount_minor ? 'refunded' : 'partly';
  if (order.paid > 0) return 'paid';
  return order.failed > 0 ? 'failed' : 'placed';
}

function shopPage(view: View, page: { title: string; body: string; isChanging?: boolean }): string {
  const { shop: name, welcome } = texts[view.language];
  return documentOf(view, { name, welcome, ...page });
}
