import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { problemOf } from '../api/problem.ts';
import { createRateLimit } from '../callbacks/rate-limit.ts';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { signInPath, signInReturnPath } from '../domain/session-cookie.ts';
import { refuseForNow } from './plain.ts';

/** Whether a call may go on; false: it was answered. Sign-ins are few for each address, so that no key can be guessed by trying. */
export function createSignInGate(
  clock: Clock,
  clientOf: (incoming: IncomingMessage) => string,
): (incoming: IncomingMessage, outgoing: ServerResponse, sayContinue: boolean) => boolean {
  const limit = createRateLimit({ perSecond: 1 / limits.signInGapSeconds, burst: limits.signInBurst, clock });
  return (incoming, outgoing, sayContinue) => {
    if (!isSignIn(incoming)) return true;
    const seconds = limit(networkOf(clientOf(incoming)));
    if (seconds === 0) return true;
    const error = new AppError('request.rate_limited', `too many sign-ins from this address; wait ${seconds} s`);
    const reply = {
      status: 429,
      headers: [
        ['content-type', 'application/problem+json'],
        ['cache-control', 'no-store'],
        ['retry-after', String(seconds)],
      ],
      body: Buffer.from(JSON.stringify(problemOf(error))),
    } as const;
    refuseForNow(incoming, outgoing, { reply, sayContinue });
    return false;
  };
}

function isSignIn({ method, url = '' }: IncomingMessage): boolean {
  const path = pathOf(url);
  return (method === 'POST' && path === '/v1/session') || path === signInPath || path === signInReturnPath;
}

/** As the routes see it: letters of a path may be written with percent signs, and a whole URL may stand in its place. */
function pathOf(url: string): string {
  const path = URL.parse(url, 'http://localhost')?.pathname ?? url;
  try {
    return decodeURI(path);
  } catch {
    // No route has such a path.
    return path;
  }
}

/** One household has a /64 of IPv6 addresses. */
function networkOf(address: string): string {
  return isIPv6(address) ? address.split(':').slice(0, 4).join(':') : address;
}
