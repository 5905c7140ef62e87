import { createHash } from 'node:crypto';

/** The look of the pages that the API serves. */
export const pageStyle = `:root{color-scheme:light dark;--ink:#1b2430;--soft:#5c6a7a;--paper:#fff;--ground:#f4f6f8;--line:#dfe4ea;--accent:#1a5fd0;font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#9aa7b5;--paper:#12171e;--ground:#1b222c;--line:#2c3642;--accent:#7db0ff}}
body{max-width:60rem;margin:0 auto;padding:1rem;background:var(--paper);color:var(--ink)}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
code,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.875em}td code{overflow-wrap:anywhere}
pre{overflow-x:auto;padding:.75rem 1rem;background:var(--ground);border:1px solid var(--line);border-radius:.5rem}
table{border-collapse:collapse;width:100%;margin:.75rem 0;font-size:.95rem}td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}
.muted{color:var(--soft)}`;

/** Headers of a page with this style: nothing is loaded from anywhere, no script runs, and forms go to us or nowhere. */
export function pageHeaders(style: string, formAction: "'self'" | "'none'"): Readonly<Record<string, string>> {
  const digest = createHash('sha256').update(style).digest('base64');
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action ${formAction}; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
}

/** A text inside HTML, attributes included. */
export function escaped(raw: string): string {
  return raw.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
