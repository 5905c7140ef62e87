/**
 * Durations are counted in buckets, which add up over minutes, targets and nodes. The first ends at 1 ms, each later one twice as far as
 * the one before, and the last, from 32.8 s on, has no end. Half as wide they would be twice as many, and cost twice as much.
 */
export const latencyBuckets = 17;
/** How many took so long, by bucket. */
export type LatencyCounts = readonly number[];

export const emptyLatency: LatencyCounts = Array.from({ length: latencyBuckets }, () => 0);

export function addLatencies(one: LatencyCounts, other: LatencyCounts): LatencyCounts {
  return one.map((count, bucket) => count + (other[bucket] ?? 0));
}

/** The bucket of a duration in milliseconds. */
export function latencyBucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.min(latencyBuckets - 1, Math.ceil(Math.log2(ms)));
}

/**
 * What this share of them (0 to 1) did not take longer than, in milliseconds; null where there are none. Durations are thought of as
 * spread evenly over the logarithm within their bucket: from 1 ms on it is at most twice or half of what is exact, and never past 32.8 s.
 */
export function latencyAt(counts: LatencyCounts, share: number): number | null {
  const rank = share * latencyCountOf(counts);
  let before = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && before + count >= rank) return within(bucket, (rank - before) / count);
    before += count;
  }
  return null;
}

export function latencyCountOf(counts: LatencyCounts): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function within(bucket: number, share: number): number {
  if (bucket === 0) return share;
  return bucket === latencyBuckets - 1 ? endOf(bucket - 1) : endOf(bucket - 1 + share);
}

function endOf(bucket: number): number {
  return 2 ** bucket;
}
