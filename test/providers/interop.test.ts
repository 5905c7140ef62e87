import { createCipheriv, createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';
import WxPay from 'wechatpay-node-v3';
import { z } from 'zod';
import type { NotificationType } from '../../src/domain/notification.ts';
import type { RawRequest } from '../../src/providers/provider.ts';
import { account, context, factOf, headerOf, notificationOf, now, refusalOf, sidesOf, textOf } from './support.ts';

const seconds = now / 1000;
const post = (body: string, headers: Record<string, string>): RawRequest => ({
  method: 'POST',
  target: '/callbacks/acc',
  headers: Object.entries(headers),
  body: Buffer.from(body),
});
const sealed = async (name: string, type: NotificationType = 'payment.succeeded') =>
  sidesOf(name).sender.seal(notificationOf(type), context);
const text = (value: unknown) => z.string().parse(value);

describe('stripe-node', () => {
  const stripe = new Stripe('sk_test_not_used_for_any_call');
  const [secret = ''] = z.array(z.string()).parse(sidesOf('stripe').credentials.endpoint.webhook_secrets);

  it('accepts what we seal', async () => {
    const request = await sealed('stripe');
    const event = stripe.webhooks.constructEvent(
      textOf(request.body),
      headerOf(request, 'stripe-signature'),
      secret,
      300,
      undefined,
      now,
    );
    expect(event.type).toBe('payment_intent.succeeded');
  });

  it('seals what we open', () => {
    const object = {
      id: 'pi_1',
      object: 'payment_intent',
      amount: 500,
      amount_received: 500,
      currency: 'jpy',
      metadata: { order_no: 'O-1' },
    };
    const payload = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      type: 'payment_intent.succeeded',
      created: seconds,
      livemode: true,
      data: { object },
    });
    const header = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: seconds });
    const opened = sidesOf('stripe').receiver.open(post(payload, { 'stripe-signature': header }), context);
    expect(factOf(opened)).toMatchObject({
      kind: 'captured',
      operationId: 'pi_1',
      reference: 'O-1',
      amountMinor: 500n,
      currency: 'JPY',
    });
  });
});

describe('standardwebhooks', () => {
  const [secret = ''] = z.array(z.string()).parse(sidesOf('standard').credentials.endpoint.secrets);

  it('accepts what we seal, on the same clock', async () => {
    const sender = sidesOf('standard').sender;
    const moment = Date.now();
    const request = await sender.seal(notificationOf('payment.succeeded'), { ...context, now: moment });
    const read = new Webhook(secret).verify(textOf(request.body), Object.fromEntries(request.headers));
    expect(read).toMatchObject({ type: 'payment.succeeded', data: { order_no: 'ORDER-20260105-0001' } });
  });

  it('seals what we open', () => {
    const body =
      '{"type":"payment.succeeded","data":{"order_id":"O-1","payment_id":"p-1","amount":1,"currency":"usd"}}';
    const signature = new Webhook(secret).sign('msg_1', new Date(now), body);
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(seconds), 'webhook-signature': signature };
    const opened = sidesOf('standard').receiver.open(post(body, headers), context);
    expect(factOf(opened)).toMatchObject({
      kind: 'captured',
      paymentId: 'p-1',
      amountMinor: 1n,
      currency: 'USD',
      providerTime: now,
    });
  });

  it('agrees on the published vector of v1', () => {
    const vector = ['whsec', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'].join('_');
    const receiver = sidesOf('standard', { account: { secrets: [vector] } }).receiver;
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const opened = receiver.open(post('{"test": 2432232314}', headers), { ...context, now: 1_614_265_330_000 });
    expect(refusalOf(opened)).toBe('unreadable: the body has no type');
  });

  it('agrees with Svix on the published vector of v1a', () => {
    const publicKey = ['whpk', '1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='].join('_');
    const receiver = sidesOf('standard', { account: { public_keys: [publicKey] } }).receiver;
    const headers = {
      'svix-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'svix-timestamp': '1614265330',
      'svix-signature': 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    };
    const opened = receiver.open(post('{"test": 2432232314}', headers), { ...context, now: 1_614_265_330_000 });
    expect(refusalOf(opened)).toBe('unreadable: the body has no type');
  });
});

