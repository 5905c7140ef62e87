import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Scope, scopes } from '../../src/domain/merchant.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const credentials = { api_key: 'shop-1', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };

/** Things of one merchant, by name, and what a key of another merchant may never see. */
interface Things {
  merchant: string;
  account: string;
  endpoint: string;
  notification: string;
  delivery: string;
  callback: string;
  discrepancy: string;
}

let server: TestServer;
let mine: Things;
let theirs: Things;
const keys = new Map<string, string>();

async function make(merchant: string): Promise<Things> {
  const idOf = async (path: string, body: unknown) => String((await server.call('POST', path, body)).body.id);
  await server.call('POST', '/v1/merchants', { id: merchant, name: merchant });
  const account = await idOf('/v1/accounts', { merchant, provider: 'hmac', credentials });
  const credentialsToAsk = { webhook_secrets: ['whsec_0123456789abcdef'], api_key: 'sk_live_0123456789abcdef' };
  // Nobody listens there: that it may be asked is all that matters here.
  const asked = { ...credentialsToAsk, api_base_url: 'http://127.0.0.1:9' };
  await idOf('/v1/accounts', { merchant, provider: 'stripe', credentials: asked });
  const endpoint = await idOf(`/v1/merchants/${merchant}/endpoints`, { url: 'http://127.0.0.1:9/never' });
  await server.call('POST', `/v1/endpoints/${endpoint}/pause`);
  await server.call('PUT', '/v1/orders/S-1', { merchant, amount_minor: 5, currency: 'CNY' });
  await server.call('POST', '/v1/orders/S-1/close', { merchant, reason: 'Closed.' });
  await server.call('POST', '/v1/orders/S-1/confirm', {
    merchant,
    account,
    operation_id: 'p',
    amount_minor: 5,
    currency: 'CNY',
    note: 'Seen.',
  });
  await fetch(`${server.url}/callbacks/${account}`, { method: 'POST', body: '{}' });
  const first = async (path: string) => {
    const { body } = await server.call('GET', path);
    const [row] = Array.isArray(body.data) ? body.data : [];
    return String(row?.id);
  };
  const things: Things = {
    merchant,
    account,
    endpoint,
    notification: await first(`/v1/notifications?merchant=${merchant}`),
    delivery: await first(`/v1/deliveries?merchant=${merchant}`),
    callback: await first(`/v1/callbacks?merchant=${merchant}`),
    discrepancy: await first(`/v1/discrepancies?merchant=${merchant}`),
  };
  expect(Object.values(things)).not.toContain('undefined');
  return things;
}

beforeAll(async () => {
  server = await startTestServer();
  mine = await make('mine');
  theirs = await make('theirs');
  for (const scope of scopes) {
    const made = await server.call('POST', '/v1/keys', { name: scope, scopes: [scope], merchants: ['mine'] });
    keys.set(scope, String(made.body.api_key));
  }
});
afterAll(() => server.stop());

type Make = (things: Things) => [method: string, path: string, body?: unknown];

