import type { Instant } from './clock.ts';
import { type FactKind, type KnownFact, paymentKey } from './fact.ts';
import type { AccountId, CallbackId, DiscrepancyId, MerchantId, OrderId } from './ids.ts';
import { limits } from './limits.ts';
import type { Expectation, OrderStatus } from './order.ts';

/**
 * What is to be asked of one account's provider: to read a callback back, because nothing final is known of an order, because a
 * person wants it, to close it there, or to give money back. It is durable, and ends when its answer is recorded.
 */
export type Ask = AskState &
  (
    | { reason: 'callback'; subject: CallbackId }
    | { reason: 'sweep' | 'person' | 'close'; subject: OrderId }
    | { reason: 'refund'; subject: DiscrepancyId }
  );
export type AskOfOrder = Extract<Ask, { subject: OrderId }>;
export type AskOfRefund = Extract<Ask, { reason: 'refund' }>;

/** What somebody waits for (0) is asked before what is only looked at by itself (1), of which there may always be more. */
export function rankOf({ reason }: Pick<Ask, 'reason'>): 0 | 1 {
  return reason === 'sweep' ? 1 : 0;
}
export const ranks = [0, 1] as const;

interface AskState {
  merchant: MerchantId;
  account: AccountId;
  dueAt: Instant;
  /** How often it was asked, and how many of the last of these failed in a row. */
  tries: number;
  failures: number;
  /** Since when it waits. */
  since: Instant;
  askedAt: Instant | null;
  /** What came last, in words: `not found`, or the error. */
  answer: string | null;
}

const [second, minute, hour] = [1000, 60_000, 3_600_000] as const;

/** Gaps after a try that told nothing; the last one repeats. */
const retryGapsMs = [5 * second, 15 * second, minute, 5 * minute, 30 * minute, hour];

/** How long to wait after so many tries in a row (≥ 1) that told nothing. */
export function retryGapMs(tries: number): number {
  return retryGapsMs[Math.min(tries, retryGapsMs.length) - 1] ?? hour;
}

/** The first looks after an order was announced, by its age; then each tenth of its age within these bounds. */
const firstLooksMs = [15 * second, 30 * second, minute];
const [sweepGapMsMin, sweepGapMsMax] = [30 * second, 10 * minute];

/** For how long something is asked about by itself: from its beginning until it is over by our own clock. */
export interface Sweep {
  since: Instant;
  until: Instant;
}

/** When to ask about it next; the last look is at its end. Null: it is over. */
export function nextLookAt({ since, until }: Sweep, now: Instant): Instant | null {
  if (now >= until) return null;
  const age = Math.max(0, now - since);
  const first = firstLooksMs.find((look) => look > age);
  const gap = Math.min(Math.max(age / 10, sweepGapMsMin), sweepGapMsMax);
  return Math.min(first === undefined ? now + Math.ceil(gap) : since + first, until);
}

/** What an order is asked about by itself: its payment while none is final, or a refund that is pending. Null: nothing. */
export function sweepOf(
  order: { status: OrderStatus; expectation: Expectation | null },
  facts: readonly (KnownFact & { recordedAt: Instant })[],
): Sweep | null {
  const { status, expectation } = order;
  if (expectation === null || expectation.unverified) return null;
  const refund = pendingRefund(facts);
  // A try that failed may be followed by one that succeeds.
  const isOpen = status === 'pending' || status === 'authorized' || status === 'underpaid' || status === 'failed';
  const expiresAt = expectation.expiresAt ?? expectation.recordedAt + limits.expectationMs;
  const payment = isOpen ? { since: expectation.recordedAt, until: expiresAt } : null;
  if (payment === null || refund === null) return payment ?? refund;
  return { since: Math.max(payment.since, refund.since), until: Math.max(payment.until, refund.until) };
}

const endsOfRefund: readonly FactKind[] = ['refunded', 'refund_failed', 'refund_bounced'];

/** Refunds of which only the beginning is known. */
export function pendingRefunds<Fact extends KnownFact>(facts: readonly Fact[]): readonly Fact[] {
  const nameOf = (fact: KnownFact) => JSON.stringify([paymentKey(fact), fact.operationId]);
  const ended = new Set(facts.filter(({ kind }) => endsOfRefund.includes(kind)).map(nameOf));
  return facts.filter((fact) => fact.kind === 'refund_pending' && !ended.has(nameOf(fact)));
}

/** The newest of them. */
function pendingRefund(facts: readonly (KnownFact & { recordedAt: Instant })[]): Sweep | null {
  const pending = pendingRefunds(facts);
  if (pending.length === 0) return null;
  const since = Math.max(...pending.map(({ recordedAt }) => recordedAt));
  return { since, until: since + limits.refundAskedMs };
}
