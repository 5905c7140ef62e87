import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/callbacks/diagnose/diagnose.ts';
import { hmac, square } from '../../src/providers/index.ts';
import type { RawRequest } from '../../src/providers/provider.ts';
import { context, notificationOf, seededRandom, sidesOf, withoutChinese } from '../providers/support.ts';
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

/** The console must be able to say the diagnosis in Chinese. */
async function asked(path: string, body: object, key: string = adminKey) {
  const answer = await server.call('POST', path, body, { key });
  if (answer.status === 200) expect(withoutChinese(answer.body as unknown as Diagnosis)).toEqual([]);
  return answer;
}

const verify = (account: string, { headers, body }: RawRequest, key?: string) =>
  asked('/v1/verify', { account, headers, body_base64: Buffer.from(body).toString('base64') }, key);

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
    const answer = await asked('/v1/verify', {
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

describe('POST /v1/verify/pasted', () => {
  const pasted = () => {
    const headers = sealed.headers.map(([name, value]) => `-H '${name}: ${value}'`).join(' ');
    return `curl https://pay.example.com/callbacks/x ${headers} --data-raw '${Buffer.from(sealed.body).toString()}\n'`;
  };
  const ask = (body: object, key?: string) => asked('/v1/verify/pasted', body, key);

  it('says the cause and the first difference of what was pasted, also with the line breaks of a form', async () => {
    for (const text of [pasted(), pasted().replaceAll('\n', '\r\n')]) {
      const answer = await ask({ account: theirs, pasted: text });
      expect(answer.body).toMatchObject({ cause: { name: 'white_space' }, difference: { received: { at: '\\n' } } });
      for (const secret of secrets) expect(answer.text).not.toContain(secret);
    }
  });

  it('needs a key that may read, and says what is wrong with what was pasted', async () => {
    const good = { account: theirs, pasted: pasted() };
    expect((await ask(good, 'wrong')).status).toBe(401);
    expect((await ask(good, await keyOf('shop'))).status).toBe(404);
    expect((await ask({ ...good, pasted: 'hello' })).status).toBe(400);
    expect((await ask({ ...good, entry: 0 })).status).toBe(422);
    expect((await ask({ ...good, pasted: `curl https://a.example -d '${'x'.repeat(1_048_577)}'` })).status).toBe(422);
  });

  it('reads no file of this machine that a curl command names', async () => {
    const answer = await ask({ account: theirs, pasted: 'curl https://a.example --data-binary @/etc/hostname' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.unreadable' } });
  });
});

describe('the page of the console', () => {
  it('is where /verify leads to', async () => {
    const { status, headers } = await server.call('GET', '/verify', undefined, { key: null });
    expect([status, headers.get('location')]).toEqual([302, '/console/verify']);
  });
});
