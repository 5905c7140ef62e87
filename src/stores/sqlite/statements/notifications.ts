import type { Instant } from '../../../domain/clock.ts';
import { asId, type CallbackId, type MerchantId, type NotificationId, type OrderId } from '../../../domain/ids.ts';
import type { Notification } from '../../../domain/notification.ts';
import { notificationColumns, notificationOf, text } from '../../mapping.ts';
import type { Connection } from '../connection.ts';

export function insertNotification(
  db: Connection,
  notification: Notification,
  order: OrderId,
  callback: CallbackId | null,
): void {
  db.run(
    `insert into paidonce_notifications (
       id, merchant, order_id, order_no, type, cause, sequence, amount_minor, currency, payment_id, operation_id, order_amount_minor,
       refunded_total_minor, occurred_at, created_at, data, callback
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    notification.id,
    notification.merchant,
    order,
    notification.orderNo,
    notification.type,
    notification.cause,
    notification.sequence,
    notification.amountMinor,
    notification.currency,
    notification.paymentId,
    notification.operationId,
    notification.orderAmountMinor,
    notification.refundedTotalMinor,
    notification.occurredAt,
    notification.createdAt,
    notification.data,
    callback,
  );
}

const notificationByIdSql = `-- SEARCH n USING INDEX paidonce_notifications_id (id=?)
  select ${notificationColumns} from paidonce_notifications n where n.id = ?`;

export function notificationById(
  db: Connection,
  id: NotificationId,
): { notification: Notification; order: OrderId } | null {
  const row = db.get(notificationByIdSql, id);
  return row === undefined ? null : { notification: notificationOf(row), order: asId.order(text(row, 'order_id')) };
}

const notificationsOfOrderSql = `-- SEARCH n USING INDEX paidonce_notifications_cause (order_id=?)
  select ${notificationColumns} from paidonce_notifications n where n.order_id = ?`;

export function notificationsOfOrder(db: Connection, order: OrderId): Notification[] {
  return db
    .all(notificationsOfOrderSql, order)
    .map(notificationOf)
    .sort((one, other) => one.sequence - other.sequence);
}

export function idempotencyRow(
  db: Connection,
  merchant: MerchantId,
  key: string,
  createdAfter: Instant,
): { bodyDigest: string; notification: NotificationId } | null {
  const row = db.get(
    `-- SEARCH paidonce_idempotency USING PRIMARY KEY (merchant=? AND key=?)
     select body_digest, notification from paidonce_idempotency where merchant = ? and key = ? and created_at > ?`,
    merchant,
    key,
    createdAfter,
  );
  return row === undefined
    ? null
    : { bodyDigest: text(row, 'body_digest'), notification: asId.notification(text(row, 'notification')) };
}

/** Takes the place of a row that is too old to count. */
export function insertIdempotency(
  db: Connection,
  row: { merchant: MerchantId; key: string; bodyDigest: string; notification: NotificationId; createdAt: Instant },
): void {
  db.run(
    `insert into paidonce_idempotency (merchant, key, body_digest, notification, created_at) values (?, ?, ?, ?, ?)
     on conflict do update set body_digest = excluded.body_digest, notification = excluded.notification, created_at = excluded.created_at`,
    row.merchant,
    row.key,
    row.bodyDigest,
    row.notification,
    row.createdAt,
  );
}
