import type { Hono } from 'hono';
import { z } from 'zod';
import { readPasted } from '../domain/pasted/pasted-request.ts';
import type { Diagnosis, Service } from '../service.ts';
import { type Authentication, requireNeed } from './auth.ts';
import { readBytes } from './body.ts';
import { escaped, pageHeaders, pageStyle } from './page.ts';
import { expectedError } from './problem.ts';
import { diagnosed } from './verify.ts';
import { type Language, languages, nextInChinese, texts } from './verify-texts.ts';

const style = `${pageStyle}
label{display:block;margin:1rem 0 .25rem;font-weight:600}input,textarea{box-sizing:border-box;width:100%;padding:.5rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--soft);border-radius:.3rem}
textarea{min-height:14rem;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.875em}button{margin-top:1rem;padding:.5rem 1.5rem;font:inherit;font-weight:600;color:var(--paper);background:var(--accent);border:0;border-radius:.3rem;cursor:pointer}
section{margin-top:2rem;padding-top:1rem;border-top:2px solid var(--line)}dt{font-weight:600;margin-top:.75rem}dd{margin:0;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere}mark{padding:0 .15em}`;
/** What was pasted comes back in the page: no cache may keep it. */
const headers = { ...pageHeaders(style, "'self'"), 'cache-control': 'no-store' };

const form = z.object({
  key: z.string().trim(),
  account: z.string().trim().max(64),
  paste: z.string(),
  entry: z.string().trim().transform(Number).pipe(z.int().min(0)),
});

/** A page for people around the same diagnosis as `POST /v1/verify`. The API key travels in the form, and is never shown again. */
export function addVerifyPage(app: Hono, service: Service, authentication: Authentication): void {
  app.get('/verify', (context) => {
    const page = pageOf({ language: languageOf(context.req.raw), given: {}, result: '' });
    return new Response(page, { headers });
  });
  app.post('/verify', async (context) => {
    const request = context.req.raw;
    const language = languageOf(request);
    const given = Object.fromEntries(new URLSearchParams(await formText(request)));
    const { status, result } = await resultOf(given, language, { service, authentication });
    return new Response(pageOf({ language, given, result }), { status, headers });
  });
}

async function formText(request: Request): Promise<string> {
  return Buffer.from(await readBytes(request, request.headers.get('content-length'))).toString('latin1');
}

function languageOf(request: Request): Language {
  const named = new URL(request.url).searchParams.get('lang');
  const found = languages.find((one) => one === named);
  return found ?? (/^\s*zh\b/i.test(request.headers.get('accept-language') ?? '') ? 'zh' : 'en');
}

async function resultOf(
  given: Readonly<Record<string, string>>,
  language: Language,
  { service, authentication }: { service: Service; authentication: Authentication },
): Promise<{ status: number; result: string }> {
  try {
    const { key, account, paste, entry } = form.parse({ key: '', account: '', paste: '', entry: '', ...given });
    const caller = await authentication.callerOf(`Bearer ${key}`);
    requireNeed(caller, ['read']);
    // A form has CRLF for every line break, whatever was pasted.
    const pasted = await readPasted(Buffer.from(paste.replaceAll('\r\n', '\n')), { entry: entry || undefined });
    return { status: 200, result: diagnosisHtml(await diagnosed(service, caller, account, pasted), language) };
  } catch (error) {
    const expected = expectedError(error);
    if (expected === null) throw error;
    const { status, title, fix } = expected.entry;
    const said = `${title}: ${expected.detail}. ${fix}`;
    return { status, result: `<section role="alert"><p>${escaped(said)}</p></section>` };
  }
}

function pageOf(page: { language: Language; given: Readonly<Record<string, string>>; result: string }): string {
  const { language, given, result } = page;
  const say = texts[language];
  const value = (name: string) => escaped(given[name] ?? '');
  const [other, name] = language === 'en' ? ['zh', '中文'] : ['en', 'English'];
  return `<!doctype html><html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${say.title} · Paidonce</title><style>${style}</style></head><body><main>
<p><a href="/verify?lang=${other}" lang="${other === 'zh' ? 'zh-CN' : 'en'}">${name}</a> · <a href="/docs">API</a></p>
<h1>${say.title}</h1><p>${say.lead}</p>
<form method="post" action="/verify?lang=${language}">
<label for="key">${say.key}</label><input id="key" name="key" type="password" autocomplete="off" required>
<label for="account">${say.account}</label><input id="account" name="account" value="${value('account')}" placeholder="acc_…" maxlength="64" spellcheck="false" required>
<label for="paste">${say.paste}</label><textarea id="paste" name="paste" spellcheck="false" required>
${value('paste')}</textarea>
<label for="entry">${say.entry}</label><input id="entry" name="entry" inputmode="numeric" pattern="[0-9]*" value="${value('entry')}">
<button type="submit">${say.verify}</button></form>
${result}</main></body></html>`;
}

function diagnosisHtml(diagnosis: Diagnosis, language: Language): string {
  const { accepted, code, why, signedText, facts, tried } = diagnosis;
  const say = texts[language];
  const heading = `<h2>${accepted ? say.accepted : say.refused}</h2><p>${escaped(why)}${code === null ? '' : ` <code>${code}</code>`}</p>`;
  if (accepted) return `<section role="status">${heading}${listHtml(facts)}</section>`;
  const attempts = tried.map((one) => `${one.cause} (${one.attempts})${one.fits ? `: ${say.fits}` : ''}`);
  const signed = signedText === null ? '' : `<h3>${say.signed}</h3><pre tabindex="0">${escaped(signedText)}</pre>`;
  return `<section role="status">${heading}<dl>${causeHtml(diagnosis, language)}</dl>${differenceHtml(diagnosis, language)}
${attempts.length === 0 ? '' : `<h3>${say.tried}</h3>${listHtml(attempts)}`}${signed}</section>`;
}

function causeHtml({ cause }: Diagnosis, language: Language): string {
  const say = texts[language];
  const row = (name: string, ...lines: readonly string[]) =>
    `<dt>${name}</dt>${lines.map((line) => `<dd>${escaped(line)}</dd>`).join('')}`;
  if (cause === null) return row(say.cause, say.noCause);
  const next = language === 'zh' ? nextInChinese[cause.name] : cause.next;
  return [
    row(say.cause, cause.what, ...(cause.proven ? [] : [say.unproven])),
    row(say.next, next),
    cause.remaining === null ? '' : row(say.remaining, cause.remaining),
  ].join('');
}

function differenceHtml({ difference }: Diagnosis, language: Language): string {
  if (difference === null) return '';
  const say = texts[language];
  const { line, column, offset } = difference;
  const side = (name: string, { before, at, after }: typeof difference.received) =>
    `${name}  ${escaped(before)}<mark>${escaped(at === '' ? '∅' : at)}</mark>${escaped(after)}`;
  const sides = [side(say.received, difference.received), side(say.verified, difference.verified)];
  return `<h3>${say.difference} <span class="muted">${say.place(line, column, offset)}</span></h3><pre tabindex="0">${sides.join('\n')}</pre>`;
}

function listHtml(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}
