import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { defaultSchedule, nextTryAt, retryAfterMs } from '../../src/domain/retry.ts';

describe('the next try', () => {
  it('is never before its step, and at most a tenth after it', () => {
    const tries = fc.integer({ min: 1, max: defaultSchedule.length });
    fc.assert(
      fc.property(tries, fc.double({ min: 0, max: 0.999, noNaN: true }), (triesMade, random) => {
        const step = defaultSchedule[triesMade - 1] ?? 0;
        const at = nextTryAt(defaultSchedule, triesMade, 1000, { random }) ?? 0;
        expect(at).toBeGreaterThanOrEqual(1000 + step);
        expect(at).toBeLessThanOrEqual(1000 + step * 1.1);
      }),
    );
  });

  it('does not come once the schedule is used up', () => {
    expect(nextTryAt([5000], 1, 0, { random: 0 })).toBe(5000);
    expect(nextTryAt([5000], 2, 0, { random: 0 })).toBeNull();
    expect(nextTryAt([], 1, 0, { random: 0, retryAfterMs: 10 })).toBeNull();
  });

  it('is moved later by Retry-After, never earlier, and never beyond the bound', () => {
    expect(nextTryAt([5000], 1, 0, { random: 0, retryAfterMs: 60_000 })).toBe(60_000);
    expect(nextTryAt([5000], 1, 0, { random: 0, retryAfterMs: 1 })).toBe(5000);
    expect(nextTryAt([5000], 1, 0, { random: 0, retryAfterMs: -1 })).toBe(5000);
    expect(nextTryAt([5000], 1, 0, { random: 0, retryAfterMs: null })).toBe(5000);
    expect(nextTryAt([5000], 1, 0, { random: 0, retryAfterMs: 10 * limits.retryAfterMsMax })).toBe(
      limits.retryAfterMsMax,
    );
  });
});

it.each([
  ['120', 120_000],
  ['0', 0],
  ['Mon, 05 Jan 2026 00:01:00 GMT', 60_000],
  ['Sun, 04 Jan 2026 00:00:00 GMT', 0],
  ['soon', null],
  ['', null],
  [null, null],
])('Retry-After %j asks for %s ms', (value, expected) => {
  expect(retryAfterMs(value, Date.UTC(2026, 0, 5))).toBe(expected);
});
