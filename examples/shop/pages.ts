import { createHash } from 'node:crypto';
import { goodOf, goods } from './goods.ts';
import { methods, type ShopOrder } from './orders.ts';
import { type Language, methodNames, moneyText, texts } from './texts.ts';

const style = `
:root{color-scheme:light dark;--ink:#22301f;--soft:#5d6b58;--paper:#fff;--ground:#f3f5ee;--line:#dde3d4;--accent:#3c7a3b;--bad:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e9efe4;--soft:#9dab96;--paper:#1b231a;--ground:#121711;--line:#2d392b;--accent:#76b874;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",sans-serif}
header,main{max-width:60rem;margin:0 auto;padding:1.25rem}
header h1{margin:0;font-size:1.7rem}header a{color:inherit;text-decoration:none}header p{margin:.25rem 0 0;color:var(--soft)}
.goods{display:grid;grid-template-columns:repeat(auto-fill,minmax(13.5rem,1fr));gap:1rem;padding:0;margin:0;list-style:none}
.card{display:flex;flex-direction:column;background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:1.1rem}
.picture{display:block;width:3.2rem;height:3.2rem;fill:none;stroke:var(--accent);stroke-width:2.5;stroke-linecap:round;stroke-linejoin:round}
.card h2{margin:.4rem 0 0;font-size:1.1rem}.card p{margin:.15rem 0;color:var(--soft);font-size:.92rem}
.card .price{font-size:1.25rem;font-weight:700;color:var(--ink)}
form{margin-top:auto;padding-top:.7rem;display:grid;gap:.6rem}
label{display:grid;gap:.2rem;font-size:.85rem;color:var(--soft)}
select,input{font:inherit;font-size:.95rem;width:100%;height:2.4rem;padding:.3rem .45rem;border:1px solid var(--line);border-radius:8px;background:var(--paper);color:var(--ink)}
button{padding:.65rem;border:0;border-radius:10px;background:var(--accent);color:#fff;font:inherit;font-weight:600;cursor:pointer}
@media (prefers-color-scheme:dark){button{color:#0d150c}}
button.plain{background:transparent;color:var(--bad);border:1px solid var(--line)}
a:focus-visible,button:focus-visible,select:focus-visible,input:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.order{max-width:32rem;margin:0 auto}.card .state{font-size:1.5rem;font-weight:700;color:var(--accent)}.card .failed{color:var(--bad)}
dl{display:grid;grid-template-columns:auto 1fr;gap:.4rem 1rem}dt{color:var(--soft)}dd{margin:0;text-align:right;overflow-wrap:anywhere}
.order a{display:inline-block;margin-top:.8rem;color:var(--accent)}button:disabled{opacity:.5;cursor:not-allowed}
`;
export const shopStyleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`;

interface View {
  base: string;
  language: Language;
}

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
  return documentOf(view, { title: say.shop, body: `<ul class="goods">${cards.join('')}</ul>` });
}

/** An order's state. It looks again by itself while nothing is known yet. */
export function orderPage(view: View & { order: ShopOrder }): string {
  const { order, language } = view;
  const say = texts[language];
  const state = stateOf(order);
  const name = goodOf(order.good)?.names[language] ?? order.good;
  const rows = [
    [say.order, order.no],
    [say.good, `${name} × ${order.quantity}`],
    [say.amount, moneyText(order.amount_minor, language)],
    [say.method, methodNames[order.method][language]],
    ...(order.paid > 0
      ? [
          [say.paidTimes, say.times(order.paid)],
          [say.coupon, String(order.coupons)],
        ]
      : []),
    ...(order.refunded_minor > 0n ? [[say.refunded, moneyText(order.refunded_minor, language)]] : []),
  ];
  const list = rows.map(([term = '', text = '']) => `<dt>${escaped(term)}</dt><dd>${escaped(text)}</dd>`).join('');
  const refund =
    state === 'paid' || state === 'partly'
      ? `<form method="post" action="${view.base}/orders/${escaped(order.no)}/refund"><button class="plain">${say.refund}</button></form>`
      : '';
  const isChanging = state === 'placed' || (state === 'paid' && order.coupons === 0);
  const body = `<div class="card order"><p class="state ${state}" role="status">${say.states[state]}</p>
${state === 'placed' ? `<p>${say.waiting}</p>` : ''}<dl>${list}</dl>${refund}<p><a href="${view.base}/">${say.again}</a></p></div>`;
  return documentOf(view, { title: `${say.order} ${order.no}`, body, isChanging });
}

export function noticePage(view: View & { text: string }): string {
  const say = texts[view.language];
  const body = `<div class="card order"><p role="status">${escaped(view.text)}</p><p><a href="${view.base}/">${say.again}</a></p></div>`;
  return documentOf(view, { title: say.shop, body });
}

/** From what is counted, so that it does not matter which notification came first. */
export function stateOf(order: ShopOrder): 'placed' | 'paid' | 'failed' | 'partly' | 'refunded' {
  if (order.refunded_minor > 0n) return order.refunded_minor >= order.amount_minor ? 'refunded' : 'partly';
  if (order.paid > 0) return 'paid';
  return order.failed > 0 ? 'failed' : 'placed';
}

function documentOf({ base, language }: View, page: { title: string; body: string; isChanging?: boolean }): string {
  const say = texts[language];
  const refresh = page.isChanging ? '<meta http-equiv="refresh" content="2">' : '';
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refresh}
<title>${escaped(page.title)}</title><style>${style}</style></head>
<body><header><h1><a href="${base}/">${say.shop}</a></h1><p>${say.welcome}</p></header><main>${page.body}</main></body></html>
`;
}

/** Text as HTML shows it, in content and in quoted attributes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
