import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import { providerByName } from '../../src/providers/index.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { eventually } from '../support/eventually.ts';
import { type DevServer, type Running, run, start, startServerForTest } from './harness.ts';

interface Arrived {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
  pairs: readonly (readonly [string, string])[];
  body: Buffer;
}

let server: DevServer;
beforeAll(async () => {
  server = await startServerForTest();
  await call('POST', '/v1/merchants', { id: 'shop', name: 'Shop' });
  await call('POST', '/v1/merchants', { id: 'other', name: 'Other' });
});
afterAll(() => server.stop());

async function call(method: string, path: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(server.running.url + path, {
    method,
    headers: { authorization: `Bearer ${server.running.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBeLessThan(300);
  return Object(await response.json());
}

const publish = (orderNo: string, change: object = {}) =>
  call('POST', '/v1/notifications', {
    merchant: 'shop',
    type: 'payment.succeeded',
    order_no: orderNo,
    amount_minor: '9007199254740993',
    currency: 'CNY',
    data: { big: 1 },
    ...change,
  });

/** What a developer's own code is here: it keeps what comes and answers it. */
async function sink(status = 200): Promise<{ url: string; arrived: readonly Arrived[] }> {
  const arrived: Arrived[] = [];
  const listening = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray());
    const { method = '', url: target = '', headers, rawHeaders } = incoming;
    const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []));
    arrived.push({ method, target, headers, pairs, body });
    outgoing.writeHead(status).end('{}');
  }).listen(0, '127.0.0.1');
  await eventually(async () => listening.listening);
  onTestFinished(() => void listening.close());
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/callbacks`, arrived };
}

async function listening(parameters: readonly string[]): Promise<Running> {
  const command = start(['listen', ...server.access, ...parameters]);
  onTestFinished(async () => {
    command.interrupt();
    await command.ended;
  });
  await eventually(async () => command.out.length > 0);
  return command;
}

function openedBy(name: string, credentials: unknown, { method, target, pairs, body }: Arrived) {
  const provider: Provider = providerByName(name) ?? expect.unreachable();
  const receiver = provider.receiver(credentials, { id: asId.account('acc_1'), mode: 'live' });
  const context = { now: Date.now(), publicUrl: 'http://127.0.0.1', random: randomBytesOf };
  return receiver.open({ method, target, headers: pairs, body }, context);
}

describe('listen', () => {
  it.each(['standard', 'stripe', 'wechatpay', 'alipay'])(
    'forwards what is made, sealed as %s, so that a receiver with what it printed opens it',
    async (provider) => {
      const { url, arrived } = await sink();
      const command = await listening(['--forward-to', url, '--provider', provider, '--merchant', 'shop', '--json']);
      const { open_with: openWith } = JSON.parse(command.out[0] ?? '');
      await publish(`O-${provider}`, { merchant: 'other' });
      const { id } = await publish(`O-${provider}`, { amount_minor: 8880 });
      await eventually(async () => command.out.length === 2);
      const opened = await openedBy(provider, openWith, arrived[0] ?? expect.unreachable());
      expect(opened).toMatchObject({ is: 'facts', facts: [{ kind: 'captured', amountMinor: 8880n, currency: 'CNY' }] });
      expect(arrived).toHaveLength(1);
      expect(JSON.parse(command.out[1] ?? '')).toMatchObject({ id, order_no: `O-${provider}`, status: 200 });
    },
  );

  it('shows a line for each with the verdict, and leaves the server as it was', async () => {
    const { url } = await sink(500);
    const command = await listening(['--forward-to', url, '--types', 'payment.*', '--count', '1']);
    expect(command.out[0]).toMatch(/^listening notifications, sealed as standard, to http/);
    expect(command.out[1]).toMatch(/^your code opens them with \{"secrets":\["whsec_/);
    await publish('O-refund', { type: 'refund.succeeded' });
    const { id } = await publish('O-1');
    expect(await command.ended).toBe(1);
    expect(command.out[2]).toMatch(new RegExp(`^payment.succeeded O-1 ${id} 500 not confirmed \\d+ ms: `));
    expect(command.out).toHaveLength(3);
    const { data } = Object(
      await (
        await fetch(`${server.running.url}/v1/deliveries?order_no=O-1`, {
          headers: { authorization: `Bearer ${server.running.adminKey}` },
        })
      ).json(),
    );
    expect(data).toEqual([]);
  });

  it('loses nothing when the server starts again, and ends with 0 by Ctrl-C', async () => {
    const { url, arrived } = await sink();
    const command = await listening(['--forward-to', url, '--json']);
    await publish('O-before');
    await eventually(async () => arrived.length === 1);
    const port = Number(new URL(server.running.url).port);
    await server.running.stop();
    server = await startServerForTest({ folder: server.folder, port });
    for (const orderNo of ['O-2', 'O-3', 'O-4']) await publish(orderNo);
    await eventually(async () => command.out.length === 5);
    const orders = command.out.slice(1).map((line) => JSON.parse(line).order_no);
    expect(orders).toEqual(['O-before', 'O-2', 'O-3', 'O-4']);
    command.interrupt();
    expect(await command.ended).toBe(0);
    expect(command.error).toEqual([]);
  });

  it('seals with the credentials of a file, and prints no secret', async () => {
    const { url, arrived } = await sink();
    const secrets = ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'];
    const file = join(server.folder, 'endpoint.json');
    await writeFile(file, JSON.stringify({ secrets }));
    const command = await listening(['--forward-to', url, '--credentials', file]);
    await publish('O-file');
    await eventually(async () => arrived.length === 1);
    expect(await openedBy('standard', { secrets }, arrived[0] ?? expect.unreachable())).toMatchObject({ is: 'facts' });
    expect(command.out.join()).not.toContain('whsec_');
  });

  it('forwards callbacks byte for byte, so that their signature still fits', async () => {
    const { url, arrived } = await sink();
    const provider: Provider = providerByName('stripe') ?? expect.unreachable();
    const pair = provider.pair?.(randomBytesOf) ?? expect.unreachable();
    const account = await call('POST', '/v1/accounts', {
      merchant: 'shop',
      provider: 'stripe',
      credentials: pair.account,
      mode: 'live',
      without_order: 'accept',
    });
    const command = await listening(['--forward-to', url, '--callbacks']);
    await fetch(`${server.running.url}/callbacks/${account.id}`, { method: 'POST', body: 'forged' });
    const sealed = start([
      'listen',
      ...server.access,
      '--forward-to',
      String(account.callback_url),
      '--count',
      '1',
      '--provider',
      'stripe',
      '--credentials',
      await fileOf(pair.endpoint),
    ]);
    await eventually(async () => sealed.out.length > 0);
    await publish('O-callback', { currency: 'EUR', amount_minor: 100 });
    expect(await sealed.ended).toBe(0);
    await eventually(async () => arrived.length === 1);
    expect(await openedBy('stripe', pair.account, arrived[0] ?? expect.unreachable())).toMatchObject({ is: 'facts' });
    await eventually(async () => command.out.length === 2);
    expect(command.out[1]).toMatch(/^callback of stripe cbk_\S+ 200 confirmed/);
  });

  it('says what is wrong before it begins', async () => {
    expect(await run(['listen', '--forward-to', 'nowhere', ...server.access])).toMatchObject({ code: 2 });
    expect(
      await run(['listen', '--forward-to', 'http://127.0.0.1:1/', '--types', 'orders', ...server.access]),
    ).toMatchObject({ code: 2 });
    const away = ['--url', 'http://127.0.0.1:9', '--key', 'k'];
    expect(await run(['listen', '--forward-to', 'http://127.0.0.1:1/', ...away])).toMatchObject({ code: 3 });
    const refused = ['--url', server.running.url, '--key', 'wrong'];
    expect(await run(['listen', '--forward-to', 'http://127.0.0.1:1/', ...refused])).toMatchObject({ code: 2 });
  });
});

async function fileOf(value: unknown): Promise<string> {
  const file = join(server.folder, 'credentials.json');
  await writeFile(file, JSON.stringify(value));
  return file;
}
