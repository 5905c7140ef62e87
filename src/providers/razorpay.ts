/**
 * Razorpay webhooks (razorpay.com/docs/webhooks, "Validate and test", "Payloads", "FAQs"; checked against razorpay-node).
 *
 * paymentId: `pay_…`; each try of a buyer is a payment of its own. operationId: capture, authorisation and failure = the payment, single (a
 * payment is captured whole); refund = `rfnd_…`, single; dispute = `disp_…`.
 *
 * `payment.captured` and order.paid tell of one capture; only the latter brings the receipt, which is our number. A refund of a payment
 * that was never captured releases the authorisation. The header x-razorpay-event-id is not signed, so copies are told by their facts.
 */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { razorpayClient } from './clients/razorpay.ts';
import { define } from './define.ts';
import { readRazorpayEvent } from './events/razorpay.ts';
import { toHex } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, idText, listOf, secretText } from './primitives/credentials.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { exactInteger, idAt, type JsonObject, textAt } from './primitives/json.ts';
import { orderMetadata } from './primitives/order-no.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { openedAs } from './primitives/told-fact.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

/** The merchant makes them up at Razorpay, where short ones are allowed. */
const webhookSecrets = listOf(secretText(8));
const accountCredentials = z.strictObject({
  webhook_secrets: webhookSecrets,
  account_id: z.exactOptional(idText),
  order_no_path: z.exactOptional(fieldPath),
  key_id: z.exactOptional(idText.regex(/^rzp_(live|test)_/, 'must start with rzp_live_ or rzp_test_')),
  key_secret: z.exactOptional(secretText(16)),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({ webhook_secrets: webhookSecrets, account_id: z.exactOptional(idText) });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: BodySignature = { header: 'x-razorpay-signature', encoding: 'hex' };
const [minute, hour] = [60_000, 3_600_000] as const;
/** The event and the status of its object that say each type. */
const words = wordsOf<readonly [event: string, status: string]>({
  'payment.authorized': ['payment.authorized', 'authorized'],
  'payment.succeeded': ['payment.captured', 'captured'],
  'payment.failed': ['payment.failed', 'failed'],
  'refund.pending': ['refund.created', 'pending'],
  'refund.succeeded': ['refund.processed', 'processed'],
  'refund.failed': ['refund.failed', 'failed'],
  'dispute.opened': ['payment.dispute.created', 'open'],
  'dispute.won': ['payment.dispute.won', 'won'],
  'dispute.lost': ['payment.dispute.lost', 'lost'],
});

export const razorpay = define({
  name: 'razorpay',
  profile: {
    deadlineMs: 5000,
    schedule: [minute, 5 * minute, 15 * minute, hour, 2 * hour, 4 * hour, 8 * hour, 8 * hour],
    types: words.types,
    singleHeaders: [signature.header],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The steps of the retry schedule: Razorpay says exponential, for 24 hours, after which the webhook is disabled.',
      'Amounts are in the minor units of ISO 4217 in every currency.',
      'A payment that is asked for and is not there is answered 400, with the words "does not exist".',
      'A refund whose payment says `captured: false` is the automatic release of an authorisation.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: ({ key_id, key_secret, ...rest }, world) =>
    key_id === undefined || key_secret === undefined ? {} : razorpayClient({ key_id, key_secret, ...rest }, world),
  generate,
  pair(random) {
    const endpoint = generate(random);
    const key = { key_id: `rzp_live_${toHex(random(7))}`, key_secret: toHex(random(12)) };
    return { account: { ...endpoint, ...key }, endpoint };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  if (account.mode === 'live' && credentials.key_id?.startsWith('rzp_test_')) {
    throw new AppError('account.credentials', 'key_id is a test key, and the account is live');
  }
  const secrets = credentials.webhook_secrets.map((secret) => hmacSecret(secret));
  return {
    open: (request) =>
      openSigned(request, { ...signature, secrets, field: 'webhook_secrets' }, (body) => {
        const type = textAt(body, 'event');
        if (type === null) return { is: 'unreadable', why: 'the body has no event' };
        const [ours, found] = [credentials.account_id, idAt(body, 'account_id')];
        if (ours !== undefined && found !== ours) {
          const why = `account_id is ${shown(found ?? 'absent')}; this account has ${ours}`;
          return refused('callback.other_account', why);
        }
        return openedAs({ id: null, type }, readRazorpayEvent(type, body, account.id, credentials.order_no_path));
      }),
    acknowledge: acknowledgeReceived,
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const secret = hmacSecret(credentials.webhook_secrets[0] ?? '');
  return {
    seal: (notification) =>
      postSigned(eventFor(notification, credentials.account_id), { ...signature, secret }, [
        ['x-razorpay-event-id', notification.id],
      ]),
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function generate(random: Random): { webhook_secrets: string[] } {
  return { webhook_secrets: [toHex(random(24))] };
}

function eventFor(notification: Notification, accountId: string | undefined): JsonObject {
  const { type, paymentId, operationId, currency } = notification;
  const [event, status] = words.wordFor(type);
  const createdAt = Math.floor(notification.occurredAt / 1000);
  const amount = exactInteger(notification.amountMinor);
  const isOfPayment = type.startsWith('payment.');
  const captured = type !== 'payment.authorized' && type !== 'payment.failed';
  const payment = {
    entity: 'payment',
    ...(isOfPayment ? { id: operationId, amount, currency, status } : { id: paymentId, status: 'captured' }),
    captured,
    notes: orderMetadata(notification),
    created_at: createdAt,
  };
  const object = type.startsWith('refund.') ? 'refund' : 'dispute';
  const entity = {
    id: operationId,
    entity: object,
    payment_id: paymentId,
    amount,
    currency,
    status,
    created_at: createdAt,
  };
  return {
    entity: 'event',
    ...(accountId === undefined ? {} : { account_id: accountId }),
    event,
    contains: isOfPayment ? ['payment'] : ['payment', object],
    payload: { payment: { entity: payment }, ...(isOfPayment ? {} : { [object]: { entity } }) },
    created_at: createdAt,
  };
}
