import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import type { OidcConfig } from '../../src/server/config.ts';
import { parseRoleRule } from '../../src/server/roles.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { adminKey, startTestServer, type TestServer } from '../support/server.ts';

const asConsole = { 'x-paidonce-console': '1' };
const usual = { groups: ['payments-ops', 'everybody'], email: 'ann@example.com', email_verified: true };

let issuer: Issuer;
let server: TestServer;
beforeAll(async () => {
  issuer = await startIssuer();
  server = await startTestServer({ config: { oidc: oidc() }, clock: ownClock });
});
afterAll(async () => {
  await server.stop();
  await issuer.stop();
});
beforeEach(() => {
  for (const name of ['error', 'signature', 'authentication', 'metadata'] as const) delete issuer.says[name];
  issuer.says.claims = { ...usual };
  // Sign-ins are few for each address.
  aheadMs += 3_600_000;
});

let aheadMs = 0;
const ownClock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };

const rules = ['groups:payments-admins=admin', 'groups:payments-ops=operator', 'email:eve@example.com=viewer'];

function oidc(roles: readonly string[] = rules): OidcConfig {
  return { issuer: issuer.url, ...issuer.client, roles: roles.map(parseRoleRule) };
}

interface Visit {
  location: string;
  cookies: readonly string[];
}

async function visit(url: string, cookie = ''): Promise<Visit> {
  const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
  expect(answer.status).toBe(302);
  return { location: answer.headers.get('location') ?? '', cookies: answer.headers.getSetCookie() };
}

const pairOf = (cookies: readonly string[], name: string) =>
  cookies.find((cookie) => cookie.startsWith(`${name}=`))?.split(';')[0] ?? '';

/** To the identity provider and up to the moment before the way back. */
async function away(own: TestServer = server, query = ''): Promise<{ back: string; cookie: string }> {
  const begun = await visit(`${own.url}/v1/session/oidc${query}`);
  const { location: back } = await visit(begun.location);
  return { back, cookie: pairOf(begun.cookies, 'paidonce_sign_in') };
}

async function signIn(own: TestServer = server): Promise<string> {
  const { back, cookie } = await away(own);
  const { location, cookies } = await visit(back, cookie);
  expect(location).toBe('/console');
  return pairOf(cookies, 'paidonce_session');
}

/** Where somebody lands who signs in with this query. */
async function landing(query: string): Promise<string> {
  const { back, cookie } = await away(server, query);
  return (await visit(back, cookie)).location;
}

async function refusalOf(back: string, cookie: string): Promise<string> {
  const { location, cookies } = await visit(back, cookie);
  expect(cookies.some((one) => one.startsWith('paidonce_session='))).toBe(false);
  return location;
}

const as = (cookie: string) => ({ key: null, headers: { cookie, ...asConsole } });

describe('a person', () => {
  it('signs in at the identity provider, and what they do is written down by their name', async () => {
    issuer.says.claims = { ...usual, groups: ['payments-ops', 'payments-admins'] };
    const cookie = await signIn();
    const mine = await server.call('GET', '/v1/session', undefined, as(cookie));
    expect(mine.body).toMatchObject({ name: 'email:ann@example.com', role: 'admin', merchants: null });
    const made = await server.call('POST', '/v1/merchants', { id: 'anns', name: 'Ann' }, as(cookie));
    expect(made.status).toBe(201);
    const actions = await server.call('GET', '/v1/actions?by=email:ann@example.com', undefined, as(cookie));
    expect(actions.body.data).toEqual([expect.objectContaining({ what: 'merchant.add', merchant: 'anns' })]);
    await server.call('DELETE', '/v1/session', undefined, as(cookie));
    expect((await server.call('GET', '/v1/session', undefined, as(cookie))).status).toBe(401);
  });

  it.each([
    ['viewer', { email: 'eve@example.com', email_verified: true }, [403, 403]],
    ['operator', { groups: 'payments-ops' }, [404, 403]],
  ])('may do what the role says: %s', async (role, claims, statuses) => {
    issuer.says.claims = claims;
    const cookie = await signIn();
    expect((await server.call('GET', '/v1/session', undefined, as(cookie))).body.role).toBe(role);
    const calls = [
      server.call('POST', '/v1/deliveries/dlv_none/retry', undefined, as(cookie)),
      server.call('POST', '/v1/keys', { name: 'No', scopes: ['read'] }, as(cookie)),
    ];
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(statuses);
  });

  it('is named by the first claim that can be trusted', async () => {
    const nameFor = async (claims: Record<string, unknown>) => {
      issuer.says.claims = { groups: 'payments-ops', ...claims };
      return (await server.call('GET', '/v1/session', undefined, as(await signIn()))).body.name;
    };
    expect(await nameFor({ email: 'x@example.com', preferred_username: 'ann' })).toBe('preferred_username:ann');
    expect(await nameFor({ preferred_username: 'a\nb' })).toBe('sub:user-1');
    expect(await nameFor({ preferred_username: 'a'.repeat(limits.personCharactersMax) })).toBe('sub:user-1');
  });

  it('is known to an issuer that wants the secret in the body', async () => {
    issuer.says.authentication = 'client_secret_post';
    expect(await signIn()).toMatch(/^paidonce_session=person_/);
  });
});

