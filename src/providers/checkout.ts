/**
 * Checkout.com webhooks (checkout.com/docs/workflows, "Webhooks", "Webhook event types"; signature checked against another implementation).
 *
 * paymentId: `pay_…`. operationId: authorisation, capture, void, failure and refund = `act_…` of that step, single; dispute = `dsp_…`.
 *
 * `authentication_failed` has come as invalid JSON: an authentic body that cannot be read is kept, and acknowledged.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { checkoutClient } from './clients/checkout.ts';
import { define } from './define.ts';
import { checkoutUnits, readCheckoutEvent } from './events/checkout.ts';
import { equalBytes, toHex, utf8 } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, listOf, secretText } from './primitives/credentials.ts';
import { singleHeader } from './primitives/headers.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { exactInteger, idAt, type Json, type JsonObject, textAt } from './primitives/json.ts';
import { wireFromMinor } from './primitives/money.ts';
import { orderMetadata } from './primitives/order-no.ts';
import { isRefused, refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { openedAs } from './primitives/told-fact.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Headers, Receiver, ReceiverAccount, Refusal, Sender } from './provider.ts';

const endpointCredentials = z.strictObject({
  signature_keys: listOf(secretText(16)),
  /** What the header Authorization holds, as chosen at Checkout.com. */
  authorization: z.exactOptional(secretText(8)),
});
const accountCredentials = endpointCredentials.extend({
  order_no_path: z.exactOptional(fieldPath),
  secret_key: z.exactOptional(secretText(16).startsWith('sk_', 'must start with sk_')),
  api_base_url: z.exactOptional(apiBaseUrl),
});
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: BodySignature = { header: 'cko-signature', encoding: 'hex' };
const authorizationGrammar = { form: /^[!-~]+$/, says: 'one text without spaces' };
const [minute, hour] = [60_000, 3_600_000] as const;
const words = wordsOf<string>({
  'payment.authorized': 'payment_approved',
  'payment.succeeded': 'payment_captured',
  'payment.failed': 'payment_declined',
  'payment.closed': 'payment_canceled',
  'refund.pending': 'payment_refund_pending',
  'refund.succeeded': 'payment_refunded',
  'refund.failed': 'payment_refund_declined',
  'dispute.opened': 'dispute_received',
  'dispute.won': 'dispute_won',
  'dispute.lost': 'dispute_lost',
});

export const checkout = define({
  name: 'checkout',
  profile: {
    deadlineMs: 10_000,
    schedule: [5, 10, 15, 30].map((minutes) => minutes * minute).concat([hour, 4 * hour, 12 * hour, 24 * hour]),
    types: words.types,
    singleHeaders: [signature.header, 'authorization'],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline of 10 s for an answer.',
      'The steps of the retry schedule.',
      'Amounts of CLP have two decimals, which are zeros; all others are in the minor units of ISO 4217.',
      'Events of the test system link to a host with `.sandbox.` in its name.',
      'Actions are Authorization, Capture, Void and Refund, with the ids that events call action_id.',
      'payment_refund_pending and payment_refunded of one refund share their action_id.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: ({ secret_key, ...rest }, world) =>
    secret_key === undefined ? {} : checkoutClient({ secret_key, ...rest }, world),
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, secret_key: `sk_${toHex(random(16))}` }, endpoint };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  if (account.mode === 'live' && credentials.secret_key?.startsWith('sk_sbox_')) {
    throw new AppError('account.credentials', 'secret_key is a key of the sandbox, and the account is live');
  }
  const secrets = credentials.signature_keys.map((key) => hmacSecret(key));
  return {
    open(request) {
      const refusal = refuseAuthorization(request.headers, credentials.authorization);
      if (refusal) return refusal;
      return openSigned(request, { ...signature, secrets, field: 'signature_keys' }, (body) => {
        const [type, id] = [textAt(body, 'type'), idAt(body, 'id')];
        if (type === null || id === null) return { is: 'unreadable', why: 'the body has no type or no id' };
        if (account.mode === 'live' && isOfSandbox(body)) {
          return { is: 'ignored', messageId: id, type: shown(`${type} (not live)`) };
        }
        return openedAs({ id, type }, readCheckoutEvent(type, body, account.id, credentials.order_no_path));
      });
    },
    acknowledge: acknowledgeReceived,
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const secret = hmacSecret(credentials.signature_keys[0] ?? '');
  const { authorization } = credentials;
  const headers: Headers = authorization === undefined ? [] : [['authorization', authorization]];
  const signed = (body: JsonObject | Uint8Array) => postSigned(body, { ...signature, secret }, headers);
  return {
    seal: (notification) => signed(eventFor(notification)),
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
    signBody: signed,
  };
}

function generate(random: Random): { signature_keys: string[] } {
  return { signature_keys: [toHex(random(24))] };
}

/** The static header stands beside the signature: it is never enough alone. */
function refuseAuthorization(headers: Headers, ours: string | undefined): Refusal | null {
  if (ours === undefined) return null;
  const value = singleHeader(headers, 'authorization', authorizationGrammar);
  if (isRefused(value)) return value;
  const fits = equalBytes(utf8(value), utf8(ours));
  return fits ? null : refused('signature.mismatch', "header authorization is not the account's authorization");
}

function isOfSandbox(body: Json): boolean {
  return /^https:\/\/([^/]*\.)?sandbox\./.test(textAt(body, '_links.self.href') ?? '');
}

function eventFor(notification: Notification): JsonObject {
  const { type, paymentId, operationId, orderNo, currency } = notification;
  const time = toIso(notification.occurredAt);
  const money = { amount: exactInteger(wireFromMinor(notification.amountMinor, currency, checkoutUnits)), currency };
  const data = type.startsWith('dispute.')
    ? { id: operationId, payment_id: paymentId, payment_reference: orderNo, ...money, date: time }
    : {
        id: paymentId,
        action_id: operationId,
        reference: orderNo,
        ...money,
        processed_on: time,
        metadata: orderMetadata(notification),
      };
  return { id: `evt_${notification.id}`, type: words.wordFor(type), version: '1.0.0', created_on: time, data };
}
