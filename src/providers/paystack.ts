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
import type { Fact, FactKind } from '../domain/fact.ts';
import type { AccountId, Random } from '../domain/ids.ts';
import type { Money } from '../domain/money.ts';
import type { Notification } from '../domain/notification.ts';
import { define } from './define.ts';
import { toHex } from './primitives/bytes.ts';
import { fieldPath, listOf, secretText } from './primitives/credentials.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { at, exactInteger, idAt, type Json, type JsonObject, textAt } from './primitives/json.ts';
import { currencyFrom, moneyFromWire, type WireUnits, wireFromMinor } from './primitives/money.ts';
import { orderMetadata, orderNoAt } from './primitives/order-no.ts';
import { shown } from './primitives/refusal.ts';
import { acknowledgeReceived, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { factTold, openedAs, timeAt } from './primitives/told-fact.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Context, Receiver, ReceiverAccount, Sender } from './provider.ts';

const secretKeys = listOf(secretText(16).regex(/^sk_(test|live)_/, 'must start with sk_live_ or sk_test_'));
const accountCredentials = z.strictObject({ secret_keys: secretKeys, order_no_path: z.exactOptional(fieldPath) });
const endpointCredentials = z.strictObject({ secret_keys: secretKeys });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: BodySignature = { header: 'x-paystack-signature', encoding: 'hex' };
const [minute, hour] = [60_000, 3_600_000] as const;
/** The subunit is a hundredth everywhere, also of the franc, which has none in ISO 4217. */
const units: WireUnits = { platform: 'paystack', exponents: { XOF: 2 } };
const currencies = ['EGP', 'GHS', 'KES', 'NGN', 'USD', 'XOF', 'ZAR'];
const chargePaths = ['data.metadata.order_no', 'data.metadata.order_id', 'data.reference'];
const disputePaths = [
  'data.transaction.metadata.order_no',
  'data.transaction.metadata.order_id',
  'data.transaction.reference',
];

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

const kindOfRefundEvent = new Map<string, FactKind>([
  ['refund.pending', 'refund_pending'],
  ['refund.processing', 'refund_pending'],
  ['refund.needs-attention', 'refund_pending'],
  ['refund.processed', 'refunded'],
  ['refund.failed', 'refund_failed'],
]);
/** Who was right in the end: the merchant, or the customer. */
const kindOfResolution = new Map<string | null, FactKind>([
  ['declined', 'dispute_won'],
  ['merchant-accepted', 'dispute_lost'],
  ['auto-accepted', 'dispute_lost'],
]);

export const paystack = define({
  name: 'paystack',
  profile: {
    deadlineMs: 30_000,
    schedule: [3 * minute, 3 * minute, 3 * minute, 3 * minute, ...Array.from({ length: 12 }, () => hour)],
    types: words.types,
    currencies,
    singleHeaders: [signature.header],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline of 30 s for an answer.',
      'The retry schedule: 3 minutes four times, then each hour for 72 hours; only the first 12 of these hours are kept here.',
      'The amounts of XOF are hundredths of a franc.',
      'Refund events carry the id of the refund, or a refund_reference; without either `operation_id_missing` opens.',
      'The fields of refunds and disputes, and the resolutions of a dispute: declined, merchant-accepted, auto-accepted.',
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
        const fact = readEvent(type, body, { account: account.id, orderNoPath: credentials.order_no_path, context });
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

interface Reading {
  account: AccountId;
  orderNoPath: string | undefined;
  context: Context;
}

function readEvent(type: string, body: Json, reading: Reading): Fact | string | null {
  const paths = (ours: readonly string[]) => (reading.orderNoPath === undefined ? ours : [reading.orderNoPath]);
  const data = at(body, 'data');
  const now = reading.context.now;
  if (type === 'charge.success') {
    const paymentId = idAt(data, 'reference');
    const reference = orderNoAt(body, paths(chargePaths));
    const money = moneyOf(at(data, 'amount'), at(data, 'currency'));
    const time = timeAt(data, 'paid_at') ?? timeAt(data, 'created_at');
    return factTold(
      { kind: 'captured', paymentId, operationId: idAt(data, 'id'), reference, money, time },
      reading.account,
    );
  }
  const ofRefund = kindOfRefundEvent.get(type);
  if (ofRefund !== undefined) return ofRefundEvent(type, ofRefund, body, reading);
  const kind =
    type === 'charge.dispute.create' || type === 'charge.dispute.remind'
      ? 'dispute_opened'
      : type === 'charge.dispute.resolve'
        ? kindOfResolution.get(textAt(data, 'resolution'))
        : undefined;
  if (kind === undefined) return null;
  const amount = at(data, 'refund_amount') ?? at(data, 'transaction.amount');
  const money = moneyOf(amount, at(data, 'currency') ?? at(data, 'transaction.currency'));
  const told = { kind, paymentId: idAt(data, 'transaction.reference'), operationId: idAt(data, 'id'), money };
  const time = timeAt(data, kind === 'dispute_opened' ? 'createdAt' : 'resolvedAt') ?? now;
  return factTold({ ...told, reference: orderNoAt(body, paths(disputePaths)), time }, reading.account);
}

/** Refund events carry no time, so that of their receipt stands in. */
function ofRefundEvent(type: string, kind: FactKind, body: Json, reading: Reading): Fact | string {
  const data = at(body, 'data');
  const paymentId = idAt(data, 'transaction_reference') ?? idAt(data, 'transaction.reference');
  const operationId = idAt(data, 'id') ?? idAt(data, 'refund_reference');
  const path = reading.orderNoPath;
  return factTold(
    {
      kind,
      paymentId,
      operationId: operationId ?? `${paymentId}:refund`,
      operationIdMissing: operationId === null,
      reference: (path === undefined ? null : orderNoAt(body, [path])) ?? orderNoAt({ paymentId }, ['paymentId']),
      money: moneyOf(at(data, 'amount'), at(data, 'currency')),
      needsPerson: type === 'refund.needs-attention',
      time: reading.context.now,
    },
    reading.account,
  );
}

function moneyOf(amount: Json | undefined, currency: Json | undefined): Money | null | string {
  const code = currencyFrom(currency);
  if (code !== null && !currencies.includes(code)) return `the units of ${code} at Paystack are not known`;
  return moneyFromWire(amount, currency, units);
}

function eventFor(notification: Notification, domain: 'live' | 'test'): JsonObject {
  const { type, operationId, orderNo, currency } = notification;
  const [event, status] = words.wordFor(type);
  const amount = exactInteger(wireFromMinor(notification.amountMinor, currency, units));
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
