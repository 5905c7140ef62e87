import { z } from '@hono/zod-openapi';
import { currency, merchant, note, positiveAmountMinor, text } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import { camelFields } from './names.ts';
import { account, order, orderOf, orderParams, tag } from './orders.ts';
import type { Routes } from './route.ts';

const confirmedOrder = order
  .extend({ checked: z.boolean().openapi({ description: 'The provider was asked, and has answered.' }) })
  .openapi('ConfirmedOrder');

/** What people and the merchant's system do about an order. */
export function addOrderActions(routes: Routes): void {
  addQuery(routes);
  addConfirm(routes);
  routes.add({
    method: 'post',
    path: '/v1/orders/{order_no}/close',
    tag,
    summary: 'Take no more money for an order',
    description:
      'Providers that can be asked close it and are asked once more. Money that still arrives opens a discrepancy.',
    need: ['operate'],
    params: orderParams,
    body: z.strictObject({ merchant, reason: note }).openapi('Close'),
    example: { merchant: 'shop', reason: 'The customer canceled.' },
    statuses: [202],
    answer: order,
    refusals: ['merchant.unknown', 'order.unknown'],
    async run({ service, caller, params, body }) {
      requireMerchant(caller, body.merchant);
      await service.orders.close({
        merchant: body.merchant,
        orderNo: params.order_no,
        reason: body.reason,
        by: caller.name,
      });
      return { status: 202, body: await orderOf(service, body.merchant, params.order_no) };
    },
  });
}

function addQuery(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/orders/{order_no}/query',
    tag,
    summary: "Ask an order's providers now",
    description:
      'The buyer came back and no callback has: what the providers say comes as facts, a moment later. Calling it again while it waits changes nothing.',
    need: ['publish', 'operate'],
    params: orderParams,
    body: z.strictObject({ merchant }).openapi('Query'),
    example: { merchant: 'shop' },
    statuses: [202],
    answer: order,
    refusals: ['merchant.unknown', 'order.unknown', 'provider.cannot_ask'],
    async run({ service, caller, params, body }) {
      requireMerchant(caller, body.merchant);
      await service.orders.query({ merchant: body.merchant, orderNo: params.order_no, by: caller.name });
      return { status: 202, body: await orderOf(service, body.merchant, params.order_no) };
    },
  });
}

function addConfirm(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/orders/{order_no}/confirm',
    tag,
    summary: 'Confirm a payment by hand',
    description:
      'A manual sighting on the normal path. Where the provider can be asked it is asked first: what it contradicts is refused, unless `override` is set; then a discrepancy opens.',
    need: ['operate'],
    params: orderParams,
    body: z
      .strictObject({
        merchant,
        account,
        operation_id: text(1, 128),
        amount_minor: positiveAmountMinor,
        currency,
        note,
        override: z
          .boolean()
          .default(false)
          .openapi({ description: 'Record it whatever the provider says, or where it says nothing.' }),
      })
      .openapi('Confirmation'),
    example: {
      merchant: 'shop',
      account: 'acc_01234567890123456789012345',
      operation_id: '4200001234',
      amount_minor: 8880,
      currency: 'CNY',
      note: "Seen on the provider's portal.",
    },
    statuses: [202],
    answer: confirmedOrder,
    refusals: [
      'merchant.unknown',
      'order.unknown',
      'account.unknown',
      'order.confirm_contradicted',
      'provider.unreachable',
    ],
    async run({ service, caller, params, body }) {
      requireMerchant(caller, body.merchant);
      const request = { orderNo: params.order_no, by: caller.name, ...camelFields(body) };
      const { checked } = await service.orders.confirm(request);
      return { status: 202, body: { ...(await orderOf(service, body.merchant, params.order_no)), checked } };
    },
  });
}
