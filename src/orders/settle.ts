import { compareDiscrepancies, type FoundDiscrepancy, isObserved } from '../domain/discrepancy.ts';
import { notificationsDue } from '../domain/due.ts';
import { fold } from '../domain/fold.ts';
import type { CallbackId, OrderId } from '../domain/ids.ts';
import { isPublished } from '../domain/notification.ts';
import type { Births } from '../notify/fan-out.ts';
import type { Ledger, StoredDiscrepancy, StoredOrder } from '../stores/ledger.ts';
import { announce, ofDiscrepancy, openDiscrepancy, resolveDiscrepancy } from './announce.ts';
import { keepAsking } from './asks.ts';
import { historyOf } from './policy.ts';
import { refundByPolicy } from './refunds.ts';

/**
 * Folds an order again from everything known about it, and takes what changed into effect: status, totals, discrepancies,
 * notifications and their deliveries. Called in the transaction that changed what is known.
 */
export function settle(ledger: Ledger, births: Births, id: OrderId, callback: CallbackId | null): void {
  const order = ledger.order(id);
  if (order === null) return;
  const facts = ledger.factsOfOrder(id);
  const history = historyOf(order, facts, ledger.merchant(order.merchant));
  const folded = fold(history, ledger.now);
  const { expectation } = folded;
  if (expectation === null) return;
  // Every discrepancy and everything sent took a sequence: before the first there is nothing to read.
  const isNew = order.sequence === 0;
  const open = isNew
    ? []
    : ledger.discrepanciesOf(id).filter(({ state, kind }) => state === 'open' && !isObserved(kind));
  const { opened, resolved } = keepDiscrepancies(ledger, order, folded.discrepancies, open);
  const refunds = refundByPolicy(ledger, order, { opened, folded, facts, policy: history.policy });
  const sent = isNew ? [] : sentByFold(ledger, id);
  const { due, fellShort } = notificationsDue({ folded, sent, fellShort: order.fellShort });
  const drafts = [
    ...due,
    ...opened.map((discrepancy) => ofDiscrepancy('discrepancy.opened', discrepancy, expectation, ledger.now)),
    ...resolved.map((discrepancy) => ofDiscrepancy('discrepancy.resolved', discrepancy, expectation, ledger.now)),
  ];
  ledger.saveOrder({
    ...order,
    // One that nobody stated follows the earliest capture, whichever arrived first.
    expectations: expectation.unverified ? [expectation] : order.expectations,
    // The same list where nothing was added: what did not change is not written again.
    actions: refunds.length === 0 ? order.actions : [...order.actions, ...refunds],
    status: folded.status,
    totals: folded.totals,
    fellShort,
    refoldAt: folded.nextAt,
    sequence: order.sequence + drafts.length,
    updatedAt: ledger.now,
  });
  keepAsking(ledger, { ...order, status: folded.status }, expectation, facts);
  announce(ledger, births, order, { drafts, callback, expectation });
}

/** Writes what became of those of the order's discrepancies that the fold finds. Gives those that notifications are made of. */
function keepDiscrepancies(
  ledger: Ledger,
  order: StoredOrder,
  found: readonly FoundDiscrepancy[],
  open: readonly StoredDiscrepancy[],
): { opened: readonly StoredDiscrepancy[]; resolved: readonly StoredDiscrepancy[] } {
  const changed = compareDiscrepancies(found, open);
  const opened = changed.opened.map((one) => openDiscrepancy(ledger, order, one));
  for (const discrepancy of changed.resolved) resolveDiscrepancy(ledger, discrepancy);
  for (const discrepancy of changed.restated) ledger.saveDiscrepancy(discrepancy);
  return { opened, resolved: changed.resolved };
}

function sentByFold(ledger: Ledger, id: OrderId) {
  return ledger.sentNotifications(id).filter((notification) => !isPublished(notification));
}