describe('the WeChat Pay libraries', () => {
  const { credentials, receiver } = sidesOf('wechatpay');
  const {
    serial,
    sign_key: signKey,
    api_v3_keys: keys,
  } = z
    .object({ serial: z.string(), sign_key: z.string(), api_v3_keys: z.array(z.string()) })
    .parse(credentials.endpoint);
  const publicKey = text(z.record(z.string(), z.string()).parse(credentials.account.platform_keys)[serial]);
  const [apiV3Key = ''] = keys;
  const envelopeSchema = z.object({
    resource: z.object({ ciphertext: z.string(), nonce: z.string(), associated_data: z.string() }),
  });

  it.each(['payment.succeeded', 'refund.succeeded'] as const)(
    'wechatpay-axios-plugin verifies and decrypts our %s',
    async (type) => {
      const request = await sealed('wechatpay', type);
      const signed = Formatter.response(
        headerOf(request, 'wechatpay-timestamp'),
        headerOf(request, 'wechatpay-nonce'),
        textOf(request.body),
      );
      expect(Rsa.verify(signed, headerOf(request, 'wechatpay-signature'), Rsa.from(publicKey, 'public'))).toBe(true);
      const { resource } = envelopeSchema.parse(JSON.parse(textOf(request.body)));
      const plain = Aes.AesGcm.decrypt(resource.ciphertext, apiV3Key, resource.nonce, resource.associated_data);
      expect(JSON.parse(plain)).toMatchObject({ out_trade_no: 'ORDER-20260105-0001', mchid: '1900000109' });
    },
  );

  it('wechatpay-node-v3 verifies and decrypts what we seal', async () => {
    const request = await sealed('wechatpay');
    const pay = new WxPay({
      appid: 'wx1',
      mchid: '1900000109',
      publicKey: Buffer.from(publicKey),
      privateKey: Buffer.from(signKey),
      serial_no: 'x',
      key: apiV3Key,
    });
    Reflect.set(WxPay, 'certificates', { [serial]: publicKey });
    const verified = await pay.verifySign({
      timestamp: headerOf(request, 'wechatpay-timestamp'),
      nonce: headerOf(request, 'wechatpay-nonce'),
      body: textOf(request.body),
      serial,
      signature: headerOf(request, 'wechatpay-signature'),
    });
    expect(verified).toBe(true);
    const { resource } = envelopeSchema.parse(JSON.parse(textOf(request.body)));
    const plain: unknown = pay.decipher_gcm(resource.ciphertext, resource.associated_data, resource.nonce, apiV3Key);
    expect(plain).toMatchObject({ trade_state: 'SUCCESS', transaction_id: 'pay_0001' });
  });

  it('wechatpay-axios-plugin seals what we open', () => {
    const resource = {
      mchid: '1900000109',
      appid: 'wx8888888888888888',
      out_trade_no: 'O-1',
      transaction_id: '42',
      trade_state: 'SUCCESS',
      success_time: '2026-01-05T10:21:32+08:00',
      amount: { total: 1, currency: 'CNY' },
    };
    const nonce = 'aB3dE5fG7hJ9';
    const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(resource), apiV3Key, nonce, 'transaction');
    const body = JSON.stringify({
      id: 'EV-1',
      event_type: 'TRANSACTION.SUCCESS',
      resource: {
        original_type: 'transaction',
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext,
        associated_data: 'transaction',
        nonce,
      },
    });
    const headers = {
      'Wechatpay-Serial': serial,
      'Wechatpay-Timestamp': String(seconds),
      'Wechatpay-Nonce': 'n1',
      'Wechatpay-Signature': Rsa.sign(Formatter.response(String(seconds), 'n1', body), Rsa.from(signKey, 'private')),
    };
    expect(factOf(receiver.open(post(body, headers), context))).toMatchObject({
      kind: 'captured',
      operationId: '42',
      amountMinor: 1n,
    });
  });
});

