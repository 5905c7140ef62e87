import type { ExpectStatic } from 'vitest';
import { readBooks, readFunnels } from '../crash/books.ts';
import type { Cluster } from './cluster.ts';
import type { Load } from './load.ts';

/** The promises, counted once nothing waits: nothing acknowledged is lost, nothing takes effect twice, the figures agree. */
export async function expectKept(
  expect: ExpectStatic,
  { place, sink }: Pick<Cluster, 'place' | 'sink'>,
  { acknowledged }: Load,
  targets: readonly ('endpoint' | 'handler')[] = ['endpoint', 'handler'],
): Promise<void> {
  const books = await readBooks(place, '/nowhere');
  const { callbacks, publishes } = acknowledged;
  const { notifications, attempts, deliveries } = books;
  const all = notifications.length;
  expect([...callbacks].filter((orderNo) => !books.paidByCallback.has(orderNo))).toEqual([]);
  expect([...publishes].filter(([key, id]) => books.published.get(key) !== id)).toEqual([]);
  expect(books.ordersToldTwice).toEqual([]);
  expect(all).toBe(callbacks.size + publishes.size);
  // Accepted = confirmed; none is dead, canceled or alive.
  expect(deliveries).toEqual(Object.fromEntries(targets.map((target) => [`${target} confirmed`, all])));
  const booked = targets.includes('handler') ? 1 : undefined;
  expect(notifications.filter((id) => books.booked.get(id) !== booked)).toEqual([]);
  const posted = new Set(sink.posts.map(({ id }) => id));
  expect(notifications.filter((id) => !posted.has(id))).toEqual([]);
  expect(sink.posts.length).toBeLessThanOrEqual(attempts.posted + attempts.lost);
  const { kept, recounted } = await readFunnels(place);
  expect(recounted).toEqual(kept);
}
