import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hmac } from '../../src/providers/index.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { testPlatform } from '../../src/testing/testing.ts';
import { expected, paid } from '../library/open-shop.ts';
import { eventually } from '../support/eventually.ts';
import { testDatabase } from '../support/postgres.ts';
import { broken, fixed } from './fixed-provider.ts';
import { type Gateway, gateway, type Kept } from './gateway.ts';

type Body = Record<string, unknown>;

describe.each(['SQLite', 'PostgreSQL'] as const)('callbacks read again on %s', (kind) => {
  const platform = testPlatform(hmac);
  let kept: Kept;
  let running: Gateway | null;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    running = null;
    const { credentials } = platform.account;
    if (kind === 'PostgreSQL') {
      const { url, end } = await testDatabase();
      kept = { kind, at: url, credentials };
      remove = end;
    } else {
      const folder = await mkdtemp(join(tmpdir(), 'paidonce-reread-'));
      kept = { kind, at: folder, credentials };
      remove = () => rm(folder, { recursive: true, force: true });
    }
  });
  afterEach(async () => {
    await running?.pay.stop();
    await remove();
  });

  /** The next process, with this code. */
  async function serve(provider: Provider): Promise<Gateway> {
    await running?.pay.stop();
    running = gateway(kept, provider);
    await running.pay.start();
    return running;
  }

  async function arrive({ pay }: Gateway, ...orders: readonly string[]): Promise<void> {
    for (const orderNo of orders) {
      await pay.expected(orderNo, expected);
      await pay.receive('shop', await platform.callback(paid(orderNo)));
    }
  }

  async function previewed({ call }: Gateway, filter: object = {}): Promise<Body> {
    const begun = await call('POST', '/v1/callback-replays', filter);
    expect(begun.status).toBe(202);
    const read = async () => (await call('GET', `/v1/callback-replays/${begun.body.id}`)).body;
    await eventually(async () => (await read()).state === 'previewed');
    return read();
  }

  async function differences({ call }: Gateway, id: unknown): Promise<readonly Body[]> {
    const all: Body[] = [];
    let cursor = '';
    do {
      const { body } = await call('GET', `/v1/callback-replays/${id}/callbacks?limit=2${cursor}`);
      all.push(...(body.data as Body[]));
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    return all;
  }

  async function applied({ call }: Gateway, id: unknown): Promise<Body> {
    expect((await call('POST', `/v1/callback-replays/${id}/apply`)).status).toBe(202);
    const read = async () => (await call('GET', `/v1/callback-replays/${id}`)).body;
    await eventually(async () => (await read()).state === 'done');
    return read();
  }

  const verdicts = async ({ call }: Gateway) => {
    const { body } = await call('GET', '/v1/callbacks');
    return (body.data as Body[]).map(({ verdict }) => String(verdict)).toSorted();
  };

  it('are shown with what would be told, what is told now and stays, and nothing comes of it', async () => {
    await arrive(await serve(broken), 'plain-1', 'unread-1', 'wrong-1', 'foreign-1');
    const now = await serve(fixed);
    const before = [await verdicts(now), (await now.pay.order('unread-1'))?.facts];
    const replay = await previewed(now, { merchant: 'shop' });
    expect(replay).toMatchObject({
      phase: 'preview',
      progress: { looked: 4, same: 1, differ: 3, gone: 0, failed: 0, cut: false, applied: 0 },
    });
    const shown = await differences(now, replay.id);
    expect(shown).toHaveLength(3);
    const about = { kind: 'captured', amount_minor: 8880, currency: 'CNY' };
    const none = { applied: null };
    expect(shown).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...none,
          before: { verdict: 'unreadable', code: 'callback.malformed', reason: expect.stringContaining('nobody knew') },
          after: { verdict: 'verified', code: null, reason: null },
          added: [expect.objectContaining({ ...about, operation_id: 'p-unread-1', known: false })],
          untold: [],
        }),
        expect.objectContaining({
          ...none,
          before: { verdict: 'verified', code: null, reason: null },
          after: { verdict: 'verified', code: null, reason: null },
          added: [expect.objectContaining({ ...about, operation_id: 'p-wrong-1', known: false })],
          untold: [expect.objectContaining({ ...about, operation_id: 'wrong-p-wrong-1' })],
        }),
        expect.objectContaining({
          ...none,
          before: { verdict: 'verified', code: null, reason: null },
          after: { verdict: 'ignored', code: null, reason: expect.stringContaining('somebody else') },
          added: [],
          untold: [expect.objectContaining({ ...about, reference: 'foreign-1' })],
        }),
      ]),
    );
    expect([await verdicts(now), (await now.pay.order('unread-1'))?.facts]).toEqual(before);
  });

  it('are taken into effect when a person says so, and what that came to is beside the preview', async () => {
    await arrive(await serve(broken), 'plain-1', 'unread-1', 'wrong-1', 'foreign-1');
    const now = await serve(fixed);
    const { id } = await previewed(now, { verdict: 'unreadable' });
    expect((await now.pay.order('unread-1'))?.order.status).toBe('pending');
    expect(await applied(now, id)).toMatchObject({ phase: 'apply', progress: { applied: 1, otherwise: 0 } });
    expect((await now.pay.order('unread-1'))?.order.status).toBe('paid');
    const all = await previewed(now);
    expect(all.progress).toMatchObject({ looked: 4, same: 2, differ: 2 });
    expect(await applied(now, all.id)).toMatchObject({ progress: { applied: 2, otherwise: 0 } });
    // Facts are never removed: the wrong one stands beside the right one, for a person to see.
    expect((await now.pay.order('wrong-1'))?.facts).toHaveLength(2);
    expect((await now.pay.order('foreign-1'))?.facts).toHaveLength(1);
    for (const one of [...(await differences(now, id)), ...(await differences(now, all.id))])
      expect(one).toMatchObject({ applied: { verdict: (one.after as Body).verdict, otherwise: false } });
    const again = await now.call('POST', `/v1/callback-replays/${id}/apply`);
    expect(again).toMatchObject({ status: 409, body: { code: 'replay.state' } });
  });

  it('are decided anew where something changed between the preview and its end', async () => {
    const old = await serve(broken);
    await old.pay.receive('shop', await platform.callback(paid('unread-late')));
    await arrive(old, 'unread-1');
    const now = await serve(fixed);
    const { id } = await previewed(now, { verdict: 'unreadable' });
    expect((await differences(now, id)).map(({ after }) => (after as Body).verdict).toSorted()).toEqual([
      'parked',
      'verified',
    ]);
    await now.pay.expected('unread-late', expected);
    const { body } = await now.call('GET', '/v1/callbacks?verdict=unreadable&limit=1');
    const [newest] = body.data as Body[];
    await now.call('POST', `/v1/callbacks/${newest?.id}/reprocess`);
    expect(await applied(now, id)).toMatchObject({ progress: { applied: 2, otherwise: 1 } });
    expect((await now.pay.order('unread-late'))?.order.status).toBe('paid');
    expect((await now.pay.order('unread-1'))?.facts).toHaveLength(1);
    const late = (await differences(now, id)).find(({ after }) => (after as Body).verdict === 'parked');
    expect(late).toMatchObject({ applied: { verdict: 'verified', otherwise: true } });
  });

  it('are looked at over many steps, by account, provider and time', async () => {
    const orders = Array.from({ length: 45 }, (_, index) => `unread-${index}`);
    await arrive(await serve(broken), ...orders, 'plain-1');
    const now = await serve(fixed);
    const { progress } = await previewed(now, { provider: 'hmac' });
    expect(progress).toMatchObject({ looked: 46, same: 1, differ: 45 });
    expect((await previewed(now, { provider: 'stripe' })).progress).toMatchObject({ looked: 0, differ: 0 });
    expect((await previewed(now, { to: '2020-01-01T00:00:00Z' })).progress).toMatchObject({ looked: 0 });
    const [{ account } = {}] = (await now.call('GET', '/v1/callbacks?limit=1')).body.data as Body[];
    const of = await previewed(now, { account: account as string });
    expect(await differences(now, of.id)).toHaveLength(45);
    const unknown = await now.call('POST', '/v1/callback-replays', { account: 'acc_none' });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'account.unknown' } });
    expect(await applied(now, of.id)).toMatchObject({ progress: { applied: 45, otherwise: 0 } });
    expect(await verdicts(now)).toEqual(Array.from({ length: 46 }, () => 'verified'));
  });

  it('are left where the present secrets do not open them any more, and where retention has taken their bytes', async () => {
    await arrive(await serve(broken), 'plain-1', 'unread-1');
    kept = { ...kept, credentials: testPlatform(hmac).account.credentials };
    const now = await serve(fixed);
    expect((await previewed(now, { verdict: 'verified' })).progress).toMatchObject({ looked: 1, differ: 0, failed: 1 });
    // PostgreSQL drops whole weeks, once they are over.
    const bytesBefore = now.store.now() + 28 * 86_400_000;
    await now.store.write('retain', {
      bytesBefore,
      noncesBefore: 0,
      idempotencyBefore: 0,
      commitsBefore: 0,
      reconciliationsBefore: 0,
      ordersBefore: 0,
    });
    expect((await previewed(now)).progress).toMatchObject({ looked: 2, differ: 0, gone: 2 });
  });

  it('hold their rate, and can be paused, resumed and canceled', async () => {
    await arrive(await serve(broken), 'unread-1', 'unread-2', 'unread-3');
    const now = await serve(fixed);
    const { id } = await previewed(now, { rate_per_second: 0.01 });
    const path = `/v1/callback-replays/${id}`;
    await now.call('POST', `${path}/apply`);
    const read = async () => (await now.call('GET', path)).body;
    await eventually(async () => ((await read()).progress as Body).applied === 1);
    expect(await now.call('POST', `${path}/pause`)).toMatchObject({ status: 202, body: { state: 'paused' } });
    expect(await now.call('POST', `${path}/resume`)).toMatchObject({ status: 202, body: { state: 'running' } });
    expect(await now.call('POST', `${path}/cancel`)).toMatchObject({ status: 202, body: { state: 'canceled' } });
    expect(await now.call('POST', `${path}/apply`)).toMatchObject({ status: 409, body: { code: 'replay.state' } });
    expect(await verdicts(now)).toEqual(['unreadable', 'unreadable', 'verified']);
    expect((await now.call('GET', '/v1/callback-replays')).body.data).toHaveLength(1);
    expect((await now.call('GET', '/v1/replays')).body.data).toEqual([]);
  });
});
