import { describe, it } from 'vitest';
import { call, until } from '../server/serving.ts';
import { Cluster } from './cluster.ts';
import { merchant } from './shop-settings.ts';

const count = 60;

describe('a replay whose node is killed', () => {
  it('is gone on with by another, and sends nothing twice', { timeout: 90_000 }, async ({ expect, onTestFinished }) => {
    const cluster = await Cluster.open(['shop', 'api', 'worker']);
    onTestFinished(() => cluster.close());
    const api = { url: cluster.node('api').url ?? expect.unreachable() };
    const about = { merchant, type: 'payment.closed', amount_minor: 1, currency: 'CNY' };
    const notifications = Array.from({ length: count }, (_, index) => ({ ...about, order_no: `K-${index}` }));
    await call(api, 'POST', '/v1/notifications/batch', { notifications });
    await cluster.settled(30_000);
    // Only the worker is left to do it.
    await cluster.node('shop').end('SIGTERM');
    const progress = async () => {
      const [row] = await cluster.place.all('select state, progress from paidonce_replays');
      const { looked } = JSON.parse(String(row?.progress)) as { looked: number };
      return { state: row?.state, looked };
    };
    await call(api, 'POST', '/v1/replays', { merchant, type: about.type, rate_per_second: 10 });
    await until('it has begun', async () => (await progress()).looked >= 10);
    await cluster.node('worker').end('SIGKILL');
    const { looked } = await progress();
    expect(looked).toBeLessThan(count);
    await cluster.node('shop').start();
    await until('it has ended', async () => (await progress()).state === 'done', 30_000);
    expect((await progress()).looked).toBe(count);
    const sql = `select notification from paidonce_deliveries where kind = 'endpoint'`;
    const made = Map.groupBy(await cluster.place.all(sql), (row) => String(row.notification));
    expect([...made.values()].map((rows) => rows.length)).toEqual(Array.from({ length: count }, () => 2));
  });
});
