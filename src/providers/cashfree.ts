/**
 * Cashfree Payments webhooks (cashfree.com/docs/api-reference/payments, "Payment webhooks", "Refund webhooks", version 2025-01-01, and
 * "Webhook signature verification"; read 2026-11-25).
 *
 * paymentId: `cf_payment_id`. operationId: capture and failed try = the payment, refund = `cf_refund_id`, each single. Disputes are not read.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import type { Fact, FactKind } from '../domain/fact.ts';
import type { Random } from '../domain/ids.ts';
import { decimalFromMinor } from '../domain/money.ts';
import type { Notification } from '../domain/notification.ts';
import { define } from './define.ts';
import { concat, toHex } from './primitives/bytes.ts';
import { listOf, secretText } from './primitives/credentials.ts';
import { grammars, singleHeader } from './primitives/headers.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { at, idAt, type Json, type JsonObject, textAt } from './primitives/json.ts';
import { moneyFromMajor } from './primitives/money.ts';
import { orderNoAt } from './primitives/order-no.ts';
import { isRefused } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { factTold, openedAs, timeAt } from './primitives/told-fact.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

const credentials = z.strictObject({ client_secrets: listOf(secretText(16)) });
type Credentials = z.infer<typeof credentials>;

const signature: BodySignature = { header: 'x-webhook-signature', encoding: 'base64' };
const timestamp = 'x-webhook-timestamp';
const minute = 60_000;

/** The event and the status of its object that say each type. */
const words = wordsOf<readonly [event: string, status: string]>({
  'payment.succeeded': ['PAYMENT_SUCCESS_WEBHOOK', 'SUCCESS'],
  'payment.failed': ['PAYMENT_FAILED_WEBHOOK', 'FAILED'],
  'refund.succeeded': ['REFUND_STATUS_WEBHOOK', 'SUCCESS'],
  'refund.failed': ['REFUND_STATUS_WEBHOOK', 'CANCELLED'],
});

const kindOfPayment: Readonly<Record<string, FactKind>> = {
  PAYMENT_SUCCESS_WEBHOOK: 'captured',
  PAYMENT_FAILED_WEBHOOK: 'failed',
  PAYMENT_USER_DROPPED_WEBHOOK: 'failed',
};
const kindOfRefund: Readonly<Record<string, FactKind>> = {
  SUCCESS: 'refunded',
  PENDING: 'refund_pending',
  ONHOLD: 'refund_pending',
  CANCELLED: 'refund_failed',
  FAILED: 'refund_failed',
};

export const cashfree = define({
  name: 'cashfree',
  profile: {
    deadlineMs: 10_000,
    schedule: [2 * minute, 10 * minute, 30 * minute],
    types: words.types,
    singleHeaders: [signature.header, timestamp],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline for an answer. The retry schedule is the usual one; a merchant can change it at Cashfree.',
      'Whether a retry bears a new timestamp, so the age of the signature is not limited.',
      'A payment that the buyer dropped has failed.',
      'The states of a refund: SUCCESS, PENDING, ONHOLD, CANCELLED, FAILED.',
    ],
  },
  accountCredentials: credentials,
  endpointCredentials: credentials,
  receiver,
  sender,
  generate,
  pair(random) {
    const made = generate(random);
    return { account: made, endpoint: made };
  },
});

function receiver({ client_secrets: texts }: Credentials, account: ReceiverAccount): Receiver {
  const secrets = texts.map((text) => hmacSecret(text, 'sha256'));
  return {
    open(request) {
      const time = singleHeader(request.headers, timestamp, grammars.token);
      if (isRefused(time)) return time;
      const textOver = (body: Uint8Array) => concat(time, body);
      return openSigned(request, { ...signature, secrets, field: 'client_secrets', textOver }, (body) => {
        const type = textAt(body, 'type');
        if (type === null) return { is: 'unreadable', why: 'the body has no type' };
        return openedAs({ id: null, type }, factIn(type, body, account));
      });
    },
    acknowledge: acknowledgeReceived,
  };
}

/** The fact; null: there is no kind for this type; a text: why it cannot be read. */
function factIn(type: string, body: Json, account: ReceiverAccount): Fact | string | null {
  const ofPayment = Object.hasOwn(kindOfPayment, type) ? kindOfPayment[type] : undefined;
  if (ofPayment !== undefined) {
    const payment = at(body, 'data.payment');
    const id = idAt(payment, 'cf_payment_id');
    const money = moneyFromMajor(at(payment, 'payment_amount'), at(payment, 'payment_currency'));
    const time = timeAt(payment, 'payment_time') ?? timeAt(body, 'event_time');
    const reference = orderNoAt(body, ['data.order.order_id']);
    return factTold({ kind: ofPayment, paymentId: id, operationId: id, reference, money, time }, account.id);
  }
  if (type !== 'REFUND_STATUS_WEBHOOK') return null;
  const refund = at(body, 'data.refund');
  const status = textAt(refund, 'refund_status') ?? '';
  const kind = Object.hasOwn(kindOfRefund, status) ? kindOfRefund[status] : undefined;
  if (kind === undefined) return null;
  return factTold(
    {
      kind,
      paymentId: idAt(refund, 'cf_payment_id'),
      operationId: idAt(refund, 'cf_refund_id'),
      reference: orderNoAt(body, ['data.refund.order_id']),
      money: moneyFromMajor(at(refund, 'refund_amount'), at(refund, 'refund_currency')),
      time: timeAt(refund, 'processed_at') ?? timeAt(body, 'event_time'),
    },
    account.id,
  );
}

function sender({ client_secrets: [text = ''] }: Credentials): Sender {
  const secret = hmacSecret(text, 'sha256');
  return {
    seal(notification, { now }) {
      const textOver = (body: Uint8Array) => concat(String(now), body);
      return postSigned(bodyFor(notification), { ...signature, secret, textOver }, [[timestamp, String(now)]]);
    },
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function bodyFor(notification: Notification): JsonObject {
  const { type, orderNo, paymentId, operationId, amountMinor, currency } = notification;
  const tags = { sequence: String(notification.sequence) };
  const [event, status] = words.wordFor(type);
  const time = toIso(notification.occurredAt);
  const amount = decimalFromMinor(amountMinor, currency);
  if (type.startsWith('refund.')) {
    const ids = { cf_refund_id: operationId, cf_payment_id: paymentId, refund_id: operationId, order_id: orderNo };
    const money = { refund_amount: amount, refund_currency: currency };
    const refund = { ...ids, ...money, refund_status: status, created_at: time, processed_at: time, metadata: tags };
    return { data: { refund }, event_time: time, type: event };
  }
  const order = { order_id: orderNo, order_amount: amount, order_currency: currency, order_tags: tags };
  // A capture is known by its own id, so that several captures of one payment stay several.
  const money = { payment_amount: amount, payment_currency: currency };
  const payment = { cf_payment_id: operationId, payment_status: status, ...money, payment_time: time };
  return { data: { order, payment }, event_time: time, type: event };
}

function generate(random: Random): Credentials {
  return { client_secrets: [toHex(random(20))] };
}
