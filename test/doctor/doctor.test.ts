import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attacks } from '../../src/doctor/attacks.ts';
import { type DoctorOptions, examine, type Report } from '../../src/doctor/doctor.ts';
import { requireOwnership, tokenFor, tokenPath } from '../../src/doctor/ownership.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { randomBytesOf } from '../../src/domain/ids.ts';
import { createHttp } from '../../src/outbound/http-client.ts';
import { providers } from '../../src/providers/index.ts';
import { certificate, httpServer, httpsServer } from '../outbound/servers.ts';
import { sidesOf } from '../providers/support.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const names = attacks.map(({ name }) => name);
/** What drips takes as long as it is watched. */
const quick = names.filter((name) => name !== 'slow_body');
const ownerKey = Buffer.alloc(32, 7);

async function examined(url: string, name: string, changes: Partial<DoctorOptions> = {}): Promise<Report> {
  const { provider, credentials } = sidesOf(name, extras[name]);
  return examine({
    url,
    provider,
    credentials: credentials.endpoint,
    control: true,
    only: quick,
    timeoutMs: 5000,
    allow: [],
    ownerKey: () => ownerKey,
    signal: new AbortController().signal,
    onProgress: () => {},
    clock: systemClock,
    random: randomBytesOf,
    ...changes,
  });
}

const extras: Readonly<Record<string, { account: object; endpoint: object }>> = {
  hmac: { account: { replay_window_s: 300 }, endpoint: { replay_window_s: 300 } },
};
const verdicts = ({ findings }: Report) => Object.fromEntries(findings.map(({ attack, verdict }) => [attack, verdict]));
const accepted = ({ findings }: Report) =>
  findings.filter(({ verdict }) => verdict === 'accepted').map((one) => one.attack);

describe('against a server of ours', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await server.call('POST', '/v1/merchants', { id: 'shop', name: 'Shop' });
  });
  afterAll(() => server.stop());

  async function urlOf(name: string): Promise<string> {
    const credentials = { ...sidesOf(name, extras[name]).credentials.account };
    const made = await server.call('POST', '/v1/accounts', { merchant: 'shop', provider: name, credentials });
    expect(made.status).toBe(201);
    return String(made.body.callback_url);
  }

  it.each(providers.map(({ name }) => name))('nothing is accepted that should not be: %s', async (name) => {
    const report = await examined(await urlOf(name), name);
    expect(report.control).toMatchObject({ accepted: true });
    expect(new Set(Object.values(verdicts(report)))).toEqual(new Set(['safe']));
    expect([...report.findings, ...report.unchecked]).toHaveLength(quick.length);
    expect(verdicts(report)).toMatchObject({
      unsigned: 'safe',
      wrong_key: 'safe',
      // Nothing signs a body of Xendit: what it says is read back in place of being refused.
      ...(name === 'xendit' ? {} : { changed_amount: 'safe' }),
      replayed: 'safe',
    });
  });

  it.each([
    ['hmac', ['downgraded_algorithm', 'duplicated_header', 're_serialised', 'stale']],
    ['standard', ['downgraded_algorithm', 'duplicated_header', 're_serialised', 'stale']],
    ['stripe', ['downgraded_algorithm', 'duplicated_header', 're_serialised', 'stale']],
    ['wechatpay', ['downgraded_algorithm', 'duplicated_header', 're_serialised', 'stale']],
    ['alipay', ['downgraded_algorithm']],
    ['adyen', []],
    ['paystack', ['duplicated_header', 're_serialised']],
  ])('what a format can have is tried: %s', async (name, some) => {
    const only = ['downgraded_algorithm', 'duplicated_header', 're_serialised', 'stale'];
    const report = await examined(await urlOf(name), name, { only });
    expect(report.findings.map(({ attack }) => attack).sort()).toEqual(some);
    expect(report.unchecked.map(({ attack }) => attack).sort()).toEqual(
      only.filter((one) => !some.includes(one)).sort(),
    );
  });

  it('says that it still waits for a body that drips, and moves no money', async () => {
    const report = await examined(await urlOf('hmac'), 'hmac', { only: ['slow_body'], timeoutMs: 700 });
    expect(report.findings).toMatchObject([{ verdict: 'unclear', why: expect.stringContaining('waited') }]);
    expect((await server.call('GET', '/v1/discrepancies')).body.data).toEqual([]);
  });

  it('without credentials only what can be forged is tried, and the rest is said', async () => {
    const report = await examined(await urlOf('stripe'), 'stripe', { credentials: null });
    expect(report.control).toBeNull();
    expect(verdicts(report)).toEqual(
      Object.fromEntries(
        ['unsigned', 'wrong_account', 'downgraded_algorithm', 'xxe', 'huge_body'].map((name) => [name, 'safe']),
      ),
    );
    expect(report.unchecked.find(({ attack }) => attack === 'wrong_key')?.why).toContain('--credentials');
  });

  it('sends nothing genuine where that is forbidden', async () => {
    const report = await examined(await urlOf('hmac'), 'hmac', { control: false });
    expect(report.control).toBeNull();
    expect(report.unchecked).toContainEqual({ attack: 'replayed', why: expect.stringContaining('--no-control') });
  });

  it('says that the genuine one was refused, by which refusals prove nothing', async () => {
    const credentials = { webhook_secrets: ['whsec_0123456789abcdefghijklmn'] };
    const report = await examined(await urlOf('stripe'), 'stripe', { credentials, only: ['unsigned'] });
    expect(report.control).toEqual({ accepted: false, why: 'HTTP 401; wanted any 2xx' });
  });
});

