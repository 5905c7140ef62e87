import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Breaker,
  breakerAfter,
  breakerGate,
  breakerRoom,
  budgetWarningDue,
  closedBreaker,
  failureBudgetUsed,
} from '../../src/domain/breaker.ts';
import { limits } from '../../src/domain/limits.ts';

function failTimes(times: number, now = 1000, from: Breaker = closedBreaker): Breaker {
  let breaker = from;
  for (let count = 0; count < times; count += 1) breaker = breakerAfter(breaker, 'failure', now, 0);
  return breaker;
}

describe('the breaker', () => {
  it('stays closed below the limit of failures in a row, and a success starts the count again', () => {
    const nearly = failTimes(limits.breakerFailures - 1);
    expect(breakerGate(nearly, 1000)).toBe('closed');
    expect(breakerAfter(nearly, 'success', 1000, 0)).toEqual(closedBreaker);
    expect(breakerRoom(nearly, 1000, 3, 8)).toBe(5);
  });

  it('opens at the limit, lets one probe go when the time is over, and closes when that succeeds', () => {
    const opened = failTimes(limits.breakerFailures);
    const until = 1000 + limits.breakerOpenMs;
    expect(opened).toEqual({
      failures: limits.breakerFailures,
      failingSince: 1000,
      opens: 1,
      openUntil: until,
      warnings: [],
    });
    expect([breakerGate(opened, until - 1), breakerRoom(opened, until - 1, 0, 8)]).toEqual(['open', 0]);
    expect([breakerGate(opened, until), breakerRoom(opened, until, 0, 8), breakerRoom(opened, until, 1, 8)]).toEqual([
      'half_open',
      1,
      0,
    ]);
    expect(breakerAfter(opened, 'success', until, 0)).toEqual(closedBreaker);
  });

  it('stays open twice as long after each probe that fails, up to the maximum', () => {
    let breaker = failTimes(limits.breakerFailures);
    const waits: number[] = [];
    for (let count = 0; count < 12; count += 1) {
      const now = breaker.openUntil ?? 0;
      breaker = breakerAfter(breaker, 'failure', now, 0);
      waits.push((breaker.openUntil ?? 0) - now);
    }
    expect(waits.slice(0, 4)).toEqual([2, 4, 8, 16].map((times) => times * limits.breakerOpenMs));
    expect(waits.at(-1)).toBe(limits.breakerOpenMsMax);
  });

  it('is not held open by failures of what was under way when it opened', () => {
    const opened = failTimes(limits.breakerFailures);
    const later = failTimes(5, 1001, opened);
    expect(later).toEqual({ ...opened, failures: opened.failures + 5 });
  });

  it('never opens longer than the maximum nor shorter than four fifths of a step, and its numbers stay whole', () => {
    const step = fc.record({
      success: fc.boolean(),
      wait: fc.integer({ min: 0, max: 10 * limits.breakerOpenMsMax }),
      random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let breaker = closedBreaker;
        let now = 1_700_000_000_000;
        for (const { success, wait, random } of steps) {
          now += wait;
          const gate = breakerGate(breaker, now);
          const next = breakerAfter(breaker, success ? 'success' : 'failure', now, random);
          if (next.opens > breaker.opens) {
            expect(gate).not.toBe('open');
            const openMs = (next.openUntil ?? 0) - now;
            expect(openMs).toBeGreaterThanOrEqual(0.8 * limits.breakerOpenMs);
            expect(openMs).toBeLessThanOrEqual(limits.breakerOpenMsMax);
            expect(Number.isSafeInteger(next.openUntil)).toBe(true);
          }
          breaker = next;
        }
      }),
    );
  });
});

describe('the failure budget', () => {
  it('is spent by failing alone for long enough and often enough, never by one of the two', () => {
    const often = failTimes(limits.failureBudgetAttempts, 1000);
    const end = 1000 + limits.failureBudgetMs;
    expect(failureBudgetUsed(often, end - 1)).toBeLessThan(1);
    expect(failureBudgetUsed(often, end)).toBe(1);
    expect(failureBudgetUsed(often, 1000 + limits.failureBudgetMs / 2)).toBe(0.5);
    expect(failureBudgetUsed(failTimes(limits.failureBudgetAttempts / 5, 1000), end)).toBe(0.2);
    expect(failureBudgetUsed(closedBreaker, end)).toBe(0);
    expect(failureBudgetUsed(failTimes(limits.failureBudgetAttempts - 1, 1000), end)).toBeLessThan(1);
    expect(failureBudgetUsed(breakerAfter(often, 'success', end, 0), end)).toBe(0);
  });

  it('warns at the highest mark that was passed since the last warning, and of none twice', () => {
    const often = failTimes(limits.failureBudgetAttempts, 0);
    const at = (share: number) => limits.failureBudgetMs * share;
    expect(budgetWarningDue(often, at(0.499))).toBeNull();
    expect(budgetWarningDue(often, at(0.5))).toEqual({ percent: 50, at: at(0.5) });
    expect(budgetWarningDue(often, at(0.9))).toMatchObject({ percent: 80 });
    const warned: Breaker = { ...often, warnings: [{ percent: 80, at: at(0.9) }] };
    expect(budgetWarningDue(warned, at(0.99))).toBeNull();
    expect(budgetWarningDue(warned, at(3))).toMatchObject({ percent: 100 });
    expect(budgetWarningDue(closedBreaker, at(1))).toBeNull();
    expect(breakerAfter(warned, 'success', at(1), 0).warnings).toEqual([]);
  });
});
