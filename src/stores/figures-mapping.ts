import { latencyBucketOf, latencyBuckets, latencyCountOf } from '../domain/latency.ts';
import { number, numberOrNull, type Row } from './mapping.ts';
import type { BacklogMinute, LatencyBucket } from './reads.ts';

// What `mapping.ts` is for the rest: figures by the minute.

/** Beside the counts of the funnel, a column for each bucket. Most of a row's are null, which takes no room. */
export const latencyColumns = Array.from({ length: latencyBuckets }, (_, bucket) => `took_${bucket}`);

const noLatency: Readonly<Record<string, number | null>> = Object.fromEntries(
  latencyColumns.map((column) => [column, null]),
);

/** What is added to the columns of a row. */
export function latencyValues(tookMs: readonly number[]): Readonly<Record<string, number | null>> {
  if (tookMs.length === 0) return noLatency;
  const values = { ...noLatency };
  for (const ms of tookMs) {
    const column = `took_${latencyBucketOf(ms)}`;
    values[column] = (values[column] ?? 0) + 1;
  }
  return values;
}

export const latencySums = latencyColumns.map((column) => `sum(${column}) as ${column}`).join(', ');

/** Needs the sums, and `at`. */
export function latencyBucketsOf(rows: readonly Row[]): readonly LatencyBucket[] {
  return rows
    .map((row) => ({ at: number(row, 'at'), counts: latencyColumns.map((column) => numberOrNull(row, column) ?? 0) }))
    .filter(({ counts }) => latencyCountOf(counts) > 0);
}

export const backlogMosts = 'max(waiting) as waiting, max(dead) as dead, max(oldest_due_ms) as oldest_due_ms';
/** Needs the mosts, and `at`. */
export function backlogMinuteOf(row: Row): BacklogMinute {
  return {
    at: number(row, 'at'),
    waiting: number(row, 'waiting'),
    dead: number(row, 'dead'),
    oldestDueMs: number(row, 'oldest_due_ms'),
  };
}
