import type { Clock } from '../domain/clock.ts';

/** One answer for everybody who asks within so many milliseconds, also while it is on its way; one that fails is not kept. */
export function keptFor<T>(ms: number, clock: Clock): (make: () => Promise<T>) => Promise<T> {
  let kept: { at: number; made: Promise<T> } | null = null;
  return async (make) => {
    if (kept === null || clock.monotonicMs() - kept.at >= ms) kept = { at: clock.monotonicMs(), made: make() };
    const asked = kept;
    try {
      return await asked.made;
    } catch (error) {
      if (kept === asked) kept = null;
      throw error;
    }
  };
}
