import type { Clock } from './clock.ts';

/** Answers for which many may ask while little changes. */
export interface KeptAnswers<T> {
  /** What is kept under `key`, is on its way, or is made now; one that fails is not kept. @throws what `make` throws. */
  of(key: string, clock: Clock, make: () => Promise<T>): Promise<T>;
}

const keysMax = 100;

/** `keepMs`: for how long, from when its making began, by how long that took. */
export function keptAnswers<T>(keepMs: (tookMs: number) => number): KeptAnswers<T> {
  const kept = new Map<string, { answer: Promise<T>; untilMs: number }>();
  return {
    async of(key, clock, make) {
      const beganMs = clock.monotonicMs();
      const known = kept.get(key);
      if (known !== undefined && known.untilMs > beganMs) return known.answer;
      kept.delete(key);
      const [oldest] = kept.keys();
      if (kept.size >= keysMax && oldest !== undefined) kept.delete(oldest);
      const made = { answer: make(), untilMs: Number.POSITIVE_INFINITY };
      kept.set(key, made);
      try {
        return await made.answer;
      } catch (error) {
        if (kept.get(key) === made) kept.delete(key);
        throw error;
      } finally {
        made.untilMs = beganMs + keepMs(clock.monotonicMs() - beganMs);
      }
    },
  };
}

const timesItsCost = 300;
const quickMs = 5;

/**
 * So that the makings of one answer take together about a three-hundredth of the time, however many ask; after a quick one it is made
 * anew. `mostMs`: how old an answer may be, whatever it cost.
 */
export function inProportion(mostMs: number): (tookMs: number) => number {
  return (tookMs) => tookMs + Math.min(mostMs, timesItsCost * Math.max(0, tookMs - quickMs));
}
