import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import { minorToJson } from '../domain/money.ts';
import { type Notification, notificationTypes } from '../domain/notification.ts';
import { sees } from './auth.ts';
import { delivery, deliveryView } from './deliveries.ts';
import {
  amountOrNull,
  answered,
  filter,
  freeObjectView,
  listOf,
  merchant,
  orderNo,
  pageView,
  paging,
  range,
  text,
} from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

export const notification = z
  .object({
    id: z.string(),
    merchant: z.string(),
    type: z.enum(notificationTypes),
    order_no: z.string(),
    sequence: z.int(),
    amount_minor: answered.amount,
    currency: z.string(),
    payment_id: z.string(),
    operation_id: z.string(),
    order_amount_minor: answered.amount.nullable(),
    refunded_total_minor: answered.amount.nullable(),
    data: z.record(z.string(), z.unknown()).nullable(),
    occurred_at: answered.time,
    created_at: answered.time,
  })
  .openapi('Notification');

export function addNotifications(routes: Routes): void {
  const tag = 'Notifications';
  routes.add({
    method: 'get',
    path: '/v1/notifications',
    tag,
    summary: 'List notifications',
    need: ['read'],
    query: z.strictObject({
      ...paging,
      ...range,
      merchant: filter(merchant),
      order_no: filter(orderNo),
      type: filter(z.enum(notificationTypes)),
    }),
    statuses: [200],
    answer: listOf(notification),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const { order_no, ...others } = query;
      const page = await service.store.read('notifications', { ...others, visible: caller.visible, orderNo: order_no });
      return { status: 200, body: pageView(page, notificationView) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/notifications/{id}',
    tag,
    summary: 'Read a notification with its deliveries and attempts',
    need: ['read'],
    params: z.strictObject({ id: text(1, 64) }),
    statuses: [200],
    answer: notification.extend({ deliveries: z.array(delivery) }).openapi('NotificationDetail'),
    refusals: ['notification.unknown'],
    async run({ service, caller, params }) {
      const found = await service.store.read('notification', asId.notification(params.id));
      if (found === null || !sees(caller, found.notification.merchant)) {
        throw new AppError('notification.unknown', `there is no notification ${params.id}`);
      }
      return {
        status: 200,
        body: { ...notificationView(found.notification), deliveries: found.deliveries.map(deliveryView) },
      };
    },
  });
}

export function notificationView(one: Notification): z.input<typeof notification> {
  const { id, merchant, type, sequence, currency } = one;
  return {
    id,
    merchant,
    type,
    order_no: one.orderNo,
    sequence,
    amount_minor: minorToJson(one.amountMinor),
    currency,
    payment_id: one.paymentId,
    operation_id: one.operationId,
    order_amount_minor: amountOrNull(one.orderAmountMinor),
    refunded_total_minor: amountOrNull(one.refundedTotalMinor),
    data: freeObjectView(one.data),
    occurred_at: toIso(one.occurredAt),
    created_at: toIso(one.createdAt),
  };
}
