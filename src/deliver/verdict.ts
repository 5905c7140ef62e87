import type { Instant } from '../domain/clock.ts';
import type { Verdict } from '../domain/delivery.ts';
import { fractionOf, type Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { nextTryAt, type Schedule } from '../domain/retry.ts';
import type { Claimed } from '../stores/writes.ts';

/**
 * What an attempt came to, as far as the schedule cares. `stop`: the other side will never take it. `own_fault`: it says nothing
 * about the other side and costs no try. `given_up`: this process stops; the next one goes on at once.
 */
export type Outcome = 'confirmed' | 'failed' | 'stop' | 'own_fault' | 'given_up';

/** The one retry policy of endpoints, handlers and effects. */
export function verdictAfter(
  outcome: Outcome,
  claimed: Pick<Claimed, 'number' | 'triesBefore'>,
  schedule: Schedule,
  options: { now: Instant; random: Random; retryAfterMs?: number | null },
): Verdict {
  const { now, random, retryAfterMs = null } = options;
  switch (outcome) {
    case 'confirmed':
      return { is: 'confirmed' };
    case 'stop':
      return { is: 'dead' };
    case 'given_up':
      return { is: 'again', at: now, consumesTry: false };
    case 'own_fault':
      return { is: 'again', at: now + ownFaultWaitMs(claimed, random), consumesTry: false };
    case 'failed': {
      const at = nextTryAt(schedule, claimed.triesBefore + 1, now, { random: fractionOf(random), retryAfterMs });
      return at === null ? { is: 'dead' } : { is: 'again', at, consumesTry: true };
    }
  }
}

/**
 * Our own faults use up no try, so they wait as long as a breaker would stay open: doubling with each attempt that cost nothing,
 * up to a limit that a repaired installation can be expected to wait for.
 */
function ownFaultWaitMs({ number, triesBefore }: Pick<Claimed, 'number' | 'triesBefore'>, random: Random): number {
  const before = Math.min(Math.max(number - 1 - triesBefore, 0), 16);
  const wait = Math.min(limits.breakerOpenMs * 2 ** before, limits.breakerOpenMsMax);
  return wait + Math.floor(wait * 0.1 * fractionOf(random));
}
