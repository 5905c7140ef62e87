import type { Instant } from './clock.ts';
import type { KnownFact } from './fact.ts';
import type { AccountId } from './ids.ts';
import type { NotificationType } from './notification.ts';

/** What the merchant says an order is to bring. Each change is a revision; the newest is in force. */
export interface Expectation {
  /** Minor units of `currency`, ≥ 1. */
  amountMinor: bigint;
  currency: string;
  /** The accounts that may receive it; null = every account of the merchant. */
  accounts: readonly AccountId[] | null;
  /** The sub-merchant or connected account that is to receive it; null = not checked. */
  payee: string | null;
  /** When an order that is paid in part counts as underpaid; null = `limits.expectationMs` after `recordedAt`. */
  expiresAt: Instant | null;
  recordedAt: Instant;
  /**
   * Nobody stated it: the account accepts payments without an order. Amount and currency are then those of the earliest
   * capture by (providerTime, operationId), found anew at each fold so that the order of arrival does not decide.
   */
  unverified: boolean;
}

/** What a person did about an order. `close` and an order-wide `reopen` name no discrepancy. */
export interface Action {
  is: 'close' | 'accept' | 'reopen' | 'ignore' | 'refund';
  /** Key of the discrepancy it answers. */
  discrepancy: string | null;
  /**
   * `accept` of `fact_conflict` or `amount_missing`: the true amount. `accept` of `underpaid`: what is accepted as payment in full
   * (the discrepancy's amount), so that a later partial reversal is not covered by it. Any decision about a kind that grows: its
   * amount then, so that more of it opens it again.
   */
  amountMinor: bigint | null;
  at: Instant;
  by: string;
  note: string;
}

/** What a merchant wants done, without a person, with money that does not fit. */
export interface Policy {
  latePayment: 'manual' | 'refund' | 'reopen';
  doublePayment: 'manual' | 'refund';
  /** Up to this much over the expectation opens no `overpaid`. */
  overpaidToleranceMinor: bigint;
  underpaid: 'manual' | 'refund';
  wrongCurrency: 'manual' | 'refund';
  wrongAccount: 'manual' | 'refund';
}

export const defaultPolicy: Policy = {
  latePayment: 'manual',
  doublePayment: 'manual',
  overpaidToleranceMinor: 0n,
  underpaid: 'manual',
  wrongCurrency: 'manual',
  wrongAccount: 'manual',
};

export const orderStatuses = ['pending', 'authorized', 'underpaid', 'paid', 'reversed', 'closed', 'failed'] as const;
/** The first that fits, in the order reversed, paid, underpaid, authorized, closed, failed, pending. */
export type OrderStatus = (typeof orderStatuses)[number];

/** Sums in minor units of the expectation's currency, over the facts in that currency and on its accounts. */
export interface Totals {
  /** All captures, those reversed later included. */
  capturedMinor: bigint;
  /** Reserved and not captured. */
  authorizedMinor: bigint;
  reversedMinor: bigint;
  /** Less what bounced. */
  refundedMinor: bigint;
  /** Of open disputes. */
  disputedMinor: bigint;
  /** Of lost disputes. */
  chargedBackMinor: bigint;
  /** Captured, not reversed, and more than expected. */
  overpaidMinor: bigint;
}

export const zeroTotals: Totals = {
  capturedMinor: 0n,
  authorizedMinor: 0n,
  reversedMinor: 0n,
  refundedMinor: 0n,
  disputedMinor: 0n,
  chargedBackMinor: 0n,
  overpaidMinor: 0n,
};

/** Everything that an order is folded from. */
export interface OrderHistory {
  /** Revisions, oldest first; none = nobody expects this order yet. */
  expectations: readonly Expectation[];
  /** One per fact key, in any order. */
  facts: readonly KnownFact[];
  actions: readonly Action[];
  /** Keys of facts that arrived with a reference of another order, or contradicting what their message said before. */
  linkConflicts: readonly string[];
  policy: Policy;
}

/** What the actions come to. */
export interface Decisions {
  /** When the merchant first closed the order, unless it was reopened since. */
  closedAt: Instant | null;
  /** The last `accept`, `ignore` or `reopen` of each discrepancy, by its key. */
  byKey: ReadonlyMap<string, Action>;
}

/** Reads actions in the order of their times. A `refund` decides nothing: the facts of the refund will. */
export function decide(actions: readonly Action[]): Decisions {
  const byKey = new Map<string, Action>();
  let closedAt: Instant | null = null;
  for (const action of actions.toSorted((one, other) => one.at - other.at)) {
    // A second close must not move the first: money that came between them is late.
    if (action.is === 'close') closedAt ??= action.at;
    if (action.is === 'reopen') closedAt = null;
    if (action.discrepancy !== null && action.is !== 'refund') byKey.set(action.discrepancy, action);
  }
  return { closedAt, byKey };
}

export function isAccepted(decisions: Decisions, key: string): boolean {
  return decisions.byKey.get(key)?.is === 'accept';
}

/** What a notification made by the fold left behind: enough to know what is still to be said. Published ones are not among them. */
export interface SentNotification {
  type: NotificationType;
  cause: string;
  amountMinor: bigint;
  currency: string;
  occurredAt: Instant;
  sequence: number;
}
