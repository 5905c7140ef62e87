import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderRow } from '../../src/api/providers.ts';
import { providers } from '../../src/providers/index.ts';
import { sidesOf } from '../providers/support.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const check = (name: string, credentials: unknown, more: Record<string, unknown> = {}) =>
  server.call('POST', `/v1/providers/${name}/check`, { side: 'account', credentials, ...more });

describe('GET /v1/providers', () => {
  it('lists every provider with the fields of both its credentials', async () => {
    const { body } = await server.call('GET', '/v1/providers');
    const rows = body.data as ProviderRow[];
    expect(rows.map(({ name }) => name)).toEqual(providers.map(({ name }) => name));
    for (const { name, account, endpoint } of rows) {
      expect([name, Object.keys(account.schema.properties ?? {}).length]).not.toEqual([name, 0]);
      expect([name, Object.keys(endpoint.schema.properties ?? {}).length]).not.toEqual([name, 0]);
    }
    const wechatpay = rows.find(({ name }) => name === 'wechatpay');
    expect(wechatpay).toMatchObject({
      account: { schema: { required: expect.arrayContaining(['mchid', 'platform_keys']) } },
      endpoint: { generated: false },
      currencies: ['CNY'],
      has_client: true,
      reads_statements: true,
    });
    expect(wechatpay?.account.secrets).toContainEqual(expect.objectContaining({ field: 'api_v3_keys' }));
  });
});

describe('POST /v1/providers/{name}/check', () => {
  it('points at what would be refused, and knows what is right again by its fingerprint', async () => {
    const { body } = await check('hmac', { api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d', 'short'], typo: 1 });
    expect(body.errors).toEqual([
      { pointer: '/credentials/api_key', detail: 'is missing' },
      { pointer: '/credentials/api_secrets/1', detail: expect.stringContaining('at least 16 characters') },
      { pointer: '/credentials/typo', detail: 'is not a field here' },
    ]);
    expect(body.secrets).toEqual([
      expect.objectContaining({ pointer: '/credentials/api_secrets/0', kind: 'secret', field: 'api_secrets' }),
    ]);
    await server.call('POST', '/v1/merchants', { id: 'shop', name: 'Shop' });
    const credentials = { api_key: 'shop-1', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
    const made = await server.call('POST', '/v1/accounts', { merchant: 'shop', provider: 'hmac', credentials });
    const { body: kept } = await server.call('GET', `/v1/accounts/${made.body.id}`);
    const fingerprints = [body, kept].map((of) => (of.secrets as { fingerprint: string }[]).map((s) => s.fingerprint));
    expect(fingerprints[0]).toEqual(fingerprints[1]);
  });

  it.each(['account', 'endpoint'] as const)('finds nothing wrong with an %s that would be taken', async (side) => {
    const { credentials } = sidesOf('wechatpay');
    const { body, text } = await check('wechatpay', credentials[side], { side });
    expect(body.errors).toEqual([]);
    expect((body.secrets as unknown[]).length).toBeGreaterThan(1);
    expect(text).not.toContain('PRIVATE KEY');
  });

  it('refuses as adding an account would: a key of the other mode, and a risk that nobody accepted', async () => {
    const test = { webhook_secrets: ['whsec_0123456789abcdef'], api_key: 'sk_test_0123456789abcdef' };
    expect((await check('stripe', test, { mode: 'test' })).body.errors).toEqual([]);
    expect((await check('stripe', test)).body.errors).toEqual([
      { pointer: expect.stringMatching(/^\/credentials/), detail: expect.stringContaining('test') },
    ]);
    const xendit = { callback_tokens: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
    expect((await check('xendit', xendit)).body.errors).toEqual([
      { pointer: '/credentials', detail: expect.stringContaining('accept_risk') },
    ]);
    expect((await check('xendit', { ...xendit, accept_risk: 'unsigned_body' })).body.errors).toEqual([]);
  });

  it('needs a key that may add accounts, a provider that exists, and logs nothing of what it was given', async () => {
    const key = String((await server.call('POST', '/v1/keys', { name: 'viewer', scopes: ['read'] })).body.api_key);
    const body = { side: 'account', credentials: { api_key: 'seen-by-nobody' } };
    const refused = await server.call('POST', '/v1/providers/hmac/check', body, { key });
    expect([refused.status, refused.body.code]).toEqual([403, 'auth.scope']);
    expect((await server.call('GET', '/v1/providers', undefined, { key })).status).toBe(200);
    expect((await check('nobody', {})).body.code).toBe('provider.unknown');
    await check('hmac', { api_key: 'seen-by-nobody', api_secrets: ['seen-by-nobody'] });
    expect(JSON.stringify(server.logged)).not.toContain('seen-by-nobody');
  });
});
