import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, type ExpectStatic, it } from 'vitest';
import { type Books, makeShopTable, readBooks, readFunnels } from './books.ts';
import { Lineage } from './lineage.ts';
import { type Arm, type Point, points } from './points.ts';
import { Senders, Sink } from './work.ts';

const killsWanted = 20;
const atOnce = 16;
const perLife = 48;
/** Folders at once: more would only take the cores from each other. */
const foldersAtOnce = 3;
const timeout = 180_000;

interface Tried {
  books: Books;
  senders: Senders;
  sink: Sink;
  deaths: number;
  funnels: Awaited<ReturnType<typeof readFunnels>>;
}

let free = foldersAtOnce;
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

/** Serves a folder through `killsWanted` deaths while work goes on, then lets everything end and counts what is there. */
async function through(options: {
  nextArm(deaths: number): Arm;
  onTaken?(lineage: Lineage, taken: number): void;
}): Promise<Tried> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-crash-'));
  makeShopTable(folder);
  const sink = await Sink.open();
  const lineage = new Lineage({ folder, sinkUrl: sink.url, nextArm: options.nextArm });
  const senders = new Senders(lineage, folder);
  try {
    await senders.run(atOnce, perLife, () => {
      options.onTaken?.(lineage, senders.count);
      return lineage.deaths >= killsWanted;
    });
    await lineage.drain();
    const books = readBooks(folder);
    return { books, senders, sink, deaths: lineage.deaths, funnels: await readFunnels(folder) };
  } finally {
    lineage.close();
    sink.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A first life that ends by itself: only at such an end is what it compiled kept for the others. */
async function warmUp(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-crash-'));
  const lineage = new Lineage({ folder, sinkUrl: 'http://127.0.0.1:1/', nextArm: () => ({ point: null, after: 0 }) });
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
  return 18 + ((deaths * 7) % 23);
}

describe.concurrent('a process that is killed', () => {
  beforeAll(warmUp, timeout);

  it.for<Point>([...points])(
    `${killsWanted} times at "%s" loses nothing and does nothing twice`,
    { timeout },
    async (point, { expect }) => {
      const nextArm = (deaths: number): Arm => ({ point: deaths < killsWanted ? point : null, after: spread(deaths) });
      const tried = await inTurn(() => through({ nextArm }));
      expectKept(expect, tried);
      expect(tried.books.kills.filter((name) => name === point).length).toBeGreaterThanOrEqual(killsWanted);
    },
  );

  it(`${killsWanted} times at any moment under load loses nothing and does nothing twice`, { timeout }, async ({
    expect,
  }) => {
    let killAt = 1;
    const onTaken = (lineage: Lineage, taken: number) => {
      if (taken < killAt || lineage.deaths >= killsWanted || !lineage.kill()) return;
      killAt = taken + spread(lineage.deaths);
    };
    const tried = await inTurn(() => through({ nextArm: () => ({ point: null, after: 0 }), onTaken }));
    expectKept(expect, tried);
    expect(tried.deaths).toBeGreaterThanOrEqual(killsWanted);
  });
});
