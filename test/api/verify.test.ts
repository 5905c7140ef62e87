import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { texts } from '../../src/api/verify-texts.ts';
import { hmac, square } from '../../src/providers/index.ts';
import type { RawRequest } from '../../src/providers/provider.ts';
import { context, notificationOf, seededRandom, sidesOf } from '../providers/support.ts';
import { adminKey, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let ours: string;
let theirs: string;
let sealed: RawRequest;
const secrets: string[] = [];

beforeAll(async () => {
  server = await startTestServer();
  for (const id of ['shop', 'other']) await server.call('POST', '/v1/merchants', { id, name: id });
  const { sender, credentials } = sidesOf('hmac');
  theirs = await accountOf('other', credentials.account);
  ours = await accountOf('shop', { ...hmac.generate?.(seededRandom('ours')) });
  sealed = await sender.seal(notificationOf('payment.succeeded'), context);
});
afterAll(() => server.stop());

async function accountOf(merchant: string, credentials: Record<string, unknown>): Promise<string> {
  secrets.push(
    ...Object.values(credentials)
      .flat()
      .map(String)
      .filter((text) => /^[0-9a-f]{40,}$/.test(text)),
  );
  const made = await server.call('POST', '/v1/accounts', { merchant, provider: 'hmac', credentials });
  expect(made.status).toBe(201);
  return String(made.body.id);
}

async function keyOf(...merchants: string[]): Promise<string> {
  const made = await server.call('POST', '/v1/keys', { name: 'reader', scopes: ['read'], merchants });
  return String(made.body.api_key);
}

const verify = (account: string, { headers, body }: RawRequest, key: string = adminKey) =>
  server.call('POST', '/v1/verify', { account, headers, body_base64: Buffer.from(body).toString('base64') }, { key });

describe('POST /v1/verify', () => {
  it('names the account under which a request verifies, to whoever may see it', async () => {
    const answer = await verify(ours, sealed);
    expect(answer.body).toMatchObject({
      accepted: false,
      verdict: 'quarantined',
      code: 'signature.unknown_key',
      cause: { name: 'other_key', proven: true, account: theirs, remaining: null },
      tried: [{ cause: 'other_key', fits: true }],
    });
    expect(secrets.length).toBe(2);
    for (const secret of secrets) expect(answer.text).not.toContain(secret);
  });

  it('tries no account that the key may not see', async () => {
    const answer = await verify(ours, sealed, await keyOf('shop'));
    expect(answer.body).toMatchObject({ accepted: false, cause: { name: 'unknown_key', account: null } });
    expect(answer.text).not.toContain(theirs);
    expect((await verify(theirs, sealed, await keyOf('shop'))).status).toBe(404);
  });

  it('shows the first difference between what came and what verifies', async () => {
    const answer = await verify(theirs, { ...sealed, body: Buffer.concat([sealed.body, Buffer.from('\n')]) });
    expect(answer.body).toMatchObject({
      cause: { name: 'white_space', next: expect.stringContaining('bytes') },
      difference: { of: 'body', line: 1, received: { at: '\\n' }, verified: { at: '' } },
    });
  });

  it('finds the URL that was signed', async () => {
    const { sender, credentials } = sidesOf('square');
    const url = 'https://pay.example.com/callbacks/square/';
    const made = await server.call('POST', '/v1/accounts', {
      merchant: 'shop',
      provider: square.name,
      credentials: { ...credentials.account, notification_url: url },
    });
    const request = await sender.seal(notificationOf('payment.succeeded'), context);
    const host = ['host', 'shop.example.com'] as const;
    const target = '/callbacks/square';
    const answer = await server.call('POST', '/v1/verify', {
      account: made.body.id,
      target,
      headers: [...request.headers, host],
      body_base64: Buffer.from(request.body).toString('base64'),
    });
    expect(answer.body).toMatchObject({
      cause: { name: 'url', what: 'the signature fits with the URL https://shop.example.com/callbacks/square' },
      difference: { of: 'url', received: { before: 'https://' }, verified: { at: 's' } },
    });
  });
});

describe('the page /verify', () => {
  const paste = () => {
    const headers = sealed.headers.map(([name, value]) => `-H '${name}: ${value}'`).join(' ');
    return `curl https://pay.example.com/callbacks/x ${headers} --data-raw '${Buffer.from(sealed.body).toString()}\n'`;
  };
  const submit = (fields: Record<string, string>, path = '/verify') =>
    server.call('POST', path, undefined, {
      key: null,
      // As a browser sends it.
      raw: new URLSearchParams(fields).toString().replaceAll('%0A', '%0D%0A'),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });

  it('loads nothing from anywhere, runs no script, and is kept by no cache', async () => {
    const page = await server.call('GET', '/verify', undefined, { key: null });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(/<script|src=|<link|@import|url\(| style=/.exec(page.text)).toBeNull();
  });

  it('has a label for every field, and both languages', async () => {
    const page = await server.call('GET', '/verify', undefined, {
      key: null,
      headers: { 'accept-language': 'zh-CN,en' },
    });
    const ids = [...page.text.matchAll(/<(?:input|textarea) id="(\w+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(['key', 'account', 'paste', 'entry']);
    for (const id of ids) expect(page.text).toContain(`<label for="${id}">`);
    expect(page.text).toContain(texts.zh.title);
    expect(page.text).toContain('<html lang="zh-CN">');
    const english = await server.call('GET', '/verify?lang=en', undefined, { headers: { 'accept-language': 'zh' } });
    expect(english.text).toContain(texts.en.title);
  });

  it('says the cause and shows the first difference of what was pasted', async () => {
    const page = await submit({ key: adminKey, account: theirs, paste: paste() });
    expect(page.status).toBe(200);
    expect(page.text).toContain('<h2>Refused</h2>');
    expect(page.text).toContain('without the space around it');
    expect(page.text).toContain('<mark>\\n</mark>');
    expect(page.text).not.toContain(adminKey);
    for (const secret of secrets) expect(page.text).not.toContain(secret);
    const chinese = await submit({ key: adminKey, account: theirs, paste: paste() }, '/verify?lang=zh');
    expect(chinese.text).toContain('原样传递字节');
  });

  it('needs a key that may read, and says what is wrong with what was pasted', async () => {
    const good = { key: adminKey, account: theirs, paste: paste() };
    expect(await submit({ ...good, key: 'wrong' })).toMatchObject({
      status: 401,
      text: expect.stringContaining('role="alert"'),
    });
    expect((await submit({ ...good, account: 'acc_0' })).status).toBe(404);
    expect((await submit({ ...good, paste: 'hello' })).status).toBe(400);
    expect((await submit({ ...good, entry: 'x' })).status).toBe(422);
    expect((await submit({ ...good, paste: `POST / HTTP/1.1\n\n${'x'.repeat(1_048_577)}` })).status).toBe(413);
  });

  it('shows what was pasted as text alone', async () => {
    const evil = '"></textarea><script>alert(1)</script>';
    const page = await submit({ key: adminKey, account: evil, paste: `POST /${evil} HTTP/1.1\n\n${evil}` });
    expect(page.text).not.toContain('<script');
    const shown = await submit({
      key: adminKey,
      account: ours,
      paste: `POST / HTTP/1.1\nauthorization: HMAC ${evil}:00\n\n${evil}`,
    });
    expect(shown.text).not.toContain('<script');
  });
});
