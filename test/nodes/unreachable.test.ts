import { describe, type ExpectStatic, it } from 'vitest';
import { ask, until } from '../server/serving.ts';
import { postgresServer, testDatabase } from '../support/postgres.ts';
import { Cluster } from './cluster.ts';
import { expectKept } from './counts.ts';
import { Load, patienceMs } from './load.ts';
import { Way } from './way.ts';

const timeout = 200_000;
const senders = 6;

/** Of what was refused since then all was answered, in the words that make the other side send again, before it gives up. */
function expectTryLater(expect: ExpectStatic, load: Load, from: number): void {
  const refusals = load.refusals.slice(from);
  const callbacks = refusals.filter(({ kind }) => kind === 'callback');
  expect(callbacks.length).toBeGreaterThan(0);
  expect(callbacks.filter(({ status, tookMs }) => status !== 503 || tookMs >= patienceMs)).toEqual([]);
  const isToldSo = ({ status, text }: (typeof refusals)[0]) => status === 503 && text.includes('"code":"store.');
  expect(refusals.filter((refusal) => refusal.kind === 'publish' && !isToldSo(refusal))).toEqual([]);
  expect(load.unanswered).toEqual([]);
}

async function goesOn(load: Load): Promise<void> {
  const wanted = load.count + 60;
  await until('work goes on', async () => load.count > wanted, 60_000);
}

async function expectAllKept(expect: ExpectStatic, cluster: Cluster, load: Load): Promise<void> {
  await goesOn(load);
  await load.stop();
  await cluster.settled(90_000);
  await expectKept(expect, cluster, load);
}

describe.concurrent('nodes whose database', () => {
  it('is out of reach say so in time, lose nothing, and go on by themselves', { timeout }, async ({
    expect,
    onTestFinished,
  }) => {
    const { url, end } = await testDatabase();
    onTestFinished(end);
    const way = await Way.to(url);
    onTestFinished(() => way.close());
    const cluster = await Cluster.open(['shop', 'api', 'worker'], { database: url, reach: way.url });
    onTestFinished(() => cluster.close());
    const load = new Load(cluster, ['api']);
    load.start(senders);
    for (const mood of ['silent', 'refusing'] as const) {
      await goesOn(load);
      way.become(mood);
      const from = load.refusals.length;
      // Twice each: the second time nothing of the old connections is left.
      await until('all are told', async () => load.refusals.length >= from + 2 * senders, 60_000);
      const ready = await Promise.all(
        ['api', 'worker'].map((kind) => ask(`${cluster.node(kind as 'api').url}/readyz`)),
      );
      expect(ready.map(({ status }) => status)).toEqual([503, 503]);
      way.become('open');
      expectTryLater(expect, load, from);
    }
    await expectAllKept(expect, cluster, load);
  });

  it('is restarted, or killed, say so, lose nothing, and go on by themselves', { timeout }, async ({
    expect,
    onTestFinished,
  }) => {
    const server = await postgresServer();
    onTestFinished(() => server.end());
    const cluster = await Cluster.open(['shop', 'api', 'worker'], { database: server.url });
    onTestFinished(() => cluster.close());
    const load = new Load(cluster, ['api']);
    load.start(senders);
    for (const signal of ['stop', 'SIGQUIT', 'SIGKILL'] as const) {
      await goesOn(load);
      const from = load.refusals.length;
      await (signal === 'stop' ? server.stop() : server.kill(signal));
      await until('all are told', async () => load.refusals.length >= from + 2 * senders, 60_000);
      await server.start();
      expectTryLater(expect, load, from);
    }
    await expectAllKept(expect, cluster, load);
  });

  it('does not answer can be stopped', { timeout }, async ({ expect, onTestFinished }) => {
    const { url, end } = await testDatabase();
    onTestFinished(end);
    const way = await Way.to(url);
    onTestFinished(() => way.close());
    const cluster = await Cluster.open(['shop', 'api', 'worker'], { database: url, reach: way.url });
    onTestFinished(() => cluster.close());
    const load = new Load(cluster, ['api']);
    load.start(senders);
    await goesOn(load);
    way.become('silent');
    const codes = await Promise.all(cluster.nodes.map((node) => node.end('SIGTERM')));
    expect(codes).toEqual([0, 0, 0]);
    way.become('open');
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await expectAllKept(expect, cluster, load);
  });
});