describe('after signing in', () => {
  const to = (path: string) => landing(`?to=${encodeURIComponent(path)}`);
  it.each([
    '/console/orders/shop/A-1',
    '/console/orders/shop/%E8%AE%A2%E5%8D%95%2F1%5C%252F?from=2026-01-01&q=a+b%2F%2Fc',
    '/console?bucket=day',
  ])('a person is back where they were: %s', async (path) => {
    expect(await to(path)).toBe(path);
  });

  it.each([
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example/console/',
    'https:evil.example',
    'https:/console/',
    'javascript:alert(1)',
    'evil.example/console/',
    'console/orders',
    '@evil.example/console/',
    '',
    '/',
    '/v1/session/oidc',
    '/consoles/orders',
    '/console@evil.example/',
    '/console//evil.example',
    '/console/../..//evil.example',
    '/console/../v1/session/oidc',
    '/console/./orders',
    '/console/%2e%2e/%2E%2e//evil.example',
    '/console/.%2e/v1/session/oidc',
    '/console/\\evil.example',
    '/console/..\\..\\evil.example',
    '/console/orders?to=\\evil',
    '/console/\t/evil.example',
    '/\t/evil.example',
    '/console/a\r\nset-cookie: a=b',
    '/console/\u0000',
    '/console/\u007f',
    '/console/\u0085',
    ' /console/orders',
    '/console/orders ',
    '/console/a b',
    '/console/订单',
    '/console/"<script>',
  ])('nobody is led elsewhere, or to what no browser writes: %j', async (path) => {
    expect(await to(path)).toBe('/console');
  });

  it('an address has its bound, up to which a browser keeps it', async () => {
    const longest = '/console/'.padEnd(limits.consolePathCharactersMax, 'a');
    expect(await to(longest)).toBe(longest);
    expect(await to(`${longest}a`)).toBe('/console');
    const { cookie } = await away(server, `?to=${longest}`);
    // Browsers drop what is over 4096 bytes with its name.
    expect(cookie.length).toBeLessThan(4000);
  });

  it('nobody is led elsewhere by what is encoded twice, not at all, or said twice', async () => {
    expect(await landing('?to=%252F%252Fevil.example')).toBe('/console');
    expect(await landing('?to=//evil.example')).toBe('/console');
    expect(await landing('?to=/console/%5C..%5Cevil.example')).toBe('/console');
    expect(await landing('?to=//evil.example&to=/console/orders')).toBe('/console');
  });

  it('whoever is not let in comes to the sign-in page', async () => {
    issuer.says.claims = { groups: ['everybody'] };
    expect(await landing('?to=/console/orders')).toBe('/console?sign_in=role');
  });
});

