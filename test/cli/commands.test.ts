import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { merchantId } from '../../src/domain/ids.ts';
import { wechatpayBill } from '../../src/sandbox/bills/wechatpay.ts';
import { context, notificationOf, sidesOf } from '../providers/support.ts';
import { type DevServer, jsonOf, run, startServerForTest } from './harness.ts';

const commands = [
  'dev',
  'serve',
  'publish',
  'trigger',
  'verify',
  'doctor',
  'explain',
  'replay',
  'reconcile',
  'check',
  'proof',
  'manifest',
  'migrate',
  'secrets',
];

let server: DevServer;
let account: string;
beforeAll(async () => {
  server = await startServerForTest();
  const { service, sandbox } = server.running;
  const { id: merchant } = await service.merchants.add({ id: 'shop', name: 'Shop' });
  const credentials = sandbox?.accountCredentials('hmac');
  account = (await service.accounts.add({ merchant, provider: 'hmac', credentials })).id;
  const { status } = await fetch(`${server.running.url}/v1/orders/ORDER-1`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${server.running.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ merchant: 'shop', amount_minor: 8880, currency: 'CNY' }),
  });
  expect(status).toBe(201);
});
afterAll(() => server.stop());
afterEach(() => vi.unstubAllEnvs());

describe('the command line', () => {
  it('lists every command in its help', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of commands) expect(out).toContain(`  ${command}`);
  });

  it('says its version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  it.each(commands)('has help with an example: %s', async (command) => {
    const { code, out } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples?:\\n {2}\\$ .*paidonce ${command}`));
    expect(out).toContain('--json');
  });

  it.each([
    ['an unknown command', ['pay']],
    ['no command', []],
    ['an unknown option', ['publish', '--colour']],
    ['a missing option', ['verify', '-']],
    ['a missing argument', ['explain']],
    ['an option that is out of range', ['trigger', 'http://127.0.0.1:1/', '--duplicate', '99']],
    ['an option that is no number of minor units', ['publish', '--amount', '8.80']],
    ['an option that is none of its values', ['publish', '--type', 'payment.lost']],
    ['missing fields', ['publish', '--merchant', 'shop']],
    ['a file that is not there', ['publish', '--file', '/nowhere/at/all.json']],
    ['a role that is not there', ['serve', '--role', 'king']],
    ['hours that cannot be', ['check', '--funnel', '--hours', '-1']],
  ])('ends with 2 and a next step for %s', async (_, parameters) => {
    const { code, out, error } = await run(parameters);
    expect(code).toBe(2);
    expect(out + error).toMatch(/--help|next/);
  });

  it('says a wrong command line as JSON where that is asked for', async () => {
    const ran = await run(['publish', '--merchant', 'shop', '--json']);
    expect(jsonOf(ran)).toMatchObject({
      error: { code: 'usage', detail: expect.stringContaining('--type'), fix: expect.any(String) },
    });
    expect(ran.error).toBe('');
  });

  it.each([
    [
      'publish',
      '--merchant',
      'shop',
      '--type',
      'payment.succeeded',
      '--order',
      'O',
      '--amount',
      '1',
      '--currency',
      'CNY',
    ],
    ['explain', 'ORDER-1'],
    ['trigger', 'http://127.0.0.1:1/callback'],
  ])('ends with 3 where no server answers: %s', async (...parameters) => {
    const { code, error } = await run([...parameters, '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(3);
    expect(error).toContain('http://127.0.0.1:1');
    expect(error).toContain('paidonce dev');
  });

  it('ends with 2 where the key is wrong', async () => {
    const { code, error } = await run([
      'explain',
      'ORDER-1',
      '--merchant',
      'shop',
      '--url',
      server.running.url,
      '--key',
      'wrong',
    ]);
    expect(code).toBe(2);
    expect(error).toContain('--key');
  });

  it('ends with 2 where the configuration is wrong', async () => {
    vi.stubEnv('PAIDONCE_PORT', 'seven');
    const { code, error } = await run(['explain', 'ORDER-1']);
    expect(code).toBe(2);
    expect(error).toContain('PAIDONCE_PORT');
  });

  it('finds the server and its key through the configuration', async () => {
    vi.stubEnv('PAIDONCE_PORT', new URL(server.running.url).port);
    vi.stubEnv('PAIDONCE_DATA', join(server.folder, 'data'));
    expect(await run(['explain', 'ORDER-1'])).toMatchObject({ code: 0 });
  });

  it('does not send the kept key to another machine', async () => {
    vi.stubEnv('PAIDONCE_DATA', join(server.folder, 'data'));
    const { connectionOf } = await import('../../src/cli/connection.ts');
    expect(connectionOf({ url: server.running.url }).key).toBe(server.running.adminKey);
    expect(connectionOf({ url: 'https://pay.example.com' }).key).toBeNull();
  });
});

describe('replay', () => {
  it('wants a filter, or to be told that all is meant', async () => {
    const { code, error } = await run(['replay', ...server.access]);
    expect(code).toBe(2);
    expect(error).toContain('--dry-run');
  });

  it('follows the job to its end and says what would be sent', async () => {
    const { code, out } = await run(['replay', '--all', '--dry-run', ...server.access]);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/^dry run rpl_\w+: done, \d+ notif/) });
    const asked = jsonOf(await run(['replay', '--merchant', 'shop', '--state', 'missing', '--json', ...server.access]));
    expect(asked).toMatchObject({ state: 'done', progress: { added: 0 } });
  });

  it('ends with 1 for a merchant that does not exist', async () => {
    expect(await run(['replay', '--merchant', 'nobody', ...server.access])).toMatchObject({ code: 1 });
  });
});

describe('reconcile', () => {
  const file = () => join(server.folder, 'bill.csv');
  const accountOf = async () => {
    const { service, sandbox } = server.running;
    const credentials = sandbox?.accountCredentials('wechatpay');
    const { id } = await service.accounts.ensure({
      merchant: merchantId('shop'),
      provider: 'wechatpay',
      credentials,
      name: 'bills',
    });
    return { id, mchid: Object(credentials).mchid };
  };

  it('ends with 1 and says what differs, and with 0 where nothing does', async () => {
    const { id, mchid } = await accountOf();
    const paymentId = '4200000000000000000000000001';
    const fact = {
      kind: 'captured',
      paymentId,
      operationId: paymentId,
      reference: 'BILLED-1',
      amountMinor: 8880n,
      currency: 'CNY',
      fromOrder: false,
      measure: 'single',
      providerTime: Date.parse('2026-01-05T12:00:00+08:00'),
    } as const;
    await writeFile(file(), Buffer.concat([...wechatpayBill([{ fact, feeMinor: 5n }], { mchid, appid: 'wx' })]));
    const called = ['reconcile', id, '2026-01-05', '--file', file(), ...server.access];
    const { code, out } = await run(called);
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('missing here: 1') });
    expect(out).toContain('captured 88.80 CNY');
    const csv = await run([...called, '--csv']);
    expect(csv.out.split('\r\n')).toHaveLength(2);
    await writeFile(file(), Buffer.concat([...wechatpayBill([], { mchid, appid: 'wx' })]));
    const none = await run(['reconcile', id, '2026-01-01', '--file', file(), '--json', ...server.access]);
    expect(none.code).toBe(0);
    expect(jsonOf(none)).toMatchObject({ state: 'done', counts: {} });
  });

  it('says what is wrong with the file, or with its name', async () => {
    const { id } = await accountOf();
    await writeFile(file(), 'no bill');
    const { code, out } = await run(['reconcile', id, '2026-01-05', '--file', file(), ...server.access]);
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('statement.malformed') });
    expect(await run(['reconcile', id, '2026-01-05', '--file', '/nowhere', ...server.access])).toMatchObject({
      code: 2,
    });
  });
});

describe('publish', () => {
  const fields = [
    '--merchant',
    'shop',
    '--type',
    'payment.succeeded',
    '--order',
    'ORDER-9',
    '--amount',
    '8880',
    '--currency',
    'CNY',
  ];

  it('publishes, and once for one idempotency key', async () => {
    const publish = () => run(['publish', ...fields, '--idempotency-key', 'k1', '--json', ...server.access]);
    const first = await publish();
    expect(first.code).toBe(0);
    expect(jsonOf(first)).toMatchObject({ id: expect.stringMatching(/^ntf_/), sequence: 1 });
    expect(jsonOf(await publish())).toEqual(jsonOf(first));
    const other = await run(['publish', ...fields.slice(0, -1), 'USD', '--idempotency-key', 'k1', ...server.access]);
    expect(other.code).toBe(1);
  });

  it('takes the notification from a file or a pipe, and options before it', async () => {
    const file = join(server.folder, 'notification.json');
    const notification = {
      merchant: 'shop',
      type: 'refund.succeeded',
      order_no: 'ORDER-8',
      amount_minor: 1,
      currency: 'CNY',
    };
    await writeFile(file, JSON.stringify(notification));
    expect((await run(['publish', '--file', file, ...server.access])).out).toContain('accepted');
    expect(
      (await run(['publish', '--file', '-', '--order', 'ORDER-7', ...server.access], JSON.stringify(notification)))
        .code,
    ).toBe(0);
    expect((await run(['publish', '--file', '-', ...server.access], '{')).code).toBe(2);
    expect((await run(['publish', '--file', '-', ...server.access], '[1]')).code).toBe(2);
  });

  it('ends with 2 for what the server finds invalid, and names the field', async () => {
    const { code, error } = await run(['publish', ...fields.slice(0, -1), 'ZZZ', ...server.access]);
    expect(code).toBe(2);
    expect(error).toContain('currency');
  });
});

describe('explain', () => {
  it('shows the order and its story', async () => {
    const { code, out } = await run(['explain', 'ORDER-1', ...server.access]);
    expect(code).toBe(0);
    expect(out).toContain('ORDER-1 of shop: pending');
    expect(out).toMatch(/expectation +expected 88\.80 CNY +announced/);
  });

  it('gives both as JSON', async () => {
    const ran = await run(['explain', 'ORDER-1', '--merchant', 'shop', '--json', ...server.access]);
    expect(jsonOf(ran)).toMatchObject({ order: { status: 'pending' }, timeline: [{ what: 'expectation' }] });
  });

  it('ends with 1 for an order that nobody knows', async () => {
    expect((await run(['explain', 'ORDER-0', ...server.access])).code).toBe(1);
    expect((await run(['explain', 'ORDER-0', '--merchant', 'shop', ...server.access])).code).toBe(1);
  });
});

describe('trigger and verify', () => {
  it('have the sandbox send what the matching account accepts, and refuses when one byte is changed', async () => {
    const caught: { headers: string[]; body: string }[] = [];
    const merchant = createServer(async (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      caught.push({ headers: incoming.rawHeaders, body: Buffer.concat(chunks).toString() });
      outgoing.end('{"status":"ok"}');
    }).listen(0, '127.0.0.1');
    await once(merchant, 'listening');
    const url = `http://127.0.0.1:${(merchant.address() as AddressInfo).port}/callback`;
    const sent = await run([
      'trigger',
      url,
      '--provider',
      'hmac',
      '--duplicate',
      '2',
      '--time-scale',
      '10000',
      '--seed',
      '7',
      ...server.access,
    ]);
    expect(sent.out).toContain('1 of 2');
    expect(sent.code).toBe(0);
    expect(caught).toHaveLength(2);
    merchant.close();

    const [{ headers, body } = { headers: [], body: '' }] = caught;
    const authorization = headers[headers.findIndex((name) => name.toLowerCase() === 'authorization') + 1] ?? '';
    const verify = (sentBody: string) =>
      run(
        ['verify', '--account', account, '-', ...server.access],
        `curl '${url}' -H 'authorization: ${authorization}' -H 'content-type: application/json' --data-raw '${sentBody}'`,
      );
    const good = await verify(body);
    expect(good.out).toContain('accepted');
    expect(good.code).toBe(0);
    const bad = await verify(body.replace('success', 'succesS'));
    expect(bad.out).toContain('refused');
    expect(bad.out).toContain('signature.mismatch');
    expect(bad.code).toBe(1);

    const file = join(server.folder, 'request.http');
    await writeFile(
      file,
      `POST /callbacks/${account} HTTP/1.1\nauthorization: ${authorization}\ncontent-length: ${Buffer.byteLength(body)}\n\n${body}\n`,
    );
    expect(jsonOf(await run(['verify', '--account', account, file, '--json', ...server.access]))).toMatchObject({
      accepted: true,
    });
    const bodyFile = join(server.folder, 'body.json');
    await writeFile(bodyFile, body);
    const parts = ['--header', `authorization: ${authorization}`, '--body', bodyFile];
    expect((await run(['verify', '--account', account, ...parts, ...server.access])).code).toBe(0);
  });

  it('say the cause of a refusal, the next step and the first difference, of a curl command and of a HAR', async () => {
    const { sender } = sidesOf('hmac', { endpoint: Object(server.running.sandbox?.accountCredentials('hmac')) });
    const { headers, body } = await sender.seal(notificationOf('payment.succeeded'), context);
    const text = `${Buffer.from(body).toString()}\n`;
    const curl = `curl https://pay.example.com/x ${headers.map(([name, value]) => `-H '${name}: ${value}'`).join(' ')} --data-raw '${text}'`;
    const verify = (...parameters: string[]) => run(['verify', '--account', account, ...parameters, ...server.access]);
    const shown = await verify('--curl', curl);
    expect(shown.code).toBe(1);
    expect(shown.out).toContain('cause   the signature fits over the body without the space around it');
    expect(shown.out).toMatch(/next {4}Pass the bytes on/);
    expect(shown.out).toMatch(/received .*\[\\n\]/);

    const request = {
      method: 'POST',
      url: 'https://pay.example.com/x',
      headers: headers.map(([name, value]) => ({ name, value })),
      postData: { text },
    };
    const file = join(server.folder, 'traffic.har');
    await writeFile(
      file,
      JSON.stringify({ log: { entries: [{ request: { ...request, postData: { text: '' } } }, { request }] } }),
    );
    const json = await verify('--har', file, '--entry', '2', '--json');
    expect(jsonOf(json)).toMatchObject({ cause: { name: 'white_space', proven: true }, difference: { of: 'body' } });
    expect((await verify('--har', file)).error).toContain('--entry');
    expect((await verify('--har', file, '--curl', curl)).code).toBe(2);

    const bodyFile = join(server.folder, 'sent.json');
    await writeFile(bodyFile, body);
    const named = curl.replace(/--data-raw[\s\S]*/, `--data-binary @${bodyFile}`);
    expect((await verify('--curl', named)).code).toBe(0);
  });

  it('ends with 1 when what was sent is not confirmed in time', async () => {
    const { code, out } = await run([
      'trigger',
      'http://127.0.0.1:1/callback',
      '--timeout',
      '0',
      '--json',
      ...server.access,
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ state: 'running' });
  });

  it('end with 2 for a scenario, and an account, that are not there', async () => {
    expect((await run(['trigger', 'http://127.0.0.1:1/callback', '--scenario', 'lost', ...server.access])).code).toBe(
      2,
    );
    expect((await run(['verify', '--account', 'acc_0', '-', ...server.access], 'POST / HTTP/1.1\n\n')).code).toBe(1);
  });
});

