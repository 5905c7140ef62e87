import { limits } from './limits.ts';

/** How many in a second of what waited for a target may go, so long after it came back. */
export function drainRate(elapsedMs: number): number {
  const doublings = Math.max(0, elapsedMs) / limits.drainDoublesMs;
  return Math.min(limits.drainPerSecond * 2 ** Math.min(doublings, 30), limits.drainPerSecondMax);
}
