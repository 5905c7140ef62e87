import { describe, it } from 'vitest';
import { ask, until } from '../server/serving.ts';
import { Cluster } from './cluster.ts';
import { expectKept } from './counts.ts';
import { Load } from './load.ts';

const wrongClock = new URL('./wrong-clock.ts', import.meta.url).href;
const wrong = { NODE_OPTIONS: `--import=${wrongClock}` };
/** What the two may be apart: leases and schedules, which lie ahead, are shorter than this, and an hour is longer. */
const nearMs = 120_000;
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** The milliseconds at the front of an id. */
function timeIn(id: string): number {
  const [, digits = ''] = id.split('_');
  return [...digits.slice(0, 10)].reduce((time, digit) => time * 32 + alphabet.indexOf(digit), 0);
}

describe('a node whose clock is wrong by an hour', () => {
  it('says that it is, and stores nothing that differs', { timeout: 120_000 }, async ({ expect, onTestFinished }) => {
    const cluster = await Cluster.open(['shop', 'api', 'all'], { settings: { shop: wrong, all: wrong } });
    onTestFinished(() => cluster.close());
    const { place, sink } = cluster;
    const ready = await Promise.all((['api', 'all'] as const).map((kind) => ask(`${cluster.node(kind).url}/readyz`)));
    expect(ready.map(({ status }) => status)).toEqual([200, 503]);
    expect(ready[1]?.text).toMatch(/this clock and the store's differ by 3[56]\d{5} ms/);
    // Some are tried again, so that due times of schedules are there as well.
    sink.failing = 5;
    const load = new Load(cluster);
    load.start(4);
    const waits = "select count(*) as n from paidonce_deliveries where state = 'pending' and attempts > 0";
    await until('some wait for another try', async () => Number((await place.all(waits))[0]?.n) > 0);
    const moments = await place.all(
      `select table_name as name, column_name as moment from information_schema.columns where table_schema = 'paidonce'
       and data_type = 'bigint' and (column_name like '%_at' or column_name in ('at', 'minute', 'since', 'next_due', 'provider_time'))`,
    );
    const now = Date.now();
    for (const { name, moment } of moments) {
      const sql = `select min(${moment}) as first, max(${moment}) as last from paidonce_${name} where ${moment} > 0`;
      const [{ first, last } = {}] = await place.all(sql);
      if (first === null) continue;
      expect(Math.abs(Number(first) - now), `${name}.${moment}`).toBeLessThan(nearMs);
      expect(Math.abs(Number(last) - now), `${name}.${moment}`).toBeLessThan(nearMs);
    }
    for (const table of ['callbacks', 'orders', 'facts', 'notifications', 'deliveries', 'attempts', 'endpoints']) {
      const ids = (await place.all(`select id from paidonce_${table}`)).map(({ id }) => String(id));
      expect(ids.length, table).toBeGreaterThan(0);
      expect(
        ids.filter((id) => Math.abs(timeIn(id) - now) > nearMs),
        table,
      ).toEqual([]);
    }
    await load.stop();
    await cluster.settled(60_000);
    await expectKept(expect, cluster, load);
    expect(load.refusals).toEqual([]);
  });
});
