import { policyFor } from '../domain/discrepancy.ts';
import { type Folded, fold } from '../domain/fold.ts';
import type { Action, Policy } from '../domain/order.ts';
import { isRefundPending, type Refundable, refundableOf, refundsOf } from '../domain/refunding.ts';
import type { ActInput } from '../stores/decisions.ts';
import type { Ledger, StoredDiscrepancy, StoredFact, StoredOrder } from '../stores/ledger.ts';
import { unasked } from './asks.ts';
import { historyOf } from './policy.ts';

interface Known {
  folded: Folded;
  facts: readonly StoredFact[];
}

/** Begins the refunds that the merchant's policy wants of discrepancies that opened just now. Gives them as actions of the order. */
export function refundByPolicy(
  ledger: Ledger,
  order: StoredOrder,
  { opened, policy, ...known }: Known & { opened: readonly StoredDiscrepancy[]; policy: Policy },
): readonly Action[] {
  return opened.flatMap((discrepancy) => {
    if (policyFor(discrepancy.kind, policy) !== 'refund') return [];
    const refundable = refundableOf(known.folded, discrepancy.key);
    const why =
      refundable === null
        ? 'no payment that can be named holds its money'
        : refundsOf(order.actions, discrepancy.key).length > 0
          ? 'the policy has refunded it before, and it came back'
          : isUnderWay(ledger, order, refundable, known)
            ? 'a refund of its payment is under way'
            : null;
    if (refundable !== null && why === null) {
      const { amountMinor } = refundable.money;
      return [begin(ledger, discrepancy, refundable, { amountMinor, by: 'policy', note: 'the policy is refund' })];
    }
    const { merchant } = order;
    const note = `to be refunded by a person: ${why}`;
    ledger.addAction({ merchant, by: 'policy', what: 'discrepancy.refund_left', subject: order.id, note });
    return [];
  });
}

/** A person has money given back. False: there is not so much of it, or a refund of its payment is under way. */
export function refundByPerson(
  ledger: Ledger,
  order: StoredOrder,
  discrepancy: StoredDiscrepancy,
  { action, by, note }: ActInput & { action: { amountMinor: bigint | null } },
): boolean {
  const known = knownOf(ledger, order);
  const refundable = refundableOf(known.folded, discrepancy.key);
  if (refundable === null || isUnderWay(ledger, order, refundable, known)) return false;
  const amountMinor = action.amountMinor ?? refundable.money.amountMinor;
  if (amountMinor < 1n || amountMinor > refundable.money.amountMinor) return false;
  const taken = begin(ledger, discrepancy, refundable, { amountMinor, by, note });
  ledger.saveOrder({ ...order, actions: [...order.actions, taken] });
  return true;
}

/** Whether money of this discrepancy is on its way back, or may be. */
export function isBeingRefunded(ledger: Ledger, order: StoredOrder, { key }: StoredDiscrepancy): boolean {
  if (refundsOf(order.actions, key).length === 0) return false;
  const known = knownOf(ledger, order);
  const refundable = refundableOf(known.folded, key);
  return refundable !== null && isUnderWay(ledger, order, refundable, known);
}

function knownOf(ledger: Ledger, order: StoredOrder): Known {
  const facts = ledger.factsOfOrder(order.id);
  return { facts, folded: fold(historyOf(order, facts, ledger.merchant(order.merchant)), ledger.now) };
}

/** Two refunds of one payment at a time might give its money back twice, each under a key of its own. */
function isUnderWay(ledger: Ledger, order: StoredOrder, refundable: Refundable, { folded, facts }: Known): boolean {
  const { account, paymentId } = refundable;
  if (isRefundPending(facts, refundable)) return true;
  return ledger.discrepanciesOf(order.id).some(({ id, key }) => {
    const about = folded.discrepancies.find((found) => found.key === key);
    // What is not open any more may be about this payment too.
    if (about !== undefined && (about.account !== account || about.paymentId !== paymentId)) return false;
    return ledger.ask(id, account) !== null;
  });
}

function begin(
  ledger: Ledger,
  discrepancy: StoredDiscrepancy,
  { account, paymentId, money: { currency } }: Refundable,
  { amountMinor, by, note }: Pick<Action, 'by' | 'note'> & { amountMinor: bigint },
): Action {
  const { id: subject, key, merchant, order } = discrepancy;
  const said = `${note} (${amountMinor} minor units of ${currency}, payment ${paymentId})`;
  ledger.addAction({ merchant, by, what: 'discrepancy.refund', subject: order ?? subject, note: said });
  ledger.saveAsk({ ...unasked(ledger), merchant, account, subject, reason: 'refund' });
  const decision = { is: 'refund', amountMinor, at: ledger.now, by, note } as const;
  ledger.saveDiscrepancy({ ...discrepancy, decision });
  return { ...decision, discrepancy: key };
}
