import { z } from '@hono/zod-openapi';
import { type Instant, toIso } from '../domain/clock.ts';
import { factKinds, type KnownFact, sources } from '../domain/fact.ts';
import { asId, type MerchantId, type OrderNo } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { amountsWritten, minorToJson } from '../domain/money.ts';
import { orderStatuses } from '../domain/order.ts';
import type { ExpectRequest, Service } from '../service.ts';
import type { StoredOrder } from '../stores/kept.ts';
import type { OrderDetail } from '../stores/reads.ts';
import { discrepancy, discrepancyView } from './discrepancies.ts';
import {
  amountOrNull,
  answered,
  currency,
  filter,
  freeObject,
  freeObjectView,
  listOf,
  merchant,
  orderNo,
  pageView,
  paging,
  positiveAmountMinor,
  range,
  text,
  time,
  timeOrNull,
} from './fields.ts';
import { requireMerchant } from './merchants.ts';
import { camelFields } from './names.ts';
import type { Routes } from './route.ts';

export const account = text(1, 64).transform((id) => asId.account(id));
const reference = z
  .strictObject({ account: account.nullable().default(null), reference: text(1, 256) })
  .openapi({ description: 'A value that providers echo back; without an account on any of the merchant.' });

const newExpectation = z
  .strictObject({
    merchant,
    amount_minor: positiveAmountMinor,
    currency,
    accounts: z
      .array(account)
      .min(1)
      .max(limits.orderListMax)
      .optional()
      .openapi({ description: "Default: all of the merchant's." }),
    references: z
      .array(reference)
      .max(limits.orderListMax)
      .optional()
      .openapi({ description: 'Default: the order number.' }),
    payee: text(1, 128).optional(),
    expires_at: time.optional(),
    description: text(1, 500).optional(),
    metadata: freeObject.optional(),
  })
  .openapi('NewExpectation');

const expectation = z.object({
  amount_minor: answered.amount,
  currency: z.string(),
  accounts: z.array(z.string()).nullable(),
  references: z.array(z.object({ account: z.string().nullable(), reference: z.string() })),
  payee: z.string().nullable(),
  expires_at: answered.time.nullable(),
  recorded_at: answered.time,
  unverified: z.boolean().openapi({ description: 'Taken from the earliest capture; nobody stated it.' }),
  revisions: z.int(),
});

const row = z
  .object({
    order_no: z.string(),
    merchant: z.string(),
    status: z.enum(orderStatuses),
    expectation: expectation.nullable(),
    description: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    captured_minor: answered.amount,
    authorized_minor: answered.amount,
    reversed_minor: answered.amount,
    refunded_minor: answered.amount,
    disputed_minor: answered.amount,
    charged_back_minor: answered.amount,
    overpaid_minor: answered.amount,
    sequence: z.int().openapi({ description: 'Of the newest notification.' }),
    created_at: answered.time,
    updated_at: answered.time,
  })
  .openapi('OrderRow');
export type OrderRow = z.output<typeof row>;

/** A fact without its sightings. */
export const shortFact = z.object({
  id: z.string(),
  kind: z.enum(factKinds),
  account: z.string(),
  payment_id: z.string(),
  operation_id: z.string(),
  reference: z.string().nullable(),
  amount_minor: answered.amount.nullable(),
  currency: z.string().nullable(),
  provider_time: answered.time,
});
const fact = shortFact
  .extend({
    sightings: z.array(
      z.object({
        source: z.enum(sources),
        callback: z.string().nullable(),
        at: answered.time,
        provider_time: answered.time,
        note: z.string().nullable(),
      }),
    ),
  })
  .openapi('Fact');
export type Fact = z.output<typeof fact>;

export const order = row.extend({ facts: z.array(fact), discrepancies: z.array(discrepancy) }).openapi('Order');
export type Order = z.output<typeof order>;

const timelineEntry = z
  .object({
    at: answered.time,
    what: z.enum([
      'expectation',
      'callback',
      'fact',
      'notification',
      'delivery',
      'attempt',
      'discrepancy',
      'action',
      'ask',
    ]),
    id: z.string().nullable(),
    text: z.string(),
    why: z.string(),
    details: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .openapi({ description: 'The same in parts; what it holds goes by `what`.' }),
  })
  .openapi('TimelineEntry');
export type TimelineEntry = z.output<typeof timelineEntry>;

export const tag = 'Orders';
export const orderParams = z.strictObject({ order_no: orderNo });
const ofMerchant = z.strictObject({ merchant });

