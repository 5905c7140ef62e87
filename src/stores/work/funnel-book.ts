import type { Callback } from '../../domain/callback.ts';
import type { Instant } from '../../domain/clock.ts';
import type { Step, Target } from '../../domain/delivery.ts';
import { addCounts, countStep, emptyCounts, type FunnelCounts } from '../../domain/funnel.ts';
import type { MerchantId } from '../../domain/ids.ts';
import type { FunnelKey, Rows } from './rows.ts';

const minuteMs = 60_000;

export function minuteOf(at: Instant): Instant {
  return at - (at % minuteMs);
}

/** Where a callback counts in the receiving funnel. */
export function receivingKey(callback: Pick<Callback, 'merchant' | 'account' | 'provider' | 'receivedAt'>): FunnelKey {
  const { merchant, account: target, provider, receivedAt } = callback;
  return { side: 'receiving', per: 'attempt', merchant, provider, target, type: '', minute: minuteOf(receivedAt) };
}

/** What one transaction adds to the funnel: summed in memory, and written once before the commit. */
export class FunnelBook {
  readonly #rows: Rows;
  readonly #sums = new Map<string, { key: FunnelKey; counts: FunnelCounts; tookMs: number[] }>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** `tookMs`: how long it took, where that is known. */
  add(key: FunnelKey, counts: FunnelCounts, tookMs: number | null = null): void {
    const name = `${key.minute} ${key.side} ${key.per} ${key.type} ${key.provider} ${key.target} ${key.merchant}`;
    const sum = this.#sums.get(name);
    const took = tookMs === null ? [] : [tookMs];
    if (sum === undefined) this.#sums.set(name, { key, counts, tookMs: took });
    else {
      sum.counts = addCounts(sum.counts, counts);
      sum.tookMs.push(...took);
    }
  }

  /** An attempt that was recorded; `instead` is what stood for it before. What was never sent says nothing of how long a target takes. */
  addAttempt(
    counted: Counted,
    attempt: { startedAt: Instant; step: Step; durationMs: number },
    instead: { startedAt: Instant; step: Step } | null,
  ): void {
    const side = sideOf(counted.target);
    if (side === null) return;
    const key = { ...keyOf(counted), side, per: 'attempt' } as const;
    const tookMs = attempt.step === 'total' ? null : attempt.durationMs;
    this.add({ ...key, minute: minuteOf(attempt.startedAt) }, countStep(attempt.step), tookMs);
    if (instead !== null) this.add({ ...key, minute: minuteOf(instead.startedAt) }, negated(countStep(instead.step)));
  }

  /** A delivery got further than it ever had. */
  addDelivery(counted: Counted, createdAt: Instant, after: Step, before: Step | null): void {
    const side = sideOf(counted.target);
    if (side !== null)
      this.add({ ...keyOf(counted), side, per: 'delivery', minute: minuteOf(createdAt) }, countStep(after, before));
  }

  flush(): void {
    for (const { key, counts, tookMs } of this.#sums.values()) this.#rows.addToFunnel(key, counts, tookMs);
    this.#sums.clear();
  }
}

export interface Counted {
  merchant: MerchantId;
  provider: string;
  target: Target;
  type: string;
}

function keyOf({ merchant, provider, target, type }: Counted) {
  return { merchant, provider, target: target.kind === 'endpoint' ? target.id : target.name, type };
}

/** Effects are on neither side: what they reach is not ours to count. */
function sideOf(target: Target): 'sending' | 'handlers' | null {
  switch (target.kind) {
    case 'endpoint':
      return 'sending';
    case 'handler':
      return 'handlers';
    case 'effect':
      return null;
  }
}

function negated(counts: FunnelCounts): FunnelCounts {
  const { total, sent, received, handled, confirmed } = counts;
  return addCounts(emptyCounts, {
    total: -total,
    sent: -sent,
    received: -received,
    handled: -handled,
    confirmed: -confirmed,
  });
}
