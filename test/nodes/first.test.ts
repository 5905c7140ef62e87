import { describe, it } from 'vitest';
import { migrations } from '../../src/stores/postgres/schema.ts';
import { postgresPlace } from '../crash/place.ts';
import { ask } from '../server/serving.ts';
import { testDatabase } from '../support/postgres.ts';
import { Node } from './cluster.ts';

describe('nodes that start at once on an empty database', () => {
  it('make the tables once, and all are ready', { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
    const { url, end } = await testDatabase();
    onTestFinished(end);
    const nodes = (['all', 'api', 'worker'] as const).map((kind) => new Node(kind, url));
    onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.end('SIGKILL')))));
    await Promise.all(nodes.map((node) => node.start()));
    const ready = await Promise.all(nodes.map((node) => ask(`${node.url}/readyz`)));
    expect(ready.map(({ status }) => status)).toEqual([200, 200, 200]);
    const applied = await postgresPlace(url).all('select number from paidonce_migrations order by number');
    expect(applied.map(({ number }) => number)).toEqual(migrations.map(({ number }) => number));
    const troubles = nodes.flatMap(({ logged }) => logged.filter(({ level }) => Number(level) >= 40));
    expect(troubles).toEqual([]);
  });
});