describe('what a browser keeps meanwhile', () => {
  it('is out of the reach of scripts, sealed, and gone afterwards', async () => {
    const begun = await visit(`${server.url}/v1/session/oidc`);
    const asked = new URL(begun.location).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({ code_challenge_method: 'S256', response_type: 'code' });
    expect(asked.get('scope')).toBe('openid profile email groups');
    expect(begun.cookies).toEqual([
      expect.stringMatching(/; Path=\/v1\/session\/oidc; Max-Age=600; HttpOnly; SameSite=Lax$/),
    ]);
    expect(begun.cookies[0]).not.toContain(asked.get('state'));
    const { location } = await visit(begun.location);
    const { cookies } = await visit(location, pairOf(begun.cookies, 'paidonce_sign_in'));
    expect(cookies).toEqual([
      expect.stringMatching(/^paidonce_sign_in=; Path=\/v1\/session\/oidc; Max-Age=0;/),
      expect.stringMatching(/^paidonce_session=person_[\w-]{43}; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/),
    ]);
  });

  it('is sent over TLS alone where the server is reached by it, and so is the session', async () => {
    const own = await startTestServer({ config: { oidc: oidc(), publicUrl: 'https://pay.example.com' } });
    onTestFinished(() => own.stop());
    const asHost = async (method: string, path: string) => {
      const headers = { host: 'pay.example.com', authorization: `Bearer ${adminKey}` };
      const sent = request(own.url + path, { method, headers }).end();
      const [answer]: IncomingMessage[] = await once(sent, 'response');
      answer?.resume();
      return answer?.headers ?? {};
    };
    const begun = await asHost('GET', '/v1/session/oidc');
    expect(begun['set-cookie']).toEqual([expect.stringMatching(/; SameSite=Lax; Secure$/)]);
    const redirectUri = new URL(begun.location ?? '').searchParams.get('redirect_uri');
    expect(redirectUri).toBe('https://pay.example.com/v1/session/oidc/return');
    const session = await asHost('POST', '/v1/session');
    expect(session['set-cookie']).toEqual([expect.stringMatching(/; SameSite=Strict; Secure$/)]);
    // Through a tunnel to the machine itself there is no TLS.
    const tunnel = await own.call('POST', '/v1/session');
    expect(tunnel.headers.get('set-cookie')).toMatch(/; SameSite=Strict$/);
  });
});

