/**
 * WeChat Pay APIv3 notifications (pay.weixin.qq.com, "payment result notification", "refund result notification", "combined payment
 * notification", "signature verification", "certificates and callback decryption").
 *
 * paymentId: transaction_id. operationId: capture = transaction_id, single; refund = refund_id, single. No disputes: complaints say
 * nothing about money. A refund notification names no currency: it is CNY, like every refund of a domestic merchant.
 */
import { z } from 'zod';
import type { Random } from '../domain/ids.ts';
import { wechatpayClient } from './clients/wechatpay.ts';
import type { WechatpayAccess } from './clients/wechatpay-calls.ts';
import { define } from './define.ts';
import { readWechatpayResource, wechatpayResource } from './events/wechatpay.ts';
import { aesKey, decrypt, encrypt } from './primitives/aes-gcm.ts';
import { toBeijingIso } from './primitives/beijing-time.ts';
import { toHex, utf8 } from './primitives/bytes.ts';
import { certificateOf, selfSigned } from './primitives/certificate.ts';
import { apiBaseUrl, idText, listOf, privateKeyText, publicKeyText, secretText } from './primitives/credentials.ts';
import { refuseStale } from './primitives/freshness.ts';
import { at, idAt, parseJson, textAt } from './primitives/json.ts';
import { mismatchCause } from './primitives/likely-cause.ts';
import { isRefused, refused, shown } from './primitives/refusal.ts';
import { acknowledgeWith, judgeBy, post } from './primitives/replies.ts';
import { rsaMatches, rsaPair, rsaPrivateKey, rsaPublicKey } from './primitives/rsa.ts';
import { noted } from './primitives/secret-fields.ts';
import {
  readWechatpaySignature,
  wechatpayHeaders,
  wechatpaySignature,
  wechatpayText,
} from './primitives/wechatpay-signature.ts';
import type { Opened, Receiver, ReceiverAccount, Sender } from './provider.ts';
import { readWechatpayStatement } from './statements/wechatpay.ts';

