import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, type ExpectStatic, it } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import { type Books, makeShopTable, readBooks, readFunnels } from './books.ts';
import { Lineage } from './lineage.ts';
import { type Place, postgresPlace, sqlitePlace } from './place.ts';
import { type Arm, points } from './points.ts';
import { Senders, Sink } from './work.ts';

const killsWanted = 20;
const atOnce = 8;
const perLife = 24;
/** Stores with work at once: more would only take the cores from each other. */
const atWork = 3;
const timeout = 300_000;

interface Tried {
  books: Books;
  senders: Senders;
  sink: Sink;
  deaths: number;
  funnels: Awaited<ReturnType<typeof readFunnels>>;
}

let free = atWork;
const waiting: (() => void)[] = [];

async function inTurn<T>(run: () => Promise<T>): Promise<T> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  else free -= 1;
  try {
    return await run();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }
}

/** The store of a kind, empty: where it is, how to look there, and what removes it. */
interface Kept {
  place: Place;
  database: string | null;
  remove(): Promise<void>;
}

const stores: Readonly<Record<'SQLite' | 'PostgreSQL', (folder: string) => Promise<Kept>>> = {
  SQLite: async (folder) => ({ place: sqlitePlace(folder), database: null, remove: async () => {} }),
  async PostgreSQL() {
    const { url, end } = await testDatabase();
    return { place: postgresPlace(url), database: url, remove: end };
  },
};
type StoreName = keyof typeof stores;

interface Course {
  store: StoreName;
  nextArm(deaths: number): Arm;
  onTaken?(lineage: Lineage, taken: number): void;
}

/** Serves a store through `killsWanted` deaths while work goes on, then lets everything end and counts what is there. */
async function through(course: Course): Promise<Tried> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-crash-'));
  const { place, database, remove } = await stores[course.store](folder);
  await makeShopTable(place);
  const sink = await Sink.open();
  const lineages: Lineage[] = [];
  try {
    const { lineage, senders } = await inTurn(async () => {
      const lineage = new Lineage({ folder, database, sinkUrl: sink.url, nextArm: course.nextArm });
      lineages.push(lineage);
      return { lineage, senders: await underLoad(lineage, folder, course) };
    });
    // Not in turn: on PostgreSQL the leases of the dead run out first, which takes time and nothing else.
    await lineage.drain();
    const books = await readBooks(place, folder);
    return { books, senders, sink, deaths: lineage.deaths, funnels: await readFunnels(place) };
  } finally {
    for (const lineage of lineages) lineage.close();
    sink.close();
    await remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function underLoad(lineage: Lineage, folder: string, { onTaken }: Course): Promise<Senders> {
  const senders = new Senders(lineage, folder);
  await senders.run(atOnce, perLife, () => {
    onTaken?.(lineage, senders.count);
    return lineage.deaths >= killsWanted;
  });
  return senders;
}

/** A first life that ends by itself: only at such an end is what it compiled kept for the others. */
async function warmUp(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-crash-'));
  const lineage = new Lineage({
    folder,
    database: null,
    sinkUrl: 'http://127.0.0.1:1/',
    nextArm: () => ({ point: null, after: 0 }),
  });
  try {
    await lineage.drain();
  } finally {
    lineage.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The promises, counted. */
function expectKept(expect: ExpectStatic, { books, senders, sink, funnels }: Tried): void {
  const { callbacks, publishes } = senders.acknowledged;
  const { notifications, attempts, deliveries } = books;
  const all = notifications.length;
  expect([...callbacks].filter((orderNo) => !books.paidByCallback.has(orderNo))).toEqual([]);
  expect([...publishes].filter(([key, id]) => books.published.get(key) !== id)).toEqual([]);
  expect(books.ordersToldTwice).toEqual([]);
  expect(all).toBe(callbacks.size + publishes.size);
  expect(deliveries).toEqual({ 'endpoint confirmed': all, 'handler confirmed': all, 'effect confirmed': all });
  expect(notifications.filter((id) => books.booked.get(id) !== 1)).toEqual([]);
  expect(notifications.filter((id) => books.effects.get(id)?.keys.size !== 1)).toEqual([]);
  expect(notifications.filter((id) => !sink.posts.has(id))).toEqual([]);
  const posts = [...sink.posts.values()].reduce((sum, count) => sum + count, 0);
  expect(posts).toBeGreaterThanOrEqual(attempts.posted);
  expect(posts).toBeLessThanOrEqual(attempts.posted + attempts.lost);
  expect(funnels.recounted).toEqual(funnels.kept);
}

/**
 * How much of a life's work is done before its end, the same in every run. More than is left over from the lives before: a
 * process that only ever died over the same few deliveries would use up their tries, as it should.
 */
function spread(deaths: number): number {
  return 10 + ((deaths * 7) % 11);
}

const names = ['SQLite', 'PostgreSQL'] as const satisfies readonly StoreName[];

describe.concurrent('a process that is killed', () => {
  beforeAll(warmUp, timeout);

  it.for(names.flatMap((store) => points.map((point) => [store, point] as const)))(
    `on %s, ${killsWanted} times at "%s", loses nothing and does nothing twice`,
    { timeout },
    async ([store, point], { expect }) => {
      const nextArm = (deaths: number): Arm => ({ point: deaths < killsWanted ? point : null, after: spread(deaths) });
      const tried = await through({ store, nextArm });
      expectKept(expect, tried);
      expect(tried.books.kills.filter((name) => name === point).length).toBeGreaterThanOrEqual(killsWanted);
    },
  );

  it.for(names)(
    `on %s, ${killsWanted} times at any moment under load, loses nothing and does nothing twice`,
    { timeout },
    async (store, { expect }) => {
      let killAt = 1;
      const onTaken = (lineage: Lineage, taken: number) => {
        if (taken < killAt || lineage.deaths >= killsWanted || !lineage.kill()) return;
        killAt = taken + spread(lineage.deaths);
      };
      const tried = await through({ store, nextArm: () => ({ point: null, after: 0 }), onTaken });
      expectKept(expect, tried);
      expect(tried.deaths).toBeGreaterThanOrEqual(killsWanted);
    },
  );
});
