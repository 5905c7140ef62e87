/**
 * Paystack webhooks (paystack.com/docs/payments/webhooks, and its code samples; the signature checked against another implementation; the
 * fields of refunds and disputes as integrations read them).
 *
 * paymentId: the transaction's `reference`, which is unique for each try and the only name that refunds and disputes give it.
 * operationId: capture = the transaction's id, single; refund = its id, else `refund_reference`, single; dispute = its id.
 *
 * The secret key of the API signs. Paystack tells of no failed or closed payment: ask for it. Events carry no id of their own, so copies
 * are told by their facts.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { paystackClient } from './clients/paystack.ts';
import { define } from './define.ts';
import { paystackCurrencies, paystackUnits, readPaystackEvent } from './events/paystack.ts';
import { toHex } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, listOf, secretText } from './primitives/credentials.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { exactInteger, type JsonObject, textAt } from './primitives/json.ts';
import { wireFromMinor } from './primitives/money.ts';
import { orderMetadata } from './primitives/order-no.ts';
import { shown } from './primitives/refusal.ts';
import { acknowledgeReceived, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { openedAs } from './primitives/told-fact.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

const secretKeys = listOf(secretText(16).regex(/^sk_(test|live)_/, 'must start with sk_live_ or sk_test_'));
const accountCredentials = z.strictObject({
  secret_keys: secretKeys,
  order_no_path: z.exactOptional(fieldPath),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({ secret_keys: secretKeys });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: BodySignature = { header: 'x-paystack-signature', encoding: 'hex' };
const [minute, hour] = [60_000, 3_600_000] as const;
/** The event and the status of its object that say each type. */
const words = wordsOf<readonly [event: string, status: string]>({
  'payment.succeeded': ['charge.success', 'success'],
  'refund.pending': ['refund.pending', 'pending'],
  'refund.succeeded': ['refund.processed', 'processed'],
  'refund.failed': ['refund.failed', 'failed'],
  'dispute.opened': ['charge.dispute.create', 'awaiting-merchant-feedback'],
  'dispute.won': ['charge.dispute.resolve', 'declined'],
  'dispute.lost': ['charge.dispute.resolve', 'merchant-accepted'],
});

export const paystack = define({
  name: 'paystack',
  profile: {
    deadlineMs: 30_000,
    schedule: [3 * minute, 3 * minute, 3 * minute, 3 * minute, ...Array.from({ length: 12 }, () => hour)],
    types: words.types,
    currencies: paystackCurrencies,
    singleHeaders: [signature.header],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline of 30 s for an answer.',
      'The retry schedule: 3 minutes four times, then each hour for 72 hours; only the first 12 of these hours are kept here.',
      'The amounts of XOF are hundredths of a franc.',
      'Refund events carry the id of the refund, or a refund_reference; without either `operation_id_missing` opens.',
      'A refund keeps its merchant_note, by which one that was asked for before is found again.',
      'A transaction that is asked for and is not there is answered 400 or 404, with the words "not found".',
      'The fields of refunds and disputes, and the resolutions of a dispute: declined, merchant-accepted, auto-accepted.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: (credentials, world) => paystackClient(credentials, world),
  generate,
  pair(random) {
    const credentials = generate(random);
    return { account: credentials, endpoint: credentials };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  if (account.mode === 'live' && credentials.secret_keys.some((key) => key.startsWith('sk_test_'))) {
    throw new AppError('account.credentials', 'secret_keys holds a test key, and the account is live');
  }
  const secrets = credentials.secret_keys.map((key) => hmacSecret(key, 'sha512'));
  return {
    open: (request, context) =>
      openSigned(request, { ...signature, secrets, field: 'secret_keys' }, (body) => {
        const type = textAt(body, 'event');
        if (type === null) return { is: 'unreadable', why: 'the body has no event' };
        const domain = textAt(body, 'data.domain');
        if (domain !== null && domain !== account.mode) {
          return { is: 'ignored', messageId: null, type: shown(`${type} (not ${account.mode})`) };
        }
        const reading = { account: account.id, orderNoPath: credentials.order_no_path, now: context.now };
        const fact = readPaystackEvent(type, body, reading);
        return openedAs({ id: null, type }, fact);
      }),
    acknowledge: acknowledgeReceived,
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const [key = ''] = credentials.secret_keys;
  const secret = hmacSecret(key, 'sha512');
  const domain = key.startsWith('sk_test_') ? 'test' : 'live';
  return {
    seal: (notification) => postSigned(eventFor(notification, domain), { ...signature, secret }),
    judge: judgeBy((reply) => reply.status === 200, { wanted: '200' }),
  };
}

function generate(random: Random): { secret_keys: string[] } {
  return { secret_keys: [`sk_live_${toHex(random(20))}`] };
}

function eventFor(notification: Notification, domain: 'live' | 'test'): JsonObject {
  const { type, operationId, orderNo, currency } = notification;
  const [event, status] = words.wordFor(type);
  const amount = exactInteger(wireFromMinor(notification.amountMinor, currency, paystackUnits));
  const time = toIso(notification.occurredAt);
  const common = { id: operationId, domain, currency };
  if (type === 'payment.succeeded') {
    const metadata = orderMetadata(notification);
    return {
      event,
      data: { ...common, status, reference: orderNo, amount, paid_at: time, created_at: time, metadata },
    };
  }
  if (type.startsWith('refund.')) {
    return {
      event,
      data: { ...common, status, transaction_reference: orderNo, refund_reference: operationId, amount },
    };
  }
  const isOpen = type === 'dispute.opened';
  const transaction = { reference: orderNo, amount, currency };
  const data = { ...common, refund_amount: amount, transaction, createdAt: time };
  return isOpen
    ? { event, data: { ...data, status } }
    : { event, data: { ...data, status: 'resolved', resolution: status, resolvedAt: time } };
}
