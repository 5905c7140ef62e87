/**
 * Coinbase Commerce webhooks (docs.cdp.coinbase.com, "Webhooks", "Webhook fields", "Payment status"; read 2026-11-25; checked against
 * coinbase-commerce-node).
 *
 * paymentId: the charge's code. operationId: capture = the charge, cumulative (payments may follow one another). No refunds, which are
 * transfers of the merchant's own, and no disputes: what a chain has confirmed stays.
 */

import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import { decimalFromMinor } from '../domain/money.ts';
import type { Notification, NotificationType } from '../domain/notification.ts';
import { coinbaseCommerceClient } from './clients/coinbase-commerce.ts';
import { define } from './define.ts';
import { readCoinbaseCharge } from './events/coinbase-commerce.ts';
import { openBodyHmac, sealBodyHmac } from './primitives/body-hmac.ts';
import { toHex, utf8 } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, listOf, secretText } from './primitives/credentials.ts';
import type { JsonObject } from './primitives/json.ts';
import { orderMetadata } from './primitives/order-no.ts';
import { acknowledgeReceived, judgeBy } from './primitives/replies.ts';
import type { Sender } from './provider.ts';

const endpointCredentials = z.strictObject({ webhook_secrets: listOf(secretText(16)) });
const accountCredentials = endpointCredentials.extend({
  order_no_path: z.exactOptional(fieldPath),
  api_key: z.exactOptional(secretText(16)),
  api_base_url: z.exactOptional(apiBaseUrl),
});
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const header = 'x-cc-webhook-signature';
const [minute, hour] = [60_000, 3_600_000] as const;

/** The event that says each type, and the status that its charge has then. */
const eventOfType = {
  'payment.succeeded': ['charge:confirmed', 'COMPLETED'],
  'payment.failed': ['charge:failed', 'FAILED'],
  'payment.closed': ['charge:failed', 'EXPIRED'],
} as const satisfies Partial<Record<NotificationType, readonly [event: string, status: string]>>;

export const coinbaseCommerce = define({
  name: 'coinbase-commerce',
  profile: {
    deadlineMs: 10_000,
    schedule: [
      ...[1, 2, 4, 8, 16, 32].map((minutes) => minutes * minute),
      ...[1, 1, 1, 1, 1, 1, 6, 12, 24, 24].map((hours) => hours * hour),
    ],
    types: Object.keys(eventOfType).filter((type) => isSayable(type)),
    singleHeaders: [header],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline for an answer is not published.',
      'The steps of the retry schedule: Coinbase says exponential, at most an hour apart, for three days; ours are fewer.',
      'Only `metadata` of a charge carries the order; the product is being replaced by newer ones of Coinbase.',
      'The list of charges goes on after the code of its last one.',
      'A charge that is resolved by hand, or paid late or in part, counts with the local value of its payments.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver: (credentials, account) => ({
    open: openBodyHmac(header, credentials.webhook_secrets, (body) =>
      readCoinbaseCharge(body, account, credentials.order_no_path),
    ),
    acknowledge: acknowledgeReceived,
  }),
  sender,
  client: ({ api_key, ...rest }, world) =>
    api_key === undefined ? {} : coinbaseCommerceClient({ api_key, ...rest }, world),
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, api_key: toHex(random(16)) }, endpoint };
  },
});

function generate(random: Random): EndpointCredentials {
  return { webhook_secrets: [toHex(random(20))] };
}

function sender(credentials: EndpointCredentials): Sender {
  const seal = sealBodyHmac(header, credentials.webhook_secrets);
  return {
    seal: (notification) => seal(utf8(JSON.stringify(deliveryFor(notification)))),
    judge: judgeBy((reply) => reply.status === 200, { wanted: '200' }),
  };
}

function deliveryFor(notification: Notification): JsonObject {
  const { id, type, orderNo, amountMinor, currency, operationId } = notification;
  if (!isSayable(type)) throw new RangeError(`coinbase-commerce cannot say ${type}`);
  const [event, status] = eventOfType[type];
  const time = toIso(notification.occurredAt);
  const data = {
    // A capture is known by its own id, so that several captures of one payment stay several.
    code: operationId,
    name: orderNo,
    pricing_type: 'fixed_price',
    pricing: { local: { amount: decimalFromMinor(amountMinor, currency), currency } },
    metadata: orderMetadata(notification),
    payments: [],
    timeline: [{ status, time }],
  };
  return {
    attempt_number: 1,
    event: { api_version: '2018-03-22', created_at: time, data, id, resource: 'event', type: event },
    id,
    scheduled_for: time,
  };
}

function isSayable(type: string): type is keyof typeof eventOfType {
  return Object.hasOwn(eventOfType, type);
}
