import { createHash } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import { type Json, parseJson } from '../primitives/json.ts';
import { shown } from '../primitives/refusal.ts';
import type { RawReply } from '../provider.ts';

/**
 * What a platform's API answered, as JSON; null for 404.
 *
 * @throws AppError `provider.unreachable` for 429 and 5xx (nothing is known), `provider.refused` for any other status but 2xx
 * (`said` finds the platform's own words for why), `provider.answer` for a body that cannot be read.
 */
export function jsonAnswer(platform: string, reply: RawReply, said: (body: Json) => string | null): Json | null {
  if (reply.status === 404) return null;
  assertAnswered(platform, reply);
  const parsed = parseJson(reply.body);
  if (reply.status >= 200 && reply.status <= 299) {
    if ('why' in parsed)
      throw new AppError('provider.answer', `${platform} answered what cannot be read: ${parsed.why}`);
    return parsed.value;
  }
  const words = 'why' in parsed ? null : said(parsed.value);
  throw new AppError(
    'provider.refused',
    `${platform} answered ${reply.status}${words === null ? '' : `: ${shown(words)}`}`,
  );
}

/** @throws AppError `provider.unreachable` for 429 and 5xx: the platform did not do, or say, anything. */
export function assertAnswered(platform: string, { status }: RawReply): void {
  if (status === 429) throw new AppError('provider.unreachable', `${platform} takes no more requests now (429)`);
  if (status >= 500) throw new AppError('provider.unreachable', `${platform} answered ${status}`);
}

/** @throws AppError `provider.answer` where the facts of an answer cannot be read. */
export function readable<Value>(platform: string, value: Value | string): Value {
  if (typeof value !== 'string') return value;
  throw new AppError('provider.answer', `${platform} answered what cannot be read: ${value}`);
}

/** An idempotency key as a number that the platform takes; what has another form becomes a digest, the same each time. */
export function numberOf(idempotencyKey: string, form: RegExp): string {
  return form.test(idempotencyKey) ? idempotencyKey : createHash('sha256').update(idempotencyKey).digest('hex');
}
