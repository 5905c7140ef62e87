import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApi } from '../../src/api/app.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { hmac } from '../../src/providers/hmac.ts';
import { wechatpay } from '../../src/providers/wechatpay.ts';
import { Admission, type AdmissionLimits } from '../../src/server/admission.ts';
import { createApiEntrance } from '../../src/server/api-entrance.ts';
import { createCallbackEntrance } from '../../src/server/callback-entrance.ts';
import { type Handle, listen } from '../../src/server/listener.ts';
import { SocketGate } from '../../src/server/socket-gate.ts';
import { testPlatform } from '../../src/testing/testing.ts';
import { adminKey, startTestServer, type TestServer } from '../support/server.ts';

const platforms = { large: testPlatform(hmac), small: testPlatform(wechatpay) };
type Merchant = keyof typeof platforms;

let server: TestServer;
const paths = new Map<Merchant, string>();

beforeAll(async () => {
  server = await startTestServer();
  for (const merchant of ['large', 'small'] as const) {
    await server.call('POST', '/v1/merchants', { id: merchant, name: merchant });
    const made = await server.call('POST', '/v1/accounts', { merchant, ...platforms[merchant].account });
    paths.set(merchant, `/callbacks/${made.body.id}`);
  }
});
afterAll(() => server.stop());

/** Both entrances on the service of a whole server, behind an admission that a test can fill. */
async function opened(most: Partial<AdmissionLimits>) {
  const reading = new SocketGate();
  const options = { clock: systemClock, observe: unobserved };
  const admission = new Admission({ ...options, reading, most: { ...limits, ...most } });
  const callbacks = createCallbackEntrance(server.service, admission);
  const admit = createApiEntrance(admission);
  const api = getRequestListener(createApi(server.service).fetch);
  const begun: string[] = [];
  const handle: Handle = (incoming, outgoing, sayContinue) => {
    begun.push(incoming.url ?? '');
    if (incoming.url?.startsWith('/callbacks/')) return callbacks(incoming, outgoing, sayContinue);
    if (admit(incoming, outgoing, sayContinue)) void api(incoming, outgoing);
  };
  const listener = await listen({ host: '127.0.0.1', port: 0, tls: null, handle, ...options, reading });
  onTestFinished(() => listener.close());
  const fill = (count: number, merchant: string) => Array.from({ length: count }, () => admission.enter(merchant));
  return { port: listener.port, begun, fill };
}

/** A callback of the merchant's platform as bytes: its headers, and its body. */
async function callback(merchant: Merchant, orderNo: string): Promise<{ head: string; body: string }> {
  const signed = { type: 'payment.succeeded', orderNo, amountMinor: 5n, currency: 'CNY', paymentId: orderNo } as const;
  const request = await platforms[merchant].callback(signed);
  const body = await request.text();
  const headers = [...request.headers, ['content-length', String(Buffer.byteLength(body))]];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return { head: `POST ${paths.get(merchant)} HTTP/1.1\r\nhost: a\r\n${lines}\r\n`, body };
}

/** A connection, with the answers that came over it so far. */
async function connected(port: number): Promise<{ socket: Socket; answers(): number[]; text(): string }> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'connect');
  return {
    socket,
    text: () => text,
    answers: () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status)),
  };
}

/** Many turns of the event loop in which sockets are read: what was written before has been read, if anything reads it. */
async function manyTurns(): Promise<void> {
  const other = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  for (let turn = 0; turn < 20; turn += 1) await (await fetch(`http://127.0.0.1:${port}`)).text();
  other.closeAllConnections();
  other.close();
}

