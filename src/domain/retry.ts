import type { Instant } from './clock.ts';
import { limits } from './limits.ts';

/** Milliseconds to wait before each try after the first. It has one step fewer than there are tries. */
export type Schedule = readonly number[];

/** When a delivery without a published schedule is tried again: 10 tries in about a day and a half. */
export const defaultSchedule: Schedule = [5, 30, 120, 600, 1800, 3600, 10_800, 28_800, 86_400].map(
  (seconds) => seconds * 1000,
);

/**
 * When to try again after `triesMade` tries, or null when the schedule is used up. Jitter is only ever added (up to a tenth of
 * the step), so that a published schedule is never run early; a Retry-After within bounds can only move the try later.
 */
export function nextTryAt(
  schedule: Schedule,
  triesMade: number,
  now: Instant,
  options: { random: number; retryAfterMs?: number | null },
): Instant | null {
  const step = schedule[triesMade - 1];
  if (step === undefined) return null;
  const wait = step + Math.floor(step * 0.1 * options.random);
  const asked = Math.min(Math.max(options.retryAfterMs ?? 0, 0), limits.retryAfterMsMax);
  return now + Math.max(wait, asked);
}

/** The milliseconds that a Retry-After header asks for (seconds, or an HTTP date), or null where it says nothing usable. */
export function retryAfterMs(value: string | null, now: Instant): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