describe('nobody is let in', () => {
  const lastWhy = () => server.logged.findLast(({ msg }) => msg === 'sign_in.refused')?.why;
  const seconds = Math.floor(Date.now() / 1000);
  it.each([
    ['with the nonce of another sign-in', { nonce: 'other' }, '"nonce"'],
    ['by a token for another client', { aud: 'other' }, '"aud"'],
    ['by a token of another issuer', { iss: 'http://127.0.0.1:1' }, '"iss"'],
    ['by a token that has expired', { exp: seconds - 3600 }, '"exp"'],
    ['by a token without a subject', { sub: undefined }, '"sub"'],
  ])('%s', async (_, claims, why) => {
    issuer.says.claims = { ...usual, ...claims };
    const { back, cookie } = await away();
    expect(await refusalOf(back, cookie)).toBe('/console?sign_in=refused');
    expect(lastWhy()).toContain(why);
  });

  it.each(['none', 'of another key'] as const)('by a signature that does not hold: %s', async (signature) => {
    issuer.says.signature = signature;
    const { back, cookie } = await away();
    expect(await refusalOf(back, cookie)).toBe('/console?sign_in=refused');
  });

  it('whom the identity provider refuses', async () => {
    issuer.says.error = 'access_denied';
    const { back, cookie } = await away();
    expect(await refusalOf(back, cookie)).toBe('/console?sign_in=refused');
    expect(lastWhy()).toContain('access_denied');
  });

  it('with the state of another sign-in, or with a code twice', async () => {
    const [first, second] = [await away(), await away()];
    expect(await refusalOf(first.back, second.cookie)).toBe('/console?sign_in=refused');
    await visit(first.back, first.cookie);
    expect(await refusalOf(first.back, first.cookie)).toBe('/console?sign_in=refused');
  });

  it('with a cookie that was changed, or without it', async () => {
    const { back, cookie } = await away();
    const at = cookie.length - 10;
    const changed = cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1);
    expect(await refusalOf(back, changed)).toBe('/console?sign_in=expired');
    expect(await refusalOf(back, '')).toBe('/console?sign_in=expired');
  });

  it('who comes back too late', async () => {
    let lateMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + lateMs };
    const own = await startTestServer({ config: { oidc: oidc() }, clock });
    onTestFinished(() => own.stop());
    const { back, cookie } = await away(own);
    lateMs = limits.signInAwayMs + 1;
    expect(await refusalOf(back, cookie)).toBe('/console?sign_in=expired');
  });

  it.each([
    ['without a role', { groups: ['everybody'] }],
    ['by an address that is not verified', { email: 'eve@example.com' }],
    ['by an address that is said to be verified in words', { email: 'eve@example.com', email_verified: 'true' }],
  ])('%s', async (_, claims) => {
    issuer.says.claims = claims;
    const { back, cookie } = await away();
    expect(await refusalOf(back, cookie)).toBe('/console?sign_in=role');
  });

  it('where the identity provider has a private address that is not allowed', async () => {
    const own = await startTestServer({ config: { oidc: oidc(), allowTargets: [] } });
    onTestFinished(() => own.stop());
    expect((await visit(`${own.url}/v1/session/oidc`)).location).toBe('/console?sign_in=unreachable');
  });

  it.each([
    ['names another issuer', { issuer: 'https://login.example.com' }, 'issuer'],
    ['is larger than any', { padding: 'x'.repeat(limits.providerAnswerBytesMax) }, 'over'],
  ])('where the description of the identity provider %s', async (_, metadata, why) => {
    issuer.says.metadata = metadata;
    expect((await visit(`${server.url}/v1/session/oidc`)).location).toBe('/console?sign_in=unreachable');
    expect(lastWhy()).toContain(why);
  });

  it('faster than a few times from each address, however the path is written', async () => {
    const own = await startTestServer({ config: { oidc: oidc() } });
    onTestFinished(() => own.stop());
    const paths = ['/v1/session/oidc', '/v1/session/oidc/return', '/v1/sess%69on/oidc'];
    const tries = Array.from({ length: limits.signInBurst + 3 }, (_, index) => paths[index % 3] ?? '');
    const answers = await Promise.all(tries.map((path) => own.call('GET', path, undefined, { key: null })));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(1);
    const more = await Promise.all(paths.map((path) => own.call('GET', path, undefined, { key: null })));
    expect(more.map(({ status }) => status)).toEqual([429, 429, 429]);
    const written = await own.call('POST', '/v1/sess%69on');
    expect(written.status).toBe(429);
  });
});

describe('the session of a person', () => {
  it('ends when roles are given otherwise, or anything else of sign-in changes, or it is turned off', async () => {
    const data = await mkdtemp(join(tmpdir(), 'paidonce-test-'));
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    const statusWith = async (config: OidcConfig | null, cookie: string) => {
      const own = await startTestServer({ config: { data, oidc: config } });
      const { status } = await own.call('GET', '/v1/session', undefined, as(cookie));
      await own.stop();
      return status;
    };
    const first = await startTestServer({ config: { data, oidc: oidc() } });
    const cookie = await signIn(first);
    await first.stop();
    expect(await statusWith({ ...oidc(), clientSecret: 'rotated' }, cookie)).toBe(401);
    expect(await statusWith(oidc([...rules, 'groups:more=viewer']), cookie)).toBe(401);
    expect(await statusWith({ ...oidc(), clientId: 'other' }, cookie)).toBe(401);
    expect(await statusWith(null, cookie)).toBe(401);
    expect(await statusWith(oidc(), cookie)).toBe(200);
  });
});

describe('where no identity provider is configured', () => {
  it('there is no such way in', async () => {
    const own = await startTestServer();
    onTestFinished(() => own.stop());
    for (const path of ['/v1/session/oidc', '/v1/session/oidc/return'])
      expect((await own.call('GET', path, undefined, { key: null })).status).toBe(404);
  });
});