describe('alipay-sdk', () => {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const bare = (key: Buffer) => key.toString('base64');
  const alipayPublicKey = bare(keys.publicKey.export({ type: 'spki', format: 'der' }));
  const signKey = bare(keys.privateKey.export({ type: 'pkcs8', format: 'der' }));
  const sides = sidesOf('alipay', {
    account: { alipay_public_keys: [alipayPublicKey] },
    endpoint: { sign_key: signKey },
  });
  const sdk = new AlipaySdk({ appId: '2021000000000001', privateKey: signKey, keyType: 'PKCS8', alipayPublicKey });

  it.each(['payment.succeeded', 'payment.closed', 'refund.succeeded'] as const)('accepts our %s', async (type) => {
    const request = await sides.sender.seal(notificationOf(type), context);
    expect(sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(textOf(request.body))))).toBe(true);
  });

  /** A form as the platform would write it, signed by node:crypto alone; bytes of values as given. */
  function genuine(values: Readonly<Record<string, Buffer>>, charset: string, dropped: readonly string[]): RawRequest {
    const all: Record<string, Buffer> = { ...values, charset: Buffer.from(charset), sign_type: Buffer.from('RSA2') };
    const names = Object.keys(all)
      .filter((name) => !dropped.includes(name))
      .sort();
    const signer = createSign('RSA-SHA256');
    for (const [index, name] of names.entries()) {
      signer.update(`${index === 0 ? '' : '&'}${name}=`).update(all[name] ?? '');
    }
    const sign = signer.sign(keys.privateKey);
    const percent = (bytes: Buffer) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    return post(
      [...Object.entries(all), ['sign', Buffer.from(sign.toString('base64'))] as const]
        .map(([name, value]) => `${name}=${percent(value)}`)
        .join('&'),
      {},
    );
  }

  const trade = Object.fromEntries(
    Object.entries({
      app_id: '2021000000000001',
      seller_id: '2088101117955611',
      out_trade_no: 'O-1',
      trade_no: '2026',
      trade_status: 'TRADE_SUCCESS',
      total_amount: '0.01',
      gmt_payment: '2026-01-05 10:21:32',
      notify_id: 'n-1',
    }).map(([name, value]) => [name, Buffer.from(value)]),
  );

  it.each([
    ['in UTF-8', 'utf-8', Buffer.from('T恤 100% + 赠品 a=b&c'), ['sign_type']],
    ['in GBK', 'GBK', Buffer.from([0x54, 0xd0, 0xf4, 0x26, 0x3d]), ['sign_type']],
    ['in GB2312', 'gb2312', Buffer.from([0xd6, 0xd0]), ['sign_type']],
    ['signed with its sign_type', 'utf-8', Buffer.from('x'), []],
  ])('and we open a form %s', (_how, charset, subject, dropped) => {
    const opened = sides.receiver.open(genuine({ ...trade, subject }, charset, dropped), context);
    expect(factOf(opened)).toMatchObject({
      kind: 'captured',
      operationId: '2026',
      reference: 'O-1',
      amountMinor: 1n,
      currency: 'CNY',
    });
  });

  it('and we refuse a form whose signed text could be split into other fields', () => {
    const subject = Buffer.from('x&total_amount=8888.00');
    expect(refusalOf(sides.receiver.open(genuine({ ...trade, subject }, 'utf-8', ['sign_type']), context))).toMatch(
      /^callback\.malformed: the signed text could be read with two/,
    );
  });
});

describe('node:crypto alone', () => {
  const { credentials, receiver } = sidesOf('hmac');
  const { api_key: apiKey, api_secrets: secrets } = z
    .object({ api_key: z.string(), api_secrets: z.array(z.string()) })
    .parse(credentials.endpoint);
  const sign = (signed: string) =>
    createHmac('sha256', secrets[0] ?? '')
      .update(signed)
      .digest('hex');

  it('signs what hmac opens, and what hmac seals', async () => {
    const body = '{"order_id":"O-1","status":"success","amount_minor":1,"currency":"CNY"}';
    const opened = receiver.open(post(body, { Authorization: `HMAC ${apiKey}:${sign(body)}` }), context);
    expect(factOf(opened)).toMatchObject({ kind: 'captured', reference: 'O-1', amountMinor: 1n });
    const request = await sealed('hmac');
    expect(headerOf(request, 'authorization')).toBe(`HMAC ${apiKey}:${sign(textOf(request.body))}`);
  });

  it('encrypts what hmac opens', () => {
    const key = Buffer.alloc(32, 'ab!');
    const nonce = 'abcdefghijkl';
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from('notification'));
    const plain = '{"order_id":"O-1","status":"success"}';
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
    const body = JSON.stringify({
      encrypted: { algorithm: 'AEAD_AES_256_GCM', nonce, associated_data: 'notification', ciphertext },
    });
    const encrypted = sidesOf('hmac', { account: { encryption_keys: [key.toString('base64')] } }).receiver;
    const opened = encrypted.open(post(body, { authorization: `HMAC ${apiKey}:${sign(body)}` }), context);
    expect(factOf(opened)).toMatchObject({
      account: account.id,
      kind: 'captured',
      reference: 'O-1',
      amountMinor: null,
      currency: null,
      fromOrder: false,
    });
  });
});
