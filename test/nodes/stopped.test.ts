import { execFileSync } from 'node:child_process';
import { describe, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { ask, until } from '../server/serving.ts';
import { Cluster } from './cluster.ts';
import { expectKept } from './counts.ts';
import { Load } from './load.ts';

/** Connecting, the endpoint's second, the answer's body, and the margin. */
const leaseMs = 5000 + 1000 + 5000 + 10_000;
/** An endpoint that does not answer gets no more at once. */
const onTheirWay = limits.concurrencyAtStart;
const timeout = 120_000;

const isStopped = (pid: number) =>
  execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .startsWith('T');

describe.concurrent('a node that stands still past its leases', () => {
  it('is fenced out when it reports what it had sent before', { timeout }, async ({ expect, onTestFinished }) => {
    const cluster = await Cluster.open(['shop', 'api', 'worker']);
    onTestFinished(() => cluster.close());
    const { sink } = cluster;
    const worker = cluster.node('worker');
    // It would send as well, and only the worker is to have anything on its way.
    await cluster.node('shop').end('SIGTERM');
    const load = new Load(cluster);
    const released = Promise.withResolvers<void>();
    sink.hold = () => released.promise;
    load.start(8);
    await until('many are on their way', async () => sink.posts.length >= onTheirWay);
    worker.signal('SIGSTOP');
    const stoppedMs = systemClock.monotonicMs();
    const leased = (await cluster.place.all("select id from paidonce_deliveries where state = 'sending'")).length;
    sink.hold = null;
    released.resolve();
    await load.stop();
    await cluster.node('shop').start();
    await cluster.settled(leaseMs + 20_000);
    // Others took its leases over when they ended, and not later than their next poll under this load.
    expect(systemClock.monotonicMs() - stoppedMs).toBeLessThan(leaseMs + 15_000);
    const { text } = await ask(`${cluster.node('api').url}/metrics`);
    expect(Number(/^paidonce_rescued_leases (\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(leased);
    const posts = sink.posts.length;
    const fencedOut = () => worker.logged.filter(({ msg }) => msg === 'delivery.fenced_out').length;
    worker.signal('SIGCONT');
    await until('its reports are refused', async () => fencedOut() >= onTheirWay);
    await until('it works again', async () => (await ask(`${worker.url}/readyz`)).status === 200);
    expect(sink.posts.length).toBe(posts);
    // What it tells of is kept, in place of what was written while it could not tell.
    const [told] = await cluster.place.all(
      `select count(*) as n from paidonce_attempts a join paidonce_deliveries d on d.id = a.delivery
       where d.kind = 'endpoint' and a.number = 1 and not a.lost`,
    );
    expect(Number(told?.n)).toBeGreaterThanOrEqual(onTheirWay);
    await expectKept(expect, cluster, load);
  });

  it('sends nothing that it had claimed before and not begun', { timeout }, async ({ expect, onTestFinished }) => {
    const cluster = await Cluster.open(['shop', 'api', 'worker'], { later: 1 });
    onTestFinished(() => cluster.close());
    const { sink } = cluster;
    const shop = cluster.node('shop');
    const load = new Load(cluster, ['api']);
    load.start(8);
    await until('it sends', async () => sink.posts.length > 20);
    shop.tell('stop at the next seal');
    await until('it stands still', async () => isStopped(shop.pid));
    const wanted = load.count + 20;
    await until('the load goes on', async () => load.count > wanted);
    await load.stop();
    await cluster.node('worker').start();
    const sql = "select count(*) as n from paidonce_deliveries where kind = 'endpoint' and state <> 'confirmed'";
    const isSent = async () => Number((await cluster.place.all(sql))[0]?.n) === 0;
    await until('another has sent everything', isSent, leaseMs + 20_000);
    const posts = sink.posts.length;
    shop.signal('SIGCONT');
    // Its handlers work again, so its turn to send has come as well.
    await cluster.settled(60_000);
    expect(sink.posts.length).toBe(posts);
    await expectKept(expect, cluster, load);
  });
});
