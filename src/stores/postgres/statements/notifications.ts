import { asId, bucketOf } from '../../../domain/ids.ts';
import { notificationOf, number, text } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const notifications = new Table({
  name: 'notifications',
  columns: {
    bucket: 'smallint',
    id: 'text',
    merchant: 'text',
    order_id: 'text',
    order_no: 'text',
    type: 'text',
    cause: 'text',
    sequence: 'integer',
    amount_minor: 'bigint',
    currency: 'text',
    payment_id: 'text',
    operation_id: 'text',
    order_amount_minor: 'bigint',
    refunded_total_minor: 'bigint',
    occurred_at: 'bigint',
    created_at: 'bigint',
    callback: 'text',
    has_data: 'boolean',
  },
  key: ['id'],
  hasSeq: true,
});

export const notificationsById = notifications.lookup({ name: 'id', columns: ['id'], index: 'notifications_pkey' });

export const notificationsOfOrder = notifications.lookup({
  name: 'order',
  columns: ['order_id'],
  index: 'notifications_cause',
});

export const payloads = new Table({
  name: 'payloads',
  columns: { bucket: 'smallint', notification: 'text', data: 'text' },
  key: ['notification'],
});
/** Only asked for where there is one: most notifications have none, and the table is in many parts. */
export const payloadsOf = payloads.lookup({
  name: 'notification',
  columns: ['notification'],
  index: 'payloads_pkey',
});

export const idempotency = new Table({
  name: 'idempotency',
  columns: {
    bucket: 'smallint',
    merchant: 'text',
    key: 'text',
    body_digest: 'text',
    notification: 'text',
    created_at: 'bigint',
  },
  key: ['merchant', 'key'],
  mutable: ['body_digest', 'notification', 'created_at'],
});

export const idempotencyByKey = idempotency.lookup({
  name: 'key',
  columns: ['merchant', 'key'],
  index: 'idempotency_pkey',
  lockName: (parts) => `idempotency ${parts.join(' ')}`,
});

type NotificationRows = Pick<
  Rows,
  'insertNotification' | 'notificationById' | 'notificationsOfOrder' | 'idempotencyRow' | 'insertIdempotency'
>;

/** In place of one that has yet to be loaded, so that a claim of many deliveries goes on and finds all that it needs at once. */
const standIn = {
  notification: {
    id: asId.notification(''),
    merchant: asId.merchant(''),
    type: 'payment.succeeded',
    orderNo: asId.orderNo(''),
    sequence: 0,
    cause: '',
    amountMinor: 0n,
    currency: '',
    paymentId: '',
    operationId: '',
    orderAmountMinor: null,
    refundedTotalMinor: null,
    occurredAt: 0,
    createdAt: 0,
    data: null,
  },
  order: asId.order(''),
} as const;

export function notificationRows(image: Image): NotificationRows {
  return {
    insertNotification(notification, order, callback) {
      const { id, merchant, type, orderNo, sequence, cause, amountMinor, currency, data } = notification;
      const { paymentId, operationId, orderAmountMinor, refundedTotalMinor, occurredAt, createdAt } = notification;
      const bucket = bucketOf(merchant);
      const about = { bucket, id, merchant, order_id: order, order_no: orderNo, type, cause, sequence };
      const money = {
        amount_minor: String(amountMinor),
        currency,
        payment_id: paymentId,
        operation_id: operationId,
        order_amount_minor: orderAmountMinor === null ? null : String(orderAmountMinor),
        refunded_total_minor: refundedTotalMinor === null ? null : String(refundedTotalMinor),
      };
      image.add(notifications, {
        ...about,
        ...money,
        occurred_at: occurredAt,
        created_at: createdAt,
        callback,
        has_data: data === null ? 0 : 1,
      });
      image.loaded(notificationsById, [id], []);
      if (data !== null) image.add(payloads, { bucket, notification: id, data });
    },
    notificationById(id) {
      const found = image.one(notificationsById, id);
      if (found === null) return image.knows(notificationsById, id) ? null : standIn;
      const { values } = found;
      const payload = values.has_data === 1 ? image.one(payloadsOf, id) : null;
      const notification = notificationOf({ ...values, data: payload === null ? null : text(payload.values, 'data') });
      return { notification, order: asId.order(text(values, 'order_id')) };
    },
    notificationsOfOrder: (order) =>
      image
        .find(notificationsOfOrder, order)
        .map(({ values }) => notificationOf({ ...values, data: null }))
        .sort((one, other) => one.sequence - other.sequence),
    idempotencyRow(merchant, key, createdAfter) {
      const found = image.one(idempotencyByKey, merchant, key)?.values;
      if (found === undefined || number(found, 'created_at') <= createdAfter) return null;
      return {
        bodyDigest: text(found, 'body_digest'),
        notification: asId.notification(text(found, 'notification')),
      };
    },
    insertIdempotency({ merchant, key, bodyDigest, notification, createdAt }) {
      const values = { body_digest: bodyDigest, notification, created_at: createdAt };
      const kept = image.one(idempotencyByKey, merchant, key);
      if (kept !== null) image.change(kept, values);
      else image.add(idempotency, { bucket: bucketOf(merchant), merchant, key, ...values });
    },
  };
}
