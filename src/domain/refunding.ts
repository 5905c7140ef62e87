import { keptOf, sumsIn } from './amounts.ts';
import { pendingRefunds } from './asking.ts';
import { discrepancyKinds } from './discrepancy.ts';
import type { KnownFact } from './fact.ts';
import type { Folded } from './fold.ts';
import type { AccountId, DiscrepancyId } from './ids.ts';
import type { Money } from './money.ts';
import { smaller } from './operation.ts';
import type { Action } from './order.ts';

/** What of an open discrepancy's money can go back where it came from. */
export interface Refundable {
  account: AccountId;
  paymentId: string;
  /** At most what the payment still holds; ≥ 1 minor unit, in the payment's own currency. */
  money: Money;
}

/** Null: it is not open, is not about money, or no payment that we know by name holds any of it. */
export function refundableOf(folded: Folded, key: string): Refundable | null {
  const found = folded.discrepancies.find((one) => one.key === key);
  if (found === undefined || !discrepancyKinds[found.kind].refundable) return null;
  const { account, paymentId, amountMinor, currency } = found;
  if (account === null || paymentId === null || amountMinor === null || currency === null) return null;
  const payment = [...folded.counted.payments, ...folded.outside.payments].find(
    (one) => one.account === account && one.paymentId === paymentId && !one.wholeOrder,
  );
  if (payment === undefined) return null;
  const held = smaller(amountMinor, keptOf(sumsIn(payment, currency)));
  return held < 1n ? null : { account, paymentId, money: { amountMinor: held, currency } };
}

/** The refunds of a discrepancy that were begun, the newest last. */
export function refundsOf(actions: readonly Action[], key: string): readonly Action[] {
  return actions.filter((action) => action.is === 'refund' && action.discrepancy === key);
}

/** The idempotency key of a discrepancy's `count`-th refund (from 1): the same however often it is asked for, another for another. */
export function refundKey(discrepancy: DiscrepancyId, count: number): string {
  return count === 1 ? discrepancy : `${discrepancy}-${count}`;
}

/** A refund of this payment has begun at the provider and not ended there. */
export function isRefundPending<Fact extends KnownFact>(
  facts: readonly Fact[],
  { account, paymentId }: Pick<Refundable, 'account' | 'paymentId'>,
): boolean {
  return pendingRefunds(facts).some((fact) => fact.account === account && fact.paymentId === paymentId);
}
