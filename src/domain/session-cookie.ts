import { AppError } from './errors.ts';

/** Below this path a node serves the console. */
export const consolePath = '/console';
export const sessionCookie = 'paidonce_session';
/** Where a browser begins to sign in at the identity provider, and where that one sends it back to. */
export const signInPath = '/v1/session/oidc';
export const signInReturnPath = `${signInPath}/return`;
/** What a session's calls carry beside its cookie. */
const consoleHeader = 'x-paidonce-console';

/**
 * The token of the session that stands for the key in this request; null where a key was sent, or neither.
 *
 * @throws AppError `auth.scope` where another site's page may have made the browser send it.
 */
export function sessionTokenIn({ method, headers }: Pick<Request, 'method' | 'headers'>): string | null {
  if (headers.has('authorization')) return null;
  const token = /(?:^|; *)paidonce_session=([\w-]{1,128})(?:;|$)/.exec(headers.get('cookie') ?? '')?.[1] ?? null;
  // Other sites can make a browser send the cookie, but not this header.
  if (token !== null && method !== 'GET' && method !== 'HEAD' && !headers.has(consoleHeader))
    throw new AppError('auth.scope', `with a session, a call that changes something needs the header ${consoleHeader}`);
  return token;
}

/** @throws AppError `auth.missing` */
export function bearerTokenOf(authorization: string | null): string {
  if (authorization === null) throw new AppError('auth.missing', 'the header authorization is missing');
  const token = /^bearer +([\x21-\x7e]{1,512})$/i.exec(authorization)?.[1];
  if (token === undefined)
    throw new AppError('auth.missing', 'the header authorization does not hold one bearer token');
  return token;
}
