import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import { toOutboxText } from '../../src/publish/outbox-text.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { eventually } from '../support/eventually.ts';
import { type Nodes, twoNodes } from './postgres-nodes.ts';
import {
  bothCounts,
  failedUntil,
  finishedOf,
  node,
  only,
  openBench,
  publishInput,
  shop,
  testClock,
} from './support.ts';

describe('what transactions on PostgreSQL find, change and undo', () => {
  let nodes: Nodes;
  beforeEach(async () => {
    nodes = await twoNodes();
  });
  afterEach(() => nodes.end());

  const openDiscrepancies = async () => {
    const all = { limit: 10, cursor: null, visible: null, merchant: null, state: 'open', kind: null, assignee: null };
    return (await nodes.a.store.read('discrepancies', all)).data;
  };
  const ordersLike = async (q: string) => {
    const all = { limit: 10, cursor: null, visible: null, merchant: null, status: null, q, from: null, to: null };
    return (await nodes.a.store.read('orders', all)).data;
  };

  it('publishes to, claims from and finishes in as many lanes as a merchant may have', async () => {
    const { a } = nodes;
    const endpoints = Array.from({ length: limits.merchantEndpointsMax }, () => a.addEndpoint());
    await Promise.all(endpoints);
    expect((await a.publish('O-1')).deliveries).toHaveLength(limits.merchantEndpointsMax);
    const { claimed } = await a.claim();
    expect(claimed).toHaveLength(limits.merchantEndpointsMax);
    const results = claimed.map((one) => finishedOf(one, a.clock.at));
    expect(await a.store.write('finish', results)).toEqual({ fencedOut: [], warned: [] });
    expect((await a.claim()).claimed).toEqual([]);
  });

  it('leaves lanes to other nodes that it has no slots for', async () => {
    const { a, b } = nodes;
    for (let index = 0; index < 40; index += 1) await a.addEndpoint();
    await a.publish('O-1');
    const gate = await nodes.gate({ table: 'deliveries', on: 'update', at: 'commit', when: "new.state = 'sending'" });
    const mine = a.claim({ slots: 2, firstOnlySlots: 0 });
    await gate.reached();
    const theirs = b.claim();
    await gate.reached(2);
    await gate.open();
    const counts = [(await mine).claimed.length, (await theirs).claimed.length];
    expect(counts[0]).toBe(2);
    expect(counts[1]).toBeGreaterThan(0);
  });

  it('applies what waits in the outbox once, also when it is asked for twice in one batch', async () => {
    const { a } = nodes;
    const { born: _, ...input } = publishInput('O-1');
    await a.store.transact((tx) => tx.enqueue({ is: 'publish', input: toOutboxText(input) }));
    const taken = await Promise.all([
      a.store.decide('outbox', { born: null, most: 10 }),
      a.store.decide('outbox', { born: null, most: 10 }),
    ]);
    expect(taken.map((one) => one.taken).sort()).toEqual([0, 1]);
  });

  it('keeps two changes of one merchant that cross', async () => {
    const { a, b } = nodes;
    const gate = await nodes.gate({ table: 'merchants', on: 'update', at: 'commit' });
    const one = a.store.write('changeMerchant', { id: shop, policies: { late_payment: 'refund' }, by: 'ann' });
    await gate.reached();
    const other = b.store.write('changeMerchant', { id: shop, name: 'Other', by: 'bob' });
    await nodes.waiting();
    await gate.open();
    expect(await Promise.all([one, other])).toEqual([true, true]);
    expect(await a.store.read('merchant', shop)).toMatchObject({ name: 'Other', policies: { late_payment: 'refund' } });
  });

  it('keeps a pause that crosses another change of the endpoint', async () => {
    const { a, b } = nodes;
    const id = await a.addEndpoint();
    const gate = await nodes.gate({ table: 'endpoints', on: 'update', at: 'commit' });
    const pause = a.store.write('changeEndpoint', { id, by: 'ann', change: { state: 'paused' } });
    await gate.reached();
    const move = b.store.write('changeEndpoint', { id, by: 'bob', change: { timeoutMs: 777 } });
    await nodes.waiting();
    await gate.open();
    expect(await Promise.all([pause, move])).toEqual([true, true]);
    expect(await a.store.read('endpoint', id)).toMatchObject({ state: 'paused', timeoutMs: 777 });
    expect((await a.publish('O-1')).deliveries).toMatchObject([{ state: 'held' }]);
    expect((await a.claim()).claimed).toEqual([]);
  });

  it('cancels what is published to an endpoint while it is being removed', async () => {
    const { a, b } = nodes;
    const id = await a.addEndpoint();
    const gate = await nodes.gate({ table: 'notifications', on: 'insert', at: 'commit' });
    const published = a.publish('O-1');
    await gate.reached();
    const removed = b.store.write('removeEndpoint', { id, by: 'bob' });
    await nodes.waiting();
    await gate.open();
    expect(await removed).toBe(true);
    const { id: delivery } = only((await published).deliveries);
    expect(await a.delivery(delivery)).toMatchObject({ state: 'canceled' });
  });

  it('publishes nothing to an endpoint whose removal commits meanwhile', async () => {
    const { a, b } = nodes;
    const id = await a.addEndpoint();
    const gate = await nodes.gate({ table: 'endpoints', on: 'update', at: 'commit' });
    const removed = a.store.write('removeEndpoint', { id, by: 'bob' });
    await gate.reached();
    const published = b.publish('O-1');
    await nodes.waiting();
    await gate.open();
    expect(await removed).toBe(true);
    expect((await published).deliveries).toEqual([]);
  });

  it('verifies a callback whose facts find their orders on two nodes at once', async () => {
    const { a, b } = nodes;
    await a.callback([{ reference: 'O-1' }, { reference: 'O-2' }], { id: asId.callback('cbk_two') });
    const gate = await nodes.gate({ table: 'orders', on: 'insert', at: 'commit', when: "new.order_no = 'O-1'" });
    const one = a.expect('O-1');
    await gate.reached();
    const other = b.expect('O-2');
    await nodes.waiting();
    await gate.open();
    await Promise.all([one, other]);
    expect(await a.store.read('callback', asId.callback('cbk_two'))).toMatchObject({ verdict: 'verified' });
  });

  it('tells nobody of money that finds its order at this moment', async () => {
    const { a, b } = nodes;
    await a.callback([{ reference: 'O-1' }]);
    for (const { clock } of [a, b]) clock.at += limits.parkedMs + 1;
    const gate = await nodes.gate({ table: 'discrepancies', on: 'insert', at: 'commit' });
    const told = a.store.decide('refold', { born: null });
    await gate.reached();
    const found = b.expect('O-1');
    await nodes.waiting();
    await gate.open();
    await Promise.all([told, found]);
    expect(await openDiscrepancies()).toEqual([]);
  });

  it('keeps a concurrency below the default among several claims of one batch', async () => {
    const { a } = nodes;
    await a.addEndpoint({ concurrency: 2 });
    await Promise.all(Array.from({ length: 5 }, (_, index) => a.publish(`O-${index}`)));
    const claims = await Promise.all([a.claim({ slots: 1, firstOnlySlots: 0 }), a.claim(), a.claim()]);
    expect(claims.flatMap(({ claimed }) => claimed)).toHaveLength(2);
  });

  it('never deadlocks over lanes that fail while others are woken', async () => {
    const { a, b } = nodes;
    const lanes: string[] = [await a.addEndpoint(), await a.addEndpoint()];
    await a.publish('O-0');
    const { claimed } = await a.claim();
    const gate = await nodes.gate({ table: 'notifications', on: 'insert', at: 'write' });
    const work = [a, b].flatMap((bench, index) => {
      const mine = claimed.filter(({ lane }) => lane === lanes[index]);
      return [
        ...mine.map((one) => bench.finish(one, failedUntil(bench.clock.at + 60_000))),
        bench.publish(`O-${index + 1}`),
      ];
    });
    await gate.reached(2);
    await gate.open();
    await Promise.all(work);
    // What a session counted is told when it ends.
    await Promise.all([a.close(), b.close()]);
    const looking = await nodes.stranger();
    await eventually(async () => {
      const { rows } = await looking.query(
        "select from pg_stat_activity where application_name like 'paidonce%' and datname = current_database()",
      );
      return rows.length === 0;
    });
    const { rows } = await looking.query(
      'select deadlocks::integer from pg_stat_database where datname = current_database()',
    );
    expect(rows).toEqual([{ deadlocks: 0 }]);
  });

  it('does nothing twice where nobody knows what became of a commit', async () => {
    const { a } = nodes;
    const gate = await nodes.gate({ table: 'notifications', on: 'insert', at: 'commit' });
    const settled = Promise.allSettled([a.publish('O-lost-1'), a.publish('O-lost-2')]);
    await gate.reached();
    const looking = await nodes.stranger();
    await looking.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'paidonce batch' and wait_event = 'PgSleep'",
    );
    await gate.open();
    for (const outcome of await settled) expect(outcome).toMatchObject({ reason: { code: 'store.unavailable' } });
    expect(await ordersLike('O-lost')).toEqual([]);
    expect(await a.publish('O-lost-1')).toMatchObject({ is: 'accepted', sequence: 1 });
  });

  it('goes on where the server has forgotten what was prepared', async () => {
    const { a } = nodes;
    const looking = await nodes.stranger();
    await looking.query(`create function forget() returns trigger language plpgsql as $$ begin
        execute 'deallocate all'; return null; end $$;
      create constraint trigger forget after insert on paidonce.orders deferrable initially deferred
        for each row when (new.order_no = 'O-forget') execute function forget()`);
    await a.publish('O-forget');
    const published = Array.from({ length: 12 }, (_, index) => a.publish(`O-${index}`));
    for (const one of await Promise.all(published)) expect(one).toMatchObject({ is: 'accepted', sequence: 1 });
    for (let index = 0; index < 8; index += 1) await a.publish('O-again');
  });

  it('takes a pool that was made from a host, a user and a password', async () => {
    const { hostname: host, port, username: user, password, pathname } = new URL(nodes.url);
    const pool = new Pool({ host, port: Number(port), user, password, database: pathname.slice(1), max: 3 });
    // Its connections are still closing when the database is dropped.
    pool.on('error', () => {});
    const bench = await openBench({ make: () => postgres(pool), end: async () => {} }, testClock(), node);
    expect(await bench.publish('O-pool')).toMatchObject({ is: 'accepted' });
    expect(await bench.store.transact((tx) => tx.query('select 1::bigint as one'))).toMatchObject({
      rows: [{ one: 1n }],
    });
    await bench.close();
    await pool.end();
  });

  it('refuses a read that takes too long, and gives a recount more time', async () => {
    const { a } = nodes;
    const stranger = await nodes.stranger();
    await stranger.query('begin; lock table paidonce.callbacks in access exclusive mode');
    const recount = bothCounts(a.store);
    await expect(a.store.read('callback', asId.callback('cbk_none'))).rejects.toMatchObject({ code: 'store.deadline' });
    await stranger.query('rollback');
    expect(await recount).toHaveLength(5);
    expect(await a.store.read('callback', asId.callback('cbk_none'))).toBeNull();
  });
});
