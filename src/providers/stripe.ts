/**
 * Stripe webhooks (docs.stripe.com/webhooks, /api/events; checked against stripe-node).
 *
 * paymentId: the PaymentIntent (`pi_…`; the charge where a refund or dispute names no intent).
 * operationId: capture = the PaymentIntent, cumulative (`amount_received`); failed attempt = its charge; refund = `re_…`; dispute = `dp_…`.
 *
 * Payments are read from PaymentIntents and Checkout Sessions, refunds from Refund objects. `charge.*` only sums these up and is ignored:
 * `charge.refunded` names no refund and counts pending ones, so a refund that fails later would have been told as paid out. An endpoint at
 * Stripe must subscribe to `refund.created`, `refund.updated` and `refund.failed`.
 */

import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification, NotificationType } from '../domain/notification.ts';
import { stripeClient } from './clients/stripe.ts';
import { define } from './define.ts';
import { readStripeEvent, stripeUnits } from './events/stripe.ts';
import { concat, toHex } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, idText, listOf, secretText } from './primitives/credentials.ts';
import { exactInteger, type JsonObject, parseJson, textAt } from './primitives/json.ts';
import { wireFromMinor } from './primitives/money.ts';
import { orderMetadata } from './primitives/order-no.ts';
import { isRefused, refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy, post } from './primitives/replies.ts';
import { noted } from './primitives/secret-fields.ts';
import { type TimedSignature, timedSigner } from './primitives/timed-signature.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';
import { readStripeStatement } from './statements/stripe.ts';