describe('doctor', () => {
  it('ends with 0 for a receiver that is safe, and with 1 for one that accepts what it should not', async () => {
    vi.stubEnv('PAIDONCE_DATA', join(server.folder, 'data'));
    const file = join(server.folder, 'endpoint.json');
    await writeFile(file, JSON.stringify(server.running.sandbox?.accountCredentials('hmac')));
    const attack = (url: string, ...parameters: string[]) =>
      run(['doctor', url, '--provider', 'hmac', '--only', 'unsigned', '--only', 'wrong_key', ...parameters]);
    const safe = await attack(`${server.running.url}/callbacks/${account}`, '--credentials', file);
    expect(safe.out).toContain('the genuine notification was accepted');
    expect(safe.out.match(/^safe /gm)).toHaveLength(2);
    expect(safe.code).toBe(0);

    const careless = createServer((_, outgoing) => void outgoing.end('ok')).listen(0, '127.0.0.1');
    await once(careless, 'listening');
    const url = `http://127.0.0.1:${(careless.address() as AddressInfo).port}/callback`;
    const shown = await attack(url);
    expect(shown.out).toContain('unsigned: a safe receiver refuses it');
    expect(shown.out).toContain('not tried: wrong_key');
    expect(shown.code).toBe(1);
    expect(jsonOf(await attack(url, '--json'))).toMatchObject({ control: null, findings: [{ verdict: 'accepted' }] });
    careless.close();
  });

  it.each([
    ['a format that is not there', ['http://127.0.0.1:1/', '--provider', 'cash'], 'provider.unknown'],
    ['an attack that is not there', ['http://127.0.0.1:1/', '--only', 'charm'], 'doctor.unknown_attack'],
    ['a host that has not proved whose it is', ['https://192.0.2.1/'], 'doctor.not_owner'],
  ])('ends with 2 for %s', async (_, parameters, code) => {
    vi.stubEnv('PAIDONCE_DATA', join(server.folder, 'doctor'));
    expect(await run(['doctor', ...parameters])).toMatchObject({ code: 2, error: expect.stringContaining(code) });
  });
});

