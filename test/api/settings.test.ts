import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultThresholds } from '../../src/domain/alert.ts';
import { loadConfig } from '../../src/server/config.ts';
import { installationOf } from '../../src/server/installation.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const robot = 'dingtalk https://robot.example/?access_token=token-of-the-robot SEC-of-the-robot';
const masterKey = Buffer.from(Uint8Array.from({ length: 32 }, (_, index) => (index * 7 + 3) % 251)).toString('base64');
const environment = {
  PAIDONCE_ADMIN_KEY: 'admin-key-of-production',
  PAIDONCE_ALERT_ROBOTS: robot,
  PAIDONCE_ALERT_RULES: 'oldest_due=60,money_at_risk=0',
  PAIDONCE_DATABASE_URL: 'postgres://keeper:password-of-keeper@db.example/pay',
  PAIDONCE_MASTER_KEY: masterKey,
  PAIDONCE_RETENTION_DAYS: '30',
};
const secrets = ['admin-key-of-production', 'token-of-the-robot', 'SEC-of-the-robot', 'password-of-keeper', masterKey];

let server: TestServer;
let reader: string;

beforeAll(async () => {
  const config = loadConfig({ environment, commandLine: { port: 7711 } });
  server = await startTestServer({ installation: installationOf(config), config: { alerts: config.alerts } });
  const made = await server.call('POST', '/v1/keys', { name: 'Reader', scopes: ['read', 'operate'] });
  reader = String(made.body.api_key);
});
afterAll(() => server.stop());

describe('the settings', () => {
  it('say where each comes from', async () => {
    const { status, body } = await server.call('GET', '/v1/settings');
    expect(status).toBe(200);
    const shown = (name: string) => expect.objectContaining({ name, ...expected[name] });
    const expected: Record<string, object> = {
      host: { value: '127.0.0.1', from: 'default' },
      port: { value: '7711', from: 'command_line' },
      retention_days: { value: '30', from: 'environment', unit: 'days', variable: 'PAIDONCE_RETENTION_DAYS' },
      database_url: { value: 'postgres://db.example/pay', from: 'environment', secret: true },
      admin_key: { value: null, from: 'environment', secret: true },
      alert_robots: { value: expect.stringMatching(/^dingtalk-[0-9a-f]{8}$/), secret: true },
      alert_rules: { value: 'oldest_due=60, money_at_risk=0', from: 'environment' },
      public_url: { value: null, from: 'default', absent: 'http(s)://host:port' },
    };
    expect(body.settings).toEqual(expect.arrayContaining(Object.keys(expected).map(shown)));
    expect(body).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      store: { kind: 'postgres', place: 'postgres://db.example/pay' },
      public_url: server.url,
      node: expect.stringMatching(/^nod_/),
    });
    expect(body.migration).toBeGreaterThan(0);
    expect(Buffer.from(String(body.seal_key), 'base64')).toHaveLength(32);
  });

  it('hold no secret', async () => {
    const { text } = await server.call('GET', '/v1/settings');
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  it('are for the admin key alone', async () => {
    const refused = await server.call('GET', '/v1/settings', undefined, { key: reader });
    expect([refused.status, refused.body.code]).toEqual([403, 'auth.scope']);
  });
});

describe('the rules of alerts', () => {
  it('have the thresholds in use beside the defaults, and robots by name', async () => {
    const { body, text } = await server.call('GET', '/v1/alert-rules', undefined, { key: reader });
    expect(body.rules).toHaveLength(Object.keys(defaultThresholds).length);
    expect(body.rules).toEqual(
      expect.arrayContaining([
        { rule: 'oldest_due', threshold: 60, default_threshold: 300 },
        { rule: 'money_at_risk', threshold: 0, default_threshold: 1_000_000 },
        { rule: 'dead_deliveries', threshold: 1, default_threshold: 1 },
      ]),
    );
    expect(body.robots).toEqual([expect.stringMatching(/^dingtalk-[0-9a-f]{8}$/)]);
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  it('are not for a key that is limited to merchants', async () => {
    const limited = { name: 'Limited', scopes: ['read'], merchants: ['shop'] };
    const key = String((await server.call('POST', '/v1/keys', limited)).body.api_key);
    const refused = await server.call('GET', '/v1/alert-rules', undefined, { key });
    expect([refused.status, refused.body.code]).toEqual([403, 'auth.scope']);
  });
});

describe('what is made', () => {
  it('leaves an action that names who made it', async () => {
    const merchant = 'audited';
    const key = { key: reader };
    const credentials = { api_key: 'shop-1', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
    await server.call('POST', '/v1/merchants', { id: merchant, name: 'Audited' });
    await server.call('POST', '/v1/accounts', { merchant, provider: 'hmac', credentials }, key);
    await server.call('POST', `/v1/merchants/${merchant}/endpoints`, { url: 'http://127.0.0.1:9/hook' }, key);
    const keyId = expect.stringMatching(/^key_/);
    expect((await server.call('GET', `/v1/actions?merchant=${merchant}`)).body.data).toMatchObject([
      { by: keyId, what: 'endpoint.add', note: 'http://127.0.0.1:9/hook' },
      { by: keyId, what: 'account.add', note: 'hmac' },
      { by: 'admin', what: 'merchant.add', subject: merchant, note: null },
    ]);
  });
});

describe('API keys', () => {
  it('leave an action when they are made and removed, which the list narrows to by who did it', async () => {
    const made = await server.call('POST', '/v1/keys', { name: 'Shop', scopes: ['publish'], merchants: ['shop'] });
    await server.call('DELETE', `/v1/keys/${made.body.id}`);
    const { body } = await server.call('GET', `/v1/actions?by=admin&subject=${made.body.id}`);
    expect(body.data).toMatchObject([
      { by: 'admin', what: 'api_key.remove', merchant: null, note: null },
      { by: 'admin', what: 'api_key.add', merchant: null, note: 'Shop: publish; shop' },
    ]);
    expect((await server.call('GET', `/v1/actions?by=ann&subject=${made.body.id}`)).body.data).toEqual([]);
  });
});