/** Unlike Standard Webhooks, Stripe does not decode what follows `whsec_`. */
const webhookSecrets = listOf(
  noted(secretText(16).startsWith('whsec_', 'must start with whsec_'), 'secret', 'the whole text, whsec_ included'),
);
const accountCredentials = z.strictObject({
  webhook_secrets: webhookSecrets,
  account: z.exactOptional(idText),
  api_key: z.exactOptional(secretText(16).regex(/^(sk|rk)_(test|live)_/, 'must be a secret or restricted API key')),
  order_no_path: z.exactOptional(fieldPath),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({
  webhook_secrets: webhookSecrets,
  /** What the events say of themselves; true by default. An account of mode `test` ignores live events, and the other way round. */
  livemode: z.exactOptional(z.boolean()),
});
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: TimedSignature = {
  header: 'stripe-signature',
  time: 't',
  scheme: 'v1',
  separator: ',',
  joiner: '.',
};
const hour = 3_600_000;

/** The event and the status of its object that say each type. A canceled refund never left; a failed one came back. */
const eventOfType = {
  'payment.authorized': ['payment_intent.amount_capturable_updated', 'requires_capture'],
  'payment.succeeded': ['payment_intent.succeeded', 'succeeded'],
  'payment.failed': ['payment_intent.payment_failed', 'requires_payment_method'],
  'payment.closed': ['payment_intent.canceled', 'canceled'],
  'refund.pending': ['refund.created', 'pending'],
  'refund.succeeded': ['refund.updated', 'succeeded'],
  'refund.failed': ['refund.updated', 'canceled'],
  'refund.bounced': ['refund.failed', 'failed'],
  'dispute.opened': ['charge.dispute.created', 'needs_response'],
  'dispute.won': ['charge.dispute.closed', 'won'],
  'dispute.lost': ['charge.dispute.closed', 'lost'],
} as const satisfies Partial<Record<NotificationType, readonly [event: string, status: string]>>;

export const stripe = define({
  name: 'stripe',
  profile: {
    deadlineMs: 20_000,
    schedule: [hour / 12, hour / 2, 2 * hour, 5 * hour, 10 * hour, 10 * hour, 12 * hour, 12 * hour, 12 * hour],
    types: Object.keys(eventOfType).filter((type) => isSayable(type)),
    singleHeaders: ['stripe-signature'],
    rotation: 'all_sign',
    methods: ['POST'],
    unconfirmed: [
      'The deadline for an answer: write-ups say 20 to 30 seconds, Stripe names none.',
      'The steps of the retry schedule: Stripe says up to three days, with exponential back-off.',
      'A rolled secret stays valid for up to 24 hours, with several v1 signatures in that time.',
      'ISK and UGX are sent with two decimals, MGA with none.',
      'Rows of a report that belong to one partial capture have the same second in `created`, and `created` is in UTC.',
      '`customer_facing_amount` is filled for refunds, and empty for disputes.',
    ],
    statementZone: 'UTC',
    statementKinds: ['captured', 'refunded', 'refund_bounced', 'dispute_opened', 'dispute_won'],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: ({ api_key, ...rest }, world) => (api_key === undefined ? {} : stripeClient({ api_key, ...rest }, world)),
  readStatement: readStripeStatement,
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, api_key: `sk_live_${toHex(random(20))}` }, endpoint };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  if (account.mode === 'live' && /^.._test_/.test(credentials.api_key ?? '')) {
    throw new AppError('account.credentials', 'api_key is a test key, and the account is live');
  }
  const signer = timedSigner(signature, credentials.webhook_secrets);
  return {
    open(request, context) {
      const checked = signer.check(request, context.now);
      if (isRefused(checked)) return checked;
      const event = parseJson(request.body);
      if ('why' in event) return { is: 'unreadable', why: event.why };
      const connected = textAt(event.value, 'account');
      if (credentials.account !== undefined && connected !== credentials.account) {
        const whose = connected === null ? 'the platform itself' : `connected account ${shown(connected)}`;
        return refused(
          'callback.other_account',
          `an event of ${whose}; this account is for ${credentials.account}`,
          checked.text,
        );
      }
      return readStripeEvent(event.value, account, credentials.order_no_path);
    },
    acknowledge: acknowledgeReceived,
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const signer = timedSigner(signature, credentials.webhook_secrets);
  return {
    seal(notification, { now }) {
      const body = concat(JSON.stringify(eventFor(notification, credentials.livemode ?? true), null, 2));
      return post('application/json', body, [signer.header(body, now)]);
    },
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function generate(random: Random): { webhook_secrets: string[] } {
  return { webhook_secrets: [`whsec_${toHex(random(24))}`] };
}

function eventFor(notification: Notification, livemode: boolean): JsonObject {
  if (!isSayable(notification.type)) throw new RangeError(`stripe cannot say ${notification.type}`);
  const [type, status] = eventOfType[notification.type];
  const created = Math.floor(notification.occurredAt / 1000);
  return {
    id: `evt_${notification.id}`,
    object: 'event',
    api_version: '2025-09-30.clover',
    created,
    data: { object: { ...objectFor(notification), metadata: orderMetadata(notification), status, created } },
    livemode,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

/** The object of an event. A capture is known by its own id, so that several captures of one payment stay several. */
function objectFor(notification: Notification): JsonObject {
  const { type, paymentId, operationId } = notification;
  const amount = exactInteger(wireFromMinor(notification.amountMinor, notification.currency, stripeUnits));
  const currency = notification.currency.toLowerCase();
  if (type.startsWith('refund.'))
    return { id: operationId, object: 'refund', amount, currency, payment_intent: paymentId };
  if (type.startsWith('dispute.'))
    return { id: operationId, object: 'dispute', amount, currency, payment_intent: paymentId };
  return {
    id: type === 'payment.failed' ? paymentId : operationId,
    object: 'payment_intent',
    amount,
    amount_capturable: type === 'payment.authorized' ? amount : 0,
    amount_received: type === 'payment.succeeded' ? amount : 0,
    currency,
    latest_charge: type === 'payment.failed' ? operationId : null,
  };
}

function isSayable(type: string): type is keyof typeof eventOfType {
  return Object.hasOwn(eventOfType, type);
}
