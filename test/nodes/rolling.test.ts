import { describe, it } from 'vitest';
import { until } from '../server/serving.ts';
import { Cluster } from './cluster.ts';
import { expectKept } from './counts.ts';
import { Load } from './load.ts';

describe('nodes that are restarted one after the other', () => {
  it('answer all that they have accepted, and end with 0', { timeout: 120_000 }, async ({ expect, onTestFinished }) => {
    const cluster = await Cluster.open(['shop', 'api', 'all', 'worker']);
    onTestFinished(() => cluster.close());
    const load = new Load(cluster, ['api', 'all']);
    load.start(6);
    for (const node of cluster.nodes) {
      const wanted = load.count + 40;
      await until('work goes on', async () => load.count > wanted, 30_000);
      expect(await node.end('SIGTERM')).toBe(0);
      await node.start();
    }
    await load.stop();
    // Nothing is leased to a node that has gone: nobody waits for a lease to end.
    await cluster.settled(10_000);
    await expectKept(expect, cluster, load);
    expect(load.refusals).toEqual([]);
    // Refused, or sent on a kept connection in the moment in which the server closed it as idle.
    const passing = ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET'];
    expect(load.unanswered.filter((code) => !passing.includes(code))).toEqual([]);
    const [lost] = await cluster.place.all('select count(*) as n from paidonce_attempts where lost');
    expect(Number(lost?.n)).toBe(0);
  });
});
