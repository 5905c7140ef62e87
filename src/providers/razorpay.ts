/**
 * Razorpay webhooks (razorpay.com/docs/webhooks, "Validate and test", "Payloads", "FAQs"; checked against razorpay-node).
 *
 * paymentId: `pay_…`; each try of a buyer is a payment of its own. operationId: capture, authorisation and failure = the payment, single (a
 * payment is captured whole); refund = `rfnd_…`, single; dispute = `disp_…`.
 *
 * `payment.captured` and `order.paid` tell of one capture; only the latter brings the receipt, which is our number. A refund of a payment
 * that was never captured releases the authorisation. The header x-razorpay-event-id is not signed, so copies are told by their facts.
 */
import { z } from 'zod';
import type { Fact, FactKind } from '../domain/fact.ts';
import type { AccountId, Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { define } from './define.ts';
import { toHex } from './primitives/bytes.ts';
import { fieldPath, idText, listOf, secretText } from './primitives/credentials.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { at, exactInteger, idAt, type Json, type JsonObject, textAt } from './primitives/json.ts';
import { moneyFrom } from './primitives/money.ts';
import { orderMetadata, orderNoAt } from './primitives/order-no.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { factTold, openedAs, secondsAt } from './primitives/told-fact.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

/** The merchant makes them up at Razorpay, where short ones are allowed. */
const webhookSecrets = listOf(secretText(8));
const accountCredentials = z.strictObject({
  webhook_secrets: webhookSecrets,
  account_id: z.exactOptional(idText),
  order_no_path: z.exactOptional(fieldPath),
});
const endpointCredentials = z.strictObject({ webhook_secrets: webhookSecrets, account_id: z.exactOptional(idText) });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: BodySignature = { header: 'x-razorpay-signature', encoding: 'hex' };
const [minute, hour] = [60_000, 3_600_000] as const;
const orderNoPaths = [
  'payload.payment.entity.notes.order_no',
  'payload.payment.entity.notes.order_id',
  'payload.order.entity.receipt',
];

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

const kindOfPaymentEvent = new Map<string, FactKind>([
  ['payment.authorized', 'authorized'],
  ['payment.captured', 'captured'],
  ['order.paid', 'captured'],
  ['payment.failed', 'failed'],
]);
const kindOfDisputeEvent = new Map<string, FactKind>([
  ['payment.dispute.created', 'dispute_opened'],
  ['payment.dispute.under_review', 'dispute_opened'],
  ['payment.dispute.action_required', 'dispute_opened'],
  ['payment.dispute.won', 'dispute_won'],
  ['payment.dispute.lost', 'dispute_lost'],
]);
const refundEvents = ['refund.created', 'refund.processed', 'refund.failed'];
/** By status, not by event: `refund.created` of an instant refund is `processed` already. */
const kindOfRefund = new Map<string | null, FactKind>([
  ['pending', 'refund_pending'],
  ['processed', 'refunded'],
  ['failed', 'refund_failed'],
]);

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
      'A refund whose payment says `captured: false` is the automatic release of an authorisation.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  generate,
  pair(random) {
    const credentials = generate(random);
    return { account: credentials, endpoint: credentials };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const secrets = credentials.webhook_secrets.map((secret) => hmacSecret(secret));
  const paths = credentials.order_no_path === undefined ? orderNoPaths : [credentials.order_no_path];
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
        return openedAs({ id: null, type }, readEvent(type, body, { account: account.id, paths }));
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

function readEvent(
  type: string,
  body: Json,
  reading: { account: AccountId; paths: readonly string[] },
): Fact | string | null {
  const payment = at(body, 'payload.payment.entity');
  const about = (kind: FactKind, object: Json | undefined, paymentId: string | null): Fact | string => {
    const money = moneyFrom(at(object, 'amount'), at(object, 'currency'));
    const reference = orderNoAt(body, reading.paths);
    const time = secondsAt(body, 'created_at');
    return factTold({ kind, paymentId, operationId: idAt(object, 'id'), reference, money, time }, reading.account);
  };
  const ofPayment = kindOfPaymentEvent.get(type);
  if (ofPayment !== undefined) return about(ofPayment, payment, idAt(payment, 'id'));
  const ofDispute = kindOfDisputeEvent.get(type);
  if (ofDispute !== undefined) {
    const dispute = at(body, 'payload.dispute.entity');
    return about(ofDispute, dispute, idAt(dispute, 'payment_id'));
  }
  if (!refundEvents.includes(type)) return null;
  const refund = at(body, 'payload.refund.entity');
  const kind = kindOfRefund.get(textAt(refund, 'status'));
  if (kind === undefined) return null;
  const isRelease = at(payment, 'captured') === false;
  if (isRelease && kind !== 'refunded') return null;
  return about(isRelease ? 'voided' : kind, refund, idAt(refund, 'payment_id'));
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
