import { createSign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AlipaySdk } from 'alipay-sdk';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';
import { z } from 'zod';
import { randomBytesOf } from '../../src/domain/ids.ts';
import { providerByName } from '../../src/providers/index.ts';
import { until } from '../deliver/time.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

type Headers = Record<string, string>;
interface Made {
  headers: Headers;
  body: string;
}

/** What an independent library makes of a payment of 88.80 for an order, and whether it accepts what we made. */
interface Library {
  make(orderNo: string): Made;
  accepts(headers: Headers, body: string): boolean;
}

const record = z.record(z.string(), z.unknown());
const strings = z.array(z.string());
const first = (value: unknown) => strings.parse(value)[0] ?? '';
const seconds = () => Math.floor(Date.now() / 1000);
const pairs = new Map(['stripe', 'standard', 'wechatpay', 'alipay'].map((name) => [name, pairOf(name)]));

function pairOf(name: string): { account: Record<string, unknown>; endpoint: Record<string, unknown> } {
  const pair = providerByName(name)?.pair?.(randomBytesOf);
  return { account: record.parse(pair?.account), endpoint: record.parse(pair?.endpoint) };
}

const libraries: Readonly<Record<string, (pair: ReturnType<typeof pairOf>) => Library>> = {
  stripe({ endpoint }) {
    const stripe = new Stripe('sk_test_not_used_for_any_call');
    const secret = first(endpoint.webhook_secrets);
    return {
      make(orderNo) {
        const intent = { id: `pi_${orderNo}`, object: 'payment_intent', amount: 8880, amount_received: 8880 };
        const object = { ...intent, currency: 'cny', metadata: { order_no: orderNo } };
        const event = { id: `evt_${orderNo}`, object: 'event', type: 'payment_intent.succeeded', created: seconds() };
        const payload = JSON.stringify({ ...event, livemode: true, data: { object } });
        return {
          body: payload,
          headers: { 'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload, secret }) },
        };
      },
      accepts: (headers, body) =>
        stripe.webhooks.constructEvent(body, headers['stripe-signature'] ?? '', secret).type ===
        'payment_intent.succeeded',
    };
  },
  standard({ endpoint }) {
    const webhook = new Webhook(first(endpoint.secrets));
    return {
      make(orderNo) {
        const data = { order_no: orderNo, operation_id: `op-${orderNo}`, amount_minor: 8880, currency: 'CNY' };
        const body = JSON.stringify({ type: 'payment.succeeded', timestamp: new Date().toISOString(), data });
        const signature = webhook.sign(`msg_${orderNo}`, new Date(seconds() * 1000), body);
        const headers = {
          'webhook-id': `msg_${orderNo}`,
          'webhook-timestamp': String(seconds()),
          'webhook-signature': signature,
        };
        return { headers, body };
      },
      accepts: (headers, body) => record.parse(webhook.verify(body, headers)).type === 'payment.succeeded',
    };
  },
  wechatpay({ account, endpoint }) {
    const [serial, signKey, key] = [String(endpoint.serial), String(endpoint.sign_key), first(endpoint.api_v3_keys)];
    const publicKey = String(record.parse(account.platform_keys)[serial]);
    return {
      make(orderNo) {
        const paid = {
          mchid: account.mchid,
          appid: first(account.appids),
          out_trade_no: orderNo,
          trade_state: 'SUCCESS',
        };
        const money = { amount: { total: 8880, currency: 'CNY' }, success_time: '2026-01-05T10:21:32+08:00' };
        const plain = JSON.stringify({ ...paid, ...money, transaction_id: `42${orderNo}` });
        const ciphertext = Aes.AesGcm.encrypt(plain, key, 'aB3dE5fG7hJ9', 'transaction');
        const sealed = {
          original_type: 'transaction',
          algorithm: 'AEAD_AES_256_GCM',
          ciphertext,
          nonce: 'aB3dE5fG7hJ9',
        };
        const resource = { ...sealed, associated_data: 'transaction' };
        const body = JSON.stringify({ id: `EV-${orderNo}`, event_type: 'TRANSACTION.SUCCESS', resource });
        const [timestamp, nonce] = [String(seconds()), Formatter.nonce()];
        const signature = Rsa.sign(Formatter.response(timestamp, nonce, body), Rsa.from(signKey, 'private'));
        const stamp = { 'wechatpay-serial': serial, 'wechatpay-timestamp': timestamp, 'wechatpay-nonce': nonce };
        return { body, headers: { ...stamp, 'wechatpay-signature': signature } };
      },
      accepts(headers, body) {
        const signed = Formatter.response(headers['wechatpay-timestamp'] ?? '', headers['wechatpay-nonce'] ?? '', body);
        return Rsa.verify(signed, headers['wechatpay-signature'] ?? '', Rsa.from(publicKey, 'public'));
      },
    };
  },
  alipay({ account, endpoint }) {
    const signKey = String(endpoint.sign_key);
    const sdk = new AlipaySdk({
      appId: String(account.app_id),
      privateKey: signKey,
      keyType: 'PKCS8',
      alipayPublicKey: first(account.alipay_public_keys),
    });
    return {
      make(orderNo) {
        const seller = account.seller_id === undefined ? {} : { seller_id: String(account.seller_id) };
        const status = { notify_id: `n-${orderNo}`, trade_status: 'TRADE_SUCCESS', gmt_payment: '2026-01-05 10:21:32' };
        const trade = {
          app_id: String(account.app_id),
          ...seller,
          ...status,
          charset: 'utf-8',
          notify_type: 'trade_status_sync',
        };
        const fields: Headers = { ...trade, out_trade_no: orderNo, trade_no: `2026${orderNo}`, total_amount: '88.80' };
        const text = Object.keys(fields)
          .sort()
          .map((name) => `${name}=${fields[name]}`)
          .join('&');
        const sign = createSign('RSA-SHA256').update(text, 'utf8').sign(signKey, 'base64');
        const body = new URLSearchParams({ ...fields, sign_type: 'RSA2', sign }).toString();
        return { body, headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } };
      },
      accepts: (_headers, body) => sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(body))),
    };
  },
};

