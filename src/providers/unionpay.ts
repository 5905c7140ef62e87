/**
 * UnionPay online payment, back notifications of ACP 5.1.0 (open.unionpay.com, "Back notification", "Signature 5.1.0", "Certificates";
 * read 2026-11-25; the signed text checked against a genuine notification).
 *
 * paymentId: the queryId of the purchase or pre-authorisation (origQryId in what follows it). operationId: capture and authorisation =
 * queryId; reversal and void = origQryId; refund = its own queryId; all single. No disputes.
 *
 * The certificate that signs travels in the message. It counts only if pinned certificates issued it and its name is UnionPay's:
 * others hold certificates of the same issuer.
 */
import { z } from 'zod';
import type { Notification, NotificationType } from '../domain/notification.ts';
import { unionpayClient } from './clients/unionpay.ts';
import { define } from './define.ts';
import { readUnionpayForm } from './events/unionpay.ts';
import { toBeijingDigits } from './primitives/beijing-time.ts';
import { selfSigned } from './primitives/certificate.ts';
import { apiBaseUrl, certificateText, idText, listOf, privateKeyText } from './primitives/credentials.ts';
import { parseForm, refuseAmbiguous, sortedText, writeForm } from './primitives/form.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeWith, judgeBy, post } from './primitives/replies.ts';
import { rsaMatches, rsaPrivateKey, rsaSignature } from './primitives/rsa.ts';
import { unionpayDigest, unionpayName, unionpaySigner, unionpayTrust } from './primitives/unionpay-signature.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

