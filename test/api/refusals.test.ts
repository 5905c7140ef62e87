import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { type CallOptions, startTestServer, type TestServer } from '../support/server.ts';

const published = { merchant: 'shop', type: 'payment.succeeded', order_no: 'R-1', amount_minor: 100, currency: 'CNY' };
const credentials = { api_key: 'shop-1', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
const account = { merchant: 'shop', provider: 'hmac', credentials };
const order = { merchant: 'shop', amount_minor: 100, currency: 'CNY' };
const text = JSON.stringify(published);
const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part)));

interface Row {
  why: string;
  call: [method: string, path: string, body?: unknown, options?: CallOptions];
  status: number;
  code: string;
  pointer?: string;
}

const publish = (why: string, change: object, pointer: string): Row => ({
  why,
  call: ['POST', '/v1/notifications', { ...published, ...change }],
  status: 422,
  code: 'request.invalid',
  pointer,
});
const raw = (why: string, sent: string | Buffer<ArrayBuffer>, status = 400, code = 'request.malformed'): Row => ({
  why,
  call: ['POST', '/v1/notifications', undefined, { raw: sent }],
  status,
  code,
});
const typed = (why: string, contentType: string, more: Record<string, string> = {}): Row => ({
  why,
  call: ['POST', '/v1/notifications', published, { headers: { 'content-type': contentType, ...more } }],
  status: 415,
  code: 'request.media_type',
});
const put = (why: string, change: object, pointer: string): Row => ({
  why,
  call: ['PUT', '/v1/orders/R-2', { ...order, ...change }],
  status: 422,
  code: 'request.invalid',
  pointer,
});

