import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextLookAt, retryGapMs, sweepOf } from '../../src/domain/asking.ts';
import type { FactKind } from '../../src/domain/fact.ts';
import { limits } from '../../src/domain/limits.ts';
import { expectation, fact } from './histories.ts';

const [second, minute] = [1000, 60_000];

describe('the looks at something that is not final', () => {
  const looks = (until: number) => {
    const found: number[] = [];
    for (let at = 0; ; ) {
      const next = nextLookAt({ since: 0, until }, at);
      if (next === null) return found;
      found.push(next);
      at = next;
    }
  };

  it('come after 15, 30 and 60 s, then each tenth of its age, and last at its end', () => {
    expect(looks(3 * minute).map((at) => at / second)).toEqual([15, 30, 60, 90, 120, 150, 180]);
    expect(looks(20 * second).map((at) => at / second)).toEqual([15, 20]);
  });

  it('are a tenth of the age apart, between 30 s and 10 min, whenever one is taken', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90 * 86_400_000 }), fc.integer({ min: 0, max: 1e12 }), (age, since) => {
        const until = since + 100 * 86_400_000;
        const gap = (nextLookAt({ since, until }, since + age) ?? 0) - since - age;
        if (age >= minute) expect(gap).toBe(Math.min(Math.max(Math.ceil(age / 10), 30 * second), 10 * minute));
        else expect(gap).toBeLessThanOrEqual(30 * second);
        expect(gap).toBeGreaterThan(0);
      }),
    );
  });

  it('are over at the end', () => {
    expect(nextLookAt({ since: 0, until: 10 }, 9)).toBe(10);
    expect(nextLookAt({ since: 0, until: 10 }, 10)).toBeNull();
  });
});

describe('what an order is asked about', () => {
  const of = (status: Parameters<typeof sweepOf>[0]['status'], facts: Parameters<typeof sweepOf>[1] = []) =>
    sweepOf({ status, expectation: { ...expectation, recordedAt: 5, expiresAt: 100 } }, facts);
  const told = (kind: FactKind, refund: string) => ({ ...fact(kind, ['P1', refund, 5, 40]), recordedAt: 50 });

  it('is its payment until it expires, also after a try that failed', () => {
    for (const status of ['pending', 'authorized', 'underpaid', 'failed'] as const)
      expect(of(status)).toEqual({ since: 5, until: 100 });
    for (const status of ['paid', 'reversed', 'closed'] as const) expect(of(status)).toBeNull();
  });

  it('is a refund of which only the beginning is known', () => {
    const pending = told('refund_pending', 'r-1');
    expect(of('paid', [pending])).toEqual({ since: 50, until: 50 + limits.refundAskedMs });
    expect(of('paid', [pending, told('refund_failed', 'r-1')])).toBeNull();
    expect(of('paid', [pending, told('refunded', 'r-2')])).not.toBeNull();
  });

  it('is nothing where nobody announced it', () => {
    expect(sweepOf({ status: 'pending', expectation: null }, [])).toBeNull();
  });
});

it('a try that told nothing is followed by longer and longer gaps, an hour at most', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1000].map((tries) => retryGapMs(tries) / second)).toEqual([
    5, 15, 60, 300, 1800, 3600, 3600, 3600,
  ]);
});
