/**
 * Midtrans HTTP notifications (docs.midtrans.com, "HTTP(S) Notification / Webhooks", "Get Transaction Status", "Refund Transaction";
 * read 2026-11-25).
 *
 * paymentId: transaction_id. operationId: capture, authorisation, failure, end and chargeback = transaction_id, single; refund = its
 * refund_key, single (transaction_id, cumulative, where only a total is told).
 *
 * `signature_key` is a digest over the order, the status code and the amount. What happened (`transaction_status`, refunds) is not
 * covered, so the status is asked for before a notification is believed.
 */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import { decimalFromMinor } from '../domain/money.ts';
import type { Notification } from '../domain/notification.ts';
import { midtransClient } from './clients/midtrans.ts';
import { define } from './define.ts';
import { midtransDigest, midtransFacts, midtransText, toJakarta } from './events/midtrans.ts';
import { equalBytes, fromHex, toHex, utf8 } from './primitives/bytes.ts';
import { acceptRisk, apiBaseUrl, idText, listOf, secretText } from './primitives/credentials.ts';
import { isObject, type JsonObject, parseJson, textAt } from './primitives/json.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, judgeBy, post } from './primitives/replies.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

const unsigned = {
  risk: 'unsigned_status',
  why: 'signature_key does not cover transaction_status and refunds',
} as const;
const serverKeys = listOf(secretText(16));
const accountCredentials = z.strictObject({
  /** They verify notifications; the first also asks the API. */
  server_keys: serverKeys,
  api_base_url: z.exactOptional(apiBaseUrl),
  accept_risk: acceptRisk(unsigned.risk),
});
const endpointCredentials = z.strictObject({ server_keys: serverKeys, merchant_id: z.exactOptional(idText) });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const [minute, second] = [60_000, 1000] as const;

const words = wordsOf<readonly [status: string, code: string]>({
  'payment.authorized': ['authorize', '200'],
  'payment.succeeded': ['settlement', '200'],
  'payment.failed': ['deny', '202'],
  'payment.closed': ['expire', '407'],
  'refund.succeeded': ['partial_refund', '200'],
});

export const midtrans = define({
  name: 'midtrans',
  profile: {
    deadlineMs: 15 * second,
    schedule: [2, 10, 30, 90, 210].map((minutes) => minutes * minute),
    types: words.types,
    currencies: ['IDR'],
    singleHeaders: [],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'A refund is told only once the bank has confirmed it.',
      'A cancelled card payment may have been captured before; if it was, the money is counted as given back.',
      'A chargeback is money that is lost; what a partial one is about is not read.',
      'The time zone of all times is that of Jakarta.',
    ],
    unsigned,
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: midtransClient,
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: endpoint, endpoint };
  },
});

function receiver({ server_keys: keys }: AccountCredentials, account: ReceiverAccount): Receiver {
  if (account.mode === 'live' && keys.some((key) => key.startsWith('SB-')))
    throw new AppError('account.credentials', 'server_keys holds a key of the sandbox, and the account is live');
  return {
    open(request, context) {
      const parsed = parseJson(request.body);
      if ('why' in parsed) return refused('signature.missing', `signature_key cannot be read: ${parsed.why}`);
      const status = parsed.value;
      const [text, signature] = [midtransText(status), textAt(status, 'signature_key')];
      if (signature === null) return refused('signature.missing', 'field signature_key is missing', text);
      if (text === null)
        return refused('callback.malformed', 'order_id, status_code or gross_amount is missing or has another form');
      const found = fromHex(signature);
      if (found === null || !keys.some((key) => equalBytes(midtransDigest(text, key), found)))
        return refused(
          'signature.mismatch',
          `none of the account's ${keys.length} server_keys fits signature_key`,
          text,
        );
      const type = shown(textAt(status, 'transaction_status') ?? 'no transaction_status');
      const facts = midtransFacts(status, { account: account.id, now: context.receivedAt ?? context.now });
      if (typeof facts === 'string') return { is: 'unreadable', why: `${type}: ${facts}` };
      if (facts.length === 0) return { is: 'ignored', messageId: null, type };
      return { is: 'facts', messageId: null, facts, readBack: true };
    },
    acknowledge: acknowledgeReceived,
  };
}

function sender({ server_keys: [key = ''], merchant_id }: EndpointCredentials): Sender {
  const signed = (status: JsonObject) => {
    const text = midtransText(status) ?? new Uint8Array();
    const body = { ...status, signature_key: toHex(midtransDigest(text, key)) };
    return post('application/json', utf8(JSON.stringify(body)));
  };
  return {
    seal: (notification) =>
      signed({ ...statusFor(notification), ...(merchant_id === undefined ? {} : { merchant_id }) }),
    judge: judgeBy((reply) => reply.status === 200, { wanted: '200' }),
    signBody(body) {
      const status = parseJson(body);
      return signed('value' in status && isObject(status.value) ? status.value : {});
    },
  };
}

function generate(random: Random): { server_keys: string[] } {
  return { server_keys: [`Mid-server-${toHex(random(16))}`] };
}

/** The amount is that of the payment; a refund says its own beside it. A payment is known by its operation, so that several stay several. */
function statusFor(notification: Notification) {
  const { type, paymentId, operationId, orderNo, currency, amountMinor, occurredAt } = notification;
  const { orderAmountMinor: whole, refundedTotalMinor: refunded } = notification;
  const [transaction_status, status_code] = words.wordFor(type);
  const amount = decimalFromMinor(amountMinor, currency);
  const time = toJakarta(occurredAt);
  const refund = { refund_chargeback_id: 1, refund_amount: amount, created_at: time, refund_key: operationId };
  const isRefund = type === 'refund.succeeded';
  return {
    order_id: orderNo,
    status_code,
    gross_amount: isRefund ? decimalFromMinor(whole ?? amountMinor, currency) : amount,
    currency,
    transaction_status,
    transaction_id: isRefund ? paymentId : operationId,
    transaction_time: time,
    ...(type === 'payment.succeeded' ? { settlement_time: time, fraud_status: 'accept' } : {}),
    ...(type === 'payment.closed' ? { expiry_time: time } : {}),
    ...(isRefund ? { refund_amount: decimalFromMinor(refunded ?? amountMinor, currency), refunds: [refund] } : {}),
    payment_type: 'qris',
    status_message: 'midtrans payment notification',
  };
}
