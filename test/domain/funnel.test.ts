import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepRank, steps } from '../../src/domain/delivery.ts';
import { addCounts, countStep, emptyCounts, ratesOf } from '../../src/domain/funnel.ts';

describe('the funnel', () => {
  it('has no rate where nothing reached the step before', () => {
    expect(ratesOf(emptyCounts)).toEqual({ pS: null, pR: null, pH: null, pC: null });
    expect(ratesOf({ ...emptyCounts, total: 4 })).toEqual({ pS: 0, pR: null, pH: null, pC: null });
  });

  it('divides each step by the one before', () => {
    expect(ratesOf({ total: 10, sent: 8, received: 4, handled: 2, confirmed: 1 })).toEqual({
      pS: 0.8,
      pR: 0.5,
      pH: 0.5,
      pC: 0.5,
    });
  });

  it('counts a step with all before it', () => {
    expect(countStep('received')).toEqual({ total: 1, sent: 1, received: 1, handled: 0, confirmed: 0 });
  });

  it('counts the furthest step ever, once, however the tries went', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...steps), { minLength: 1 }), (reached) => {
        let counts = emptyCounts;
        let furthest: (typeof steps)[number] | null = null;
        for (const step of reached) {
          counts = addCounts(counts, countStep(step, furthest));
          if (furthest === null || stepRank(step) > stepRank(furthest)) furthest = step;
        }
        expect(counts).toEqual(countStep(furthest ?? 'total'));
        expect([counts.total, counts.sent, counts.received, counts.handled, counts.confirmed]).toEqual(
          [counts.total, counts.sent, counts.received, counts.handled, counts.confirmed].sort(
            (one, other) => other - one,
          ),
        );
      }),
    );
  });
});
