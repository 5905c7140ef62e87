/**
 * Square webhooks (developer.squareup.com/docs/webhooks, "Validate and process events", "Delivery"; checked against square's own library).
 *
 * paymentId: the payment's id. operationId: capture and authorisation = the payment, cumulative (`total_money`, tips included, is the total
 * so far); refund = its id, single; dispute = its id.
 *
 * The signed text begins with the URL that was registered at Square, which is configuration: behind a proxy it is not the URL that we see.
 * Refunds and disputes name their payment and no number of ours: their order is found through the payment.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { squareClient } from './clients/square.ts';
import { define } from './define.ts';
import { readSquareEvent } from './events/square.ts';
import { concat, toBase64 } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, idText, listOf, secretText } from './primitives/credentials.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { exactInteger, idAt, type JsonObject, textAt } from './primitives/json.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { openedAs } from './primitives/told-fact.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

const signatureKeys = listOf(secretText(16));
const notificationUrl = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[!-~]+$/, 'must be the URL that is registered at Square');
const accountCredentials = z.strictObject({
  signature_keys: signatureKeys,
  /** Default: the account's callback URL under the server's public URL. */
  notification_url: z.exactOptional(notificationUrl),
  merchant_id: z.exactOptional(idText),
  order_no_path: z.exactOptional(fieldPath),
  access_token: z.exactOptional(secretText(16)),
  /** Whose payments are searched for an order number. Default: the seller's main one. */
  location_id: z.exactOptional(idText),
  /** Default: that of the application. */
  api_version: z.exactOptional(z.iso.date()),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({
  signature_keys: signatureKeys,
  notification_url: notificationUrl,
  merchant_id: z.exactOptional(idText),
});
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const [minute, hour] = [60_000, 3_600_000] as const;
const signatureOver = (url: string): BodySignature => ({
  header: 'x-square-hmacsha256-signature',
  encoding: 'base64',
  textOver: (body) => concat(url, body),
});

/** The event and the status of its object that say each type. */
const words = wordsOf<readonly [event: string, status: string]>({
  'payment.authorized': ['payment.updated', 'APPROVED'],
  'payment.succeeded': ['payment.updated', 'COMPLETED'],
  'payment.failed': ['payment.updated', 'FAILED'],
  'payment.closed': ['payment.updated', 'CANCELED'],
  'refund.pending': ['refund.created', 'PENDING'],
  'refund.succeeded': ['refund.updated', 'COMPLETED'],
  'refund.failed': ['refund.updated', 'FAILED'],
  'dispute.opened': ['dispute.created', 'EVIDENCE_REQUIRED'],
  'dispute.won': ['dispute.state.updated', 'WON'],
  'dispute.lost': ['dispute.state.updated', 'LOST'],
});

export const square = define({
  name: 'square',
  profile: {
    deadlineMs: 10_000,
    schedule: [1, 2, 4, 8, 16, 32].map((minutes) => minutes * minute).concat(Array.from({ length: 23 }, () => hour)),
    types: words.types,
    singleHeaders: ['x-square-hmacsha256-signature'],
    signsUrl: true,
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'Retries go on for 24 hours; older pages say 72.',
      'The signature key of a subscription is changed by API, and the old one stops at once.',
      'The fields of refunds and disputes, and the states of a dispute.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: ({ access_token, ...rest }, world) =>
    access_token === undefined ? {} : squareClient({ access_token, ...rest }, world),
  pair(random) {
    const credentials = { ...madeUp(random), notification_url: 'https://shop.example.com/callbacks/square' };
    return { account: { ...credentials, access_token: `EAAA${toBase64(random(24))}` }, endpoint: credentials };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const secrets = credentials.signature_keys.map((key) => hmacSecret(key));
  return {
    open(request, { publicUrl, signedUrl }) {
      const url = signedUrl ?? credentials.notification_url ?? publicUrl + request.target;
      const signature = { ...signatureOver(url), secrets, field: `signature_keys, with the URL ${url},` };
      return openSigned(request, signature, (body) => {
        const [type, id] = [textAt(body, 'type'), idAt(body, 'event_id')];
        if (type === null || id === null) return { is: 'unreadable', why: 'the body has no type or no event_id' };
        const [ours, found] = [credentials.merchant_id, idAt(body, 'merchant_id')];
        if (ours !== undefined && found !== ours) {
          const why = `merchant_id is ${shown(found ?? 'absent')}; this account has ${ours}`;
          return refused('callback.other_account', why);
        }
        return openedAs({ id, type }, readSquareEvent(type, body, account.id, credentials.order_no_path));
      });
    },
    acknowledge: acknowledgeReceived,
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const secret = hmacSecret(credentials.signature_keys[0] ?? '');
  const signature = { ...signatureOver(credentials.notification_url), secret };
  return {
    seal: (notification) => postSigned(eventFor(notification, credentials.merchant_id), signature),
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function madeUp(random: Random): { signature_keys: string[] } {
  return { signature_keys: [toBase64(random(18))] };
}

function eventFor(notification: Notification, merchantId: string | undefined): JsonObject {
  const { type, paymentId, operationId, orderNo, currency } = notification;
  const [event, status] = words.wordFor(type);
  const at = toIso(notification.occurredAt);
  const name = event.split('.')[0] ?? '';
  const common = { id: operationId, amount_money: { amount: exactInteger(notification.amountMinor), currency } };
  const times = { created_at: at, updated_at: at };
  const object =
    name === 'payment'
      ? { ...common, status, total_money: common.amount_money, reference_id: orderNo, ...times }
      : name === 'refund'
        ? { ...common, status, payment_id: paymentId, ...times }
        : { ...common, dispute_id: operationId, state: status, disputed_payment: { payment_id: paymentId }, ...times };
  return {
    ...(merchantId === undefined ? {} : { merchant_id: merchantId }),
    type: event,
    event_id: notification.id,
    created_at: toIso(notification.createdAt),
    data: { type: name, id: operationId, object: { [name]: object } },
  };
}