describe('check', () => {
  it('finds the configuration fine, and says where the server is', async () => {
    vi.stubEnv('PAIDONCE_DATA', join(server.folder, 'data'));
    const ran = await run(['check', '--json', ...server.access]);
    expect(jsonOf(ran)).toMatchObject({
      ok: true,
      findings: expect.arrayContaining([expect.objectContaining({ what: 'server', is: 'fine' })]),
    });
    expect(ran.code).toBe(0);
    expect((await run(['check', '--url', 'http://127.0.0.1:1'])).out).toContain('none is running');
  });

  it('finds a slip in a name, and plain HTTP beyond this machine', async () => {
    vi.stubEnv('PAIDONCE_PROT', '1');
    vi.stubEnv('PAIDONCE_HOST', '0.0.0.0');
    const { code, out } = await run(['check', '--url', 'http://127.0.0.1:1']);
    expect(out).toContain('PAIDONCE_PROT');
    expect(out).toMatch(/wrong +address/);
    expect(code).toBe(1);
  });

  it('names the address that an identity provider must know, and a setting that is missing', async () => {
    vi.stubEnv('PAIDONCE_PUBLIC_URL', 'https://pay.example.com');
    vi.stubEnv('PAIDONCE_OIDC_ISSUER', 'https://login.example.com');
    vi.stubEnv('PAIDONCE_OIDC_CLIENT_ID', 'paidonce');
    vi.stubEnv('PAIDONCE_OIDC_CLIENT_SECRET', 'hidden');
    const missing = await run(['check', '--url', 'http://127.0.0.1:1']);
    expect(missing.error).toContain('PAIDONCE_OIDC_ROLES');
    expect(missing.code).toBe(2);
    vi.stubEnv('PAIDONCE_OIDC_ROLES', 'groups:ops=operator');
    const { out } = await run(['check', '--url', 'http://127.0.0.1:1']);
    expect(out).toContain('https://pay.example.com/v1/session/oidc/return');
    expect(out).not.toContain('hidden');
  });

  it('counts the funnel again while the server serves', async () => {
    const ran = await run(['check', '--funnel', '--json', ...server.access]);
    expect(jsonOf(ran)).toMatchObject({ ok: true });
    expect(ran.code).toBe(0);
    expect((await run(['check', '--funnel', ...server.access])).out).toContain('sending, per attempt');
  });
});

