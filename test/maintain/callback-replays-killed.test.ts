import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hmac } from '../../src/providers/index.ts';
import { testPlatform } from '../../src/testing/testing.ts';
import { type Place, postgresPlace, sqlitePlace } from '../crash/place.ts';
import { expected, paid } from '../library/open-shop.ts';
import { eventually } from '../support/eventually.ts';
import { testDatabase } from '../support/postgres.ts';
import { broken } from './fixed-provider.ts';
import { gateway, type Kept } from './gateway.ts';

import type { Told } from './reread-child.ts';

const script = fileURLToPath(new URL('./reread-child.ts', import.meta.url));
const count = 30;

describe.each(['SQLite', 'PostgreSQL'] as const)('a replay of callbacks on %s whose node is killed', (kind) => {
  it('is gone on with by the next, in its preview and while it is applied', async () => {
    const platform = testPlatform(hmac);
    const { kept, place } = await somewhere(kind, platform.account.credentials);
    await place.all('create table shop_book (order_no text not null)');
    const old = gateway(kept, broken);
    await old.pay.start();
    for (let index = 0; index < count; index += 1) {
      await old.pay.expected(`unread-${index}`, expected);
      await old.pay.receive('shop', await platform.callback(paid(`unread-${index}`)));
    }
    await old.pay.stop();

    const job = async () => {
      const [row] = await place.all('select id, state, progress from paidonce_callback_replays');
      return { state: row?.state, progress: JSON.parse(String(row?.progress ?? '{}')) as Record<string, number> };
    };
    let node = await startNode(kept);
    await node.ask('POST', '/v1/callback-replays', { rate_per_second: 5 });
    await node.kill();
    node = await startNode(kept);
    await eventually(async () => (await job()).state === 'previewed', 60_000);
    expect((await job()).progress).toMatchObject({ looked: count, differ: count });

    const [{ id } = {}] = await place.all('select id from paidonce_callback_replays');
    await node.ask('POST', `/v1/callback-replays/${id}/apply`);
    await eventually(async () => (await job()).progress.applied !== 0);
    await node.kill();
    expect((await job()).progress.applied).toBeLessThan(count);
    node = await startNode(kept);
    await eventually(async () => (await job()).state === 'done', 90_000);
    expect((await job()).progress).toMatchObject({ applied: count, otherwise: 0 });

    const booked = () => place.all('select order_no from shop_book');
    // Handlers that the dead node had leased are taken over after their deadline and its margin: 40 s on PostgreSQL.
    await eventually(async () => (await booked()).length >= count, 60_000);
    await node.stop();
    const orders = (await booked()).map((row) => String(row.order_no));
    expect(orders.toSorted()).toEqual(Array.from({ length: count }, (_, index) => `unread-${index}`).toSorted());
    expect(await place.all('select count(*) as n from paidonce_rereads where applied is null')).toEqual([
      { n: expect.toSatisfy((n: unknown) => Number(n) === 0) },
    ]);
  }, 180_000);
});

async function somewhere(kind: Kept['kind'], credentials: unknown): Promise<{ kept: Kept; place: Place }> {
  if (kind === 'PostgreSQL') {
    const { url, end } = await testDatabase();
    onTestFinished(end);
    return { kept: { kind, at: url, credentials }, place: postgresPlace(url) };
  }
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-reread-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { kept: { kind, at: folder, credentials }, place: sqlitePlace(folder) };
}

interface Node {
  ask(method: string, path: string, body?: object): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A process with the repaired code, whose API is asked over its channel. */
async function startNode(kept: Kept): Promise<Node> {
  const child: ChildProcess = fork(script, [JSON.stringify(kept)], { execArgv: ['--no-warnings'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await once(child, 'message')).toEqual(['started', undefined]);
  return {
    async ask(method, path, body) {
      const answered = once(child, 'message');
      const told: Told = { method, path, ...(body === undefined ? {} : { body }) };
      child.send(told);
      const [status] = await answered;
      expect(status).toBe(202);
    },
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.send('stop');
      expect((await exited)[0]).toBe(0);
    },
  };
}