/** A receiver of `hmac` (without a replay window unless it checks one), as somebody might have written it. */
async function weak(accepts: (incoming: IncomingMessage, body: string) => boolean | string): Promise<string> {
  const { url } = await httpServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const answer = accepts(incoming, Buffer.concat(chunks).toString());
    outgoing.writeHead(answer === false ? 401 : 200).end(String(answer));
  });
  return `${url}/callback`;
}

const { credentials } = sidesOf('hmac');
const signs = (body: string, authorization: string | undefined) => {
  const digest = createHmac('sha256', String(Object(credentials.endpoint.api_secrets)[0]))
    .update(body)
    .digest('hex');
  return authorization === `HMAC ${credentials.endpoint.api_key}:${digest}`;
};
const plain = { credentials: credentials.endpoint };
const stamped = ({ headers }: IncomingMessage, body: string) =>
  `${headers['x-timestamp']}\n${headers['x-nonce']}\n${body}`;

describe('a weak receiver is found out', () => {
  it('that accepts everything', async () => {
    const report = await examined(await weak(() => true), 'hmac', plain);
    expect(report.control?.accepted).toBe(true);
    expect(accepted(report)).toEqual(quick.filter((name) => name !== 'stale' && name !== 'replayed'));
  });

  it('that only looks whether there is a signature', async () => {
    const report = await examined(await weak(({ headers }) => headers.authorization !== undefined), 'hmac', plain);
    expect(accepted(report)).toEqual(
      expect.arrayContaining(['wrong_key', 'wrong_account', 'other_order', 'changed_amount']),
    );
    expect(accepted(report)).not.toContain('unsigned');
  });

  it('that verifies JSON which it has written anew', async () => {
    const receiver = weak((incoming, body) => {
      try {
        return signs(JSON.stringify(JSON.parse(body)), incoming.headers.authorization);
      } catch {
        return false;
      }
    });
    // Node takes the first of two headers `authorization` by itself.
    const only = quick.filter((name) => !name.startsWith('duplicated'));
    expect(accepted(await examined(await receiver, 'hmac', { ...plain, only }))).toEqual(['re_serialised']);
  });

  it('that does not look at the time', async () => {
    const receiver = weak((incoming, body) => signs(stamped(incoming, body), incoming.headers.authorization));
    expect(accepted(await examined(await receiver, 'hmac'))).toContain('stale');
  });

  it.each([
    ['first', 'duplicated_header', 0],
    ['last', 'duplicated_header_last', -1],
  ])('that takes the %s of two headers', async (_, attack, at) => {
    const receiver = weak((incoming, body) => signs(body, incoming.headersDistinct.authorization?.at(at)));
    expect(accepted(await examined(await receiver, 'hmac', plain))).toEqual([attack]);
  });

  it('that lets the sender choose the scheme', async () => {
    const receiver = weak(
      ({ headers }, body) => /^MD5 /.test(headers.authorization ?? '') || signs(body, headers.authorization),
    );
    const only = quick.filter((name) => !name.startsWith('duplicated'));
    expect(accepted(await examined(await receiver, 'hmac', { ...plain, only }))).toEqual(['downgraded_algorithm']);
  });

  it('that follows the entities of XML', async () => {
    const receiver = weak((incoming, body) =>
      body.includes('<!ENTITY') ? 'root:x:0:0:root' : signs(body, incoming.headers.authorization),
    );
    const report = await examined(await receiver, 'hmac', { ...plain, only: ['xxe', 'unsigned'] });
    expect(report.findings).toMatchObject([
      { verdict: 'safe' },
      { verdict: 'accepted', why: 'the answer shows the file' },
    ]);
  });

  it('that answers before it has the body', async () => {
    const { url } = await httpServer((_, outgoing) => void outgoing.end('ok'));
    const report = await examined(url, 'hmac', { ...plain, only: ['slow_body', 'huge_body'] });
    expect(accepted(report)).toEqual(['huge_body', 'slow_body']);
  });

  it('as unclear, that fails on hostile input, redirects or does not answer', async () => {
    const { url: failing } = await httpServer((_, outgoing) => void outgoing.writeHead(500).end());
    const { url: redirecting } = await httpServer(
      (_, outgoing) => void outgoing.writeHead(302, { location: '/' }).end(),
    );
    const { url: silent } = await httpServer(() => {});
    for (const url of [failing, redirecting, silent]) {
      const report = await examined(url, 'hmac', { ...plain, only: ['unsigned'], timeoutMs: 200 });
      expect(verdicts(report)).toEqual({ unsigned: 'unclear' });
      expect(report.control?.accepted).toBe(false);
    }
  });
});

