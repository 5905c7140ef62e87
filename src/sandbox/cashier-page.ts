import { type Language, methodNames, moneyText, texts } from './cashier-texts.ts';
import type { Payment } from './records.ts';

/** The one style of the pages; its hash stands in their content security policy. */
export const cashierStyle = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5c6a7a;--paper:#fff;--ground:#eef1f5;--line:#dfe4ea;--accent:#1f6feb;--good:#1a7f4b;--bad:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#9aa7b5;--paper:#1a212b;--ground:#10151c;--line:#2c3642;--accent:#5b9bff;--good:#4cc38a;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",sans-serif}
main{width:100%;max-width:26rem;background:var(--paper);border:1px solid var(--line);border-radius:16px;overflow:hidden;box-shadow:0 8px 30px rgba(0,0,0,.08)}
.banner{margin:0;padding:.5rem 1.5rem;background:var(--accent);color:#fff;font-size:.85rem;text-align:center}
.wechatpay{--accent:#07a050}.alipay{--accent:#1677ff}.stripe{--accent:#635bff}.standard{--accent:#3a4657}.hmac{--accent:#8a5a00}
section{padding:1.5rem}
h1{margin:0;font-size:1rem;font-weight:600;color:var(--soft)}
.amount{margin:.25rem 0 1rem;font-size:2.4rem;font-weight:700;letter-spacing:-.02em;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:auto 1fr;gap:.4rem 1rem;margin:0 0 1.25rem;padding:.9rem 0;border:solid var(--line);border-width:1px 0}
dt{color:var(--soft)}dd{margin:0;text-align:right;overflow-wrap:anywhere}
.paid,.reversed{color:var(--good)}.failed,.closed{color:var(--bad)}
button,.leave{display:block;width:100%;padding:.8rem;border-radius:10px;font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}
button{border:1px solid var(--accent);background:var(--accent);color:#fff}
button.plain{margin-top:.6rem;background:transparent;color:var(--bad);border-color:var(--line)}
.leave{margin-top:.6rem;color:var(--soft)}
button:focus-visible,a:focus-visible,summary:focus-visible,input:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
details{margin-top:1.25rem;font-size:.9rem;color:var(--soft)}summary{cursor:pointer}
label{display:flex;justify-content:space-between;gap:1rem;align-items:center;margin-top:.6rem}
input[type=number]{width:4.5rem;padding:.3rem;font:inherit}
`;

/** The payment, with what a person may do with it now. */
export function cashierPage(payment: Payment, language: Language): string {
  const say = texts[language];
  const money = moneyText(payment.amountMinor, payment.currency, language);
  const method = methodNames[payment.provider]?.[language] ?? payment.provider;
  const refunded =
    payment.refundedMinor === 0n
      ? ''
      : ` · ${say.refunded} ${moneyText(payment.refundedMinor, payment.currency, language)}`;
  const body = `
<h1>${say.title}</h1>
<p class="amount">${escaped(money)}</p>
<dl><dt>${say.order}</dt><dd>${escaped(payment.orderNo)}</dd>
<dt>${say.method}</dt><dd>${escaped(method)}</dd></dl>
<p class="${payment.state}" role="status"><strong>${say.states[payment.state]}</strong>${escaped(refunded)}</p>
${payment.state === 'open' || payment.state === 'failed' ? payForm(payment, language, money) : backLink(payment, say.back)}`;
  return documentOf({ language, title: `${say.title} · ${money}`, provider: payment.provider, body });
}

export function missingPage(language: Language): string {
  return noticePage(language, texts[language].missing);
}

export function noticePage(language: Language, notice: string): string {
  const { title } = texts[language];
  return documentOf({
    language,
    title,
    provider: 'standard',
    body: `<h1>${title}</h1><p role="status">${escaped(notice)}</p>`,
  });
}

function payForm(payment: Payment, language: Language, money: string): string {
  const say = texts[language];
  return `
<form method="post">
<button name="do" value="pay">${say.pay} ${escaped(money)}</button>
<button class="plain" name="do" value="fail">${say.fail}</button>
<details><summary>${say.developers}</summary>
<label>${say.duplicate}<input type="number" name="duplicate" value="1" min="1" max="10"></label>
<label>${say.drop}<input type="checkbox" name="drop"></label>
<label>${say.wrongSignature}<input type="checkbox" name="wrong_signature"></label>
</details>
</form>
${backLink(payment, say.leave)}`;
}

function backLink(payment: Payment, text: string): string {
  return payment.returnUrl === null ? '' : `<a class="leave" href="${escaped(payment.returnUrl)}">${text}</a>`;
}

function documentOf(page: { language: Language; title: string; provider: string; body: string }): string {
  const { banner } = texts[page.language];
  return `<!doctype html>
<html lang="${page.language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${escaped(page.title)}</title><style>${cashierStyle}</style></head>
<body><main class="${escaped(page.provider)}"><p class="banner">${banner}</p><section>${page.body}</section></main></body></html>
`;
}

/** Text as HTML shows it, in content and in quoted attributes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
