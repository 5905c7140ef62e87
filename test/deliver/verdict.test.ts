import { describe, expect, it } from 'vitest';
import { verdictAfter } from '../../src/deliver/verdict.ts';
import { fractionOf } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';

const none = (bytes: number) => new Uint8Array(bytes);
const most = (bytes: number) => new Uint8Array(bytes).fill(255);
const first = { number: 1, triesBefore: 0 };
const now = 1_000_000;

describe('the verdict after an attempt', () => {
  it('follows the schedule, a step a try, and ends dead when it is used up', () => {
    const schedule = [10, 20, 30];
    const at = [0, 1, 2, 3].map((triesBefore) =>
      verdictAfter('failed', { number: triesBefore + 1, triesBefore }, schedule, { now, random: none }),
    );
    expect(at).toEqual([
      { is: 'again', at: now + 10, consumesTry: true },
      { is: 'again', at: now + 20, consumesTry: true },
      { is: 'again', at: now + 30, consumesTry: true },
      { is: 'dead' },
    ]);
  });

  it('only ever adds jitter, a tenth at most', () => {
    const verdict = verdictAfter('failed', first, [1000], { now, random: most });
    expect(verdict).toEqual({ is: 'again', at: now + 1099, consumesTry: true });
  });

  it('waits as long as a Retry-After asks, within bounds, and never shorter than the schedule', () => {
    const wait = (retryAfterMs: number) => verdictAfter('failed', first, [5000], { now, random: none, retryAfterMs });
    expect(wait(60_000)).toMatchObject({ at: now + 60_000 });
    expect(wait(1)).toMatchObject({ at: now + 5000 });
    expect(wait(10 ** 12)).toMatchObject({ at: now + limits.retryAfterMsMax });
  });

  it('lets our own faults cost no try, waiting longer each time up to a limit', () => {
    const waits = [1, 2, 3, 40].map((number) =>
      verdictAfter('own_fault', { number, triesBefore: 0 }, [1], { now, random: none }),
    );
    expect(waits).toEqual(
      [15_000, 30_000, 60_000, limits.breakerOpenMsMax].map((wait) => ({
        is: 'again',
        at: now + wait,
        consumesTry: false,
      })),
    );
  });

  it('makes what a stopping process gave up due at once', () => {
    expect(verdictAfter('given_up', first, [5000], { now, random: most })).toEqual({
      is: 'again',
      at: now,
      consumesTry: false,
    });
  });

  it('is final for a confirmed delivery and for one that will never be taken', () => {
    expect(verdictAfter('confirmed', first, [5000], { now, random: none })).toEqual({ is: 'confirmed' });
    expect(verdictAfter('stop', first, [5000], { now, random: none })).toEqual({ is: 'dead' });
  });

  it('draws fractions below one', () => {
    expect(fractionOf(none)).toBe(0);
    expect(fractionOf(most)).toBeLessThan(1);
  });
});
