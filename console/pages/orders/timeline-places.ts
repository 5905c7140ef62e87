import type { TimelineEntry } from '../../../src/api/orders.ts';

export interface Place {
  left: number;
  width: number;
}

const pointWidth = 12;
/** Room for a gap in time, at least and at most: hours between two tries do not push the rest into one point. */
const gapLeast = 16;

/**
 * Where entries stand from left to right. Gaps grow with the logarithm of the time they stand for: a callback and what it caused
 * within milliseconds stay apart, and a retry a day later is still in sight.
 */
export function placesOf(entries: readonly TimelineEntry[], width: number): readonly Place[] {
  if (entries.length === 0 || width === 0) return [];
  const times = entries.map(({ at }) => Date.parse(at));
  const weights = times.map((at, index) => {
    const beforeAt = times[index - 1];
    return beforeAt === undefined || at === beforeAt ? 0 : Math.log10(1 + (at - beforeAt) / 10);
  });
  const groups = weights.filter((weight) => weight > 0).length;
  const room = width - 2 * pointWidth - groups * gapLeast;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = pointWidth;
  return entries.map((_, index) => {
    const weight = weights[index] ?? 0;
    if (weight > 0) left += Math.max(4, gapLeast + (Math.max(room, 0) * weight) / total);
    return { left: Math.min(left, Math.max(width - pointWidth, left)) - pointWidth / 2, width: pointWidth };
  });
}
