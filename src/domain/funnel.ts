import { type Step, stepRank, steps } from './delivery.ts';

/** How many reached each step. Each figure is at most the one before it. */
export interface FunnelCounts {
  total: number;
  sent: number;
  received: number;
  handled: number;
  confirmed: number;
}

/** The four rates between the steps; null where nothing reached the step before ("no data"). */
export interface FunnelRates {
  pS: number | null;
  pR: number | null;
  pH: number | null;
  pC: number | null;
}

export const emptyCounts: FunnelCounts = { total: 0, sent: 0, received: 0, handled: 0, confirmed: 0 };

/** What one thing adds that moves from `before` (null: it is new) to `after`. Moving back adds nothing: the furthest step ever counts. */
export function countStep(after: Step, before: Step | null = null): FunnelCounts {
  const counts = { ...emptyCounts };
  for (const step of steps.slice(before === null ? 0 : stepRank(before) + 1, stepRank(after) + 1)) counts[step] = 1;
  return counts;
}

export function addCounts(one: FunnelCounts, other: FunnelCounts): FunnelCounts {
  return {
    total: one.total + other.total,
    sent: one.sent + other.sent,
    received: one.received + other.received,
    handled: one.handled + other.handled,
    confirmed: one.confirmed + other.confirmed,
  };
}

export function ratesOf(counts: FunnelCounts): FunnelRates {
  return {
    pS: rate(counts.sent, counts.total),
    pR: rate(counts.received, counts.sent),
    pH: rate(counts.handled, counts.received),
    pC: rate(counts.confirmed, counts.handled),
  };
}

function rate(reached: number, of: number): number | null {
  return of === 0 ? null : reached / of;
}
