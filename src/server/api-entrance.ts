import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemOf } from '../api/problem.ts';
import { AppError } from '../domain/errors.ts';
import type { Admission } from './admission.ts';
import { refuseForNow } from './plain.ts';

/** Whether a call may go on; false: it was answered. */
export type ApiEntrance = (incoming: IncomingMessage, outgoing: ServerResponse, sayContinue: boolean) => boolean;

/**
 * Refuses calls that write while too much waits, by what each caller has waiting. Callers are told apart by their keys as sent: a
 * wrong one gets its answer at once and holds nothing. Reads have readers of their own.
 */
export function createApiEntrance(admission: Admission): ApiEntrance {
  return (incoming, outgoing, sayContinue) => {
    const { method = '', url = '', headers } = incoming;
    if (method === 'GET' || method === 'HEAD' || !url.startsWith('/v1/')) return true;
    const key = headers.authorization ?? headers.cookie ?? '';
    if (admission.refuses(key)) {
      refuseForNow(incoming, outgoing, { reply: overloaded, sayContinue });
      return false;
    }
    // What is refused for another reason (a wrong key) is answered before its body ends, and waits for nothing.
    incoming.once('end', () => {
      if (!outgoing.writableEnded && !outgoing.destroyed) outgoing.once('close', admission.enter(key));
    });
    return true;
  };
}

const overloaded = {
  status: 503,
  headers: [
    ['content-type', 'application/problem+json'],
    ['cache-control', 'no-store'],
    ['retry-after', '1'],
  ],
  body: Buffer.from(
    JSON.stringify(problemOf(new AppError('store.overloaded', 'more requests wait than can be answered soon'))),
  ),
} as const;
