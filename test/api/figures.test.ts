import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const merchant = 'tickets';
const secret = 'kF93jd8s7fh2Ks9dj3hf8S7d';

let server: TestServer;
let endpoint: unknown;
let account: unknown;

beforeAll(async () => {
  server = await startTestServer();
  const { call } = server;
  await call('POST', '/v1/merchants', { id: merchant, name: 'Tickets' });
  // Nobody answers there.
  const { body: added } = await call('POST', `/v1/merchants/${merchant}/endpoints`, {
    url: 'http://127.0.0.1:9/hook',
    schedule: [900],
  });
  endpoint = added.id;
  const credentials = { api_key: 't-1', api_secrets: [secret] };
  account = (await call('POST', '/v1/accounts', { merchant, provider: 'hmac', credentials })).body.id;
});
afterAll(() => server.stop());

describe('what fares badly', () => {
  it('is told with the money that waits, the endpoint that fails, and the account that is sent forgeries', async () => {
    const { call, url } = server;
    const money = { amount_minor: 12345, currency: 'CNY' };
    for (let order = 1; order <= limits.breakerFailures; order += 1) {
      const notification = { merchant, order_no: `T-${order}`, type: 'payment.succeeded', ...money };
      expect((await call('POST', '/v1/notifications', notification)).status).toBe(202);
    }
    const forged = { 'content-type': 'application/json', authorization: 'HMAC t-1:forged' };
    await fetch(`${url}/callbacks/${account}`, { method: 'POST', headers: forged, body: '{}' });
    const read = async () => (await call('GET', `/v1/trouble?merchant=${merchant}`)).body;
    await eventually(async () => `${(await read()).endpoints}` !== '');
    const { at_risk, at_risk_whole, endpoints, accounts } = await read();
    expect(at_risk).toMatchObject([{ currency: 'CNY', amount_minor: 123_450, notifications: 10 }]);
    expect(at_risk_whole).toBe(true);
    expect(endpoints).toMatchObject([{ id: endpoint, merchant, state: 'failing' }]);
    expect(accounts).toMatchObject([{ id: account, merchant, provider: 'hmac', refused: 1, authentic: 0, found: 0 }]);
    expect((await call('GET', '/v1/trouble')).body).toMatchObject({ at_risk });
    await call('POST', `/v1/endpoints/${endpoint}/pause`);
    expect((await read()).endpoints).toMatchObject([{ id: endpoint, state: 'paused' }]);
    const waiting = await call('GET', '/v1/deliveries?state=waiting');
    expect(waiting.body.data).toHaveLength(10);
  });

  it('is shown to a key only as far as its merchants go', async () => {
    const { call } = server;
    await call('POST', '/v1/merchants', { id: 'books', name: 'Books' });
    const { body: made } = await call('POST', '/v1/keys', { name: 'b', scopes: ['read'], merchants: ['books'] });
    const key = String(made.api_key);
    const { body } = await call('GET', '/v1/trouble', undefined, { key });
    expect(body).toEqual({ at_risk: [], at_risk_whole: true, endpoints: [], accounts: [] });
    expect((await call('GET', `/v1/trouble?merchant=${merchant}`, undefined, { key })).status).toBe(404);
  });
});

describe('what waits', () => {
  it('is told over time, to a key for all merchants', async () => {
    const { call } = server;
    const buckets = async () => (await call('GET', '/v1/backlog/history?bucket=1m')).body.buckets;
    const bucket = { waiting: expect.any(Number), dead: 0, oldest_due_ms: expect.any(Number) };
    await expect.poll(buckets, { timeout: 20_000 }).toContainEqual(expect.objectContaining(bucket));
    const { body: made } = await call('POST', '/v1/keys', { name: 'c', scopes: ['read'], merchants: [merchant] });
    const limited = await call('GET', '/v1/backlog/history', undefined, { key: String(made.api_key) });
    expect(limited).toMatchObject({ status: 403, body: { code: 'auth.scope' } });
  });
});

describe('how long it takes', () => {
  let shop: Server;
  let url: string;
  beforeAll(async () => {
    shop = createServer((_, response) => response.end('ok'));
    url = await new Promise((resolve) => {
      shop.listen(0, '127.0.0.1', () => {
        const address = shop.address();
        resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook`);
      });
    });
  });
  afterAll(() => void shop.close());

  it('is told of attempts that were sent and of callbacks that were answered, by minute and as a whole', async () => {
    const { call } = server;
    const eur = { amount_minor: 5, currency: 'EUR' };
    await call('POST', '/v1/merchants', { id: 'films', name: 'Films' });
    const { body: endpoint } = await call('POST', '/v1/merchants/films/endpoints', { url });
    const latency = async (more: string) => (await call('GET', `/v1/latency?bucket=1m&${more}`)).body;
    expect((await latency(`endpoint=${endpoint.id}`)).totals).toEqual({ count: 0, p50_ms: null, p99_ms: null });
    const paid = { merchant: 'films', order_no: 'F-1', type: 'payment.succeeded', ...eur };
    expect((await call('POST', '/v1/notifications', paid)).status).toBe(202);
    const told = {
      count: 1,
      p50_ms: expect.toSatisfy((ms) => ms > 0 && ms < 20_000),
      p99_ms: expect.toSatisfy((ms) => ms > 0 && ms < 20_000),
    };
    await expect
      .poll(() => latency(`endpoint=${endpoint.id}`), { timeout: 20_000 })
      .toMatchObject({
        buckets: [{ at: expect.stringMatching(/:00(\.000)?Z$/), ...told }],
        totals: told,
      });
    // Of the endpoint that nobody answers at, nothing was sent.
    expect(await latency(`merchant=${merchant}`)).toMatchObject({ buckets: [], totals: { count: 0 } });

    const body = JSON.stringify({ order_id: 'T-1', status: 'success', payment_id: 'p-1', ...eur });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', authorization: `HMAC t-1:${signature}` };
    await fetch(`${server.url}/callbacks/${account}`, { method: 'POST', headers, body });
    await expect.poll(() => latency('side=receiving'), { timeout: 20_000 }).toMatchObject({ totals: told });
  });
});
