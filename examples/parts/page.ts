import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { type Language, languageOf } from './language.ts';

const style = `
:root{color-scheme:light dark;--ink:#22301f;--soft:#5d6b58;--paper:#fff;--ground:#f3f5ee;--line:#dde3d4;--accent:#3c7a3b;--bad:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e9efe4;--soft:#9dab96;--paper:#1b231a;--ground:#121711;--line:#2d392b;--accent:#76b874;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",sans-serif}
header,main{max-width:60rem;margin:0 auto;padding:1.25rem}
header h1{margin:0;font-size:1.7rem}header a{color:inherit;text-decoration:none}header p{margin:.25rem 0 0;color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(13.5rem,1fr));gap:1rem;padding:0;margin:0;list-style:none}
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
const styleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`;

/** Where a page is shown, and in which language. */
export interface View {
  /** The path under which the example is served. */
  base: string;
  language: Language;
}

export interface Page {
  /** What stands over every page of the example. */
  name: string;
  welcome: string;
  title: string;
  body: string;
  /** Something is still to come, so the page looks again by itself. */
  isChanging?: boolean;
}

/** `url`: where the example itself is reached, with its path. */
export function viewOf(context: Context, url: string): View {
  const base = new URL(url).pathname.replace(/\/$/, '');
  return { base, language: languageOf(context.req.header('accept-language') ?? '') };
}

/** A whole document, without scripts. */
export function documentOf({ base, language }: View, page: Page): string {
  const refresh = page.isChanging ? '<meta http-equiv="refresh" content="2">' : '';
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refresh}
<title>${escaped(page.title)}</title><style>${style}</style></head>
<body><header><h1><a href="${base}/">${page.name}</a></h1><p>${page.welcome}</p></header><main>${page.body}</main></body></html>
`;
}

/** Terms with what they are. */
export function listOf(rows: readonly (readonly [term: string, text: string])[]): string {
  return `<dl>${rows.map(([term, text]) => `<dt>${escaped(term)}</dt><dd>${escaped(text)}</dd>`).join('')}</dl>`;
}

/** Answers with a page. `cashierOrigin`: a browser applies form-action to the redirect that follows a form as well. */
export function answer(context: Context, html: string, cashierOrigin: string): Response {
  context.header(
    'content-security-policy',
    `default-src 'none'; style-src '${styleHash}'; form-action 'self' ${cashierOrigin}; base-uri 'none'; frame-ancestors 'none'`,
  );
  context.header('cache-control', 'no-store');
  context.header('referrer-policy', 'same-origin');
  context.header('x-content-type-options', 'nosniff');
  context.header('vary', 'accept-language, accept');
  return context.html(html);
}

/** Text as HTML shows it, in content and in quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
