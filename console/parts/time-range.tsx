import { SegmentedControl } from '@mantine/core';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import { useSearchState } from './search.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const ranges = {
  '1h': { ms: hourMs, bucket: '1m' },
  '6h': { ms: 6 * hourMs, bucket: '1m' },
  '24h': { ms: 24 * hourMs, bucket: '1h' },
  '7d': { ms: 168 * hourMs, bucket: '1h' },
  '30d': { ms: 720 * hourMs, bucket: '1d' },
} as const;
type RangeName = keyof typeof ranges;
const names = ['1h', '6h', '24h', '7d', '30d'] as const satisfies readonly RangeName[];

export interface TimeRange {
  name: RangeName;
  from: string;
  to: string;
  /** How wide the figures' buckets are over this range. */
  bucket: '1m' | '1h' | '1d';
  bucketMs: number;
}

/** The range in the address, up to the running minute; 24 hours where it names none. */
export function useTimeRange(): TimeRange {
  const [search] = useSearchState();
  const name = names.find((one) => one === search.range) ?? '24h';
  const { ms, bucket } = ranges[name];
  const bucketMs = { '1m': minuteMs, '1h': hourMs, '1d': 24 * hourMs }[bucket];
  const end = (Math.floor(Date.now() / minuteMs) + 1) * minuteMs;
  // From the beginning of a bucket, so that the first is as wide as the others.
  const begin = Math.floor((end - ms) / bucketMs) * bucketMs;
  return { name, from: new Date(begin).toISOString(), to: new Date(end).toISOString(), bucket, bucketMs };
}

export function TimeRangePicker() {
  const say = useTexts(commonTexts);
  const [, change] = useSearchState();
  const { name } = useTimeRange();
  return (
    <SegmentedControl
      aria-label={say('range')}
      data={names.map((value) => ({ value, label: say(`range.${value}`) }))}
      value={name}
      onChange={(range) => change({ range })}
    />
  );
}
