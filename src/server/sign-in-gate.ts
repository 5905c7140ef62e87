import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { problemOf } from '../api/problem.ts';
import { createRateLimit } from '../callbacks/rate-limit.ts';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { refuseForNow } from './plain.ts';

/** Whether a call may go on; false: it was answered. Sign-ins are few for each address, so that no key can be guessed by trying. */
export function createSignInGate(
  clock: Clock,
  clientOf: (incoming: IncomingMessage) => string,
): (incoming: IncomingMessage, outgoing: ServerResponse, sayContinue: boolean) => boolean {
  const limit = createRateLimit({ perSecond: 1 / limits.signInGapSeconds, burst: limits.signInBurst, clock });
  return (incoming, outgoing, sayContinue) => {
    if (incoming.method !== 'POST' || !/^\/v1\/session(\?|$)/.test(incoming.url ?? '')) return true;
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

/** One household has a /64 of IPv6 addresses. */
function networkOf(address: string): string {
  return isIPv6(address) ? address.split(':').slice(0, 4).join(':') : address;
}
