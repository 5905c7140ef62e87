import type { Instant } from '../../../domain/clock.ts';
import { type AccountId, asId, type MerchantId, type OrderId, type OrderNo } from '../../../domain/ids.ts';
import type { StoredOrder } from '../../kept.ts';
import { orderColumns, orderOf, text, totalsToJson, withAmountsToJson } from '../../mapping.ts';
import type { Connection } from '../connection.ts';

/** Stands for "any account of the merchant" in the key of a reference. */
const anyAccount = '';

const orderByIdSql = `-- SEARCH paidonce_orders USING INDEX paidonce_orders_id (id=?)
  select ${orderColumns} from paidonce_orders where id = ?`;

export function orderById(db: Connection, id: OrderId): StoredOrder | null {
  const row = db.get(orderByIdSql, id);
  return row === undefined ? null : orderOf(row);
}

const orderByNoSql = `-- SEARCH paidonce_orders USING INDEX paidonce_orders_number (merchant=? AND order_no=?)
  select ${orderColumns} from paidonce_orders where merchant = ? and order_no = ?`;

export function orderByNo(db: Connection, merchant: MerchantId, orderNo: OrderNo): StoredOrder | null {
  const row = db.get(orderByNoSql, merchant, orderNo);
  return row === undefined ? null : orderOf(row);
}

export function insertOrder(db: Connection, order: StoredOrder): void {
  db.run(
    `insert into paidonce_orders (
       id, merchant, order_no, status, totals, expectations, order_references, actions, link_conflicts, description, metadata, sequence,
       fell_short, refold_at, created_at, updated_at
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    order.id,
    order.merchant,
    order.orderNo,
    ...changing(order),
    order.createdAt,
    order.updatedAt,
  );
}

/** `before`: as it was read, so that what did not change since is not made text again. */
export function updateOrder(db: Connection, order: StoredOrder, before: StoredOrder | null): void {
  if (before !== null && isSameBut(order, before)) updateOutcome(db, order);
  else updateWholeOrder(db, order);
}

/** Whether all they differ in is what comes of folding again. */
function isSameBut(order: StoredOrder, before: StoredOrder): boolean {
  return (
    order.expectations === before.expectations &&
    order.references === before.references &&
    order.actions === before.actions &&
    order.linkConflicts === before.linkConflicts &&
    order.description === before.description &&
    order.metadata === before.metadata
  );
}

function updateOutcome(db: Connection, order: StoredOrder): void {
  db.run(
    `-- SEARCH paidonce_orders USING INDEX paidonce_orders_id (id=?)
     update paidonce_orders set status = ?, totals = ?, sequence = ?, fell_short = ?, refold_at = ?, updated_at = ? where id = ?`,
    order.status,
    totalsToJson(order.totals),
    order.sequence,
    order.fellShort ? 1 : 0,
    order.refoldAt,
    order.updatedAt,
    order.id,
  );
}

function updateWholeOrder(db: Connection, order: StoredOrder): void {
  db.run(
    `-- SEARCH paidonce_orders USING INDEX paidonce_orders_id (id=?)
     update paidonce_orders set
       status = ?, totals = ?, expectations = ?, order_references = ?, actions = ?, link_conflicts = ?, description = ?, metadata = ?,
       sequence = ?, fell_short = ?, refold_at = ?, updated_at = ?
     where id = ?`,
    ...changing(order),
    order.updatedAt,
    order.id,
  );
}

function changing(order: StoredOrder) {
  return [
    order.status,
    totalsToJson(order.totals),
    withAmountsToJson(order.expectations),
    JSON.stringify(order.references),
    withAmountsToJson(order.actions),
    JSON.stringify(order.linkConflicts),
    order.description,
    order.metadata,
    order.sequence,
    order.fellShort ? 1 : 0,
    order.refoldAt,
  ] as const;
}

export function ordersToRefold(db: Connection, now: Instant, most: number): OrderId[] {
  return db
    .all(
      `-- SEARCH paidonce_orders USING INDEX paidonce_orders_refold (refold_at<?)
       select id from paidonce_orders where refold_at <= ? order by refold_at limit ?`,
      now,
      most,
    )
    .map((row) => asId.order(text(row, 'id')));
}

/**
 * What was claimed for exactly this account goes before what was claimed for any. The plus signs keep SQLite from making a table of
 * the two accounts: looking at the few that share a reference takes 1 µs instead of 4.
 */
export function orderOfReference(
  db: Connection,
  merchant: MerchantId,
  reference: string,
  account: AccountId,
): OrderId | null {
  const row = db.get(
    `-- SEARCH paidonce_order_references USING PRIMARY KEY (merchant=? AND reference=?)
     select order_id from paidonce_order_references where merchant = ? and reference = ? and (+account = ? or +account = '')
     order by account desc limit 1`,
    merchant,
    reference,
    account,
  );
  return row === undefined ? null : asId.order(text(row, 'order_id'));
}

/** Another order with this reference, on this account, or on any where either side names none. */
export function otherWithReference(
  db: Connection,
  key: { merchant: MerchantId; reference: string; account: AccountId | null },
  than: OrderId | null,
): OrderId | null {
  const row = db.get(
    `-- SEARCH paidonce_order_references USING PRIMARY KEY (merchant=? AND reference=?)
     select order_id from paidonce_order_references
     where merchant = ?1 and reference = ?2 and order_id <> ?4 and (?3 = '' or account = '' or account = ?3) limit 1`,
    key.merchant,
    key.reference,
    key.account ?? anyAccount,
    than ?? '',
  );
  return row === undefined ? null : asId.order(text(row, 'order_id'));
}

export function insertReference(
  db: Connection,
  order: OrderId,
  key: { merchant: MerchantId; reference: string; account: AccountId | null },
): void {
  db.run(
    'insert into paidonce_order_references (merchant, reference, account, order_id) values (?, ?, ?, ?) on conflict do nothing',
    key.merchant,
    key.reference,
    key.account ?? anyAccount,
    order,
  );
}
