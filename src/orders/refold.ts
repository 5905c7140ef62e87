import { parkedKey } from '../domain/discrepancy.ts';
import { bucketOf, newId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Births } from '../notify/fan-out.ts';
import type { Ledger } from '../stores/ledger.ts';
import { settle } from './settle.ts';

const most = 64;

/** Folds the orders that time alone changes, and tells people of money that has waited too long for its order. True = there is more. */
export function refold(ledger: Ledger, births: Births): boolean {
  const orders = ledger.ordersToRefold(most);
  for (const order of orders) settle(ledger, births, order, null);
  const overdue = ledger.overdueParkedFacts(ledger.now - limits.parkedMs, most);
  for (const fact of overdue) {
    ledger.addDiscrepancy({
      id: newId('dsc', ledger.now, bucketOf(fact.merchant), ledger.random),
      merchant: fact.merchant,
      order: null,
      key: parkedKey(fact.id),
      kind: 'unknown_order',
      blocks: false,
      why: `${fact.kind} of payment ${fact.paymentId} names ${fact.reference === null ? 'no order' : `order ${fact.reference}`}, which nobody announced`,
      amountMinor: fact.amountMinor,
      currency: fact.currency,
      state: 'open',
      openedAt: ledger.now,
      closedAt: null,
      assigned: null,
      decision: null,
    });
  }
  return orders.length === most || overdue.length === most;
}
