import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startServe } from '../../src/server/main.ts';
import { expected, paid, platforms } from '../library/open-shop.ts';
import { watch } from '../support/watching.ts';
import { adminKey, ask, call, masterKeyText, type Serving, serving, until } from './serving.ts';

const hmac = platforms.hmac ?? expect.unreachable();

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-processes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A server with two processes that take requests, a merchant and an account. Gives the callback URL. */
async function twoWithShop(): Promise<{ server: Serving; callbackUrl: string }> {
  const server = await serving(await emptyFolder(), ['--processes', '2']);
  await call(server, 'POST', '/v1/merchants', { id: 'shop', name: 'The shop' });
  const account = await call(server, 'POST', '/v1/accounts', {
    merchant: 'shop',
    name: 'hmac',
    ...hmac.account,
    without_order: 'accept',
  });
  return { server, callbackUrl: String(account.callback_url) };
}

async function callbackFor(orderNo: string) {
  const request = await hmac.callback(paid(orderNo));
  return { method: request.method, headers: Object.fromEntries(request.headers), body: await request.text() };
}

async function announced(server: Serving, orderNo: string): Promise<void> {
  const body = { merchant: 'shop', amount_minor: Number(expected.amountMinor), currency: expected.currency };
  await call(server, 'PUT', `/v1/orders/${orderNo}`, body);
}

const orderOf = (server: Serving, orderNo: string) => call(server, 'GET', `/v1/orders/${orderNo}?merchant=shop`);