/** Every call that concerns one merchant's things, with the scopes that may do it; the statuses of success and of a clean refusal. */
const calls: [needs: readonly Scope[], make: Make][] = [
  [['read'], ({ merchant }) => ['GET', `/v1/merchants/${merchant}`]],
  [['operate'], ({ merchant }) => ['PATCH', `/v1/merchants/${merchant}`, { name: 'Renamed' }]],
  [['operate'], ({ merchant }) => ['POST', `/v1/merchants/${merchant}/endpoints`, { url: 'http://127.0.0.1:9/more' }]],
  [['read'], ({ merchant }) => ['GET', `/v1/endpoints?merchant=${merchant}`]],
  [['read'], ({ endpoint }) => ['GET', `/v1/endpoints/${endpoint}`]],
  [['operate'], ({ endpoint }) => ['PATCH', `/v1/endpoints/${endpoint}`, { timeout_ms: 900 }]],
  [['operate'], ({ endpoint }) => ['PATCH', `/v1/endpoints/${endpoint}`, { url: 'http://127.0.0.1:9/moved' }]],
  [['operate'], ({ endpoint }) => ['POST', `/v1/endpoints/${endpoint}/url/retry`]],
  [['operate'], ({ endpoint }) => ['POST', `/v1/endpoints/${endpoint}/pause`]],
  [['operate'], ({ endpoint }) => ['POST', `/v1/endpoints/${endpoint}/rotate`]],
  [['operate'], ({ endpoint }) => ['POST', `/v1/endpoints/${endpoint}/test`]],
  [
    ['publish'],
    ({ merchant }) => [
      'POST',
      '/v1/notifications',
      { merchant, type: 'payment.failed', order_no: 'S-2', amount_minor: 1, currency: 'CNY' },
    ],
  ],
  [['read'], ({ merchant }) => ['GET', `/v1/notifications?merchant=${merchant}`]],
  [['read'], ({ notification }) => ['GET', `/v1/notifications/${notification}`]],
  [['read'], ({ notification }) => ['GET', `/v1/notifications/${notification}/proof`]],
  [['read'], ({ merchant }) => ['GET', `/v1/manifests/${merchant}/2026-01-31`]],
  [['read'], ({ merchant }) => ['GET', `/v1/deliveries?merchant=${merchant}`]],
  [['read'], ({ delivery }) => ['GET', `/v1/deliveries/${delivery}`]],
  [['operate'], ({ delivery }) => ['POST', `/v1/deliveries/${delivery}/cancel`]],
  [['operate'], ({ merchant }) => ['POST', '/v1/accounts', { merchant, provider: 'hmac', credentials }]],
  [['read'], ({ merchant }) => ['GET', `/v1/accounts?merchant=${merchant}`]],
  [['read'], ({ account }) => ['GET', `/v1/accounts/${account}`]],
  [['operate'], ({ account }) => ['PATCH', `/v1/accounts/${account}`, { name: 'Renamed' }]],
  [['operate'], ({ account }) => ['POST', `/v1/accounts/${account}/rotate`, { finish: true }]],
  [['read'], ({ merchant }) => ['GET', `/v1/callbacks?merchant=${merchant}`]],
  [['read'], ({ callback }) => ['GET', `/v1/callbacks/${callback}`]],
  [['operate'], ({ callback }) => ['POST', `/v1/callbacks/${callback}/reprocess`]],
  [['read'], ({ account }) => ['POST', '/v1/verify', { account, headers: [], body_base64: '' }]],
  [['publish', 'operate'], ({ merchant }) => ['PUT', '/v1/orders/S-3', { merchant, amount_minor: 5, currency: 'CNY' }]],
  [['read'], ({ merchant }) => ['GET', `/v1/orders?merchant=${merchant}`]],
  [['read'], ({ merchant }) => ['GET', `/v1/orders/S-1?merchant=${merchant}`]],
  [['read'], ({ merchant }) => ['GET', `/v1/orders/S-1/timeline?merchant=${merchant}`]],
  [['read'], ({ merchant }) => ['GET', `/v1/discrepancies?merchant=${merchant}`]],
  [
    ['operate'],
    ({ discrepancy }) => ['POST', `/v1/discrepancies/${discrepancy}/resolve`, { action: 'ignore', note: 'Known.' }],
  ],
  [['operate'], ({ merchant }) => ['POST', '/v1/orders/S-1/close', { merchant, reason: 'Again.' }]],
  [['publish', 'operate'], ({ merchant }) => ['POST', '/v1/orders/S-1/query', { merchant }]],
  [['read'], ({ merchant }) => ['GET', `/v1/funnel?merchant=${merchant}`]],
  [['read'], ({ merchant }) => ['GET', `/v1/handlers?merchant=${merchant}`]],
  [['read'], ({ merchant }) => ['GET', `/v1/latency?merchant=${merchant}`]],
  [['read'], ({ merchant }) => ['GET', `/v1/trouble?merchant=${merchant}`]],
  [['read'], ({ merchant }) => ['GET', `/v1/actions?merchant=${merchant}`]],
];
const shown = calls.map(([needs, make]) => {
  const [method, path] = make({
    merchant: ':m',
    account: ':a',
    endpoint: ':e',
    notification: ':n',
    delivery: ':d',
    callback: ':c',
    discrepancy: ':x',
  });
  return { needs, make, name: `${method} ${path}` };
});

