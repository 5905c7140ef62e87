import type { AccountId, FactId } from './ids.ts';
import type { Action, Policy } from './order.ts';

interface KindEntry {
  /** While it is open, `payment.succeeded` is not sent. */
  blocks: boolean;
  /** There is money that can be given back. */
  refundable: boolean;
  /** Its cause may come to more later; a decision is about the amount it had then. */
  grows: boolean;
}

/**
 * Every kind of discrepancy: money that does not fit. The fold finds those that follow from facts, expectation, actions and
 * time; `unknown_order` comes from `limits.parkedMs`, the last four from what a query or a statement showed.
 */
export const discrepancyKinds = {
  /** Captured after the merchant closed the order, or after the provider closed the same payment. */
  late_payment: kind(true, true),
  /** Something was paid, less than expected, nothing is reserved, and the time to pay is over. */
  underpaid: kind(true, true),
  /** Money in a currency that the order does not have. */
  wrong_currency: kind(true, true),
  /** Money on an account, or for a payee, that the order does not name. */
  wrong_account: kind(true, true),
  /** A fact that counts, without an amount. */
  amount_missing: kind(true, false),
  /** A fact that names no operation, so that a copy of it could not be told from a second one. */
  operation_id_missing: kind(true, false),
  /** Two different amounts for one operation, or one payment under the references of two orders. */
  fact_conflict: kind(true, false),
  /** A payment that the order would be paid without. */
  double_payment: kind(false, true),
  /** More than expected, and no whole payment too many. */
  overpaid: kind(false, true, true),
  /** More refunded than was captured. */
  refund_exceeds: kind(false, false, true),
  /** A refund that had succeeded came back. */
  refund_bounced: kind(false, false),
  /** A refund that will not proceed until a person acts. */
  refund_needs_person: kind(false, false),
  /** A dispute about a payment that was refunded before: the same money may be given back twice. */
  dispute_after_refund: kind(false, false),
  /** An order that was paid is not any more. */
  reversed_after_paid: kind(false, false),
  /** Parked money whose order stays unknown. */
  unknown_order: kind(false, true),
  /** We know of money that the provider does not confirm. */
  missing_at_provider: kind(false, false),
  /** The statement has money that we do not know of. */
  missing_here: kind(false, false),
  /** The statement has another amount, currency or fee than the fact. */
  statement_differs: kind(false, false),
  /** A query answered the contrary of what a callback said. */
  query_contradicts: kind(false, false),
} as const satisfies Record<string, KindEntry>;
export type DiscrepancyKind = keyof typeof discrepancyKinds;

export function isDiscrepancyKind(text: string): text is DiscrepancyKind {
  return Object.hasOwn(discrepancyKinds, text);
}

/** Those that a query or a statement shows: the fold does not find them, so it does not resolve them either. */
const observedKinds = ['missing_at_provider', 'missing_here', 'statement_differs', 'query_contradicts'] as const;
export type ObservedKind = (typeof observedKinds)[number];

export function isObserved(of: DiscrepancyKind): of is ObservedKind {
  return observedKinds.some((one) => one === of);
}

/** A discrepancy as the fold finds it; what is stored of it gets an id from the caller. */
export interface FoundDiscrepancy {
  /** Its cause: the kind and what it is about. The same cause has the same key at every fold. */
  key: string;
  kind: DiscrepancyKind;
  blocks: boolean;
  account: AccountId | null;
  paymentId: string | null;
  operationId: string | null;
  /** The money it is about, and what `refund` would give back; null where no amount is known. */
  amountMinor: bigint | null;
  currency: string | null;
  /** One sentence for the person who meets it. */
  why: string;
}

/** The key of a discrepancy: its kind and what it is about. */
export function discrepancyKey(of: DiscrepancyKind, ...subject: readonly string[]): string {
  return [of, ...subject].join(':');
}

/** What a person may do about a kind. */
export function actionsFor(of: DiscrepancyKind): readonly Action['is'][] {
  const refund = discrepancyKinds[of].refundable ? (['refund'] as const) : [];
  return ['accept', ...refund, ...(of === 'late_payment' ? (['reopen'] as const) : []), 'ignore'];
}

/** The same for a discrepancy as it is kept: parked money (`order` null) can only be ignored until its order is known. */
export function actionsOn({ kind, order }: { kind: DiscrepancyKind; order: string | null }): readonly Action['is'][] {
  return order === null ? ['ignore'] : actionsFor(kind);
}

/** Whether `accept` must name an amount for this kind: without one the money would stay uncounted. */
export function acceptNeedsAmount(of: DiscrepancyKind): boolean {
  return of === 'amount_missing' || of === 'fact_conflict';
}

/** What the merchant wants done about a kind without a person. */
export function policyFor(of: DiscrepancyKind, policy: Policy): 'manual' | 'refund' | 'reopen' {
  switch (of) {
    case 'late_payment':
      return policy.latePayment;
    case 'double_payment':
      return policy.doublePayment;
    case 'underpaid':
      return policy.underpaid;
    case 'wrong_currency':
      return policy.wrongCurrency;
    case 'wrong_account':
      return policy.wrongAccount;
    default:
      return 'manual';
  }
}

/** What has to change in the store: `opened` get ids, `resolved` are the stored ones whose condition is gone, `restated` have come to something else. */
export function compareDiscrepancies<Stored extends Restatable & { key: string }>(
  found: readonly FoundDiscrepancy[],
  storedOpen: readonly Stored[],
): { opened: FoundDiscrepancy[]; resolved: Stored[]; restated: Stored[] } {
  const foundByKey = new Map(found.map((one) => [one.key, one]));
  const storedKeys = new Set(storedOpen.map(({ key }) => key));
  return {
    opened: found.filter(({ key }) => !storedKeys.has(key)),
    resolved: storedOpen.filter(({ key }) => !foundByKey.has(key)),
    restated: storedOpen.flatMap((stored) => {
      const { amountMinor, currency, why } = foundByKey.get(stored.key) ?? stored;
      const isSame = stored.amountMinor === amountMinor && stored.currency === currency && stored.why === why;
      return isSame ? [] : [{ ...stored, amountMinor, currency, why }];
    }),
  };
}

/** What may change of a discrepancy while its cause stays. */
type Restatable = Pick<FoundDiscrepancy, 'amountMinor' | 'currency' | 'why'>;

function kind(blocks: boolean, refundable: boolean, grows = false): KindEntry {
  return { blocks, refundable, grows };
}

/** The key of the discrepancy that says that a parked fact has waited too long for its order. */
export function parkedKey(fact: FactId): string {
  return `unknown_order:${fact}`;
}
