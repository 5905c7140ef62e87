import { createHash, createHmac, createSign } from 'node:crypto';
import { Aes } from 'wechatpay-axios-plugin';
import { z } from 'zod';
import type { RawRequest } from '../../src/providers/provider.ts';
import { now, sidesOf } from './support.ts';

const seconds = String(now / 1000);
const credentialsSchema = z.looseObject({
  api_key: z.string().default(''),
  api_keys: z.record(z.string(), z.string()).default({}),
  api_secrets: z.array(z.string()).default(['']),
  secrets: z.array(z.string()).default(['']),
  client_secrets: z.array(z.string()).default(['']),
  hmac_keys: z.array(z.string()).default(['']),
  signature_keys: z.array(z.string()).default(['']),
  notification_url: z.string().default(''),
  secret_keys: z.array(z.string()).default(['']),
  webhook_secrets: z.array(z.string()).default(['']),
  api_v3_keys: z.array(z.string()).default(['']),
  serial: z.string().default(''),
  sign_key: z.string().default(''),
  certificate: z.string().default(''),
  callback_tokens: z.array(z.string()).default(['']),
});

/** Any body as an authentic request of a format: signed by node:crypto, without the code under test. */
export function signed(name: string, body: string | Uint8Array): RawRequest {
  const bytes = Buffer.from(body);
  const credentials = credentialsSchema.parse(sidesOf(name).credentials.endpoint);
  const hmac = (secret: string | Buffer, prefix: string) => createHmac('sha256', secret).update(prefix).update(bytes);
  const request = (headers: Record<string, string>): RawRequest => ({
    method: 'POST',
    target: '/',
    headers: Object.entries(headers),
    body: bytes,
  });
  switch (name) {
    case 'hmac':
      return request({
        authorization: `HMAC ${credentials.api_key}:${hmac(credentials.api_secrets[0] ?? '', '').digest('hex')}`,
      });
    case 'standard': {
      const secret = Buffer.from((credentials.secrets[0] ?? '').replace('whsec_', ''), 'base64');
      const signature = hmac(secret, `msg_1.${seconds}.`).digest('base64');
      return request({ 'webhook-id': 'msg_1', 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` });
    }
    case 'cashfree':
      return request({
        'x-webhook-timestamp': seconds,
        'x-webhook-signature': hmac(credentials.client_secrets[0] ?? '', seconds).digest('base64'),
      });
    case 'coinbase-commerce':
      return request({ 'x-cc-webhook-signature': hmac(credentials.webhook_secrets[0] ?? '', '').digest('hex') });
    case 'gocardless':
      return request({ 'webhook-signature': hmac(credentials.webhook_secrets[0] ?? '', '').digest('hex') });
    case 'lemonsqueezy':
      return request({ 'x-signature': hmac(credentials.webhook_secrets[0] ?? '', '').digest('hex') });
    case 'paddle':
      return request({
        'paddle-signature': `ts=${seconds};h1=${hmac(credentials.webhook_secrets[0] ?? '', `${seconds}:`).digest('hex')}`,
      });
    case 'stripe':
      return request({
        'stripe-signature': `t=${seconds},v1=${hmac(credentials.webhook_secrets[0] ?? '', `${seconds}.`).digest('hex')}`,
      });
    case 'adyen':
      return request({ HmacSignature: hmac(adyenKey(), '').digest('base64') });
    case 'xendit':
      return request({ 'x-callback-token': credentials.callback_tokens[0] ?? '' });
    case 'checkout':
      return request({ 'cko-signature': hmac(credentials.signature_keys[0] ?? '', '').digest('hex') });
    case 'shopify':
      return request({ 'x-shopify-hmac-sha256': hmac(credentials.client_secrets[0] ?? '', '').digest('base64') });
    case 'square': {
      const signer = hmac(credentials.signature_keys[0] ?? '', credentials.notification_url);
      return request({ 'x-square-hmacsha256-signature': signer.digest('base64') });
    }
    case 'paystack': {
      const signer = createHmac('sha512', credentials.secret_keys[0] ?? '').update(bytes);
      return request({ 'x-paystack-signature': signer.digest('hex') });
    }
    case 'mollie':
      return request({
        'x-mollie-signature': `sha256=${hmac(credentials.webhook_secrets[0] ?? '', '').digest('hex')}`,
      });
    case 'razorpay':
      return request({ 'x-razorpay-signature': hmac(credentials.webhook_secrets[0] ?? '', '').digest('hex') });
    case 'wechatpay': {
      const signer = createSign('RSA-SHA256').update(`${seconds}\nn1\n`).update(bytes).update('\n');
      return request({
        'wechatpay-serial': credentials.serial,
        'wechatpay-timestamp': seconds,
        'wechatpay-nonce': 'n1',
        'wechatpay-signature': signer.sign(credentials.sign_key, 'base64'),
      });
    }
    default:
      throw new Error(`no signer for ${name}`);
  }
}

/** One item of Adyen, in the names of its form. */
export type AdyenItem = Readonly<Record<string, string>>;

function adyenKey(): Buffer {
  return Buffer.from(credentialsSchema.parse(sidesOf('adyen').credentials.endpoint).hmac_keys[0] ?? '', 'hex');
}

function adyenSignature(item: AdyenItem): string {
  const text = `${item.pspReference ?? ''}:${item.originalReference ?? ''}:${item.merchantAccountCode ?? ''}:${item.merchantReference ?? ''}`;
  const rest = `${item.value ?? ''}:${item.currency ?? ''}:${item.eventCode ?? ''}:${item.success ?? ''}`;
  return createHmac('sha256', adyenKey()).update(`${text}:${rest}`).digest('base64');
}

/** A batch of Adyen in JSON, each item signed by itself; values stand in the JSON as they are written here. */
export function signedBatch(items: readonly AdyenItem[], live = 'true'): RawRequest {
  const bodies = items.map((item) => {
    const { value = 'null', currency = '', action, ...rest } = item;
    const additionalData = {
      hmacSignature: adyenSignature(item),
      ...(action ? { 'modification.action': action } : {}),
    };
    const others = JSON.stringify({ additionalData, ...rest }).slice(1);
    return `{"NotificationRequestItem":{"amount":{"value":${value},"currency":"${currency}"},${others}}`;
  });
  const body = Buffer.from(`{"live":"${live}","notificationItems":[${bodies.join(',')}]}`);
  return { method: 'POST', target: '/', headers: [['content-type', 'application/json']], body };
}

/** One item of Adyen as a form. */
export function signedAdyenForm(item: AdyenItem, live = 'true'): RawRequest {
  const fields = { ...item, live, 'additionalData.hmacSignature': adyenSignature(item) };
  const body = Buffer.from(new URLSearchParams(fields).toString());
  return { method: 'POST', target: '/', headers: [['content-type', 'application/x-www-form-urlencoded']], body };
}

/** A WeChat Pay notification with any resource, encrypted by wechatpay-axios-plugin. */
export function signedResource(
  resource: unknown,
  envelope: { event_type?: string; original_type?: string; nonce?: string } = {},
): RawRequest {
  const [key = ''] = credentialsSchema.parse(sidesOf('wechatpay').credentials.endpoint).api_v3_keys;
  const { event_type = 'TRANSACTION.SUCCESS', original_type = 'transaction', nonce = 'aB3dE5fG7hJ9' } = envelope;
  const plain = typeof resource === 'string' ? resource : JSON.stringify(resource);
  const ciphertext = Aes.AesGcm.encrypt(plain, key, nonce, original_type);
  const sealed = { original_type, algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: original_type, nonce };
  const create_time = '2026-01-05T10:21:33+08:00';
  return signed(
    'wechatpay',
    JSON.stringify({ id: 'EV-1', create_time, resource_type: 'encrypt-resource', event_type, resource: sealed }),
  );
}

/** A UnionPay form of any fields, signed over the hex digest of the sorted values. */
export function signedAcp(fields: Readonly<Record<string, string>>, changes: object = {}): RawRequest {
  const { sign_key, certificate } = {
    ...credentialsSchema.parse(sidesOf('unionpay').credentials.endpoint),
    ...changes,
  };
  const all: Record<string, string> = { signPubKeyCert: certificate, ...fields };
  const text = Object.keys(all)
    .sort()
    .map((name) => `${name}=${all[name]}`)
    .join('&');
  const signer = createSign('RSA-SHA256').update(createHash('sha256').update(text).digest('hex'));
  const body = Buffer.from(new URLSearchParams({ ...all, signature: signer.sign(sign_key, 'base64') }).toString());
  return { method: 'POST', target: '/', headers: [['content-type', 'application/x-www-form-urlencoded']], body };
}

/** A Braintree form around any XML, or any payload in its place. */
export function signedXml(xml: string, payload = `${Buffer.from(xml).toString('base64')}\n`): RawRequest {
  const [[publicKey, privateKey] = ['', '']] = Object.entries(
    credentialsSchema.parse(sidesOf('braintree').credentials.endpoint).api_keys,
  );
  const key = createHash('sha1').update(privateKey).digest();
  const signature = `${publicKey}|${createHmac('sha1', key).update(payload).digest('hex')}`;
  const body = Buffer.from(new URLSearchParams({ bt_signature: signature, bt_payload: payload }).toString());
  return { method: 'POST', target: '/', headers: [['content-type', 'application/x-www-form-urlencoded']], body };
}

/** An Alipay form of any fields, signed over the sorted values. */
export function signedForm(fields: Readonly<Record<string, string>>): RawRequest {
  const credentials = credentialsSchema.parse(sidesOf('alipay').credentials.endpoint);
  const text = Object.keys(fields)
    .filter((name) => name !== 'sign_type')
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&');
  const sign = createSign('RSA-SHA256').update(text).sign(credentials.sign_key, 'base64');
  const body = Buffer.from(new URLSearchParams({ ...fields, sign }).toString());
  return { method: 'POST', target: '/', headers: [['content-type', 'application/x-www-form-urlencoded']], body };
}
