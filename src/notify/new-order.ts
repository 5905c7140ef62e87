import { bucketOf, type MerchantId, newId, type OrderNo } from '../domain/ids.ts';
import { zeroTotals } from '../domain/order.ts';
import type { Ledger, StoredOrder } from '../stores/ledger.ts';

/** An order of which nothing is known yet but its number. */
export function newOrder(ledger: Ledger, merchant: MerchantId, orderNo: OrderNo): StoredOrder {
  return {
    id: newId('ord', ledger.now, bucketOf(merchant), ledger.random),
    merchant,
    orderNo,
    status: 'pending',
    totals: zeroTotals,
    expectations: [],
    references: [],
    actions: [],
    linkConflicts: [],
    description: null,
    metadata: null,
    sequence: 0,
    fellShort: false,
    refoldAt: null,
    createdAt: ledger.now,
    updatedAt: ledger.now,
  };
}

/** The row under which an order's notifications are numbered, made if absent. */
export function orderRow(ledger: Ledger, merchant: MerchantId, orderNo: OrderNo): StoredOrder {
  const existing = ledger.orderByNo(merchant, orderNo);
  if (existing !== null) return existing;
  const order = newOrder(ledger, merchant, orderNo);
  ledger.addOrder(order);
  return order;
}