const accountCredentials = z.strictObject({
  mer_id: idText,
  /** The issuers of UnionPay's certificates, as UnionPay publishes them (`acp_middle.cer`, `acp_root.cer`). */
  ca_certificates: listOf(certificateText),
  merchant_certificate: z.exactOptional(certificateText),
  merchant_private_key: z.exactOptional(privateKeyText),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({ mer_id: idText, certificate: certificateText, sign_key: privateKeyText });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const [minute, year] = [60_000, 365 * 86_400_000] as const;
/** Fields that decide something: see {@link refuseAmbiguous}. */
const decisive = [
  ...['merId', 'orderId', 'txnType', 'txnAmt', 'currencyCode', 'queryId', 'origQryId', 'respCode', 'txnTime'],
  ...['reqReserved', 'signPubKeyCert'],
];

const txnTypeOfType = {
  'payment.authorized': '02',
  'payment.succeeded': '01',
  'payment.reversed': '31',
  'refund.succeeded': '04',
} as const satisfies Partial<Record<NotificationType, string>>;

export const unionpay = define({
  name: 'unionpay',
  profile: {
    deadlineMs: 10_000,
    schedule: [minute, 2 * minute, 4 * minute, 8 * minute],
    types: Object.keys(txnTypeOfType).filter((type) => isSayable(type)),
    currencies: ['CNY'],
    singleHeaders: [],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline for an answer is not published; notifications are sent again a few times within minutes.',
      'In production the third part of the certificate’s common name is 中国银联股份有限公司; the test system may also use 00040000:SIGN.',
      'A respCode of A6 is a success with a defect, and counts as a success.',
      'Refunds, reversals and voids name their purchase in origQryId.',
      'A query by queryId (txnSubType 02) answers with the fields of the transaction, as one by orderId and txnTime does.',
      'A query answers respCode 34 for what UnionPay does not know; an origRespCode of 03, 04 or 05 may still change.',
      'txnTime, when the merchant sent the order, stands for the time of payment.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client({ merchant_certificate, merchant_private_key, ...rest }, world) {
    if (merchant_certificate === undefined || merchant_private_key === undefined) return {};
    return unionpayClient({ merchant_certificate, merchant_private_key, ...rest }, world);
  },
  pair(random) {
    // Far enough either way for every clock that a sandbox or a test may have.
    const period = { from: 0, until: 120 * year };
    const made = selfSigned(`041@Z12@${unionpayName}@00016495`, { ...period, serial: random(15) });
    const merchant = selfSigned('041@Z1@merchant@00000001', { ...period, serial: random(15) });
    const mer_id = '777290058110048';
    return {
      account: {
        mer_id,
        ca_certificates: [made.certificate],
        merchant_certificate: merchant.certificate,
        merchant_private_key: merchant.privateKey,
      },
      endpoint: { mer_id, certificate: made.certificate, sign_key: made.privateKey },
    };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const trust = unionpayTrust(credentials.ca_certificates, account);
  return {
    open(request, { now }) {
      const form = parseForm(request.body, 'encoding');
      if ('why' in form) return refused('callback.malformed', form.why);
      const said = (name: string) => form.fields.get(name)?.value || null;
      const text = unionpayDigest(form.fields);
      const signature = said('signature');
      if (signature === null) return refused('signature.missing', 'field signature is missing', text);
      const scheme = `${said('version') ?? 'no version'}, signMethod ${said('signMethod') ?? 'missing'}`;
      if (scheme !== '5.1.0, signMethod 01')
        return refused('signature.scheme', `${shown(scheme)}; only 5.1.0 with signMethod 01 is accepted`, text);
      const signer = unionpaySigner(said('signPubKeyCert'), trust, now);
      if ('why' in signer) return { is: 'unknown_key', keyId: signer.id, why: signer.why, signedText: text };
      if (!rsaMatches(signer.key, text, signature)) {
        const why = 'the certificate in signPubKeyCert does not fit the signature; use the form as it was received';
        return refused('signature.mismatch', why, text);
      }
      const refusal = refuseAmbiguous(sortedText(form.fields, ['signature']), decisive);
      if (refusal) return { ...refusal, signedText: text };
      return readUnionpayForm(said, { account, merId: credentials.mer_id, text });
    },
    acknowledge: acknowledgeWith({ contentType: 'text/plain', success: 'ok', failure: () => 'fail' }),
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const signKey = rsaPrivateKey(credentials.sign_key);
  return {
    async seal(notification) {
      const fields = {
        ...fieldsOf(notification, credentials.mer_id),
        signPubKeyCert: credentials.certificate.trim().replaceAll(/\r?\n/g, '\r\n'),
      };
      const form = parseForm(writeForm(fields), 'encoding');
      if ('why' in form) throw new RangeError(`unionpay cannot say this notification: ${form.why}`);
      const signature = await rsaSignature(signKey, unionpayDigest(form.fields));
      return post('application/x-www-form-urlencoded; charset=UTF-8', writeForm({ ...fields, signature }));
    },
    judge: judgeBy((reply) => reply.status === 200, { wanted: '200' }),
  };
}

/** Only a purchase and a pre-authorisation bear the order's number as orderId; what follows has one of its own, and echoes reqReserved. */
function fieldsOf(notification: Notification, merId: string): Record<string, string> {
  const { type, orderNo, paymentId, operationId, occurredAt } = notification;
  if (!isSayable(type)) throw new RangeError(`unionpay cannot say ${type}`);
  const isFirst = type === 'payment.authorized' || type === 'payment.succeeded';
  const amount = String(notification.amountMinor);
  const time = toBeijingDigits(occurredAt);
  return {
    accessType: '0',
    version: '5.1.0',
    encoding: 'UTF-8',
    signMethod: '01',
    txnType: txnTypeOfType[type],
    txnSubType: isFirst ? '01' : '00',
    bizType: '000201',
    merId,
    orderId: isFirst ? orderNo : notification.id.replace('_', ''),
    txnTime: time,
    txnAmt: amount,
    currencyCode: '156',
    queryId: type === 'payment.reversed' ? notification.id : operationId,
    ...(isFirst ? {} : { origQryId: type === 'payment.reversed' ? operationId : paymentId }),
    ...(isFirst ? {} : { reqReserved: `order_no:${orderNo}` }),
    respCode: '00',
    respMsg: '成功[0000000]',
    settleAmt: amount,
    settleCurrencyCode: '156',
    settleDate: time.slice(4, 8),
    traceNo: time.slice(8),
    traceTime: time.slice(4),
  };
}

function isSayable(type: string): type is keyof typeof txnTypeOfType {
  return Object.hasOwn(txnTypeOfType, type);
}