describe('without a server', () => {
  it('migrate brings a data folder to this version, and refuses one that is served', async () => {
    const folder = join(server.folder, 'other');
    const ran = await run(['migrate', '--data', folder, '--json']);
    expect(ran.code).toBe(0);
    expect(jsonOf(ran)).toMatchObject({ data: folder, migration: expect.any(Number) });
    const served = await run(['migrate', '--data', join(server.folder, 'data')]);
    expect(served.code).toBe(2);
    expect(served.error).toContain('store.locked');
  });

  it('check --funnel opens the data folder', async () => {
    vi.stubEnv('PAIDONCE_DATA', join(server.folder, 'another'));
    vi.stubEnv('PAIDONCE_PORT', '1');
    expect(await run(['check', '--funnel'])).toMatchObject({ code: 0, out: expect.stringContaining('agree') });
  });

  it('serve refuses to start without a master key', async () => {
    const { code, error } = await run(['serve', '--port', '0', '--data', join(server.folder, 'third')]);
    expect(code).toBe(2);
    expect(error).toContain('PAIDONCE_MASTER_KEY');
  });

  it('dev says that its port is taken', async () => {
    const { port } = new URL(server.running.url);
    const { code, error } = await run(['dev', '--port', port, '--data', join(server.folder, 'fourth')]);
    expect(code).toBe(2);
    expect(error).toContain(`port ${port}`);
  });
});
