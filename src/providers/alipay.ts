/**
 * Alipay asynchronous notifications (opendocs.alipay.com, "asynchronous notification", "verify an asynchronous notification";
 * checked against alipay-sdk and a genuine notification).
 *
 * paymentId: trade_no. operationId: capture = trade_no, single, the same for TRADE_SUCCESS and TRADE_FINISHED; refund = trade_no, cumulative
 * (`refund_fee` is the running total; single refunds come from query and bill, under their out_request_no). No disputes.
 */
import { z } from 'zod';
import { decimalFromMinor } from '../domain/money.ts';
import type { Notification } from '../domain/notification.ts';
import { alipayClient } from './clients/alipay.ts';
import { define } from './define.ts';
import { type AlipaySaid, readAlipayTrade } from './events/alipay.ts';
import { toBeijing } from './primitives/beijing-time.ts';
import { apiBaseUrl, idText, listOf, privateKeyText, publicKeyText } from './primitives/credentials.ts';
import { parseForm, refuseAmbiguous, sortedText, writeForm } from './primitives/form.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeWith, isSuccessStatus, judgeBy, post } from './primitives/replies.ts';
import { rsaMatches, rsaPair, rsaPrivateKey, rsaPublicKey, rsaSignature } from './primitives/rsa.ts';
import type { Receiver, ReceiverAccount, Refusal, Sender } from './provider.ts';
import { readAlipayStatement } from './statements/alipay.ts';

