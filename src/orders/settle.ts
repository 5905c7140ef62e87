import { compareDiscrepancies, type FoundDiscrepancy } from '../domain/discrepancy.ts';
import { type NotificationDraft, notificationsDue } from '../domain/due.ts';
import { fold } from '../domain/fold.ts';
import { bucketOf, type CallbackId, newId, type OrderId } from '../domain/ids.ts';
import { isPublished, type Notification } from '../domain/notification.ts';
import type { Expectation } from '../domain/order.ts';
import { type Births, destinationsOf, fanOut } from '../notify/fan-out.ts';
import type { Ledger, StoredDiscrepancy, StoredOrder } from '../stores/ledger.ts';
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
  const open = isNew ? [] : ledger.discrepanciesOf(id).filter(({ state }) => state === 'open');
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
  for (const [index, draft] of drafts.entries())
    send(ledger, births, order, { draft, sequence: order.sequence + index + 1, callback, expectation });
}

/** Writes what became of the order's discrepancies. Gives those that notifications are made of. */
function keepDiscrepancies(
  ledger: Ledger,
  { id: order, merchant }: StoredOrder,
  found: readonly FoundDiscrepancy[],
  open: readonly StoredDiscrepancy[],
): { opened: readonly StoredDiscrepancy[]; resolved: readonly StoredDiscrepancy[] } {
  const changed = compareDiscrepancies(found, open);
  const opened = changed.opened.map(({ key, kind, blocks, why, amountMinor, currency }): StoredDiscrepancy => {
    const id = newId('dsc', ledger.now, bucketOf(merchant), ledger.random);
    const about = { id, merchant, order, key, kind, blocks, why, amountMinor, currency };
    return { ...about, state: 'open', openedAt: ledger.now, closedAt: null };
  });
  for (const discrepancy of opened) ledger.addDiscrepancy(discrepancy);
  for (const discrepancy of changed.resolved)
    ledger.saveDiscrepancy({ ...discrepancy, state: 'resolved', closedAt: ledger.now });
  for (const discrepancy of changed.restated) ledger.saveDiscrepancy(discrepancy);
  return { opened, resolved: changed.resolved };
}

function sentByFold(ledger: Ledger, id: OrderId) {
  return ledger.sentNotifications(id).filter((notification) => !isPublished(notification));
}

function send(
  ledger: Ledger,
  births: Births,
  order: StoredOrder,
  made: { draft: NotificationDraft; sequence: number; callback: CallbackId | null; expectation: Expectation },
): void {
  const notification: Notification = {
    ...made.draft,
    id: newId('ntf', ledger.now, bucketOf(order.merchant), ledger.random),
    merchant: order.merchant,
    orderNo: order.orderNo,
    sequence: made.sequence,
    orderAmountMinor: made.draft.currency === made.expectation.currency ? made.expectation.amountMinor : null,
    createdAt: ledger.now,
    data: null,
  };
  ledger.addNotification(notification, order.id, made.callback);
  fanOut(ledger, births, notification, {
    order: order.id,
    destinations: destinationsOf(ledger, notification).destinations,
  });
}

function ofDiscrepancy(
  type: 'discrepancy.opened' | 'discrepancy.resolved',
  discrepancy: StoredDiscrepancy,
  expectation: Expectation,
  now: number,
): NotificationDraft {
  return {
    type,
    cause: discrepancy.id,
    amountMinor: discrepancy.amountMinor ?? 0n,
    currency: discrepancy.currency ?? expectation.currency,
    paymentId: discrepancy.id,
    operationId: discrepancy.id,
    refundedTotalMinor: null,
    occurredAt: now,
  };
}
