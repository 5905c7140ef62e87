import { describe, it } from 'vitest';
import { until } from '../server/serving.ts';
import { Cluster } from './cluster.ts';
import { expectKept } from './counts.ts';
import { Load } from './load.ts';

/** Of the merchant's pool; fewer than handlers run at once. */
const connections = 4;

describe('handlers that keep their connections', () => {
  it('stop neither requests, nor claims, nor reports of the same node', { timeout: 120_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const cluster = await Cluster.open(['shop'], { settings: { shop: { SHOP_CONNECTIONS: String(connections) } } });
    onTestFinished(() => cluster.close());
    const { place, sink } = cluster;
    const shop = cluster.node('shop');
    shop.tell('hold');
    const load = new Load(cluster);
    load.start(4);
    const held = `select count(*) as n from pg_stat_activity where application_name not like 'paidonce%'
      and datname = current_database() and state = 'idle in transaction'`;
    const count = async (sql: string) => Number((await place.all(sql))[0]?.n);
    await until('all connections are held', async () => (await count(held)) === connections);
    const taken = load.count;
    const confirmed = "select count(*) as n from paidonce_deliveries where kind = 'endpoint' and state = 'confirmed'";
    const sent = await count(confirmed);
    await until('requests are taken', async () => load.count > taken + 100);
    await until('deliveries are claimed and reported', async () => (await count(confirmed)) > sent + 100);
    expect(await count(held)).toBe(connections);
    expect(await count('select count(*) as n from shop_book')).toBe(0);
    shop.tell('go on');
    await load.stop();
    await cluster.settled(60_000);
    await expectKept(expect, cluster, load);
    expect(load.refusals).toEqual([]);
    expect(sink.posts.length).toBe(load.count);
  });
});