const accountCredentials = z.strictObject({
  app_id: idText,
  seller_id: z.exactOptional(idText),
  alipay_public_keys: listOf(publicKeyText),
  app_private_key: z.exactOptional(privateKeyText),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({
  app_id: idText,
  seller_id: z.exactOptional(idText),
  sign_key: privateKeyText,
});
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const [minute, hour] = [60_000, 3_600_000] as const;
const contentType = 'application/x-www-form-urlencoded; charset=utf-8';
/** Fields that decide something: see {@link refuseAmbiguous}. */
const decisive = [
  'app_id',
  'seller_id',
  'out_trade_no',
  'trade_no',
  'trade_status',
  'total_amount',
  'refund_fee',
  'gmt_refund',
  'trans_currency',
  'notify_id',
  'notify_type',
];

export const alipay = define({
  name: 'alipay',
  profile: {
    deadlineMs: 10_000,
    schedule: [4 * minute, 10 * minute, 10 * minute, hour, 2 * hour, 6 * hour, 15 * hour],
    types: ['payment.succeeded', 'payment.closed', 'refund.succeeded'],
    currencies: ['CNY'],
    singleHeaders: [],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline for an answer is not published.',
      'Older pages give 2 minutes for the first step of the retry schedule.',
      'trans_currency is absent, or CNY, in notifications of domestic trades.',
      'A query shows a trade that was paid and refunded in full as TRADE_CLOSED with its send_pay_date.',
      "In the trade bill, 服务费 is negative where Alipay took it, and 完成时间 of a refund is the refund's.",
      "A refund without 退款批次号/请求号 in the trade bill was asked for under the order's number.",
      'A comma in the name of the goods is not marked in the trade bill.',
    ],
    statementZone: 'Asia/Shanghai',
    statementKinds: ['captured', 'refunded'],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: ({ app_private_key, ...rest }, world) =>
    app_private_key === undefined ? {} : alipayClient({ app_private_key, ...rest }, world),
  readStatement: readAlipayStatement,
  keyPair,
  pair() {
    const { seals, opens } = keyPair();
    const ids = { app_id: '2021000000000001', seller_id: '2088101117955611' };
    const app_private_key = rsaPair().privateKey;
    return { account: { ...ids, ...opens, app_private_key }, endpoint: { ...ids, ...seals } };
  },
});

function keyPair() {
  const { publicKey, privateKey } = rsaPair();
  return { seals: { sign_key: privateKey }, opens: { alipay_public_keys: [publicKey] } };
}

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const keys = credentials.alipay_public_keys.map(rsaPublicKey);
  return {
    open(request) {
      const form = parseForm(request.body);
      if ('why' in form) return refused('callback.malformed', form.why);
      const said = (name: string) => form.fields.get(name)?.value || null;
      const text = sortedText(form.fields, ['sign', 'sign_type']);
      const signature = said('sign');
      if (signature === null) return refused('signature.missing', 'field sign is missing', text);
      const type = said('sign_type');
      if (type !== 'RSA2')
        return refused('signature.scheme', `sign_type is ${shown(type ?? 'missing')}; only RSA2 is accepted`, text);
      // Some products sign with sign_type in the text (rsaCheckV2 of Alipay's own libraries); either text binds every other field.
      const texts = [text, sortedText(form.fields, ['sign'])];
      if (!keys.some((key) => texts.some((one) => rsaMatches(key, one, signature)))) {
        const why = `none of the ${keys.length} alipay_public_keys fits; use Alipay's public key for app ${credentials.app_id}, not the app's own, and the form as it was received`;
        return refused('signature.mismatch', why, text);
      }
      const refusal = refuseAmbiguous(text, decisive) ?? refuseOther(said, credentials);
      if (refusal) return { ...refusal, signedText: text };
      return readAlipayTrade(said, account);
    },
    acknowledge: acknowledgeWith({ contentType: 'text/plain', success: 'success', failure: () => 'fail' }),
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const signKey = rsaPrivateKey(credentials.sign_key);
  return {
    async seal(notification) {
      const fields = {
        ...fieldsOf(notification),
        app_id: credentials.app_id,
        auth_app_id: credentials.app_id,
        ...(credentials.seller_id === undefined ? {} : { seller_id: credentials.seller_id }),
        sign_type: 'RSA2',
      };
      const form = parseForm(writeForm(fields));
      if ('why' in form) throw new RangeError(`alipay cannot say this notification: ${form.why}`);
      const sign = await rsaSignature(signKey, sortedText(form.fields, ['sign_type']));
      return post(contentType, writeForm({ ...fields, sign }));
    },
    judge: judgeBy((reply) => isSuccessStatus(reply) && Buffer.from(reply.body).toString('latin1') === 'success', {
      wanted: 'a 2xx with the body `success` and nothing else',
    }),
  };
}

function fieldsOf(notification: Notification): Record<string, string> {
  const { type, amountMinor, refundedTotalMinor, orderAmountMinor, currency } = notification;
  const yuan = (amount: bigint) => decimalFromMinor(amount, currency);
  const isRefund = type === 'refund.succeeded';
  const refunded = refundedTotalMinor ?? amountMinor;
  const total = isRefund ? (orderAmountMinor ?? refunded) : amountMinor;
  const refundedInFull = isRefund && orderAmountMinor !== null && refunded >= orderAmountMinor;
  const at = toBeijing(notification.occurredAt);
  return {
    gmt_create: at,
    charset: 'utf-8',
    ...(type === 'payment.succeeded' ? { gmt_payment: at } : {}),
    ...(type === 'payment.closed' ? { gmt_close: at } : {}),
    notify_time: toBeijing(notification.createdAt),
    subject: notification.orderNo,
    version: '1.0',
    notify_id: notification.id,
    notify_type: 'trade_status_sync',
    out_trade_no: notification.orderNo,
    total_amount: yuan(total),
    trade_status: type === 'payment.closed' || refundedInFull ? 'TRADE_CLOSED' : 'TRADE_SUCCESS',
    trade_no: isRefund ? notification.paymentId : notification.operationId,
    ...(isRefund ? { refund_fee: yuan(refunded), gmt_refund: `${at}.000`, out_biz_no: notification.operationId } : {}),
  };
}

function refuseOther(said: AlipaySaid, credentials: AccountCredentials): Refusal | null {
  for (const name of ['app_id', 'seller_id'] as const) {
    const [ours, found] = [credentials[name], said(name)];
    if (ours !== undefined && found !== ours) {
      return refused('callback.other_account', `${name} is ${shown(found ?? 'absent')}; this account has ${ours}`);
    }
  }
  return null;
}
