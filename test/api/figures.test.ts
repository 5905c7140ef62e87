import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const merchant = 'tickets';

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
  const credentials = { api_key: 't-1', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
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
