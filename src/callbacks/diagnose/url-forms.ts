import type { Headers } from '../../providers/provider.ts';

/** URLs that a sender may have signed: those that are configured, and those that the request names, each spelled in the usual ways. */
export function urlForms(
  configured: readonly string[],
  request: { target: string; headers: Headers },
): readonly string[] {
  const hosts = request.headers.filter(([name]) => /^(?:x-forwarded-)?host$/i.test(name)).map(([, value]) => value);
  const named = hosts.map((host) => URL.parse(`https://${host}${request.target}`)?.href ?? '');
  const bases = [...configured, ...named].filter((url) => URL.canParse(url));
  return [...new Set(bases.flatMap(spellings))];
}

function spellings(base: string): readonly string[] {
  const withoutQuery = base.split('?')[0] ?? base;
  const slashed = [base, withoutQuery, withoutQuery.replace(/\/+$/, ''), `${withoutQuery.replace(/\/+$/, '')}/`];
  const ported = slashed.flatMap((url) => [url, url.replace(/^(https?:\/\/[^/]+?):\d+/, '$1')]);
  const origin = new URL(base).origin;
  return [...ported, origin, `${origin}/`].flatMap((url) => [
    url,
    url.startsWith('https:') ? url.replace('https:', 'http:') : url.replace('http:', 'https:'),
  ]);
}
