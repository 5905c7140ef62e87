import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hmac } from '../../src/providers/index.ts';
import { temporaryStore, testPlatform } from '../../src/testing/testing.ts';
import { expected, paid } from '../library/open-shop.ts';
import { broken, fixed } from '../maintain/fixed-provider.ts';
import { adminKey, type Gateway, gateway } from '../maintain/gateway.ts';
import { jsonOf, run } from './harness.ts';

describe('replay of callbacks', () => {
  const platform = testPlatform(hmac);
  let access: readonly string[];
  let now: Gateway;
  let end: () => Promise<void>;

  beforeAll(async () => {
    const { folder, dispose } = await temporaryStore();
    const kept = { kind: 'SQLite', at: folder, credentials: platform.account.credentials } as const;
    const old = gateway(kept, broken);
    await old.pay.start();
    for (const orderNo of ['unread-1', 'wrong-1', 'plain-1']) {
      await old.pay.expected(orderNo, expected);
      await old.pay.receive('shop', await platform.callback(paid(orderNo)));
    }
    await old.pay.stop();
    now = gateway(kept, fixed);
    await now.pay.start();
    const server = serve({ fetch: now.pay.fetch, port: 0, hostname: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    access = ['--url', `http://127.0.0.1:${port}`, '--key', adminKey];
    end = async () => {
      server.close();
      await now.pay.stop();
      await dispose();
    };
  });
  afterAll(() => end());

  it('wants a filter, and refuses what is for the other kind of replay', async () => {
    expect(await run(['replay', '--callbacks', ...access])).toMatchObject({ code: 2 });
    const foreign = await run(['replay', '--callbacks', '--all', '--state', 'dead', ...access]);
    expect(foreign).toMatchObject({ code: 2, error: expect.stringContaining('--state is not for callbacks') });
    const only = await run(['replay', '--merchant', 'shop', '--verdict', 'unreadable', ...access]);
    expect(only).toMatchObject({ code: 2, error: expect.stringContaining('--verdict is only for callbacks') });
  });

  it('shows what would come of it, applies it, and shows what that came to', async () => {
    const shown = await run(['replay', '--callbacks', '--merchant', 'shop', ...access]);
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(
      /^replay rpl_\w+: preview previewed, 3 callbacks looked at\n1 read as they stand, 2 otherwise/,
    );
    expect(shown.out).toMatch(/cbk_\w+: unreadable → verified\n {2}\+ captured 8880 CNY of p-unread-1 for unread-1/);
    expect(shown.out).toContain(
      '  = captured 8880 CNY of p-wrong-1 operation wrong-p-wrong-1 for wrong-1 (would not be told now; it stays)',
    );
    const [, id = ''] = /replay --apply (rpl_\w+)/.exec(shown.out) ?? [];
    const applied = await run(['replay', '--apply', id, ...access]);
    expect(applied).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 taken into effect, 0 of them otherwise'),
    });
    expect((await now.pay.order('unread-1'))?.order.status).toBe('paid');
    const json = jsonOf(await run(['replay', '--show', id, '--json', ...access]));
    expect(json).toMatchObject({ state: 'done', progress: { applied: 2 } });
    expect(json.callbacks).toHaveLength(2);
    expect(await run(['replay', '--apply', id, ...access])).toMatchObject({ code: 1 });
  });
});