describe('whose host it is', () => {
  it('must be proved for any other than this machine, before anything is sent', async () => {
    await expect(examined('https://192.0.2.1/callback', 'hmac', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'doctor.not_owner',
    });
    await expect(examined('http://10.0.0.1/callback', 'hmac')).rejects.toMatchObject({ code: 'doctor.not_owner' });
    await expect(examined('nowhere', 'hmac')).rejects.toMatchObject({ code: 'endpoint.url' });
  });

  it('is proved by a file with the token of this host and this key', async () => {
    const served: { text: string } = { text: '' };
    const asked: (string | undefined)[] = [];
    const { url } = await httpsServer((incoming, outgoing) => {
      asked.push(incoming.url);
      outgoing.end(served.text);
    });
    const http = createHttp({ allow: ['127.0.0.0/8'], ca: certificate('loopback').cert });
    const target = new URL(`${url}/callback`);
    const token = tokenFor(target, ownerKey);
    const prove = () => requireOwnership(target, token, { http, signal: new AbortController().signal });
    await expect(prove()).rejects.toThrow(token);
    served.text = tokenFor(target, Buffer.alloc(32, 8));
    await expect(prove()).rejects.toThrow('must contain');
    served.text = `other\n${token}\n`;
    await prove();
    expect(new Set(asked)).toEqual(new Set([tokenPath]));
    await http.close();
  });
});

it('knows its attacks by name', async () => {
  await expect(examined('http://127.0.0.1:1/', 'hmac', { only: ['all'] })).rejects.toMatchObject({
    code: 'doctor.unknown_attack',
  });
  expect(new Set(names).size).toBe(names.length);
});