const rows: Row[] = [
  raw('JSON that is cut', text.slice(0, 40)),
  raw('text that is not JSON', 'merchant=shop'),
  raw('an empty body', ''),
  raw('invalid UTF-8', bytes('{"merchant":"', [0xff, 0xfe], '"}')),
  raw('a NUL in a text', text.replace('R-1', 'R\\u0000')),
  raw('half a surrogate pair', text.replace('R-1', 'R\\ud800')),
  raw('nesting without end', '['.repeat(5000) + ']'.repeat(5000)),
  raw(
    'nesting that is too deep for a field',
    text.replace('100', `100,"data":{"a":${'['.repeat(80)}${']'.repeat(80)}}`),
  ),
  raw('a body over the limit', `"${'x'.repeat(limits.requestBytesMax)}"`, 413, 'request.too_large'),
  raw('a list in place of an object', '[]', 422, 'request.invalid'),
  typed('another content type', 'text/plain'),
  typed('a form', 'application/x-www-form-urlencoded'),
  typed('another charset', 'application/json; charset=gbk'),
  typed('a compressed body', 'application/json', { 'content-encoding': 'gzip' }),
  publish('a missing field', { currency: undefined }, '/currency'),
  publish('a missing amount', { amount_minor: undefined }, '/amount_minor'),
  publish('a field that does not exist', { amount: 1 }, '/amount'),
  publish('a negative amount', { amount_minor: -1 }, '/amount_minor'),
  publish('a fraction', { amount_minor: 1.5 }, '/amount_minor'),
  publish('an amount in words', { amount_minor: '1e3' }, '/amount_minor'),
  publish('an amount beyond every store', { amount_minor: '9'.repeat(19) }, '/amount_minor'),
  publish('a currency that ISO 4217 does not have', { currency: 'XYZ' }, '/currency'),
  publish('a currency in lower case', { currency: 'cny' }, '/currency'),
  publish('a type that does not exist', { type: 'payment.done' }, '/type'),
  publish('an empty order number', { order_no: '' }, '/order_no'),
  publish('an order number that is too long', { order_no: 'x'.repeat(129) }, '/order_no'),
  publish('a control character', { order_no: 'a\nb' }, '/order_no'),
  publish('a merchant id that cannot be one', { merchant: '../etc' }, '/merchant'),
  publish('data that is no object', { data: [1] }, '/data'),
  publish('data over the limit', { data: { x: 'x'.repeat(limits.notificationDataBytesMax) } }, '/data'),
  publish('a time without an offset', { occurred_at: '2026-01-31T08:00:00' }, '/occurred_at'),
  publish('a day that does not exist', { occurred_at: '2026-02-30T08:00:00Z' }, '/occurred_at'),
  publish(
    'an idempotency key that is too long',
    { idempotency_key: 'x'.repeat(limits.idempotencyCharactersMax + 1) },
    '/idempotency_key',
  ),
  put('an order that costs nothing', { amount_minor: 0 }, '/amount_minor'),
  put('an empty list of accounts', { accounts: [] }, '/accounts'),
  {
    why: 'a path that is not UTF-8',
    call: ['GET', '/v1/orders/%ff?merchant=shop'],
    status: 400,
    code: 'request.malformed',
  },
  {
    why: 'an account that the merchant does not have',
    call: ['PUT', '/v1/orders/R-2', { ...order, accounts: ['acc_01'] }],
    status: 404,
    code: 'account.unknown',
  },
  {
    why: 'a reference on an account that the merchant does not have',
    call: ['PUT', '/v1/orders/R-2', { ...order, references: [{ account: 'acc_01', reference: 'R' }] }],
    status: 404,
    code: 'account.unknown',
  },
  put('more accounts than the limit', { accounts: Array(limits.orderListMax + 1).fill('acc_0') }, '/accounts'),
  put('a reference that is too long', { references: [{ reference: 'x'.repeat(257) }] }, '/references/0/reference'),
  {
    why: 'a header and a field that differ',
    call: [
      'POST',
      '/v1/notifications',
      { ...published, idempotency_key: 'a' },
      { headers: { 'idempotency-key': 'b' } },
    ],
    status: 422,
    code: 'request.invalid',
  },
  {
    why: 'an idempotency key for a whole batch',
    call: ['POST', '/v1/notifications/batch', { notifications: [published] }, { headers: { 'idempotency-key': 'b' } }],
    status: 422,
    code: 'request.invalid',
  },
  {
    why: 'a batch over the limit',
    call: ['POST', '/v1/notifications/batch', { notifications: Array(limits.publishBatchMax + 1).fill(published) }],
    status: 422,
    code: 'request.invalid',
    pointer: '/notifications',
  },
  {
    why: 'an unknown merchant',
    call: ['POST', '/v1/notifications', { ...published, merchant: 'nobody' }],
    status: 404,
    code: 'merchant.unknown',
  },
  {
    why: 'a URL that may not be reached',
    call: ['POST', '/v1/merchants/shop/endpoints', { url: 'http://10.0.0.1/hook' }],
    status: 422,
    code: 'endpoint.url',
  },
  {
    why: 'a notify_url without signing secrets',
    call: ['POST', '/v1/notifications', { ...published, notify_url: 'https://shop.example/x' }],
    status: 422,
    code: 'publish.no_secrets',
  },
  {
    why: 'a format that has no word for a type',
    call: [
      'POST',
      '/v1/notifications',
      { ...published, type: 'dispute.opened', notify_url: 'https://shop.example/x', provider: 'wechatpay' },
    ],
    status: 422,
    code: 'provider.cannot_say',
  },
  {
    why: 'an unknown provider',
    call: ['POST', '/v1/accounts', { ...account, provider: 'paypai' }],
    status: 422,
    code: 'provider.unknown',
  },
  {
    why: 'placeholder credentials',
    call: [
      'POST',
      '/v1/accounts',
      { ...account, credentials: { api_key: 'shop-1', api_secrets: ['<your secret here>'] } },
    ],
    status: 422,
    code: 'account.credentials',
  },
  {
    why: 'missing credentials',
    call: ['POST', '/v1/accounts', { ...account, credentials: { api_key: 'shop-1' } }],
    status: 422,
    code: 'account.credentials',
  },
  {
    why: 'too many rows in a page',
    call: ['GET', `/v1/orders?limit=${limits.pageMax + 1}`],
    status: 422,
    code: 'request.invalid',
    pointer: '/limit',
  },
  {
    why: 'a limit that is no number',
    call: ['GET', '/v1/orders?limit=many'],
    status: 422,
    code: 'request.invalid',
    pointer: '/limit',
  },
  {
    why: 'a parameter that does not exist',
    call: ['GET', '/v1/orders?colour=red'],
    status: 422,
    code: 'request.invalid',
    pointer: '/colour',
  },
  {
    why: 'a parameter twice',
    call: ['GET', '/v1/orders?limit=1&limit=2'],
    status: 422,
    code: 'request.invalid',
    pointer: '/limit',
  },
  { why: 'a cursor that is none', call: ['GET', '/v1/orders?cursor=abc'], status: 422, code: 'request.invalid' },
  {
    why: 'a merchant that the query must name',
    call: ['GET', '/v1/orders/R-1'],
    status: 422,
    code: 'request.invalid',
    pointer: '/merchant',
  },
  {
    why: 'a range that ends before it begins',
    call: ['GET', '/v1/funnel?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z'],
    status: 422,
    code: 'request.invalid',
    pointer: '/to',
  },
  {
    why: 'more buckets than the limit',
    call: ['GET', '/v1/funnel?bucket=1m&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z'],
    status: 422,
    code: 'request.invalid',
    pointer: '/bucket',
  },
  {
    why: 'an order that is not there',
    call: ['GET', '/v1/orders/none?merchant=shop'],
    status: 404,
    code: 'order.unknown',
  },
  { why: 'a callback that is not there', call: ['GET', '/v1/callbacks/cbk_0'], status: 404, code: 'callback.unknown' },
  {
    why: 'a notification that is not there',
    call: ['GET', '/v1/notifications/ntf_0'],
    status: 404,
    code: 'notification.unknown',
  },
  {
    why: 'a delivery that is not there',
    call: ['POST', '/v1/deliveries/dlv_0/retry'],
    status: 404,
    code: 'delivery.unknown',
  },
  {
    why: 'an endpoint that is not there',
    call: ['DELETE', '/v1/endpoints/end_0'],
    status: 404,
    code: 'endpoint.unknown',
  },
  {
    why: 'an account that is not there',
    call: ['PATCH', '/v1/accounts/acc_0', { name: 'x' }],
    status: 404,
    code: 'account.unknown',
  },
  {
    why: 'a discrepancy that is not there',
    call: ['POST', '/v1/discrepancies/dsc_0/resolve', { action: 'accept', note: 'x' }],
    status: 404,
    code: 'discrepancy.unknown',
  },
  { why: 'an API key that is not there', call: ['DELETE', '/v1/keys/key_0'], status: 404, code: 'api_key.unknown' },
  {
    why: 'base64 that is none',
    call: ['POST', '/v1/verify', { account: 'acc_0', headers: [], body_base64: '%%%' }],
    status: 422,
    code: 'request.invalid',
    pointer: '/body_base64',
  },
  { why: 'a path where nothing is', call: ['GET', '/v1/nothing'], status: 404, code: 'request.not_found' },
  {
    why: 'a method that a path does not have',
    call: ['DELETE', '/v1/notifications'],
    status: 405,
    code: 'request.method',
  },
  { why: 'no key', call: ['GET', '/v1/merchants', undefined, { key: null }], status: 401, code: 'auth.missing' },
  {
    why: 'another scheme',
    call: ['GET', '/v1/merchants', undefined, { key: null, headers: { authorization: 'Basic eA==' } }],
    status: 401,
    code: 'auth.missing',
  },
  {
    why: 'an unknown key',
    call: ['POST', '/v1/notifications', published, { key: 'admin-key-of-the-testz' }],
    status: 401,
    code: 'auth.invalid',
  },
];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.call('POST', '/v1/merchants', { id: 'shop', name: 'The shop' });
});
afterAll(() => server.stop());