const apiV3Keys = listOf(
  noted(
    secretText(32).length(32, 'must have exactly 32 characters'),
    'encryption_key',
    'the 32 characters as they stand',
  ),
);
const accountFields = z.strictObject({
  mchid: idText,
  appids: z.array(idText).min(1).max(100),
  role: z.exactOptional(z.enum(['merchant', 'partner'])),
  sub_mchids: z.exactOptional(z.array(idText).max(10_000)),
  api_v3_keys: apiV3Keys,
  /** By serial or PUB_KEY_ID. */
  platform_keys: z.record(idText, publicKeyText),
  merchant_serial: z.exactOptional(idText),
  merchant_private_key: z.exactOptional(privateKeyText),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const accountCredentials = accountFields.refine(
  (credentials) => Object.keys(credentials.platform_keys).length > 0 || accessOf(credentials) !== null,
  {
    path: ['platform_keys'],
    error:
      'must name at least one key, by its serial or PUB_KEY_ID, unless merchant_serial and merchant_private_key can fetch it',
  },
);
const endpointCredentials = z.strictObject({
  mchid: idText,
  appid: idText,
  api_v3_keys: apiV3Keys,
  serial: idText,
  sign_key: privateKeyText,
});
type AccountCredentials = z.infer<typeof accountFields>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const [second, minute, hour] = [1000, 60_000, 3_600_000] as const;
const year = 365 * 24 * hour;

export const wechatpay = define<AccountCredentials, EndpointCredentials>({
  name: 'wechatpay',
  profile: {
    deadlineMs: 5 * second,
    schedule: [
      ...[15, 15, 30].map((seconds) => seconds * second),
      ...[3, 10, 20, 30, 30, 30, 60].map((minutes) => minutes * minute),
      ...[3, 3, 3, 6, 6].map((hours) => hours * hour),
    ],
    types: ['payment.succeeded', 'payment.failed', 'refund.succeeded', 'refund.failed'],
    currencies: ['CNY'],
    singleHeaders: wechatpayHeaders,
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'A retry is signed anew, so the replay window of 300 s does not refuse it.',
      'A changed APIv3 key is used for notifications at once.',
      'The amount fields of combined payments: total_amount, with the currency beside it.',
      "In the trade bill of all rows, 交易时间 of a refund is the refund's; the bill of refunds has 退款成功时间.",
      'A revoked payment that names a refund in the trade bill (REVOKED with 微信退款单号) was refunded.',
      'A refund whose money bounced is CHANGE in the trade bill.',
    ],
    statementZone: 'Asia/Shanghai',
    statementKinds: ['captured', 'refunded'],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client(credentials, world) {
    const access = accessOf(credentials);
    return access === null ? {} : wechatpayClient(access, world);
  },
  readStatement: readWechatpayStatement,
  keyPair,
  pair(random) {
    // Far enough either way for every clock that a sandbox or a test may have.
    const period = { from: 0, until: 120 * year, serial: random(10) };
    const { certificate, privateKey } = selfSigned('Tenpay.com sign', period);
    const serial = certificateOf(certificate).serialNumber;
    const [mchid, appid, api_v3_keys] = ['1900000109', 'wx8888888888888888', [toHex(random(16))]];
    const merchant = { merchant_serial: toHex(random(20)).toUpperCase(), merchant_private_key: rsaPair().privateKey };
    return {
      account: { mchid, appids: [appid], api_v3_keys, platform_keys: { [serial]: certificate }, ...merchant },
      endpoint: { mchid, appid, api_v3_keys, serial, sign_key: privateKey },
    };
  },
});

/** What its own API is asked with; null where the merchant's key is not there. */
function accessOf(credentials: AccountCredentials): WechatpayAccess | null {
  const { merchant_serial, merchant_private_key } = credentials;
  if (merchant_serial === undefined || merchant_private_key === undefined) return null;
  return { ...credentials, merchant_serial, merchant_private_key };
}

function keyPair(random: Random) {
  const { publicKey, privateKey } = rsaPair();
  const serial = `PUB_KEY_ID_${toHex(random(17))}`;
  return { seals: { serial, sign_key: privateKey }, opens: { platform_keys: { [serial]: publicKey } } };
}

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const platformKeys = new Map(
    Object.entries(credentials.platform_keys).map(([serial, text]) => [serial, rsaPublicKey(text)]),
  );
  const decryptionKeys = credentials.api_v3_keys.map((text) => aesKey(utf8(text)));
  return {
    open(request, context) {
      const signed = readWechatpaySignature(request.headers);
      if (isRefused(signed)) return signed;
      const textOver = (body: Uint8Array) => wechatpayText(signed, body);
      const text = textOver(request.body);
      const key = platformKeys.get(signed.serial);
      if (key === undefined) {
        const known = [...platformKeys.keys()].join(', ') || 'none';
        const why = `no key for serial ${signed.serial}; the account has ${known}`;
        return { is: 'unknown_key', keyId: signed.serial, why, signedText: text };
      }
      const matches = (body: Uint8Array) => rsaMatches(key, textOver(body), signed.signature);
      if (!matches(request.body)) {
        const why = mismatchCause(
          request.body,
          matches,
          `the key of serial ${signed.serial} does not fit the signature over this body`,
        );
        return refused('signature.mismatch', why, text);
      }
      const stale = refuseStale(signed.timestamp, context.now);
      if (stale) return { ...stale, signedText: text };
      return openBody(request.body, { text, decryptionKeys, credentials, account });
    },
    acknowledge: acknowledgeWith({
      contentType: 'application/json',
      success: '{"code":"SUCCESS","message":"成功"}',
      failure: (message) => JSON.stringify({ code: 'FAIL', message }),
    }),
  };
}

interface Opening {
  text: Uint8Array;
  decryptionKeys: readonly ReturnType<typeof aesKey>[];
  credentials: AccountCredentials;
  account: ReceiverAccount;
}

function openBody(body: Uint8Array, { text, decryptionKeys, credentials, account }: Opening): Opened {
  const envelope = parseJson(body);
  if ('why' in envelope) return { is: 'unreadable', why: envelope.why };
  const messageId = idAt(envelope.value, 'id');
  const eventType = textAt(envelope.value, 'event_type');
  if (messageId === null || eventType === null)
    return { is: 'unreadable', why: 'the notification has no id or no event_type' };
  // event_type is shared by products (profit sharing says TRANSACTION.SUCCESS too), so the resource's own type decides where it is said.
  const originalType = textAt(envelope.value, 'resource.original_type') ?? eventType.split('.')[0]?.toLowerCase();
  if (originalType !== 'transaction' && originalType !== 'refund') {
    return { is: 'ignored', messageId, type: shown(`${eventType} of ${originalType}`) };
  }
  const opened = decrypt(decryptionKeys, at(envelope.value, 'resource'));
  if ('why' in opened) return refused('callback.decrypt', opened.why, text);
  const resource = parseJson(opened.plain);
  if ('why' in resource) return { is: 'unreadable', why: `resource: ${resource.why}` };
  const facts = readWechatpayResource(resource.value, {
    originalType,
    account,
    credentials,
    createTime: textAt(envelope.value, 'create_time'),
  });
  if (isRefused(facts)) return { ...facts, signedText: text };
  if (typeof facts === 'string') return { is: 'unreadable', why: facts };
  return facts.length === 0
    ? { is: 'ignored', messageId, type: shown(eventType) }
    : { is: 'facts', messageId, facts, readBack: false };
}

function sender(credentials: EndpointCredentials): Sender {
  const signKey = rsaPrivateKey(credentials.sign_key);
  const [first = ''] = credentials.api_v3_keys;
  const encryptionKey = aesKey(utf8(first));
  return {
    async seal(notification, { now, random }) {
      const { eventType, originalType, resource } = wechatpayResource(notification, credentials);
      const plain = utf8(JSON.stringify(resource));
      const body = utf8(
        JSON.stringify({
          id: `EV-${notification.id}`,
          create_time: toBeijingIso(notification.createdAt),
          resource_type: 'encrypt-resource',
          event_type: eventType,
          summary: originalType === 'refund' ? '退款通知' : '支付通知',
          resource: { original_type: originalType, ...encrypt(encryptionKey, plain, originalType, random) },
        }),
      );
      const signer = { serial: credentials.serial, key: signKey };
      return post('application/json', body, await wechatpaySignature(body, signer, { now, random }));
    },
    // WeChat Pay reads the status first: a 200 whose body says FAIL counts as accepted.
    judge: judgeBy((reply) => reply.status === 200 || reply.status === 204, { wanted: '200 or 204' }),
  };
}
