import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { Admission } from '../../src/server/admission.ts';
import { createCallbackEntrance, type EntranceLimits } from '../../src/server/callback-entrance.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const secret = 'kF93jd8s7fh2Ks9dj3hf8S7d';

let server: TestServer;
let account: string;
let path: string;

beforeAll(async () => {
  server = await startTestServer();
  await server.call('POST', '/v1/merchants', { id: 'shop', name: 'The shop' });
  const added = await server.call('POST', '/v1/accounts', {
    merchant: 'shop',
    provider: 'hmac',
    credentials: { api_key: 'shop-1', api_secrets: [secret] },
  });
  account = String(added.body.id);
  path = `/callbacks/${account}`;
});
afterAll(() => server.stop());

const sign = (body: string) => `HMAC shop-1:${createHmac('sha256', secret).update(body).digest('hex')}`;
const head = (line: string, ...headers: string[]) => [line, 'host: x', ...headers, '', ''].join('\r\n');
const paid = (order: string) =>
  JSON.stringify({ order_id: order, status: 'success', amount_minor: 5, currency: 'CNY', payment_id: `p-${order}` });

/** Writes bytes as they are, and gives all that came back until the server, or this test, closes. */
async function exchange(
  parts: readonly (string | Buffer)[],
  until: (text: string) => boolean = () => false,
  url = server.url,
): Promise<string> {
  const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  const closed = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until(text)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
  for (const part of parts) socket.write(part);
  await closed;
  return text;
}

const whole = (text: string) => /\r\n\r\n[\s\S]+/.test(text);

async function callbacks(): Promise<Record<string, unknown>[]> {
  const { body } = await server.call('GET', '/v1/callbacks?limit=200');
  return Array.isArray(body.data) ? body.data : [];
}

async function funnelTotals(): Promise<unknown> {
  return (await server.call('GET', '/v1/funnel?side=receiving')).body.totals;
}

describe('a callback URL', () => {
  it('keeps header pairs and bytes exactly as they came', async () => {
    const body = `  ${paid('C-1')}\n`;
    const request = head(
      `POST ${path}?a=%20b HTTP/1.1`,
      `Authorization: ${sign(body)}`,
      'X-Twice: 1',
      'x-twice: 2',
      `Content-Length: ${body.length}`,
    );
    expect(await exchange([request, body], whole)).toMatch(/^HTTP\/1\.1 200 [\s\S]+\{"status":"ok"\}$/);
    const [row] = await callbacks();
    const kept = await server.call('GET', `/v1/callbacks/${row?.id}`);
    expect(kept.body).toMatchObject({
      verdict: 'parked',
      target: `${path}?a=%20b`,
      body: Buffer.from(body).toString('base64'),
    });
    expect(kept.body.headers).toEqual([
      ['host', 'x'],
      ['Authorization', sign(body)],
      ['X-Twice', '1'],
      ['x-twice', '2'],
      ['Content-Length', String(body.length)],
    ]);
  });

  it('takes a body in chunks, and one that waits for 100 Continue', async () => {
    const body = paid('C-2');
    const chunked = head(`POST ${path} HTTP/1.1`, `authorization: ${sign(body)}`, 'transfer-encoding: chunked');
    const chunks = [
      `5\r\n${body.slice(0, 5)}\r\n`,
      `${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`,
    ];
    expect(await exchange([chunked, ...chunks], whole)).toMatch(/^HTTP\/1\.1 200 /);
    const waiting = head(
      `POST ${path} HTTP/1.1`,
      `authorization: ${sign(body)}`,
      'expect: 100-continue',
      `content-length: ${body.length}`,
    );
    expect(await exchange([waiting], (text) => text.includes('100 Continue'))).toContain('100 Continue');
  });

  it('counts the last step when the answer was written', async () => {
    await expect.poll(funnelTotals).toMatchObject({ p_c: 1 });
  });

  it.each([
    ['an unknown account', () => `/callbacks/acc_${'0'.repeat(38)}`],
    ['a text that is no id', () => '/callbacks/..%2f..%2fetc'],
    ['no account', () => '/callbacks/'],
    ['more path', () => `${path}/more`],
  ])('answers 404 without a hint, and without reading the body, for %s', async (_, target) => {
    const request = head(`POST ${target()} HTTP/1.1`, 'content-length: 1000000');
    const answer = await exchange([request]);
    expect(answer).toMatch(/^HTTP\/1\.1 404 [\s\S]+\r\n\r\nnot found\n$/);
    expect(answer).not.toContain('allow');
  });

  it('answers 405 with the methods that the provider uses', async () => {
    expect(await exchange([head(`DELETE ${path} HTTP/1.1`)])).toMatch(/^HTTP\/1\.1 405 [\s\S]*allow: POST, GET/i);
  });

  it('answers a body over the limit early, in plain form, however its length is told', async () => {
    const announced = head(`POST ${path} HTTP/1.1`, `content-length: ${limits.callbackBytesMax + 1}`);
    expect(await exchange([announced])).toMatch(/^HTTP\/1\.1 413 [\s\S]+larger than 1048576 bytes/);
    const chunked = head(`POST ${path} HTTP/1.1`, 'transfer-encoding: chunked');
    const chunk = Buffer.alloc(limits.callbackBytesMax + 1, 'x');
    expect(await exchange([chunked, `${chunk.length.toString(16)}\r\n`, chunk, '\r\n'])).toMatch(/^HTTP\/1\.1 413 /);
    await expect
      .poll(async () => (await callbacks()).filter(({ code }) => code === 'request.too_large').length)
      .toBe(2);
  });

  it('takes a body of exactly the limit', async () => {
    const body = Buffer.alloc(limits.callbackBytesMax, ' ').toString();
    const request = head(`POST ${path} HTTP/1.1`, `authorization: ${sign(body)}`, `content-length: ${body.length}`);
    expect(await exchange([request, body], whole)).not.toMatch(/^HTTP\/1\.1 413/);
  });

  it('records a body that ended early as one that was not sent', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`${head(`POST ${path} HTTP/1.1`, 'content-length: 1000')}half`, () => socket.destroy());
    await expect
      .poll(
        async () =>
          (await callbacks()).filter(({ code, step }) => code === 'request.incomplete' && step === 'total').length,
      )
      .toBe(1);
  });

  it('refuses what is not signed in the provider’s form, and keeps it in quarantine', async () => {
    const answer = await fetch(server.url + path, {
      method: 'POST',
      body: paid('C-3'),
      headers: { authorization: 'HMAC shop-1:00' },
    });
    expect(answer.status).toBe(401);
    await answer.text();
    expect((await callbacks()).some(({ verdict }) => verdict === 'quarantined')).toBe(true);
  });

  it.each([
    [
      'headers over the limit',
      head(`POST /callbacks/x HTTP/1.1`, `x-large: ${'x'.repeat(limits.headerBytesMax)}`),
      431,
    ],
    ['a line that is no request', 'HELLO\r\n\r\n', 400],
    ['two lengths that contradict', head('POST /callbacks/x HTTP/1.1', 'content-length: 1', 'content-length: 2'), 400],
    [
      'a length and chunks at once',
      head('POST /callbacks/x HTTP/1.1', 'content-length: 1', 'transfer-encoding: chunked'),
      400,
    ],
    ['no host', 'POST /callbacks/x HTTP/1.1\r\n\r\n', 400],
  ])('closes on %s', async (_, request, status) => {
    expect(await exchange([request])).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});

