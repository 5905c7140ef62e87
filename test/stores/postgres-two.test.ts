import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { toOutboxText } from '../../src/publish/outbox-text.ts';
import type { PublishOutput } from '../../src/stores/decisions.ts';
import { postgres, transactionOn } from '../../src/stores/postgres/postgres.ts';
import { eventually } from '../support/eventually.ts';
import { type Nodes, twoNodes } from './postgres-nodes.ts';
import { type Bench, factOf, only, program, publishInput, shop } from './support.ts';

describe('batches on two nodes', () => {
  let nodes: Nodes;
  beforeEach(async () => {
    nodes = await twoNodes();
  });
  afterEach(() => nodes.end());

  const counted = async (sql: string): Promise<number> => {
    const looking = await nodes.stranger();
    const { rows } = await looking.query<{ found: number }>(`select count(*)::integer as found from paidonce.${sql}`);
    return rows[0]?.found ?? 0;
  };
  const sequences = async (orderNo: string) => {
    const looking = await nodes.stranger();
    const { rows } = await looking.query<{ sequence: number }>(
      'select sequence from paidonce.notifications where order_no = $1 order by sequence',
      [orderNo],
    );
    return rows.map(({ sequence }) => sequence);
  };
  const sight = (bench: Bench, facts: Parameters<typeof factOf>[2][]) =>
    bench.store.decide('sight', {
      merchant: shop,
      source: 'query',
      facts: facts.map((fact) => factOf(bench.account, bench.clock.at, fact)),
      orderNo: null,
      withoutOrder: 'park',
      note: null,
      by: null,
      born: null,
    });

  it('take two orders each in the opposite direction, and both commit', async () => {
    const { a, b } = nodes;
    await Promise.all([a.expect('O-1'), a.expect('O-2')]);
    const gate = await nodes.gate({ table: 'orders', on: 'update', at: 'commit' });
    // Two facts of each for one payment: the orders are found by way of both.
    const first = sight(a, [{ reference: 'O-1' }, { reference: 'O-2' }]);
    await gate.reached();
    const second = sight(b, [
      { reference: 'O-2', operationId: 'again-2' },
      { reference: 'O-1', operationId: 'again-1' },
    ]);
    await nodes.waiting();
    await gate.open();
    await Promise.all([first, second]);
    for (const orderNo of ['O-1', 'O-2']) {
      const { data } = await a.store.read('orders', { ...allOrders, q: orderNo });
      expect(only(data)).toMatchObject({ status: 'paid', totals: { capturedMinor: 200n } });
    }
    expect(await sequences('O-1')).toEqual((await sequences('O-1')).map((_, index) => index + 1));
  });

  it('answer all but the one whose order a stranger holds, which ends when the stranger does', async () => {
    const { a } = nodes;
    await a.publish('O-held');
    const stranger = await nodes.stranger();
    await stranger.query("begin; select from paidonce.orders where order_no = 'O-held' for update");
    let ended = false;
    const held = a.publish('O-held').then((published) => {
      ended = true;
      return published;
    });
    const others = await Promise.all(Array.from({ length: 63 }, (_, index) => a.publish(`O-${index}`)));
    expect(others).toHaveLength(63);
    expect(ended).toBe(false);
    // At once: in the one transaction that the batch began with.
    const { rows } = await stranger.query("select from paidonce.orders where order_no <> 'O-held' group by xmin");
    expect(rows).toHaveLength(1);
    await nodes.waiting();
    await stranger.query('rollback');
    expect(await held).toMatchObject({ is: 'accepted', sequence: 2 });
  });

  it('go on while many operations wait for a stranger, and refuse those with store.overloaded in time', async () => {
    const { a } = nodes;
    await a.publish('O-held');
    const stranger = await nodes.stranger();
    await stranger.query("begin; select from paidonce.orders where order_no = 'O-held' for update");
    const held = Promise.allSettled(Array.from({ length: 4 }, () => a.publish('O-held')));
    await nodes.waiting(2);
    // More batches than there are connections for them.
    for (let index = 0; index < 6; index += 1)
      expect(await a.publish(`O-${index}`)).toMatchObject({ is: 'accepted', sequence: 1 });
    for (const outcome of await held) expect(outcome).toMatchObject({ reason: { code: 'store.overloaded' } });
    await stranger.query('rollback');
    expect(await a.publish('O-held')).toMatchObject({ sequence: 2 });
    expect(await sequences('O-held')).toEqual([1, 2]);
  });

  it('take one key into effect once, 64 times in a batch and on two nodes at once', async () => {
    const { a, b } = nodes;
    const both = [a, b];
    await a.addEndpoint();
    const idempotency = { key: 'once', bodyDigest: 'd' };
    const each = <T>(run: (bench: Bench) => Promise<T>) =>
      Promise.all(both.flatMap((bench) => Array.from({ length: 64 }, () => run(bench))));
    const published: PublishOutput[] = await each((bench) => bench.publish('O-key', { idempotency }));
    expect(published.filter(({ is }) => is === 'accepted')).toHaveLength(1);
    expect(await counted("notifications where order_no = 'O-key'")).toBe(1);

    const numbered = await each((bench) => bench.publish('O-many'));
    expect(numbered.map(({ sequence }) => sequence).sort((one, other) => one - other)).toEqual(
      numbered.map((_, index) => index + 1),
    );
    expect(await counted("orders where order_no = 'O-many'")).toBe(1);

    await a.expect('O-fact');
    const message = await each((bench) => bench.callback([{ reference: 'O-fact' }], { messageId: 'm-1' }));
    expect(message.filter(({ verdict }) => verdict === 'verified')).toHaveLength(1);
    expect(message.filter(({ verdict }) => verdict === 'duplicate')).toHaveLength(127);
    expect(await counted('facts')).toBe(1);
    expect(await counted("notifications where order_no = 'O-fact' and type = 'payment.succeeded'")).toBe(1);

    const opened = { is: 'verdict', verdict: 'ignored', nonce: null } as const;
    const empty = await each((bench) => bench.callback([], { messageId: 'm-2', opened }));
    expect(empty.filter(({ verdict }) => verdict === 'ignored')).toHaveLength(1);

    // Bodies that differ under one nonce: the first is taken, copies of it are duplicates, all others are refused.
    const nonces = await Promise.all(
      both.flatMap((bench, node) =>
        Array.from({ length: 64 }, () =>
          bench.callback([{ reference: 'O-fact', operationId: `n-${node}` }], { nonce: 'n', bodyDigest: `d-${node}` }),
        ),
      ),
    );
    expect(nonces.filter(({ verdict }) => verdict === 'verified')).toHaveLength(1);
    expect(nonces.filter(({ verdict }) => verdict === 'refused')).toHaveLength(64);
    expect(await counted('facts')).toBe(2);
  });

  it('let only the operation fail whose value PostgreSQL refuses', async () => {
    const { a } = nodes;
    const poison = {
      nul: () => a.store.decide('publish', { ...publishInput('O-bad-1'), data: '{"text":"\u0000"}' }),
      nulInKey: () => a.publish('O-bad-2', { idempotency: { key: 'k\u0000', bodyDigest: 'd' } }),
      negative: () => sight(a, [{ reference: 'O-bad-3', amountMinor: -1n }]),
      tooBig: () => sight(a, [{ reference: 'O-bad-4', amountMinor: 2n ** 64n }]),
    };
    for (const make of Object.values(poison)) {
      const good = Array.from({ length: 31 }, (_, index) => a.publish(`O-${index}`));
      const bad = make();
      const settled = await Promise.allSettled([...good, bad, ...good.map((_, index) => a.publish(`P-${index}`))]);
      expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1);
      expect(settled[31]?.status).toBe('rejected');
    }
    expect(await counted('facts')).toBe(0);
    expect(await counted("orders where order_no like 'O-bad%'")).toBe(0);
    expect(await sequences('O-0')).toEqual([1, 2, 3, 4]);
  });

  it('number what two nodes publish in one order without a gap', async () => {
    const { a, b } = nodes;
    const gate = await nodes.gate({ table: 'notifications', on: 'insert', at: 'commit' });
    const first = a.publish('O-1');
    await gate.reached();
    const second = b.publish('O-1');
    await nodes.waiting();
    await gate.open();
    expect([(await first).sequence, (await second).sequence]).toEqual([1, 2]);
  });

  it('never forget parked money whose order is made at this moment', async () => {
    const { a, b } = nodes;
    const ways = [
      {
        name: 'the order first',
        one: () => a.expect('O-1'),
        other: () => b.callback([{ reference: 'O-1' }]),
        table: 'orders',
      },
      {
        name: 'the money first',
        one: () => a.callback([{ reference: 'O-2' }]),
        other: () => b.expect('O-2'),
        table: 'facts',
      },
      {
        name: 'by a reference',
        one: () => a.expect('O-3', { references: [{ account: null, reference: 'R-3' }] }),
        other: () => b.callback([{ reference: 'R-3' }]),
        table: 'orders',
      },
    ];
    for (const [index, { name, one, other, table }] of ways.entries()) {
      const gate = await nodes.gate({ table, on: 'insert', at: 'commit' });
      const first = one();
      await gate.reached();
      const second = other();
      await nodes.waiting();
      await gate.open();
      await Promise.all([first, second]);
      const { data } = await a.store.read('orders', { ...allOrders, q: `O-${index + 1}` });
      expect(only(data), name).toMatchObject({ status: 'paid' });
    }
    expect(await counted('facts where order_id is null')).toBe(0);
  });

  it('never forget parked money whose payment is linked at this moment', async () => {
    const { a, b } = nodes;
    await a.expect('O-1');
    const gate = await nodes.gate({ table: 'facts', on: 'insert', at: 'commit', when: "new.operation_id = 'session'" });
    // What names no order by itself, and what brings the link, for one payment.
    const link = a.callback([{ reference: 'O-1', paymentId: 'pi', operationId: 'session', kind: 'authorized' }]);
    await gate.reached();
    const money = b.callback([{ reference: null, paymentId: 'pi', operationId: 'charge' }]);
    await nodes.waiting();
    await gate.open();
    await Promise.all([link, money]);
    const { data } = await a.store.read('orders', { ...allOrders, q: 'O-1' });
    expect(only(data)).toMatchObject({ status: 'paid' });

    const later = await nodes.gate({ table: 'facts', on: 'insert', at: 'commit', when: "new.operation_id = 'first'" });
    await a.expect('O-2');
    const parked = a.callback([{ reference: null, paymentId: 'pj', operationId: 'first' }]);
    await later.reached();
    const linked = b.callback([{ reference: 'O-2', paymentId: 'pj', operationId: 'second', kind: 'authorized' }]);
    await nodes.waiting();
    await later.open();
    await Promise.all([parked, linked]);
    expect(only((await a.store.read('orders', { ...allOrders, q: 'O-2' })).data)).toMatchObject({ status: 'paid' });
  });

  it('show on a list what overtook its first page before it, and everything else once', async () => {
    const { a, b } = nodes;
    for (let index = 0; index < 4; index += 1) await a.publish(`O-${index}`);
    const gate = await nodes.gate({ table: 'orders', on: 'insert', at: 'commit', when: "new.order_no = 'O-late'" });
    const late = b.publish('O-late');
    await gate.reached();
    for (let index = 4; index < 6; index += 1) await a.publish(`O-${index}`);
    const first = await a.store.read('orders', { ...allOrders, limit: 1 });
    await gate.open();
    await late;
    const seen = first.data.map(({ orderNo }) => orderNo);
    let cursor = first.nextCursor;
    while (cursor !== null) {
      const page = await a.store.read('orders', { ...allOrders, limit: 1, cursor });
      seen.push(...page.data.map(({ orderNo }) => orderNo));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['O-5', 'O-4', 'O-3', 'O-2', 'O-1', 'O-0']);
    const again = await a.store.read('orders', allOrders);
    expect(again.data.map(({ orderNo }) => orderNo)).toContain('O-late');
  });

  it('are followed in one order by all, also where a later one commits first', async () => {
    const { a, b } = nodes;
    const { commit } = await a.store.read('newestCommit', null);
    const made = async (bench: Bench) => {
      const commits = await bench.store.read('commits', { from: commit + 1, most: 10, kinds: ['notification'] });
      return commits.flatMap(({ made: all }) => all.map((one) => one?.orderNo));
    };
    const gate = await nodes.gate({
      table: 'notifications',
      on: 'insert',
      at: 'commit',
      when: "new.order_no = 'O-slow'",
    });
    const slow = a.publish('O-slow');
    await gate.reached();
    await b.publish('O-overtakes');
    // Had it been shown, whoever goes on behind it would never see what commits before it.
    expect(await made(a)).toEqual([]);
    expect(await b.store.read('newestCommit', null)).toMatchObject({ commit });
    await gate.open();
    await slow;
    await eventually(async () => (await made(b)).length === 2);
    expect(await made(b)).toEqual(['O-slow', 'O-overtakes']);
    expect(await made(a)).toEqual(['O-slow', 'O-overtakes']);
  });

  it('are followed anew in a cluster that has yet to come to their numbers, as after the restore of a dump', async () => {
    const { a } = nodes;
    await a.publish('O-1');
    const before = await a.store.read('newestCommit', null);
    const stranger = await nodes.stranger();
    await stranger.query(
      "update paidonce.commits set xid = ((xid::text)::bigint + 1000000)::text::xid8 where made like '[%'",
    );
    const again = postgres(nodes.url);
    await again.open({ program, node: newId('nod', 3, 3) });
    const found = async () => again.read('newestCommit', null).catch(() => null);
    await eventually(async () => (await found()) !== null);
    const after = await again.read('newestCommit', null);
    expect(await again.read('commits', { from: 0, most: 10, kinds: [] })).toEqual([{ ...after, made: [] }]);
    expect(after.digest).not.toBe(before.digest);
    await again.close();
  });

  it('give what a user left in a transaction of their own, once and in its order, after its commit', async () => {
    const { a, b } = nodes;
    const drain = (bench: Bench) => bench.store.decide('outbox', { born: null, most: 10 });
    const item = (orderNo: string) => {
      const { born: _, ...input } = publishInput(orderNo);
      return { is: 'publish', input: toOutboxText(input) } as const;
    };
    const user = await nodes.stranger();
    await user.query('begin');
    // A batch that is open on the same order is not waited for.
    const gate = await nodes.gate({
      table: 'notifications',
      on: 'insert',
      at: 'commit',
      when: "new.order_no = 'O-user'",
    });
    const batch = a.publish('O-user');
    await gate.reached();
    for (let index = 0; index < 3; index += 1) await transactionOn(user).enqueue(item('O-user'));
    expect(await drain(b)).toMatchObject({ taken: 0 });
    await user.query('commit');
    await gate.open();
    await batch;
    await user.query('begin');
    await transactionOn(user).enqueue(item('O-never'));
    await user.query('rollback');

    const held = await nodes.gate({ table: 'outbox', on: 'delete', at: 'commit' });
    const one = drain(a);
    await held.reached();
    expect(await drain(b)).toMatchObject({ taken: 0 });
    await held.open();
    expect(await one).toMatchObject({ taken: 3 });
    expect(await drain(b)).toMatchObject({ taken: 0 });
    expect(await sequences('O-user')).toEqual([1, 2, 3, 4]);
    expect(await sequences('O-never')).toEqual([]);
  });

  it('recover by themselves from a lost connection in the middle, with nothing done twice', async () => {
    const { a } = nodes;
    const gate = await nodes.gate({ table: 'notifications', on: 'insert', at: 'write', when: "new.order_no = 'O-1'" });
    const one = a.publish('O-1');
    const failing = expect(one).rejects.toMatchObject({ code: 'store.unavailable' });
    await gate.reached();
    const looking = await nodes.stranger();
    await looking.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'paidonce%'",
    );
    await failing;
    await gate.open();
    await eventually(async () =>
      a.publish('O-2').then(
        () => true,
        () => false,
      ),
    );
    await eventually(async () =>
      a.store.read('ready', null).then(
        () => true,
        () => false,
      ),
    );
    expect(await sequences('O-1')).toEqual([]);
    expect(await sequences('O-2')).toEqual([1]);
  });
});

const allOrders = {
  limit: 50,
  cursor: null,
  visible: null,
  merchant: null,
  status: null,
  q: null,
  from: null,
  to: null,
};
