/**
 * WeChat Pay APIv2 notifications (pay.weixin.qq.com, v2 documents "payment result notification", "refund result notification", "signature
 * algorithm"; the signatures checked against the documents' worked example, the cipher against another implementation).
 *
 * paymentId: transaction_id (`order:<out_trade_no>` where there is none yet). operationId: capture = transaction_id, single; refund =
 * refund_id, single. No disputes.
 *
 * Payment notifications are signed. Refund notifications are only encrypted, by a cipher that lets blocks be put in another order: they
 * are read back.
 */
import { z } from 'zod';
import { wechatpayV2Client } from './clients/wechatpay-v2.ts';
import { define } from './define.ts';
import { decisiveFields, refuseOther, v2PaymentOf, v2RefundOf, v2Resource } from './events/wechatpay-v2.ts';
import { decryptEcb, ecbKey, encryptEcb } from './primitives/aes-ecb.ts';
import { fromBase64, toBase64, toHex } from './primitives/bytes.ts';
import { acceptRisk, apiBaseUrl, idText, listOf, secretText } from './primitives/credentials.ts';
import { refused } from './primitives/refusal.ts';
import { acknowledgeWith, judgeBy, post } from './primitives/replies.ts';
import { readFlatXml, writeFlatXml, type XmlFields, xmlSigner, xmlSignTypes } from './primitives/signed-xml.ts';
import { openedAs } from './primitives/told-fact.ts';
import type { Context, Opened, Receiver, ReceiverAccount, Sender } from './provider.ts';
import { wechatpay } from './wechatpay.ts';

const apiKeys = listOf(secretText(32).length(32, 'must have exactly 32 characters'));
const signType = z.enum(xmlSignTypes);
const risk = 'refunds';
const accountCredentials = z.strictObject({
  mch_id: idText,
  /** The first asks. */
  appids: z.array(idText).min(1).max(100),
  api_keys: apiKeys,
  sign_type: signType,
  api_base_url: z.exactOptional(apiBaseUrl),
  accept_risk: acceptRisk(risk),
});
const endpointCredentials = z.strictObject({ mch_id: idText, appid: idText, api_keys: apiKeys, sign_type: signType });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const contentType = 'text/xml';

export const wechatpayV2 = define({
  name: 'wechatpay-v2',
  profile: {
    deadlineMs: wechatpay.profile.deadlineMs,
    schedule: wechatpay.profile.schedule,
    types: ['payment.succeeded', 'payment.failed', 'refund.succeeded', 'refund.failed'],
    currencies: ['CNY'],
    singleHeaders: [],
    rotation: 'first',
    methods: ['POST'],
    unsigned: { risk, why: 'a refund notification is encrypted, but not signed' },
    unconfirmed: [
      'A change of the API key takes effect at once; keep both for as long as notifications under the old one may come.',
      'A payment notification with the result_code FAIL names its transaction_id.',
      'A refund is in CNY, as its notification names no currency.',
      'Answers about more than ten refunds: total_refund_count says how many there are, and offset how many to skip.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: wechatpayV2Client,
  pair(random) {
    const common = { mch_id: '1900000109', api_keys: [toHex(random(16))], sign_type: signType.enum['HMAC-SHA256'] };
    const appid = 'wx8888888888888888';
    return { account: { ...common, appids: [appid] }, endpoint: { ...common, appid } };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const signer = xmlSigner(credentials.sign_type, credentials.api_keys);
  const keys = credentials.api_keys.map((key) => ecbKey(key));
  return {
    open({ body }, context) {
      if (body.length === 0) return refused('signature.missing', 'the body is empty');
      const xml = readFlatXml(body);
      if ('why' in xml) return refused('callback.malformed', xml.why);
      const { fields } = xml;
      if (fields.has('req_info')) {
        const plain = decrypted(fields.get('req_info') ?? '', keys);
        if (plain === null)
          return refused('callback.decrypt', `none of the account's ${keys.length} api_keys fits req_info`);
        return refuseOther(fields, credentials) ?? openedRefund(plain, { account, context });
      }
      return (
        signer.refusal(fields, decisiveFields) ??
        refuseOther(fields, credentials) ??
        openedPayment(fields, { account, context })
      );
    },
    acknowledge: acknowledgeWith({
      contentType,
      success: replyText('SUCCESS', 'OK'),
      failure: (message) => replyText('FAIL', message),
    }),
  };
}

interface Opening {
  account: ReceiverAccount;
  context: Context;
}

function openedPayment(fields: XmlFields, { account, context }: Opening): Opened {
  const type = fields.get('result_code') || 'none';
  const id = `${fields.get('transaction_id') || fields.get('out_trade_no')}:${type}`;
  return openedAs({ id, type: `result_code ${type}` }, v2PaymentOf(fields, account, receivedAt(context)));
}

function openedRefund(fields: XmlFields, { account, context }: Opening): Opened {
  const type = fields.get('refund_status') || 'none';
  const message = { id: `${fields.get('refund_id')}:${type}`, type: `refund_status ${type}` };
  const opened = openedAs(
    message,
    v2RefundOf((name) => fields.get(name), account, receivedAt(context)),
  );
  return opened.is === 'facts' ? { ...opened, readBack: true } : opened;
}

/** The fields under whichever key gives some. */
function decrypted(requestInfo: string, keys: readonly ReturnType<typeof ecbKey>[]): XmlFields | null {
  const sealed = fromBase64(requestInfo) ?? new Uint8Array();
  for (const key of keys) {
    const plain = decryptEcb(key, sealed);
    const xml = plain === null ? null : readFlatXml(plain);
    if (xml !== null && 'fields' in xml) return xml.fields;
  }
  return null;
}

function receivedAt({ receivedAt: at, now }: Context): number {
  return at ?? now;
}

function replyText(code: string, message: string): string {
  return Buffer.from(writeFlatXml({ return_code: code, return_msg: message })).toString();
}

function sender(credentials: EndpointCredentials): Sender {
  const signer = xmlSigner(credentials.sign_type, credentials.api_keys);
  const [first = ''] = credentials.api_keys;
  const key = ecbKey(first);
  return {
    seal(notification, { random }) {
      const { appid, mch_id } = credentials;
      const common = { return_code: 'SUCCESS', appid, mch_id, nonce_str: toHex(random(16)) };
      const resource = v2Resource(notification);
      const body = notification.type.startsWith('refund.')
        ? writeFlatXml({ ...common, req_info: toBase64(encryptEcb(key, writeFlatXml(resource, 'root'))) })
        : signer.write({ ...common, ...resource });
      return post(contentType, body);
    },
    // WeChat Pay v2 reads the XML: anything else than return_code SUCCESS is sent again.
    judge: judgeBy(
      ({ status, body }) => {
        const xml = readFlatXml(body);
        return status === 200 && 'fields' in xml && xml.fields.get('return_code') === 'SUCCESS';
      },
      { wanted: '200 and XML with the return_code SUCCESS' },
    ),
  };
}