async function counted(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const list of [
    'merchants',
    'accounts',
    'endpoints',
    'notifications',
    'deliveries',
    'orders',
    'callbacks',
    'discrepancies',
    'keys',
  ]) {
    const { body } = await server.call('GET', `/v1/${list}?limit=200`);
    counts[list] = Array.isArray(body.data) ? body.data.length : -1;
  }
  return counts;
}

describe('a refusal', () => {
  it.each(rows)('of $why is a problem with status $status and $code', async ({ call, status, code, pointer }) => {
    const answer = await server.call(...call);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      status,
      type: `/docs#${code}`,
      title: expect.any(String),
      detail: expect.any(String),
      fix: expect.any(String),
    });
    if (pointer !== undefined) expect(answer.body.errors).toContainEqual({ pointer, detail: expect.any(String) });
  });

  it('changes nothing', async () => {
    const before = await counted();
    for (const { call } of rows) await server.call(...call);
    expect(await counted()).toEqual(before);
    expect(before).toMatchObject({ merchants: 1, notifications: 0, orders: 0, accounts: 0 });
  });

  it('of a method names those that there are', async () => {
    const answer = await server.call('DELETE', '/v1/orders/R-1');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'PUT, GET, HEAD']);
  });

  it('never shows a secret that was sent', async () => {
    const sent = {
      ...account,
      credentials: { api_key: 'shop-1', api_secrets: ['short-secret'], other: 'very-private' },
    };
    const answer = await server.call('POST', '/v1/accounts', sent);
    expect(answer.status).toBe(422);
    expect(answer.text).not.toMatch(/short-secret|very-private/);
    expect(JSON.stringify(server.logged)).not.toMatch(/short-secret|very-private/);
  });
});
