import { describe, it } from 'vitest';
import { until } from '../server/serving.ts';
import { Cluster, type Node } from './cluster.ts';
import { expectKept } from './counts.ts';
import { Load } from './load.ts';

const killsWanted = Number(process.env.PAIDONCE_TEST_KILLS ?? 20);

describe('nodes on one database', () => {
  it(`of which any is killed, ${killsWanted} times under load, lose nothing and do nothing twice`, {
    timeout: 200_000,
  }, async ({ expect, onTestFinished }) => {
    const cluster = await Cluster.open(['shop', 'api', 'worker', 'all']);
    onTestFinished(() => cluster.close());
    const load = new Load(cluster);
    load.start(4);
    const restarts = new Map<Node, Promise<void>>();
    for (let kills = 0; kills < killsWanted; kills += 1) {
      // At other moments of its own and the others' lives each time; the one before may still be on its way up.
      const node = cluster.nodes[(kills * 5 + (kills >> 2)) % cluster.nodes.length] ?? expect.unreachable();
      await restarts.get(node);
      const wanted = load.count + 4 + ((kills * 7) % 23);
      await until('work goes on', async () => load.count > wanted, 30_000);
      expect(await node.end('SIGKILL')).toBe(null);
      restarts.set(node, node.start());
    }
    await Promise.all(restarts.values());
    await load.stop();
    await cluster.settled(90_000);
    await expectKept(expect, cluster, load);
  });
});
