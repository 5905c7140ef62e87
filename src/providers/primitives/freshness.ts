import type { Instant } from '../../domain/clock.ts';
import type { Refusal } from '../provider.ts';
import { refused } from './refusal.ts';

/** The replay window that WeChat Pay's, Stripe's and Standard Webhooks' own libraries use. */
export const replayWindowSeconds = 300;

/** Refuses a timestamp (whole seconds, as text) that lies further from now than the window, in either direction. */
export function refuseStale(seconds: string, now: Instant, windowSeconds = replayWindowSeconds): Refusal | null {
  const age = Math.round(now / 1000 - Number(seconds));
  if (Math.abs(now - Number(seconds) * 1000) <= windowSeconds * 1000) return null;
  return refused(
    'callback.stale',
    `timestamp ${Math.abs(age)} s ${age > 0 ? 'old' : 'in the future'}, window ${windowSeconds} s`,
  );
}
