import type { FoundDiscrepancy } from '../domain/discrepancy.ts';
import type { NotificationDraft } from '../domain/due.ts';
import { bucketOf, type CallbackId, newId } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import type { Expectation } from '../domain/order.ts';
import { type Births, destinationsOf, fanOut } from '../notify/fan-out.ts';
import type { Ledger, StoredDiscrepancy, StoredOrder } from '../stores/ledger.ts';

/** Makes an order's next notifications, with the sequences that follow its newest; the caller keeps the order with its new one. */
export function announce(
  ledger: Ledger,
  births: Births,
  order: StoredOrder,
  made: { drafts: readonly NotificationDraft[]; callback: CallbackId | null; expectation: Expectation },
): void {
  const { drafts, callback, expectation } = made;
  for (const [index, draft] of drafts.entries()) {
    const notification: Notification = {
      ...draft,
      id: newId('ntf', ledger.now, bucketOf(order.merchant), ledger.random),
      merchant: order.merchant,
      orderNo: order.orderNo,
      sequence: order.sequence + index + 1,
      orderAmountMinor: draft.currency === expectation.currency ? expectation.amountMinor : null,
      createdAt: ledger.now,
      data: null,
    };
    ledger.addNotification(notification, order.id, callback);
    fanOut(ledger, births, notification, {
      order: order.id,
      destinations: destinationsOf(ledger, notification).destinations,
    });
  }
}

export function openDiscrepancy(
  ledger: Ledger,
  { id: order, merchant }: StoredOrder,
  found: Pick<FoundDiscrepancy, 'key' | 'kind' | 'blocks' | 'why' | 'amountMinor' | 'currency'>,
): StoredDiscrepancy {
  const { key, kind, blocks, why, amountMinor, currency } = found;
  const id = newId('dsc', ledger.now, bucketOf(merchant), ledger.random);
  const about = { id, merchant, order, key, kind, blocks, why, amountMinor, currency };
  const nobody = { closedAt: null, assigned: null, decision: null };
  const opened: StoredDiscrepancy = { ...about, state: 'open', openedAt: ledger.now, ...nobody };
  ledger.addDiscrepancy(opened);
  return opened;
}

export function resolveDiscrepancy(ledger: Ledger, discrepancy: StoredDiscrepancy): void {
  ledger.saveDiscrepancy({ ...discrepancy, state: 'resolved', closedAt: ledger.now });
}

export function ofDiscrepancy(
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
