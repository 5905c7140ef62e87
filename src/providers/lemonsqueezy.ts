/**
 * Lemon Squeezy webhooks (docs.lemonsqueezy.com, "Signing requests", "Webhook requests", "Event types", "The order object";
 * read 2026-11-25).
 *
 * paymentId: the order's id (`data.id`). operationId: capture = the order, single; refund = the order, cumulative (`refunded_amount`
 * is the running total, and no refund has an id). No disputes: a charged-back order tells of nothing.
 *
 * Only orders are read. What a subscription is paid comes with its invoices, whose ids are counted apart from those of orders; the
 * first of them is the same money as its order.
 */
import { z } from 'zod';
import { fromIso, toIso } from '../domain/clock.ts';
import type { Fact } from '../domain/fact.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { define } from './define.ts';
import { openBodyHmac, sealBodyHmac } from './primitives/body-hmac.ts';
import { toHex, utf8 } from './primitives/bytes.ts';
import { fieldPath, listOf, secretText } from './primitives/credentials.ts';
import { at, exactInteger, idAt, isObject, type Json, type JsonObject, textAt } from './primitives/json.ts';
import { moneyFrom } from './primitives/money.ts';
import { orderMetadata, orderNoAt } from './primitives/order-no.ts';
import { shown } from './primitives/refusal.ts';
import { acknowledgeReceived, judgeBy } from './primitives/replies.ts';
import type { Opened, ReceiverAccount, Sender } from './provider.ts';

const webhookSecrets = listOf(secretText(16));
const accountCredentials = z.strictObject({
  webhook_secrets: webhookSecrets,
  order_no_path: z.exactOptional(fieldPath),
});
const endpointCredentials = z.strictObject({
  webhook_secrets: webhookSecrets,
  /** What the events say of themselves; false by default. An account of mode `live` ignores events of test mode, and the other way round. */
  test_mode: z.exactOptional(z.boolean()),
});
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const header = 'x-signature';
const orderNoPlaces = ['meta.custom_data.order_no', 'meta.custom_data.order_id'];

export const lemonsqueezy = define({
  name: 'lemonsqueezy',
  profile: {
    deadlineMs: 10_000,
    schedule: [5000, 25_000, 125_000],
    types: ['payment.succeeded', 'payment.failed', 'refund.succeeded'],
    singleHeaders: [header],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline for an answer is not published.',
      'Currencies without decimals are sent in their own units.',
      '`refunded_amount` is the total of all refunds of the order; an event without it tells of a refund in full.',
      'An order can be created with the status `failed`.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver: (credentials, account) => ({
    open: openBodyHmac(header, credentials.webhook_secrets, (body) =>
      readEvent(body, account, credentials.order_no_path === undefined ? orderNoPlaces : [credentials.order_no_path]),
    ),
    acknowledge: acknowledgeReceived,
  }),
  sender,
  generate,
  pair(random) {
    const credentials = generate(random);
    return { account: credentials, endpoint: credentials };
  },
});

function generate(random: Random): { webhook_secrets: string[] } {
  // At most 40 characters fit into Lemon Squeezy's form.
  return { webhook_secrets: [toHex(random(20))] };
}

function readEvent(body: Json, account: ReceiverAccount, places: readonly string[]): Opened {
  const [type, testMode] = [textAt(body, 'meta.event_name'), at(body, 'meta.test_mode')];
  const [id, order] = [idAt(body, 'data.id'), at(body, 'data.attributes')];
  if (type === null || id === null || !isObject(order))
    return { is: 'unreadable', why: 'the event has no meta.event_name, no data.id or no data.attributes' };
  // webhook_id names the webhook, not the message: it is the same in every event.
  const messageId = shown(`${type}:${id}:${textAt(order, 'updated_at') ?? ''}`);
  if ((testMode === true) !== (account.mode === 'test'))
    return { is: 'ignored', messageId, type: shown(`${type} (not ${account.mode})`) };
  const move = moveOf(type, order);
  if (move === null) return { is: 'ignored', messageId, type: shown(type) };
  const money = moneyFrom(move.amount, order.currency);
  if (typeof money === 'string') return { is: 'unreadable', why: money };
  const providerTime = fromIso(move.time ?? textAt(order, 'updated_at') ?? '');
  if (providerTime === null) return { is: 'unreadable', why: 'the order has no time, or one that is not ISO 8601' };
  const fact: Fact = {
    account: account.id,
    kind: move.kind,
    paymentId: id,
    operationId: id,
    reference: orderNoAt(body, places),
    amountMinor: money?.amountMinor ?? null,
    currency: money?.currency ?? null,
    fromOrder: false,
    measure: move.kind === 'refunded' ? 'cumulative' : 'single',
    providerTime,
  };
  return { is: 'facts', messageId, facts: [fact], readBack: false };
}

interface Move {
  kind: 'captured' | 'failed' | 'refunded';
  amount: Json | undefined;
  time: string | null;
}

/** An order that is refunded before its creation is told was paid all the same; one that is pending or fraudulent brought no money. */
function moveOf(type: string, order: JsonObject): Move | null {
  if (type === 'order_refunded')
    return { kind: 'refunded', amount: order.refunded_amount ?? order.total, time: textAt(order, 'refunded_at') };
  if (type !== 'order_created') return null;
  const said = { amount: order.total, time: textAt(order, 'created_at') };
  switch (textAt(order, 'status')) {
    case 'paid':
    case 'refunded':
    case 'partial_refund':
      return { kind: 'captured', ...said };
    case 'failed':
      return { kind: 'failed', ...said };
    default:
      return null;
  }
}

function sender(credentials: EndpointCredentials): Sender {
  const seal = sealBodyHmac(header, credentials.webhook_secrets);
  return {
    seal(notification) {
      const event = eventFor(notification, credentials.test_mode ?? false);
      const request = seal(utf8(JSON.stringify(event)));
      return { ...request, headers: [...request.headers, ['x-event-name', event.meta.event_name]] };
    },
    judge: judgeBy((reply) => reply.status === 200, { wanted: '200' }),
  };
}

function eventFor(notification: Notification, testMode: boolean) {
  const { type, paymentId, operationId, amountMinor, refundedTotalMinor, orderAmountMinor } = notification;
  const isRefund = type === 'refund.succeeded';
  const refunded = isRefund ? (refundedTotalMinor ?? amountMinor) : 0n;
  const total = isRefund ? (orderAmountMinor ?? refunded) : amountMinor;
  const inFull = isRefund && refunded >= total;
  const time = toIso(notification.occurredAt);
  return {
    meta: {
      event_name: isRefund ? 'order_refunded' : 'order_created',
      custom_data: orderMetadata(notification),
      test_mode: testMode,
    },
    data: {
      type: 'orders',
      // A capture is known by its own id, so that several captures of one payment stay several.
      id: isRefund ? paymentId : operationId,
      attributes: {
        identifier: notification.id,
        status: statusOf(type, inFull),
        currency: notification.currency,
        total: exactInteger(total),
        refunded_amount: exactInteger(refunded),
        refunded: inFull,
        refunded_at: isRefund ? time : null,
        created_at: time,
        updated_at: time,
      },
    },
  };
}

function statusOf(type: Notification['type'], inFull: boolean): string {
  if (type === 'refund.succeeded') return inFull ? 'refunded' : 'partial_refund';
  return type === 'payment.failed' ? 'failed' : 'paid';
}
