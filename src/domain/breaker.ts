import type { Instant } from './clock.ts';
import { limits } from './limits.ts';

/** What a lane remembers of its target's failures; a success forgets all of it. */
export interface Breaker {
  /** Failures since the last success. */
  failures: number;
  /** When the first of them was. */
  failingSince: Instant | null;
  /** Times the breaker opened since the last success. */
  opens: number;
  /** While this lies ahead nothing is sent; once it has passed, one probe is. Null: closed. */
  openUntil: Instant | null;
  /** Marks of the failure budget that were passed since the last success, as a person was warned of them. */
  warnings: readonly BudgetWarning[];
}

/** Parts of the failure budget, in percent, at which a person is warned. At the last one the endpoint is disabled. */
export const budgetMarks = [50, 80, 100] as const;
export interface BudgetWarning {
  percent: (typeof budgetMarks)[number];
  at: Instant;
}

export type BreakerGate = 'closed' | 'open' | 'half_open';

/** A target of which nothing bad is known: of a new lane, and of one that a person paused and enabled again. */
export const closedBreaker: Breaker = { failures: 0, failingSince: null, opens: 0, openUntil: null, warnings: [] };

/** Of a target that a person enabled again after its failures: one delivery goes first, the others once it is answered. */
export function probingBreaker(now: Instant): Breaker {
  return { ...closedBreaker, openUntil: now };
}

/** Whether the target may be tried at `now`: freely, not at all, or by one probe. */
export function breakerGate(breaker: Breaker, now: Instant): BreakerGate {
  if (breaker.openUntil === null) return 'closed';
  return now < breaker.openUntil ? 'open' : 'half_open';
}

/** How many more deliveries may be started at `now`, with `inFlight` under way and `concurrency` as the target's own limit. */
export function breakerRoom(breaker: Breaker, now: Instant, inFlight: number, concurrency: number): number {
  const gate = breakerGate(breaker, now);
  if (gate === 'open') return 0;
  return Math.max(0, (gate === 'closed' ? concurrency : 1) - inFlight);
}

/**
 * The breaker after an attempt. `limits.breakerFailures` failures in a row open it for `limits.breakerOpenMs`; each probe that
 * fails doubles that, up to `limits.breakerOpenMsMax`. Up to a fifth of the time is taken off at random (`random` in [0, 1)),
 * so that targets that failed together are not probed together. A failure of what was under way when the breaker opened is
 * counted but does not open it longer.
 */
export function breakerAfter(breaker: Breaker, outcome: 'success' | 'failure', now: Instant, random: number): Breaker {
  if (outcome === 'success') return closedBreaker;
  const failed: Breaker = { ...breaker, failures: breaker.failures + 1, failingSince: breaker.failingSince ?? now };
  const gate = breakerGate(breaker, now);
  if (gate === 'open' || (gate === 'closed' && failed.failures < limits.breakerFailures)) return failed;
  const opens = breaker.opens + 1;
  return { ...failed, opens, openUntil: now + openMs(opens, random) };
}

/** How much of its failure budget the target has used, from 0 to 1: of the time and of the attempts, whichever is less. */
export function failureBudgetUsed({ failures, failingSince }: Breaker, now: Instant): number {
  if (failingSince === null) return 0;
  const failedMs = Math.max(0, now - failingSince);
  return Math.min(1, failures / limits.failureBudgetAttempts, failedMs / limits.failureBudgetMs);
}

/** The highest mark that the target has passed and nobody was warned of; at the last one it is to be disabled. */
export function budgetWarningDue(breaker: Breaker, now: Instant): BudgetWarning | null {
  const used = failureBudgetUsed(breaker, now) * 100;
  const percent = budgetMarks.findLast((mark) => used >= mark);
  const warned = breaker.warnings.at(-1)?.percent ?? 0;
  return percent === undefined || percent <= warned ? null : { percent, at: now };
}

function openMs(opens: number, random: number): number {
  // 2^30 × any step is far beyond the maximum, and still an exact number.
  const step = Math.min(limits.breakerOpenMs * 2 ** Math.min(opens - 1, 30), limits.breakerOpenMsMax);
  return step - Math.floor(step * 0.2 * random);
}