describe('several processes', () => {
  it('tell every viewer the same, whichever of them it watches at', async () => {
    const { server } = await twoWithShop();
    const viewers = await Promise.all(
      Array.from({ length: 6 }, () => watch(server.url, '?types=notification', { key: adminKey })),
    );
    const orders = Array.from({ length: 10 }, (_, index) => `O-${index}`);
    const published = { merchant: 'shop', type: 'payment.succeeded', amount_minor: 1, currency: 'CNY' };
    for (const orderNo of orders) await call(server, 'POST', '/v1/notifications', { ...published, order_no: orderNo });
    await Promise.all(viewers.map((viewer) => viewer.told(orders.length)));
    expect(viewers.map((viewer) => viewer.orders())).toEqual(viewers.map(() => orders));
  });

  it('take an order’s callbacks side by side, and it is paid once', async () => {
    const { server, callbackUrl } = await twoWithShop();
    await announced(server, 'ORDER-1');
    const callback = await callbackFor('ORDER-1');
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(callbackUrl, callback)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await orderOf(server, 'ORDER-1')).toMatchObject({
      status: 'paid',
      captured_minor: Number(expected.amountMinor),
    });
    await untilBothAnswered(server);
    const { text } = await ask(`${server.url}/metrics`);
    expect(text).toContain('paidonce_callbacks_total{provider="hmac",verdict="verified"} 1\n');
    expect(text).toContain('paidonce_callbacks_total{provider="hmac",verdict="duplicate"} 19\n');
    expect(text).toContain('paidonce_http_request_duration_seconds_count{entrance="callbacks",status="200"} 20\n');
    expect(text).toContain('paidonce_deliveries{state="dead"} 0\n');
  });

  it('lose nothing acknowledged when one of them is killed under load, and it is replaced', async () => {
    const { server, callbackUrl } = await twoWithShop();
    const [first] = await twoChildren(server);
    const acknowledged: string[] = [];
    let failed = 0;
    let next = 0;
    let isOver = false;
    const sendOn = async () => {
      while (!isOver) {
        const orderNo = `ORDER-${next++}`;
        await ask(callbackUrl, await callbackFor(orderNo)).then(
          ({ status }) => status === 200 && acknowledged.push(orderNo),
          () => (failed += 1),
        );
      }
    };
    const senders = Array.from({ length: 8 }, sendOn);
    await until('there is load', async () => acknowledged.length > 100);
    const before = await ask(`${server.url}/metrics`);
    process.kill(first, 'SIGKILL');
    await until('it is replaced', async () => server.logged.some(({ msg }) => msg === 'process.replaced'));
    const replacedAt = acknowledged.length;
    await until('the load goes on', async () => acknowledged.length > replacedAt + 100);
    isOver = true;
    await Promise.all(senders);
    expect(failed).toBeLessThan(acknowledged.length);
    expect(server.logged).toContainEqual(
      expect.objectContaining({ msg: 'process.ended', pid: first, ended: 'SIGKILL' }),
    );
    await until('the new one has told', async () => server.children().length === 3);
    const kept = await orderNumbers(server);
    expect(acknowledged.filter((orderNo) => !kept.has(orderNo))).toEqual([]);
    const after = await ask(`${server.url}/metrics`);
    expect(verifiedIn(after.text)).toBeGreaterThan(verifiedIn(before.text) + 100);
    expect(after.text).toContain('paidonce_signals_total{name="process.ended",level="error"} 1\n');
  });

  it('end when the one with the store is killed', async () => {
    const { server } = await twoWithShop();
    server.process.kill('SIGKILL');
    await server.ended;
    await expect(ask(`${server.url}/healthz`)).rejects.toThrow('ECONNREFUSED');
  });

  it('answer what they have begun when all are told to stop, and end with 0', async () => {
    const { server, callbackUrl } = await twoWithShop();
    await announced(server, 'LAST-1');
    const { method, headers, body } = await callbackFor('LAST-1');
    const { pathname, port } = new URL(callbackUrl);
    const socket = connect(Number(port), '127.0.0.1');
    const lines = Object.entries({
      host: 'here',
      ...headers,
      'content-length': String(body.length),
      expect: '100-continue',
    });
    socket.write(
      `${method} ${pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    const [sayContinue] = await once(socket, 'data');
    expect(String(sayContinue)).toMatch(/^HTTP\/1\.1 100 /);
    // As a service manager does it: everybody is signalled.
    for (const pid of await twoChildren(server)) process.kill(pid, 'SIGTERM');
    server.process.kill('SIGTERM');
    await until('it stops', async () => server.logged.some(({ msg }) => msg === 'server.stopping'));
    socket.write(body);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await server.ended).toBe(0);
    expect(server.logged.filter(({ msg }) => msg === 'server.stopped')).toHaveLength(3);
    expect(server.logged.filter(({ msg }) => msg === 'process.ended')).toEqual([]);
  });

  it('print the admin key once, and all know it', async () => {
    const folder = await emptyFolder();
    const first = await serving(folder, ['--processes', '2'], { PAIDONCE_ADMIN_KEY: '' });
    const { admin_key: key } = first.listening;
    expect(key).toMatch(/^admin_/);
    const asAdmin = { headers: { authorization: `Bearer ${key}` } };
    const statuses = async ({ url }: Serving) =>
      (await Promise.all(Array.from({ length: 16 }, () => ask(`${url}/v1/merchants`, asAdmin)))).map(
        ({ status }) => status,
      );
    expect(new Set(await statuses(first))).toEqual(new Set([200]));
    first.process.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    const second = await serving(folder, [], { PAIDONCE_ADMIN_KEY: '', PAIDONCE_PROCESSES: '2' });
    expect(second.listening).not.toHaveProperty('admin_key');
    expect(new Set(await statuses(second))).toEqual(new Set([200]));
  });

  it('all take a changed certificate', async () => {
    const folder = await emptyFolder();
    const install = async (name: string) => {
      for (const kind of ['cert', 'key']) {
        const from = fileURLToPath(new URL(`./fixtures/${name}.${kind}.pem`, import.meta.url));
        await copyFile(from, join(folder, `${kind}.pem`));
      }
    };
    await install('first');
    const files = { PAIDONCE_TLS_CERT: join(folder, 'cert.pem'), PAIDONCE_TLS_KEY: join(folder, 'key.pem') };
    const server = await serving(join(folder, 'data'), ['--processes', '2'], files);
    const names = async () => new Set(await Promise.all(Array.from({ length: 16 }, () => certificateName(server))));
    const before = await names();
    expect(before.size).toBe(1);
    await install('second');
    await until('both present it', async () => {
      const now = await names();
      return now.size === 1 && ![...now].some((one) => before.has(one));
    });
    await until(
      'both have said so',
      async () => server.logged.filter(({ msg }) => msg === 'tls.reloaded').length === 2,
    );
  });

  it('are refused where the role is to take no requests', async () => {
    const environment = { PAIDONCE_MASTER_KEY: masterKeyText, PAIDONCE_PROCESSES: '2' };
    await expect(startServe({ role: 'worker', sources: { environment } })).rejects.toMatchObject({
      code: 'config.invalid',
      detail: expect.stringContaining('--processes'),
    });
  });

  it('say what is wrong before anything is opened', async () => {
    const folder = await emptyFolder();
    const { server } = await twoWithShop();
    const environment = {
      PAIDONCE_MASTER_KEY: masterKeyText,
      PAIDONCE_PROCESSES: '2',
      PAIDONCE_DATA: join(folder, 'data'),
    };
    const taken = startServe({ sources: { environment }, override: { port: Number(new URL(server.url).port) } });
    await expect(taken).rejects.toMatchObject({ code: 'config.invalid', detail: expect.stringContaining('listen') });
  });
});

/** Whichever is free takes a connection: with some at once, both do. */
async function untilBothAnswered(server: Serving): Promise<void> {
  const nodes = new Set<unknown>();
  await until('both have answered', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(`${server.url}/readyz`)));
    for (const { text } of answers) nodes.add(JSON.parse(text).node);
    return nodes.size === 2;
  });
}

/** They say their numbers in the log, a little later than they listen. */
async function twoChildren(server: Serving): Promise<[number, number]> {
  return until('both have told', async () => {
    const [first, second] = server.children();
    return first !== undefined && second !== undefined && [first, second];
  });
}

async function orderNumbers(server: Serving): Promise<Set<unknown>> {
  const found = new Set<unknown>();
  let cursor: unknown = null;
  do {
    const page = await call(server, 'GET', `/v1/orders?limit=200${cursor === null ? '' : `&cursor=${cursor}`}`);
    for (const { order_no: orderNo } of page.data as Record<string, unknown>[]) found.add(orderNo);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found;
}

function verifiedIn(metrics: string): number {
  return Number(/paidonce_callbacks_total\{provider="hmac",verdict="verified"\} (\d+)/.exec(metrics)?.[1]);
}

async function certificateName({ url }: Serving): Promise<string> {
  const socket = connectTls({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate: PeerCertificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate.fingerprint256;
}