describe('an overloaded server', () => {
  it('first leaves sockets unread, those that are open and those that come, and then answers them all', async () => {
    const { port, begun, fill } = await opened({ requestsWaitingMin: 10, readingPausedMs: 60_000 });
    const idle = await connected(port);
    const first = await callback('large', 'unread-1');
    idle.socket.write(first.head + first.body);
    await expect.poll(idle.answers).toEqual([200]);
    const leaves = fill(9, 'large');
    await new Promise((resolve) => setImmediate(resolve));
    const fresh = await connected(port);
    const [second, third] = [await callback('large', 'unread-2'), await callback('small', 'unread-3')];
    idle.socket.write(second.head + second.body);
    fresh.socket.write(third.head + third.body);
    await manyTurns();
    expect(begun).toHaveLength(1);
    for (const leave of leaves) leave();
    await expect.poll(() => [idle.answers(), fresh.answers()]).toEqual([[200, 200], [200]]);
    expect(begun).toHaveLength(3);
  });

  it.each([
    ['hmac', 'large', '{"status":"error"'],
    ['wechatpay', 'small', '"code":"FAIL"'],
  ] as const)(
    'then refuses by headers alone, in the words of %s, and keeps the connection',
    async (_, merchant, words) => {
      const { port, fill } = await opened({ requestsWaitingMin: 3, readingPausedMs: 1 });
      const leaves = fill(3, merchant);
      const { socket, answers, text } = await connected(port);
      const { head, body } = await callback(merchant, `refused-${merchant}`);
      socket.write(head);
      await expect.poll(answers).toEqual([503]);
      await expect.poll(text).toContain(words);
      for (const leave of leaves) leave();
      socket.write(body + head + body);
      await expect.poll(answers).toEqual([503, wantedStatus(merchant)]);
    },
  );

  it('refuses the merchant that has most waiting, and serves the others', async () => {
    const { port, fill } = await opened({ requestsWaitingMin: 10, readingPausedMs: 1 });
    fill(10, 'large');
    const { socket, answers } = await connected(port);
    const [large, small] = [await callback('large', 'share-1'), await callback('small', 'share-2')];
    for (let turn = 0; turn < 3; turn += 1) socket.write(large.head + large.body + small.head + small.body);
    await expect.poll(answers).toHaveLength(6);
    expect(answers().filter((_, index) => index % 2 === 0)).toEqual([503, 503, 503]);
    expect(answers().filter((_, index) => index % 2 === 1)).toEqual(Array(3).fill(wantedStatus('small')));
  });

  it('refuses calls that write, before their body, with a problem and retry-after; reads and other callers go on', async () => {
    const { port, fill } = await opened({ requestsWaitingMin: 2, readingPausedMs: 1 });
    const leaves = fill(2, `Bearer ${adminKey}`);
    const { socket, answers, text } = await connected(port);
    const body = JSON.stringify({ merchant: 'large', type: 'payment.succeeded', order_no: 'api-1' });
    const rest = { amount_minor: 5, currency: 'CNY' };
    const whole = JSON.stringify({ ...JSON.parse(body), ...rest });
    const head = `POST /v1/notifications HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${adminKey}\r\ncontent-type: application/json\r\ncontent-length: ${whole.length}\r\n\r\n`;
    socket.write(head);
    await expect.poll(answers).toEqual([503]);
    expect(text()).toMatch(/content-type: application\/problem\+json[\s\S]*retry-after: 1\r\n/);
    await expect.poll(text).toContain('"code":"store.overloaded"');
    socket.write(`${whole}GET /v1/merchants HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${adminKey}\r\n\r\n`);
    await expect.poll(answers).toEqual([503, 200]);
    const other = await connected(port);
    other.socket.write(head.replace(adminKey, 'another') + whole);
    await expect.poll(other.answers).toEqual([401]);
    for (const leave of leaves) leave();
    socket.write(head + whole);
    await expect.poll(answers).toEqual([503, 200, 202]);
  });
});

/** wechatpay confirms with 204 or 200, hmac with 200. */
function wantedStatus(merchant: Merchant): unknown {
  return merchant === 'large' ? 200 : expect.toBeOneOf([200, 204]);
}