describe.each([...pairs])('a running server and the library of %s', (name, pair) => {
  const library = libraries[name]?.(pair);
  if (library === undefined) throw new Error(`no library for ${name}`);
  let server: TestServer;
  let callbackPath = '';
  const post = async ({ headers, body }: Made) => {
    const response = await fetch(server.url + callbackPath, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: response.status, text: await response.text() };
  };
  const statusOf = async (orderNo: string) =>
    (await server.call('GET', `/v1/orders/${orderNo}?merchant=shop`)).body.status;

  beforeAll(async () => {
    server = await startTestServer();
    await server.call('POST', '/v1/merchants', { id: 'shop', name: 'Shop', credentials: { [name]: pair.endpoint } });
    const made = await server.call('POST', '/v1/accounts', {
      merchant: 'shop',
      provider: name,
      credentials: pair.account,
    });
    expect(made.status).toBe(201);
    callbackPath = new URL(String(made.body.callback_url)).pathname;
  });
  afterAll(() => server.stop());

  it('accepts what the library made', async () => {
    await server.call('PUT', '/v1/orders/L1', { merchant: 'shop', amount_minor: 8880, currency: 'CNY' });
    expect((await post(library.make('L1'))).status).toBe(200);
    expect(await statusOf('L1')).toBe('paid');
  });

  it('refuses the same with one byte changed, and says why', async () => {
    await server.call('PUT', '/v1/orders/L2', { merchant: 'shop', amount_minor: 8880, currency: 'CNY' });
    const made = library.make('L2');
    const at = made.body.indexOf('L2') >= 0 ? made.body.indexOf('L2') : Math.floor(made.body.length / 2);
    const changed = `${made.body.slice(0, at)}M${made.body.slice(at + 1)}`;
    const given = await post({ ...made, body: changed });
    expect(given.status).toBe(401);
    expect(given.text).not.toBe('success');
    expect(await statusOf('L2')).toBe('pending');
    const kept = await server.call('GET', '/v1/callbacks?verdict=quarantined');
    expect(kept.body.data).toMatchObject([{ code: 'signature.mismatch', reason: expect.stringMatching(/sign|fits/) }]);
  });

  it('sends what the library accepts', async () => {
    const arrived: Made[] = [];
    const sink = createServer((request, response) => {
      void readAll(request).then((body) => {
        arrived.push({
          headers: Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)])),
          body,
        });
        response.end(name === 'alipay' ? 'success' : '');
      });
    }).listen(0, '127.0.0.1');
    await once(sink, 'listening');
    const { port } = z.custom<AddressInfo>().parse(sink.address());
    const notification = {
      merchant: 'shop',
      type: 'payment.succeeded',
      order_no: 'L3',
      amount_minor: 8880,
      currency: 'CNY',
    };
    const published = await server.call('POST', '/v1/notifications', {
      ...notification,
      notify_url: `http://127.0.0.1:${port}/notify`,
      provider: name,
    });
    expect(published.status).toBe(202);
    const made = await until('the notification arrived', () => arrived[0]);
    expect(library.accepts(made.headers, made.body)).toBe(true);
    await until('it is confirmed', async () => {
      const { body } = await server.call('GET', '/v1/deliveries?merchant=shop');
      return z.array(z.object({ state: z.string() })).parse(body.data)[0]?.state === 'confirmed';
    });
    sink.close();
  });
});

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(z.instanceof(Buffer).parse(part));
  return Buffer.concat(parts).toString();
}
