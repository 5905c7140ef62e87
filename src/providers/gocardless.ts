/**
 * GoCardless webhooks (developer.gocardless.com, "Stay up to date with webhooks", "Events"; read 2026-11-25; checked against
 * gocardless-nodejs).
 *
 * paymentId: the payment (`PM…`; where a refund names none, the order as a whole, else the refund). operationId: capture, its reversal
 * and its chargeback = the payment, single; refund = `RF…`, single.
 *
 * Events carry no amount. With an `access_token` they are read back, so that it comes by query. Else, with `amount: from_order` it is what
 * the order expects; without it a person says it.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import type { NotificationType } from '../domain/notification.ts';
import { gocardlessClient } from './clients/gocardless.ts';
import { define } from './define.ts';
import { readGocardlessEvents } from './events/gocardless.ts';
import { openBodyHmac, sealBodyHmac } from './primitives/body-hmac.ts';
import { toHex, utf8 } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, listOf, secretText } from './primitives/credentials.ts';
import { orderMetadata } from './primitives/order-no.ts';
import { acknowledgeWith, isSuccessStatus, judgeBy } from './primitives/replies.ts';
import type { Sender } from './provider.ts';

const endpointCredentials = z.strictObject({ webhook_secrets: listOf(secretText(16)) });
const accountCredentials = endpointCredentials.extend({
  amount: z.exactOptional(z.enum(['required', 'from_order'])),
  /** Within an event. */
  order_no_path: z.exactOptional(fieldPath),
  access_token: z.exactOptional(secretText(16)),
  api_base_url: z.exactOptional(apiBaseUrl),
});
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const header = 'webhook-signature';
const [minute, hour] = [60_000, 3_600_000] as const;

/** The resource and the action that say each type, and the cause that usually stands behind it. */
const eventOfType = {
  'payment.succeeded': ['payments', 'confirmed', 'payment_confirmed'],
  'payment.failed': ['payments', 'failed', 'insufficient_funds'],
  'payment.closed': ['payments', 'cancelled', 'payment_cancelled'],
  'payment.reversed': ['payments', 'late_failure_settled', 'late_failure_settled'],
  'refund.pending': ['refunds', 'created', 'refund_created'],
  'refund.succeeded': ['refunds', 'paid', 'refund_paid'],
  'refund.bounced': ['refunds', 'failed', 'refund_failed'],
  'dispute.opened': ['payments', 'charged_back', 'authorisation_disputed'],
  'dispute.won': ['payments', 'chargeback_cancelled', 'payment_confirmed'],
  'dispute.lost': ['payments', 'chargeback_settled', 'chargeback_settled'],
} as const satisfies Partial<Record<NotificationType, readonly [resource: string, action: string, cause: string]>>;

export const gocardless = define({
  name: 'gocardless',
  profile: {
    deadlineMs: 10_000,
    schedule: [minute, 2 * minute, 10 * minute, hour / 2, hour, 2 * hour, 4 * hour, 8 * hour],
    types: Object.keys(eventOfType).filter((type) => isSayable(type)),
    singleHeaders: [header],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The steps of the retry schedule: GoCardless says up to eight, at growing intervals that begin with 1, 2 and 10 minutes.',
      'One request holds at most 250 events.',
      'Whether events of refunds name the payment.',
      'Events can be listed by payment and by refund, and are kept as long as orders are asked about.',
      'A payment that fails after it was confirmed, but before it was paid out, is told by `failed` alone.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver: (credentials, account) => ({
    open: openBodyHmac(header, credentials.webhook_secrets, (body) =>
      readGocardlessEvents(body, {
        account,
        orderNoPath: credentials.order_no_path,
        fromOrder: credentials.amount === 'from_order',
        readBack: credentials.access_token !== undefined,
      }),
    ),
    acknowledge: acknowledgeWith({
      contentType: 'application/json',
      success: '{"received":true}',
      failure: (error) => JSON.stringify({ error }),
      // GoCardless's own number for "invalid token".
      wrongSignatureStatus: 498,
    }),
  }),
  sender,
  client: ({ access_token, ...rest }, world) =>
    access_token === undefined ? {} : gocardlessClient({ access_token, ...rest }, world),
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, access_token: `live_${toHex(random(20))}` }, endpoint };
  },
});

function generate(random: Random): EndpointCredentials {
  return { webhook_secrets: [toHex(random(20))] };
}

function sender(credentials: EndpointCredentials): Sender {
  const seal = sealBodyHmac(header, credentials.webhook_secrets);
  return {
    seal(notification) {
      const { id, type, paymentId, operationId, occurredAt } = notification;
      if (!isSayable(type)) throw new RangeError(`gocardless cannot say ${type}`);
      const [resource, action, cause] = eventOfType[type];
      // A capture is known by its own id, so that several captures of one payment stay several.
      const links = resource === 'refunds' ? { refund: operationId, payment: paymentId } : { payment: operationId };
      const event = {
        id: `EV${id}`,
        created_at: toIso(occurredAt),
        resource_type: resource,
        action,
        links,
        details: { origin: 'gocardless', cause, description: '' },
        metadata: {},
        resource_metadata: orderMetadata(notification),
      };
      return seal(utf8(JSON.stringify({ events: [event], meta: { webhook_id: `WB${id}` } })));
    },
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function isSayable(type: string): type is keyof typeof eventOfType {
  return Object.hasOwn(eventOfType, type);
}
