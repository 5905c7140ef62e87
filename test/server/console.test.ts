import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { adminKey, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const asConsole = { 'x-paidonce-console': '1' };

async function signIn(key: string = adminKey): Promise<{ cookie: string; header: string }> {
  const answer = await server.call('POST', '/v1/session', undefined, { key });
  expect(answer.status).toBe(201);
  const header = answer.headers.get('set-cookie') ?? '';
  return { cookie: header.split(';')[0] ?? '', header };
}

describe('a session', () => {
  it('stands for the key in a cookie that scripts and other sites cannot use', async () => {
    const { cookie, header } = await signIn();
    expect(header).toMatch(/; Path=\/; Expires=.*GMT; HttpOnly; SameSite=Strict$/);
    const mine = await server.call('GET', '/v1/session', undefined, { key: null, headers: { cookie } });
    expect(mine.body).toMatchObject({ name: 'admin', role: 'admin', merchants: null });
    const made = { id: 'signed-in', name: 'Signed in' };
    const without = await server.call('POST', '/v1/merchants', made, { key: null, headers: { cookie } });
    expect([without.status, without.body.code]).toEqual([403, 'auth.scope']);
    const headers = { cookie, ...asConsole };
    expect((await server.call('POST', '/v1/merchants', made, { key: null, headers })).status).toBe(201);
  });

  it('ends when it is signed out, and with its API key', async () => {
    const key = await server.call('POST', '/v1/keys', { name: 'Ann', scopes: ['read', 'operate'] });
    const { cookie } = await signIn(String(key.body.api_key));
    const headers = { cookie, ...asConsole };
    const other = await signIn(String(key.body.api_key));
    const seen = await server.call('GET', '/v1/session', undefined, { key: null, headers });
    expect(seen.body).toMatchObject({ name: 'Ann', role: 'operator' });
    const out = await server.call('DELETE', '/v1/session', undefined, { key: null, headers });
    expect(out.headers.get('set-cookie')).toContain('paidonce_session=; Path=/; Expires=Thu, 01 Jan 1970');
    const after = await server.call('GET', '/v1/session', undefined, { key: null, headers });
    expect([after.status, after.body.code]).toEqual([401, 'auth.invalid']);
    await server.call('DELETE', `/v1/keys/${key.body.id}`);
    const orphan = await server.call('GET', '/v1/session', undefined, { key: null, headers: { cookie: other.cookie } });
    expect(orphan.status).toBe(401);
  });

  it('is not opened by a key that may not read, nor by a wrong one', async () => {
    const key = await server.call('POST', '/v1/keys', { name: 'Publisher', scopes: ['publish'] });
    const refused = await server.call('POST', '/v1/session', undefined, { key: String(key.body.api_key) });
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null]);
    expect((await server.call('POST', '/v1/session', undefined, { key: 'guess' })).status).toBe(401);
  });
});

describe('a session in the sandbox', () => {
  const payment = {
    provider: 'hmac',
    notify_url: 'http://127.0.0.1:9/callback',
    order_no: 'S-1',
    amount_minor: 100,
    currency: 'CNY',
  };

  it('stands for a key that may publish there, with the header that other sites cannot send', async () => {
    const own = await startTestServer({ sandbox: true });
    onTestFinished(() => own.stop());
    const signedIn = async (key: string) => {
      const answer = await own.call('POST', '/v1/session', undefined, { key });
      expect(answer.body.sandbox).toBe(true);
      return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    };
    const open = (headers: Record<string, string>) =>
      own.call('POST', '/sandbox/payments', payment, { key: null, headers });
    const cookie = await signedIn(adminKey);
    expect((await open({ cookie, ...asConsole })).status).toBe(201);
    expect((await open({ cookie })).body.code).toBe('auth.scope');
    expect((await open({ ...asConsole })).body.code).toBe('auth.missing');
    expect((await own.call('GET', '/sandbox/providers', undefined, { key: null })).status).toBe(401);
    const played = await own.call('GET', '/sandbox/providers', undefined, { key: null, headers: { cookie } });
    expect(played.body.data).toContainEqual(expect.objectContaining({ name: 'wechatpay', currencies: ['CNY'] }));
    const reader = await own.call('POST', '/v1/keys', { name: 'Ann', scopes: ['read', 'operate'] });
    const weaker = await signedIn(String(reader.body.api_key));
    expect((await open({ cookie: weaker, ...asConsole })).body.code).toBe('auth.scope');
    await own.call('DELETE', '/v1/session', undefined, { key: null, headers: { cookie, ...asConsole } });
    expect((await open({ cookie, ...asConsole })).body.code).toBe('auth.invalid');
  });
});

describe('signing in', () => {
  it('is limited for each address', async () => {
    const own = await startTestServer();
    const tries = Array.from({ length: limits.signInBurst + 1 }, () =>
      own.call('POST', '/v1/session', undefined, { key: 'guess' }),
    );
    const answers = await Promise.all(tries);
    expect(
      answers
        .map(({ status }) => status)
        .toSorted()
        .at(-1),
    ).toBe(429);
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toMatch(/^\d+$/);
    await own.stop();
  });
});
