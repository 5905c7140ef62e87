import type { Clock } from '../domain/clock.ts';

/** 0: go on. Otherwise the whole seconds to wait. */
export type RateLimit = (name: string) => number;

/** Names remembered at once; past it all are forgotten, which lets each of them have its burst again. */
const namesMax = 10_000;

/** A bucket of tokens for each name. */
export function createRateLimit(options: { perSecond: number; burst: number; clock: Clock }): RateLimit {
  const { perSecond, burst, clock } = options;
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return (name) => {
    const atMs = clock.monotonicMs();
    const before = buckets.get(name) ?? { tokens: burst, atMs };
    const tokens = Math.min(burst, before.tokens + ((atMs - before.atMs) / 1000) * perSecond);
    if (buckets.size >= namesMax && !buckets.has(name)) buckets.clear();
    buckets.set(name, { tokens: tokens < 1 ? tokens : tokens - 1, atMs });
    return tokens < 1 ? Math.ceil((1 - tokens) / perSecond) : 0;
  };
}
