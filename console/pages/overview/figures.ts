import { useQuery } from '@tanstack/react-query';
import type { Latency } from '../../../src/api/figures.ts';
import type { Trouble } from '../../../src/api/trouble.ts';
import { funnelQuery, readQuery, sessionQuery } from '../../api/queries.ts';
import { type TimeRange, useTimeRange } from '../../parts/time-range.tsx';
import { useLanguage } from '../../texts/texts.ts';

export type Side = 'sending' | 'receiving';

/** The funnel over the range in the address. */
export function useFunnel(side: Side) {
  const { from, to, bucket } = useTimeRange();
  return useQuery(funnelQuery({ side, from, to, bucket }));
}

/** How long it took over the same range. */
export function useLatency(side: Side) {
  const { from, to, bucket } = useTimeRange();
  return useQuery(readQuery<Latency>('/v1/latency', { side, from, to, bucket }));
}

/** What no event tells of, and costs much or changes seldom: read as seldom as a person can wait for it. */
export const seldom = { refetchInterval: 15_000 } as const;

/** What is in trouble. */
export function useTrouble() {
  return useQuery({ ...readQuery<Trouble>('/v1/trouble'), ...seldom });
}

/** Whether the whole system's figures are for this viewer: a key that is limited to merchants is refused them. */
export function useSeesAll(): boolean {
  return useQuery(sessionQuery).data?.merchants === null;
}

/** `99.9 %`, never rounded up to 100: one that failed is to be seen. */
export function useRate(): (rate: number | null) => string {
  const { tag } = useLanguage();
  const format = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1, roundingMode: 'floor' });
  return (rate) => (rate === null ? '—' : format.format(rate));
}

/** A bucket for every step of the range: those without anything are not answered. */
export function bucketsOver<Bucket extends { at: string }>(
  { from, to, bucketMs }: TimeRange,
  buckets: readonly Bucket[],
): {
  at: number[];
  of: (Bucket | null)[];
} {
  const found = new Map(buckets.map((one) => [Date.parse(one.at), one]));
  const at: number[] = [];
  const of: (Bucket | null)[] = [];
  for (let moment = Date.parse(from); moment < Date.parse(to); moment += bucketMs) {
    at.push(moment / 1000);
    of.push(found.get(moment) ?? null);
  }
  return { at, of };
}
