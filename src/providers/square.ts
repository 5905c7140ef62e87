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
import type { Fact, FactKind } from '../domain/fact.ts';
import type { AccountId, Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { define } from './define.ts';
import { concat, toBase64 } from './primitives/bytes.ts';
import { fieldPath, idText, listOf, secretText } from './primitives/credentials.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { at, exactInteger, idAt, type Json, type JsonObject, textAt } from './primitives/json.ts';
import { moneyFrom } from './primitives/money.ts';
import { orderNoAt } from './primitives/order-no.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { factTold, openedAs, timeAt } from './primitives/told-fact.ts';
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

const kindOfPayment = new Map<string | null, FactKind>([
  ['APPROVED', 'authorized'],
  ['COMPLETED', 'captured'],
  ['FAILED', 'failed'],
  ['CANCELED', 'closed'],
]);
const kindOfRefund = new Map<string | null, FactKind>([
  ['PENDING', 'refund_pending'],
  ['COMPLETED', 'refunded'],
  ['REJECTED', 'refund_failed'],
  ['FAILED', 'refund_failed'],
]);
/** An inquiry is a dispute before money moves; one that is closed was not lost. */
const kindOfDispute = new Map<string | null, FactKind>([
  ['INQUIRY_EVIDENCE_REQUIRED', 'dispute_opened'],
  ['INQUIRY_PROCESSING', 'dispute_opened'],
  ['INQUIRY_CLOSED', 'dispute_won'],
  ['EVIDENCE_REQUIRED', 'dispute_opened'],
  ['PROCESSING', 'dispute_opened'],
  ['WON', 'dispute_won'],
  ['LOST', 'dispute_lost'],
  ['ACCEPTED', 'dispute_lost'],
]);

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
  pair(random) {
    const credentials = { ...madeUp(random), notification_url: 'https://shop.example.com/callbacks/square' };
    return { account: credentials, endpoint: credentials };
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
        return openedAs({ id, type }, readEvent(type, body, account.id, credentials.order_no_path));
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

function readEvent(
  type: string,
  body: Json,
  account: AccountId,
  orderNoPath: string | undefined,
): Fact | string | null {
  const time = timeAt(body, 'data.object.payment.updated_at') ?? timeAt(body, 'created_at');
  const [payment, refund, dispute] = ['payment', 'refund', 'dispute'].map((name) => at(body, `data.object.${name}`));
  if (type === 'payment.created' || type === 'payment.updated') {
    const kind = kindOfPayment.get(textAt(payment, 'status'));
    if (kind === undefined) return null;
    const id = idAt(payment, 'id');
    const money = moneyAt(payment, 'total_money') ?? moneyAt(payment, 'amount_money');
    const reference = orderNoPath === undefined ? orderNoAt(payment, ['reference_id']) : orderNoAt(body, [orderNoPath]);
    const measure = kind === 'captured' || kind === 'authorized' ? 'cumulative' : 'single';
    return factTold({ kind, paymentId: id, operationId: id, reference, money, measure, time }, account);
  }
  const about = (kind: FactKind | undefined, object: Json | undefined, paymentId: string | null, id: string | null) =>
    kind === undefined
      ? null
      : factTold(
          {
            kind,
            paymentId,
            operationId: id,
            reference: null,
            money: moneyAt(object, 'amount_money'),
            time: timeAt(object, 'updated_at') ?? time,
          },
          account,
        );
  if (type === 'refund.created' || type === 'refund.updated') {
    return about(kindOfRefund.get(textAt(refund, 'status')), refund, idAt(refund, 'payment_id'), idAt(refund, 'id'));
  }
  if (!/^dispute\.(created|state\.(updated|changed))$/.test(type)) return null;
  const id = idAt(dispute, 'dispute_id') ?? idAt(dispute, 'id');
  return about(kindOfDispute.get(textAt(dispute, 'state')), dispute, idAt(dispute, 'disputed_payment.payment_id'), id);
}

function moneyAt(object: Json | undefined, name: string) {
  return moneyFrom(at(object, `${name}.amount`), at(object, `${name}.currency`));
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
