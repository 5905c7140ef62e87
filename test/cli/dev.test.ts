import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/paidonce.js', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paidonce-dev-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Dev {
  child: ChildProcess;
  lines: string[];
  /** The first line that matches, now or when it comes. */
  line(pattern: RegExp): Promise<string>;
  exited: Promise<unknown[]>;
}

/** `paidonce dev` as a user starts it: a process of its own, told to end by a signal. */
function start(...parameters: readonly string[]): Dev {
  return startCommand('dev', ...parameters);
}

function startCommand(...parameters: readonly string[]): Dev {
  const child = spawn(process.execPath, ['--conditions=paidonce-source', bin, ...parameters], {
    env: { ...process.env, PAIDONCE_PORT: '0', PAIDONCE_DATA: folder, NODE_OPTIONS: '', NO_COLOR: '1' },
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = lines.find((one) => pattern.test(one));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      exited.then(() => reject(new Error(`ended before ${pattern}:\n${[...lines, ...errors].join('\n')}`)), reject);
    });
  return { child, lines, line, exited };
}

describe('paidonce dev', () => {
  it('pays orders in three formats by itself, grants one coupon for a notification sent three times, shows the rates, and ends on SIGTERM', async () => {
    const dev = start();
    const [url = ''] = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(await dev.line(/http:\/\/127\.0\.0\.1:/)) ?? [];
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await dev.line(/Now try it yourself/);
    const text = dev.lines.join('\n');
    expect(text).toMatch(/SHOP-\w+ +wechatpay +3 times +once +1$/m);
    expect(text).toMatch(/SHOP-\w+ +alipay +once +once +1$/m);
    expect(text).toMatch(/SHOP-\w+ +stripe +once +once +1$/m);
    expect(text).toMatch(/callback +wechatpay callback: verified/);
    expect(text).toMatch(/attempt 1 to handler mark-paid: confirmed/);
    expect(text).toMatch(/P_s +P_r +P_h +P_c$/m);
    expect(text).toMatch(/^sending +5 +5 +5 +5 +3 +100% +100% +100% +60%$/m);
    expect(text).toMatch(/^handlers +3 +3 +3 +3 +3 +100% +100% +100% +100%$/m);
    expect(text).toMatch(/^receiving +5 +5 +5 +5 +5 +100% +100% +100% +100%$/m);
    expect(text).toContain('take 2 good acknowledgements for lost');
    expect(await (await fetch(`${url}/shop`)).text()).toContain('Spring tea');
    dev.child.kill('SIGTERM');
    expect(await dev.exited).toEqual([0, null]);
  }, 60_000);

  it('starts again on the same folder with the same key, which only its owner can read, as lines of JSON', async () => {
    const keys: string[] = [];
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const dev = start('--no-demo', '--json');
      const { listening } = JSON.parse(await dev.line(/^\{"listening"/)) as {
        listening: { api: string; admin_key: string };
      };
      keys.push(listening.admin_key);
      const orders = await fetch(`${listening.api}/v1/orders`, {
        headers: { authorization: `Bearer ${listening.admin_key}` },
      });
      expect(((await orders.json()) as { data: unknown[] }).data).toHaveLength(6);
      dev.child.kill(signal);
      expect(await dev.exited).toEqual([0, null]);
    }
    expect(keys[0]).toBe(keys[1]);
    expect((await stat(join(folder, 'admin.key'))).mode & 0o777).toBe(0o600);
  }, 60_000);

  it('ends cleanly when it is told to in the middle of the demonstration', async () => {
    const dev = start('--json');
    await dev.line(/^\{"listening"/);
    dev.child.kill('SIGTERM');
    expect(await dev.exited).toEqual([0, null]);
  }, 60_000);
});

describe('paidonce serve', () => {
  it('shows the admin key that it makes once, has the sandbox where it is told to, and ends on SIGTERM', async () => {
    const data = join(folder, 'serve');
    const key = randomBytes(32).toString('base64');
    const serve = () => startCommand('serve', '--sandbox', '--json', '--data', data);
    process.env.PAIDONCE_MASTER_KEY = key;
    try {
      const first = serve();
      const { listening } = JSON.parse(await first.line(/^\{"listening"/)) as {
        listening: { url: string; admin_key: string };
      };
      const credentials = await fetch(`${listening.url}/sandbox/credentials/stripe`, {
        headers: { authorization: `Bearer ${listening.admin_key}` },
      });
      expect(await credentials.json()).toMatchObject({
        provider: 'stripe',
        account: { webhook_secrets: expect.any(Array) },
      });
      first.child.kill('SIGTERM');
      expect(await first.exited).toEqual([0, null]);
      const second = serve();
      expect(JSON.parse(await second.line(/^\{"listening"/))).toEqual({
        listening: { url: expect.any(String), public_url: expect.any(String) },
      });
      second.child.kill('SIGINT');
      expect(await second.exited).toEqual([0, null]);
    } finally {
      delete process.env.PAIDONCE_MASTER_KEY;
    }
  }, 60_000);
});
