/**
 * Paddle Billing notifications (developer.paddle.com, "Verify webhook signatures", "Handle webhook delivery", "Adjustments",
 * "Transaction totals: grand total"; read 2026-11-25; checked against paddle-node-sdk).
 *
 * paymentId: the transaction (`txn_…`). operationId: capture = the transaction, single; failed attempt = its payment_attempt_id;
 * refund and dispute = the adjustment (`adj_…`), single. A chargeback that is reversed keeps its adjustment, with the status `reversed`.
 */

import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification, NotificationType } from '../domain/notification.ts';
import { paddleClient } from './clients/paddle.ts';
import { define } from './define.ts';
import { readPaddleEvent } from './events/paddle.ts';
import { toHex, utf8 } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, listOf, secretText } from './primitives/credentials.ts';
import { type JsonObject, parseJson } from './primitives/json.ts';
import { orderMetadata } from './primitives/order-no.ts';
import { isRefused } from './primitives/refusal.ts';
import { acknowledgeReceived, judgeBy, post } from './primitives/replies.ts';
import { type TimedSignature, timedSigner } from './primitives/timed-signature.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

const endpointCredentials = z.strictObject({ webhook_secrets: listOf(secretText(16)) });
const accountCredentials = endpointCredentials.extend({
  order_no_path: z.exactOptional(fieldPath),
  api_key: z.exactOptional(secretText(16)),
  api_base_url: z.exactOptional(apiBaseUrl),
});
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: TimedSignature = {
  header: 'paddle-signature',
  time: 'ts',
  scheme: 'h1',
  separator: ';',
  joiner: ':',
};
const [minute, hour] = [60_000, 3_600_000] as const;

/** The event that says each type, and of an adjustment its action and status. */
const eventOfType = {
  'payment.succeeded': ['transaction.completed'],
  'payment.failed': ['transaction.payment_failed'],
  'payment.closed': ['transaction.canceled'],
  'refund.pending': ['adjustment.created', 'refund', 'pending_approval'],
  'refund.succeeded': ['adjustment.updated', 'refund', 'approved'],
  'refund.failed': ['adjustment.updated', 'refund', 'rejected'],
  'dispute.opened': ['adjustment.created', 'chargeback', 'approved'],
  'dispute.won': ['adjustment.updated', 'chargeback', 'reversed'],
} as const satisfies Partial<Record<NotificationType, readonly [event: string, action?: string, status?: string]>>;
const types = Object.keys(eventOfType).filter((type) => isSayable(type));

export const paddle = define({
  name: 'paddle',
  profile: {
    deadlineMs: 5000,
    schedule: [
      ...[3, 6, 12, 18, 21].map((minutes) => minutes * minute),
      ...[1, 2, 4, 8, 8, 12, 12, 12, 12].map((hours) => hours * hour),
    ],
    types,
    singleHeaders: [signature.header],
    rotation: 'all_sign',
    methods: ['POST'],
    unconfirmed: [
      'The steps of the retry schedule: Paddle says up to 60 tries in three days, 20 of them in the first hour; ours are fewer.',
      'A retry is signed anew, so the replay window of 300 s does not refuse it.',
      'A chargeback that is reversed is told by `adjustment.updated`; one that is lost is told by nothing.',
      'Of several payments of a failed transaction the newest stands first.',
      'The list of transactions can be cut by created_at, and the newest payment of one stands first.',
      'Renewals of a subscription carry its custom_data.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: ({ api_key, ...rest }, world) => (api_key === undefined ? {} : paddleClient({ api_key, ...rest }, world)),
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, api_key: `pdl_live_apikey_${toHex(random(20))}` }, endpoint };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const signer = timedSigner(signature, credentials.webhook_secrets);
  return {
    open(request, context) {
      const checked = signer.check(request, context.now);
      if (isRefused(checked)) return checked;
      const event = parseJson(request.body);
      if ('why' in event) return { is: 'unreadable', why: event.why };
      return readPaddleEvent(event.value, account, credentials.order_no_path);
    },
    acknowledge: acknowledgeReceived,
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const signer = timedSigner(signature, credentials.webhook_secrets);
  return {
    seal(notification, { now }) {
      const body = utf8(JSON.stringify(eventFor(notification)));
      return post('application/json', body, [signer.header(body, now)]);
    },
    judge: judgeBy((reply) => reply.status === 200, { wanted: '200' }),
  };
}

function generate(random: Random): EndpointCredentials {
  return { webhook_secrets: [`pdl_ntfset_${toHex(random(24))}`] };
}

function eventFor(notification: Notification): JsonObject {
  const { id, type, amountMinor, currency, occurredAt } = notification;
  if (!isSayable(type)) throw new RangeError(`paddle cannot say ${type}`);
  const [event, action, status] = eventOfType[type];
  const total = String(amountMinor);
  const totals = { subtotal: total, tax: '0', total, grand_total: total, currency_code: currency };
  const isAdjustment = action !== undefined;
  const object: JsonObject = isAdjustment
    ? { id: notification.operationId, action, status, transaction_id: notification.paymentId, totals }
    : { ...transactionFor(notification), details: { totals, line_items: [] } };
  return {
    event_id: `evt_${id}`,
    event_type: event,
    occurred_at: toIso(occurredAt),
    notification_id: `ntf_${id}`,
    data: {
      ...object,
      currency_code: currency,
      custom_data: orderMetadata(notification),
      created_at: toIso(occurredAt),
    },
  };
}

/** A capture is known by its own id, so that several captures of one payment stay several. */
function transactionFor({ type, paymentId, operationId }: Notification): JsonObject {
  if (type === 'payment.failed')
    return { id: paymentId, status: 'ready', origin: 'web', payments: [{ payment_attempt_id: operationId }] };
  return { id: operationId, status: type === 'payment.closed' ? 'canceled' : 'completed', origin: 'web', payments: [] };
}

function isSayable(type: string): type is keyof typeof eventOfType {
  return Object.hasOwn(eventOfType, type);
}