describe('the limits of the entrance', () => {
  /** The entrance alone, on the same service, with limits that a test can meet. */
  async function entrance(smaller: Partial<EntranceLimits>): Promise<string> {
    const reading = { pause() {}, resume() {} };
    const admission = new Admission({ clock: systemClock, observe: unobserved, reading });
    const enter = createCallbackEntrance(server.service, admission, { ...limits, ...smaller });
    const alone = createServer((incoming, outgoing) => enter(incoming, outgoing, false));
    await new Promise<void>((resolve) => alone.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      alone.closeAllConnections();
      alone.close();
    });
    const address = alone.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  it('end a body that comes too slowly', async () => {
    const url = await entrance({ bodyReadMs: 50 });
    const before = (await callbacks()).filter(({ code }) => code === 'request.incomplete').length;
    const slow = head(`POST ${path} HTTP/1.1`, 'content-length: 10');
    expect(await exchange([slow, 'ab'], () => false, url)).toMatch(/^HTTP\/1\.1 408 /);
    await expect
      .poll(async () => (await callbacks()).filter(({ code }) => code === 'request.incomplete').length)
      .toBe(before + 1);
  });

  it.each([
    ['callbacks', { callbacksInFlight: 1 }],
    ['bytes', { callbacksInFlightBytes: 3 }],
  ])('refuse, past so many %s, with the provider’s try-later and without reading', async (_, smaller) => {
    const url = await entrance(smaller);
    const waiting = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void waiting.destroy());
    waiting.write(`${head(`POST ${path} HTTP/1.1`, 'content-length: 10')}abcd`);
    const refused = async () => {
      const answer = await fetch(url + path, {
        method: 'POST',
        body: paid('C-5'),
        headers: { authorization: sign(paid('C-5')) },
      });
      return [answer.status, await answer.text()];
    };
    await expect.poll(refused).toEqual([503, expect.stringContaining('"status":"error"')]);
  });
});

describe('a confirmation of what was sent', () => {
  const ask = async (query: string, authorization?: string) =>
    (await fetch(`${server.url}${path}${query}`, { headers: authorization === undefined ? {} : { authorization } }))
      .status;

  it('is 200 for a header that a verified callback bore, or that signs the body in the query', async () => {
    const body = paid('C-4');
    expect(await ask('', sign(body))).toBe(401);
    expect(await ask(`?body=${encodeURIComponent(body)}`, sign(body))).toBe(200);
    await fetch(server.url + path, { method: 'POST', body, headers: { authorization: sign(body) } });
    expect(await ask('', sign(body))).toBe(200);
  });

  it('is 401 for anything else, and changes nothing', async () => {
    const before = (await callbacks()).length;
    expect(await ask('')).toBe(401);
    expect(await ask('', 'HMAC shop-1:00ff')).toBe(401);
    expect(await ask('?body=x', sign('y'))).toBe(401);
    expect(await ask('', sign(paid('C-never')))).toBe(401);
    expect(await callbacks()).toHaveLength(before);
  });

  it('is limited in its rate', async () => {
    const statuses = await Promise.all(Array.from({ length: limits.confirmationsBurst + 30 }, () => ask('')));
    expect(statuses).toContain(429);
  });
});

describe('the challenge of a platform', () => {
  it('is answered over HTTP, and nothing of it is kept', async () => {
    const added = await server.call('POST', '/v1/accounts', {
      merchant: 'shop',
      provider: 'braintree',
      credentials: { api_keys: { integration_public_key: 'integration_private_key' } },
    });
    const before = (await callbacks()).length;
    const url = `${server.url}/callbacks/${added.body.id}?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53`;
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([
      200,
      'integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4',
    ]);
    expect(await callbacks()).toHaveLength(before);
  });
});