export function addOrders(routes: Routes): void {
  routes.add({
    method: 'put',
    path: '/v1/orders/{order_no}',
    tag,
    summary: 'Say what an order is to bring',
    description:
      'The same body again changes nothing; another one is a revision. Money that was parked for it is released.',
    need: ['publish', 'operate'],
    params: orderParams,
    body: newExpectation,
    example: { merchant: 'shop', amount_minor: 8880, currency: 'CNY' },
    statuses: [200, 201],
    answer: order,
    refusals: ['merchant.unknown', 'account.unknown', 'order.currency_fixed', 'order.reference_taken'],
    async run({ service, caller, params, body: given }) {
      requireMerchant(caller, given.merchant);
      const request: ExpectRequest = { orderNo: params.order_no, ...camelFields(given) };
      const { created, order: expected, isBare } = await service.orders.expect(request);
      // Read anew only where there is more to tell than the commit has told.
      const body = isBare
        ? orderView({ order: expected, facts: [], discrepancies: [] }, service.clock.now())
        : await orderOf(service, given.merchant, params.order_no);
      return { status: created ? 201 : 200, body };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/orders',
    tag,
    summary: 'List orders',
    need: ['read'],
    query: z.strictObject({
      ...paging,
      ...range,
      merchant: filter(merchant),
      status: filter(z.enum(orderStatuses)),
      q: filter(text(1, 128)).openapi({
        description:
          "Part of an order number or description, or a whole reference, or the provider's id of a payment or operation.",
      }),
      amount: filter(z.string().regex(/^\d{1,15}(\.\d{1,4})?$/, 'must be an amount such as 88.80 or 8880')).openapi({
        description: 'Expected, or of a fact: as it is written (`88.80`) or in minor units (`8880`), of any currency.',
      }),
    }),
    statuses: [200],
    answer: listOf(row),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const { amount, ...rest } = query;
      const amounts = amount === null ? null : amountsWritten(amount);
      const page = await service.store.read('orders', { ...rest, amounts, visible: caller.visible });
      return { status: 200, body: pageView(page, rowView) };
    },
  });
  addOneOrder(routes);
}

function addOneOrder(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/orders/{order_no}',
    tag,
    summary: 'Read an order with its facts and discrepancies',
    need: ['read'],
    params: orderParams,
    query: ofMerchant,
    statuses: [200],
    answer: order,
    refusals: ['merchant.unknown', 'order.unknown'],
    async run({ service, caller, params, query }) {
      requireMerchant(caller, query.merchant);
      return { status: 200, body: await orderOf(service, query.merchant, params.order_no) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/orders/{order_no}/timeline',
    tag,
    summary: 'Read everything known about an order, in time order, each with why',
    need: ['read'],
    params: orderParams,
    query: ofMerchant,
    statuses: [200],
    answer: listOf(timelineEntry),
    refusals: ['merchant.unknown', 'order.unknown'],
    async run({ service, caller, params, query }) {
      requireMerchant(caller, query.merchant);
      const entries = await service.orders.timeline(query.merchant, params.order_no);
      const data = entries.map((entry) => ({ ...entry, at: toIso(entry.at), details: { ...entry.details } }));
      return { status: 200, body: { data, next_cursor: null } };
    },
  });
}

export async function orderOf(
  service: Service,
  merchant: MerchantId,
  orderNo: OrderNo,
): Promise<z.input<typeof order>> {
  return orderView(await service.orders.detail(merchant, orderNo), service.clock.now());
}

function orderView({ order: stored, facts, discrepancies }: OrderDetail, now: Instant): z.input<typeof order> {
  return {
    ...rowView(stored),
    facts: facts.map(factView),
    discrepancies: discrepancies.map((one) => discrepancyView({ ...one, orderNo: stored.orderNo }, now)),
  };
}

function rowView(stored: StoredOrder): z.input<typeof row> {
  const { orderNo, merchant, status, totals, description, metadata, sequence, createdAt, updatedAt } = stored;
  return {
    order_no: orderNo,
    merchant,
    status,
    expectation: expectationView(stored),
    description,
    metadata: freeObjectView(metadata),
    captured_minor: minorToJson(totals.capturedMinor),
    authorized_minor: minorToJson(totals.authorizedMinor),
    reversed_minor: minorToJson(totals.reversedMinor),
    refunded_minor: minorToJson(totals.refundedMinor),
    disputed_minor: minorToJson(totals.disputedMinor),
    charged_back_minor: minorToJson(totals.chargedBackMinor),
    overpaid_minor: minorToJson(totals.overpaidMinor),
    sequence,
    created_at: toIso(createdAt),
    updated_at: toIso(updatedAt),
  };
}

function expectationView({ expectations, references }: StoredOrder): z.input<typeof expectation> | null {
  const newest = expectations.at(-1);
  if (newest === undefined) return null;
  const { amountMinor, currency, accounts, payee, expiresAt, recordedAt, unverified } = newest;
  return {
    amount_minor: minorToJson(amountMinor),
    currency,
    accounts: accounts && [...accounts],
    references: references.map(({ account, reference }) => ({ account, reference })),
    payee,
    expires_at: timeOrNull(expiresAt),
    recorded_at: toIso(recordedAt),
    unverified,
    revisions: expectations.length,
  };
}

export function shortFactView(one: KnownFact): z.input<typeof shortFact> {
  const { id, kind, account, paymentId, operationId, reference, amountMinor, currency, providerTime } = one;
  return {
    id,
    kind,
    account,
    payment_id: paymentId,
    operation_id: operationId,
    reference,
    amount_minor: amountOrNull(amountMinor),
    currency,
    provider_time: toIso(providerTime),
  };
}

function factView(one: OrderDetail['facts'][number]): z.input<typeof fact> {
  return {
    ...shortFactView(one),
    sightings: one.sightings.map(({ source, callback, at, providerTime, note }) => ({
      source,
      callback,
      at: toIso(at),
      provider_time: toIso(providerTime),
      note,
    })),
  };
}