describe('a key that is limited to a merchant', () => {
  it.each(shown)('is refused without the right scope: $name', async ({ needs, make }) => {
    for (const scope of scopes.filter((one) => !needs.includes(one))) {
      const [method, path, body] = make(mine);
      const answer = await server.call(method, path, body, { key: keys.get(scope) ?? '' });
      expect([scope, answer.status, answer.body.code]).toEqual([scope, 403, 'auth.scope']);
    }
  });

  it.each(shown)('learns nothing of the things of others: $name', async ({ needs, make }) => {
    for (const scope of needs) {
      const key = keys.get(scope) ?? '';
      const [method, path, body] = make(theirs);
      const answer = await server.call(method, path, body, { key });
      expect(answer.status).toBe(404);
      // Exactly what something that does not exist is answered with, but for the id that was asked for.
      const nobody = {
        merchant: 'nobody',
        account: 'acc_0',
        endpoint: 'end_0',
        notification: 'ntf_0',
        delivery: 'dlv_0',
        callback: 'cbk_0',
        discrepancy: 'dsc_0',
      };
      const [, absentPath, absentBody] = make(nobody);
      const absent = await server.call(method, absentPath, absentBody, { key });
      const neutral = (text: string, things: Things) =>
        Object.values(things).reduce((left, id) => left.replaceAll(id, '·'), text);
      expect(neutral(answer.text, theirs)).toBe(neutral(absent.text, nobody));
    }
  });

  it.each(shown)('does with its own what its scope says: $name', async ({ needs, make }) => {
    for (const scope of needs) {
      const [method, path, body] = make(mine);
      const answer = await server.call(method, path, body, { key: keys.get(scope) ?? '' });
      expect([200, 201, 202]).toContain(answer.status);
    }
  });

  it('sees only its own in lists', async () => {
    const key = keys.get('read') ?? '';
    for (const list of [
      'merchants',
      'accounts',
      'endpoints',
      'notifications',
      'deliveries',
      'orders',
      'callbacks',
      'discrepancies',
    ]) {
      const { status, text } = await server.call('GET', `/v1/${list}?limit=200`, undefined, { key });
      expect([list, status, text.includes('theirs')]).toEqual([list, 200, false]);
    }
    const funnel = await server.call('GET', '/v1/funnel?side=receiving', undefined, { key });
    expect(funnel.body.totals).toMatchObject({ total: 1 });
  });

  it('makes no merchants, no keys and reads no keys', async () => {
    const key = keys.get('operate') ?? '';
    expect((await server.call('POST', '/v1/merchants', { id: 'theirs', name: 'x' }, { key })).body.code).toBe(
      'auth.scope',
    );
    expect((await server.call('POST', '/v1/keys', { name: 'x', scopes: ['read'] }, { key })).body.code).toBe(
      'auth.scope',
    );
    for (const path of ['/v1/keys', '/v1/alerts'])
      expect((await server.call('GET', path, undefined, { key: keys.get('read') ?? '' })).body.code).toBe('auth.scope');
    expect((await server.call('GET', '/v1/alerts?state=open')).body).toEqual({ data: [], next_cursor: null });
  });

  it('has its notifications of others refused one by one in a batch', async () => {
    const notification = { type: 'payment.failed', order_no: 'S-9', amount_minor: 1, currency: 'CNY' };
    const notifications = [
      { ...notification, merchant: 'theirs' },
      { ...notification, merchant: 'mine' },
    ];
    const batch = await server.call(
      'POST',
      '/v1/notifications/batch',
      { notifications },
      { key: keys.get('publish') ?? '' },
    );
    expect(batch.body.results).toMatchObject([{ status: 404, code: 'merchant.unknown' }, { status: 202 }]);
  });
});
