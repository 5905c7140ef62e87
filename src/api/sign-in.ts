import type { OpenAPIHono } from '@hono/zod-openapi';
import type { BlankEnv } from 'hono/types';
import { limits } from '../domain/limits.ts';
import type { Person } from '../domain/merchant.ts';
import { consolePath, signInPath, signInReturnPath } from '../domain/session-cookie.ts';
import type { Service } from '../service.ts';
import { cookieWith } from './auth.ts';
import { isSecure } from './sessions.ts';

/** Why somebody was not signed in: the console's sign-in page says it in words. */
export type SignInRefusal =
  /** The identity provider does not answer, or not as it should. */
  | 'unreachable'
  /** Too late, in another browser, or in one that keeps no cookies. */
  | 'expired'
  /** The identity provider said no, or what it said does not hold. */
  | 'refused'
  /** Nothing that is said of the person gives a role. */
  | 'role';

/** Sign-in at the company's identity provider. Whoever mounts the API brings it. */
export interface SignIn {
  /**
   * Where the browser is to go, and what it must bring back: sealed, for `limits.signInAwayMs`.
   *
   * @param to The address within the console where the person wants to be afterwards.
   */
  begin(to: string): Promise<{ location: string; kept: string } | { refused: SignInRefusal }>;
  /** Who has come back with this query, and where they wanted to be. `kept`: what the browser brought back. */
  finish(query: string, kept: string | null): Promise<{ person: Person; to: string } | { refused: SignInRefusal }>;
}

const cookieName = 'paidonce_sign_in';

/** Two addresses for browsers, which are led from one to the next: no calls of the API, and not in its document. */
export function addSignIn(app: OpenAPIHono<BlankEnv>, service: Service, signIn: SignIn): void {
  app.get(signInPath, async ({ req }) => {
    const begun = await signIn.begin(placeIn(req.query('to') ?? ''));
    if ('refused' in begun) return redirect(refusalPage(begun.refused), []);
    return redirect(begun.location, [keptCookie(begun.kept, limits.signInAwayMs, isSecure(service, req.raw.headers))]);
  });
  app.get(signInReturnPath, async ({ req }) => {
    const { headers } = req.raw;
    const secure = isSecure(service, headers);
    // Used once, whatever comes of it.
    const gone = keptCookie('', 0, secure);
    const kept = /(?:^|; *)paidonce_sign_in=([\w-]{1,4000})(?:;|$)/.exec(headers.get('cookie') ?? '')?.[1] ?? null;
    const finished = await signIn.finish(new URL(req.url).search, kept);
    if ('refused' in finished) return redirect(refusalPage(finished.refused), [gone]);
    const { token, expiresAt } = await service.sessions.open(finished.person);
    return redirect(finished.to, [gone, cookieWith(token, { secure, expiresAt })]);
  });
}

/**
 * The address within the console, where that is what stands there; else its first page. Other sites can write this link too, so
 * nothing counts that a browser would not have written letter by letter: what it reads otherwise could lead anywhere.
 */
function placeIn(to: string): string {
  const isWithin = to.length <= limits.consolePathCharactersMax && /^\/console[/?]/.test(to) && !/\/\/|\\/.test(to);
  const origin = 'http://localhost';
  return isWithin && URL.parse(to, origin)?.href === origin + to ? to : consolePath;
}

function refusalPage(refused: SignInRefusal): string {
  return `${consolePath}?sign_in=${refused}`;
}

/** `Lax`: the way back is a link on another site, with which a strict cookie would not come. */
function keptCookie(kept: string, ms: number, secure: boolean): string {
  const life = `Max-Age=${ms / 1000}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return `${cookieName}=${kept}; Path=${signInPath}; ${life}`;
}

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 302, headers });
}
