import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type DevServer, jsonOf, run, startServerForTest } from './harness.ts';

let server: DevServer;
let endpoint: Server;
let notification: string;
const fileOf = (name: string) => join(server.folder, name);
const today = () => new Date().toISOString().slice(0, 10);

beforeAll(async () => {
  endpoint = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const { port } = endpoint.address() as AddressInfo;
  server = await startServerForTest();
  const { service } = server.running;
  await service.merchants.add({ id: 'shop', name: 'Shop' });
  await service.endpoints.add({
    merchant: 'shop' as never,
    url: `http://127.0.0.1:${port}/`,
    provider: 'standard',
    types: ['*'],
  } as never);
  for (const [index, amount] of ['8880', '9007199254740993'].entries()) {
    const order = ['--merchant', 'shop', '--type', 'payment.succeeded', '--order', `ORDER-${index}`];
    const ran = await run(['publish', ...order, '--amount', amount, '--currency', 'CNY', '--json', ...server.access]);
    notification = String(jsonOf(ran).id);
  }
});
afterAll(async () => {
  await server.stop();
  endpoint.close();
});

/** Once it is delivered and sealed. */
const exported = async () => {
  let text = '';
  await eventually(async () => {
    text = (await run(['proof', notification, ...server.access])).out;
    const { attempts, unsealed } = JSON.parse(text);
    return unsealed.length === 0 && attempts.some((one: { attempt: { status: number } }) => one.attempt.status === 200);
  });
  return text;
};

describe('a proof', () => {
  it('is sealed within a second or two, exported, and checked without the server', async () => {
    await writeFile(fileOf('proof.json'), await exported());
    const checked = await run(['proof', '--verify', fileOf('proof.json')]);
    expect(checked).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\nproven, if \S{44} is the key that you were given/),
    });
    const { body } = await fetch(`${server.running.url}/v1/seal-key`, {
      headers: { authorization: `Bearer ${server.running.adminKey}` },
    }).then(async (response) => ({ body: (await response.json()) as { key: string } }));
    expect(await run(['proof', '--verify', fileOf('proof.json'), '--trust', body.key])).toMatchObject({ code: 0 });
    const strangers = ['--trust', Buffer.alloc(32, 1).toString('base64')];
    expect(await run(['proof', '--verify', fileOf('proof.json'), ...strangers])).toMatchObject({
      code: 1,
      out: expect.stringContaining('not a key that you trust'),
    });
  });

  it('is refused where anything in it was changed', async () => {
    const text = await exported();
    for (const [from, to] of [
      ['"status": 200', '"status": 500'],
      ['"amount_minor": "9007199254740993"', '"amount_minor": "9007199254740992"'],
      [/"signature": "../, '"signature": "AA'],
      [/"root": "../, '"root": "00'],
    ] as const) {
      const changed = text.replace(from, to);
      expect(changed).not.toBe(text);
      expect(jsonOf(await run(['proof', '--verify', '-', '--json'], changed))).toMatchObject({ ok: false });
    }
    expect((await run(['proof', '--verify', '-'], '{}')).code).toBe(2);
  });

  it('agrees with a manifest that was published, and not with another', async () => {
    const text = await exported();
    // What else is sealed in between belongs to the manifest alone.
    await eventually(async () => {
      const proof = (await run(['proof', notification, ...server.access])).out;
      await writeFile(fileOf('manifest.json'), (await run(['manifest', 'shop', today(), ...server.access])).out);
      return (await run(['proof', '--verify', '-', '--head', fileOf('manifest.json')], proof)).code === 0;
    });
    const published = JSON.parse(await readFile(fileOf('manifest.json'), 'utf8'));
    published.seals.head.number += 1;
    await writeFile(fileOf('manifest.json'), JSON.stringify(published));
    expect(await run(['proof', '--verify', '-', '--head', fileOf('manifest.json')], text)).toMatchObject({
      code: 1,
      out: expect.stringContaining('seals were removed'),
    });
  });

  it('is signed by a key that only its owner can read, in the data folder', async () => {
    const file = await stat(join(server.folder, 'data', 'seal.key'));
    expect(file.mode & 0o777).toBe(0o600);
  });
});

describe('a manifest', () => {
  it('agrees with the list of notifications, to the last digit', async () => {
    const ran = await run(['manifest', 'shop', today(), '--check', ...server.access]);
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('agrees with the list: 2') });
    expect(ran.out).toContain(`payment.succeeded: 2 of ${9007199254740993n + 8880n} CNY`);
  });

  it('is refused for what is no day, and for a merchant that is not there', async () => {
    expect((await run(['manifest', 'shop', '2026-02-30', ...server.access])).code).toBe(2);
    expect(await run(['manifest', 'nobody', today(), ...server.access])).toMatchObject({
      code: 1,
      error: expect.stringContaining('merchant.unknown'),
    });
  });
});
