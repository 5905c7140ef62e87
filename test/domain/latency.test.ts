import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addLatencies,
  emptyLatency,
  latencyAt,
  latencyBucketOf,
  latencyBuckets,
  latencyCountOf,
} from '../../src/domain/latency.ts';

const counted = (durations: readonly number[]) =>
  durations.reduce(
    (sum, ms) =>
      addLatencies(
        sum,
        emptyLatency.map((_, bucket) => (bucket === latencyBucketOf(ms) ? 1 : 0)),
      ),
    emptyLatency,
  );

describe('durations in buckets', () => {
  it('have no percentile where there are none', () => {
    expect(latencyAt(emptyLatency, 0.5)).toBeNull();
  });

  it.each([
    [0, 0],
    [1, 0],
    [1.01, 1],
    [2, 1],
    [2.1, 2],
    [32_768, 15],
    [32_769, 16],
    [1e12, latencyBuckets - 1],
  ])('of %d ms are in bucket %d', (ms, bucket) => {
    expect(latencyBucketOf(ms)).toBe(bucket);
  });

  it('are told at most twice or half of what is exact', () => {
    const durations = fc.array(fc.double({ min: 1, max: 32_768, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.99), (unsorted, share) => {
        const sorted = unsorted.toSorted((one, other) => one - other);
        const counts = counted(sorted);
        expect(latencyCountOf(counts)).toBe(sorted.length);
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        const told = latencyAt(counts, share) ?? 0;
        expect(Math.max(told / exact, exact / told)).toBeLessThanOrEqual(2 + 1e-9);
      }),
    );
  });

  it('are never told past where the last bucket begins', () => {
    expect(latencyAt(counted([60_000]), 0.99)).toBe(32_768);
  });
});
