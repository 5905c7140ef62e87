/**
 * Mollie webhooks (docs.mollie.com, "Webhooks", "Next-gen webhooks", "Get payment"; signature checked against Mollie's own library).
 *
 * paymentId: the payment (`tr_…`). operationId: capture = the payment, cumulative (`amountCaptured`, else `amount`); refund = `re_…`,
 * single; chargeback = `chb_…`, which is open until Mollie gives it back.
 *
 * No callback says anything that is believed: the classic one is the bare id of a payment, unsigned, and the next-gen event, though
 * signed, is only as fresh as its last try. Both mean: ask.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { mollieClient } from './clients/mollie.ts';
import { define } from './define.ts';
import { toHex } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, listOf, secretText } from './primitives/credentials.ts';
import { parseForm, writeForm } from './primitives/form.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { idAt, type Json, type JsonObject, textAt } from './primitives/json.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, judgeBy, post } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Opened, RawRequest, Receiver, ReceiverAccount, Sender } from './provider.ts';

const webhookSecrets = listOf(secretText(16));
const accountCredentials = z.strictObject({
  api_key: secretText(16).regex(/^(live|test)_/, 'must start with live_ or test_'),
  /** With them only next-gen events are accepted, without them only classic ones. */
  webhook_secrets: z.exactOptional(webhookSecrets),
  /** Within the payment. */
  order_no_path: z.exactOptional(fieldPath),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z
  .strictObject({ webhook_secrets: z.exactOptional(webhookSecrets), classic: z.exactOptional(z.literal(true)) })
  .refine(({ webhook_secrets: secrets, classic }) => (secrets === undefined) === (classic === true), {
    error: 'needs either webhook_secrets, for next-gen events, or classic, for the bare id of the payment',
  });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: BodySignature = { header: 'x-mollie-signature', encoding: 'hex', prefix: 'sha256=' };
const [minute, hour] = [60_000, 3_600_000] as const;

/** The next-gen event that says each type. */
const events = wordsOf<string>({
  'payment.authorized': 'payment.authorized',
  'payment.succeeded': 'payment.paid',
  'payment.failed': 'payment.failed',
  'payment.closed': 'payment.canceled',
  'refund.pending': 'refund.pending',
  'refund.succeeded': 'refund.refunded',
  'refund.failed': 'refund.canceled',
  'refund.bounced': 'refund.failed',
  'dispute.opened': 'chargeback.received',
  'dispute.won': 'chargeback.reversed',
});

export const mollie = define({
  name: 'mollie',
  profile: {
    deadlineMs: 15_000,
    schedule: [minute, 2 * minute, 4 * minute, 8 * minute, 16 * minute, 29 * minute, hour, 2 * hour, 22 * hour],
    types: events.types,
    singleHeaders: [signature.header],
    rotation: 'first',
    methods: ['POST'],
    unsigned: { risk: 'everything', why: 'a classic webhook is the id of a payment and nothing else' },
    unconfirmed: [
      'Next-gen events about refunds and chargebacks; any event that names a payment, itself or in its entity, is read.',
      'Amounts have the decimals of ISO 4217 in every currency.',
      'A refund that fails comes back to the merchant, also after it was paid out.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: mollieClient,
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, api_key: `live_${toHex(random(15))}` }, endpoint };
  },
});

function generate(random: Random): { webhook_secrets: string[] } {
  return { webhook_secrets: [toHex(random(24))] };
}

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  if (account.mode === 'live' && credentials.api_key.startsWith('test_'))
    throw new AppError('account.credentials', 'api_key is a test key, and the account is live');
  const secrets = credentials.webhook_secrets?.map((secret) => hmacSecret(secret));
  return {
    open: (request) =>
      secrets === undefined
        ? openClassic(request)
        : openSigned(request, { ...signature, secrets, field: 'webhook_secrets' }, readEvent),
    acknowledge: acknowledgeReceived,
  };
}

function openClassic({ body }: RawRequest): Opened {
  const form = parseForm(body);
  if ('why' in form) return refused('callback.malformed', form.why);
  const id = form.fields.get('id')?.value ?? '';
  if (!/^[a-z]+_[A-Za-z0-9]{1,60}$/.test(id))
    return refused('callback.malformed', `the form names no id of Mollie's: ${shown(id)}`);
  return isPayment(id)
    ? { is: 'ping', messageId: null, references: [{ reference: null, paymentId: id }] }
    : { is: 'ignored', messageId: null, type: shown(id) };
}

function readEvent(event: Json): Opened {
  const [messageId, type] = [idAt(event, 'id'), textAt(event, 'type')];
  if (messageId === null || type === null) return { is: 'unreadable', why: 'the event has no id or no type' };
  const named = [idAt(event, 'entityId'), idAt(event, '_embedded.entity.paymentId')];
  const paymentId = named.find((id) => id !== null && isPayment(id)) ?? null;
  return paymentId === null
    ? { is: 'ignored', messageId, type: shown(type) }
    : { is: 'ping', messageId, references: [{ reference: null, paymentId }] };
}

function isPayment(id: string): boolean {
  return /^tr_[A-Za-z0-9]{1,60}$/.test(id);
}

function sender({ webhook_secrets: [first] = [] }: EndpointCredentials): Sender {
  const secret = first === undefined ? null : hmacSecret(first);
  return {
    seal: (notification) =>
      secret === null
        ? post('application/x-www-form-urlencoded', writeForm({ id: notification.paymentId }))
        : postSigned(eventFor(notification), { ...signature, secret }),
    judge: judgeBy((reply) => reply.status === 200, { wanted: '200' }),
  };
}

function eventFor({ id, type, paymentId, operationId, occurredAt }: Notification): JsonObject {
  const [resource = ''] = type.split('.');
  const entity =
    resource === 'payment'
      ? { resource, id: paymentId }
      : { resource: resource === 'dispute' ? 'chargeback' : resource, id: operationId, paymentId };
  return {
    resource: 'event',
    id: `event_${id.slice(id.indexOf('_') + 1)}`,
    type: events.wordFor(type),
    entityId: entity.id,
    createdAt: toIso(occurredAt),
    _embedded: { entity },
  };
}
