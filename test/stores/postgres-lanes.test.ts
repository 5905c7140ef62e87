import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { laneOfFunction } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import { type Nodes, twoNodes } from './postgres-nodes.ts';
import { type Bench, failedUntil, only, shop } from './support.ts';

describe('lanes and leases on two nodes', () => {
  let nodes: Nodes;
  beforeEach(async () => {
    nodes = await twoNodes();
  });
  afterEach(() => nodes.end());

  const functions = [laneOfFunction('handler', shop, 'mark-paid')];
  const pass = (ms: number) => {
    for (const { clock } of [nodes.a, nodes.b]) clock.at += ms;
  };
  const nextDueOf = async (lane: string): Promise<number | null> => {
    const looking = await nodes.stranger();
    const { rows } = await looking.query<{ next_due: string | null }>(
      'select next_due from paidonce.lanes where id = $1',
      [lane],
    );
    const due = rows[0]?.next_due ?? null;
    return due === null ? null : Number(due);
  };
  /** Claims of both nodes, held open until both have taken what they can get. */
  const claimAtOnce = async () => {
    const claims = await Promise.all([nodes.a.claim(), nodes.b.claim(), nodes.a.claim(), nodes.b.claim()]);
    return claims.flatMap(({ claimed }) => claimed);
  };

  it('find a delivery again whose commit was overtaken by the claim that put its lane to sleep', async () => {
    const { a, b } = nodes;
    const lane = await a.addEndpoint();
    await a.publish('O-first');
    const gate = await nodes.gate({
      table: 'notifications',
      on: 'insert',
      at: 'commit',
      when: "new.order_no = 'O-late'",
    });
    const late = a.publish('O-late');
    await gate.reached();
    const first = only((await b.claim()).claimed);
    await b.finish(first);
    // Nothing that it could see is left; it is looked at again soon, and not put to sleep.
    await b.claim();
    expect(await nextDueOf(lane)).not.toBeNull();
    await gate.open();
    await late;
    pass(2000);
    expect(only((await b.claim()).claimed).notification.orderNo).toBe('O-late');
    await a.finish(first);
  });

  it('put a lane to sleep in which nothing is left, and wake it with the next delivery', async () => {
    const { a, b } = nodes;
    const lane = await a.addEndpoint();
    await a.publish('O-1');
    const gate = await nodes.gate({ table: 'lanes', on: 'update', at: 'commit', when: 'new.next_due is null' });
    const claimed = only((await b.claim()).claimed);
    await b.finish(claimed);
    pass(claimed.leaseMs + 1);
    const sleeping = b.claim();
    await gate.reached();
    // It reads the lane as it will be.
    const waking = a.publish('O-2');
    await nodes.waiting();
    await gate.open();
    await sleeping;
    await waking;
    expect(await nextDueOf(lane)).toBe(a.clock.at);
    expect((await b.claim()).claimed).toHaveLength(1);
  });

  it('refuse the commit of a handler whose lease another node took over, and commit one handler', async () => {
    const { a, b } = nodes;
    await a.store.write('registerHandlers', [{ merchant: shop, type: '*', name: 'mark-paid' }]);
    const looking = await nodes.stranger();
    await looking.query('create table public.shop_orders (no text, node text)');
    await a.publish('O-1');
    const first = only((await a.claim({ functions })).claimed);
    const handle = (bench: Bench, claimed: typeof first, name: string, before = async () => {}) =>
      bench.store.handle({ claimed, startedAt: bench.clock.at, deadlineMs: 10_000 }, async (tx) => {
        await before();
        await tx.query('insert into public.shop_orders (no, node) values ($1, $2)', ['O-1', name]);
      });
    // While it is under way nobody takes it over, however late it is: its row is locked.
    const released = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const open = handle(a, first, 'a', async () => {
      begun.resolve();
      await released.promise;
    });
    await begun.promise;
    pass(first.leaseMs + 1);
    expect((await b.claim({ functions })).claimed).toEqual([]);
    // Its connection is lost while its code runs on: the other node takes over, and the first comes too late.
    await looking.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'paidonce handlers'",
    );
    pass(2000);
    const second = await b.claim({ functions });
    expect(second).toMatchObject({ rescued: 1, claimed: [{ number: 2 }] });
    released.resolve();
    expect(await open).toMatchObject({ is: 'failed', error: { code: 'store.unavailable' } });
    expect(await handle(a, first, 'a')).toEqual({ is: 'fenced_out' });
    expect(await handle(b, only(second.claimed), 'b')).toMatchObject({ is: 'committed' });
    expect(await handle(a, first, 'a')).toEqual({ is: 'fenced_out' });
    const { rows } = await looking.query('select no, node from public.shop_orders');
    expect(rows).toEqual([{ no: 'O-1', node: 'b' }]);
    expect(await a.delivery(first.delivery)).toMatchObject({ state: 'confirmed', attempts: 2 });
  });

  it('take over the lease of a node that died, and count it', async () => {
    const { a, b } = nodes;
    await a.addEndpoint();
    await a.publish('O-1');
    const lost = only((await a.claim()).claimed);
    expect((await b.claim()).claimed).toEqual([]);
    pass(lost.leaseMs + 1);
    const [one, other] = await Promise.all([a.claim(), b.claim()]);
    expect(one.rescued + other.rescued).toBe(1);
    const taken = only([...one.claimed, ...other.claimed]);
    expect(taken).toMatchObject({ delivery: lost.delivery, number: 2 });
    expect(await a.finish(lost)).toMatchObject({ fencedOut: [lost.delivery] });
    expect(await b.finish(taken)).toMatchObject({ fencedOut: [] });
    expect(await b.store.read('gauges', null)).toMatchObject({ rescuedLeases: 1 });
    const delivery = await a.delivery(lost.delivery);
    expect(delivery.state).toBe('confirmed');
    expect(delivery.tries.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('keep a rate over both', async () => {
    const { a } = nodes;
    await a.addEndpoint({ ratePerSecond: 20 });
    await Promise.all(Array.from({ length: 30 }, (_, index) => a.publish(`O-${index}`)));
    // At most a tenth of a second's worth is saved up.
    expect(await claimAtOnce()).toHaveLength(2);
    pass(100);
    expect(await claimAtOnce()).toHaveLength(2);
    expect(await claimAtOnce()).toHaveLength(0);
  });

  it('keep a concurrency below the default over both', async () => {
    const { a, b } = nodes;
    await a.addEndpoint({ concurrency: 3 });
    await Promise.all(Array.from({ length: 10 }, (_, index) => a.publish(`O-${index}`)));
    const gate = await nodes.gate({ table: 'deliveries', on: 'update', at: 'commit' });
    const one = a.claim({ slots: 2, firstOnlySlots: 0 });
    await gate.reached();
    const other = b.claim();
    await gate.open();
    const claimed = [...(await one).claimed, ...(await other).claimed, ...(await claimAtOnce())];
    expect(claimed).toHaveLength(3);
    for (const two of claimed.slice(0, 2)) await b.finish(two);
    expect(await claimAtOnce()).toHaveLength(2);
  });

  it('keep a breaker open over both, and let one of them probe', async () => {
    const { a, b } = nodes;
    const lane = await a.addEndpoint();
    await Promise.all(Array.from({ length: limits.breakerFailures + 5 }, (_, index) => a.publish(`O-${index}`)));
    const { claimed } = await a.claim({ slots: limits.breakerFailures, firstOnlySlots: 0 });
    const half = claimed.length / 2;
    const fail = (bench: Bench, index: number) => {
      const one = claimed[index];
      return one === undefined ? null : bench.finish(one, failedUntil(bench.clock.at + 1));
    };
    // Each failure counts, whichever node reports it at the same time.
    await Promise.all(Array.from({ length: half }, (_, index) => [fail(a, index), fail(b, half + index)]).flat());
    expect(await claimAtOnce()).toEqual([]);
    const openUntil = await nextDueOf(lane);
    expect(openUntil).toBeGreaterThan(a.clock.at);
    pass(2 * limits.breakerOpenMs);
    expect(only(await claimAtOnce())).toMatchObject({ probe: true });
  });

  it('warn once of a mark that attempts of both pass at the same moment', async () => {
    const { a, b } = nodes;
    const lane = await a.addEndpoint();
    await Promise.all(Array.from({ length: 32 }, (_, index) => a.publish(`O-${index}`)));
    const [first, ...others] = (await a.claim()).claimed;
    if (first === undefined) throw new Error('nothing was claimed');
    await a.finish(first, failedUntil(a.clock.at));
    pass(limits.failureBudgetMs * 0.6);
    const finished = await Promise.all(
      others.map((one, index) => (index % 2 === 0 ? a : b).finish(one, failedUntil(a.clock.at))),
    );
    expect(finished.flatMap(({ warned }) => warned)).toEqual([{ endpoint: lane, percent: 50 }]);
    const page = { limit: 10, cursor: null, visible: null, merchant: null, by: null, from: null, to: null } as const;
    const { data } = await b.store.read('actions', { ...page, subject: lane, what: 'endpoint.warn' });
    expect(data).toHaveLength(1);
  });

  it('keep the order of an order over both', async () => {
    const { a, b } = nodes;
    await a.addEndpoint({ ordering: 'order' });
    for (let index = 0; index < 3; index += 1) await (index % 2 === 0 ? a : b).publish('O-1');
    const done: number[] = [];
    for (const bench of [a, b, a]) {
      const next = only(await claimAtOnce());
      expect(await claimAtOnce()).toEqual([]);
      done.push(next.notification.sequence);
      await bench.finish(next);
    }
    expect(done).toEqual([1, 2, 3]);
  });
});
