import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '../../src/domain/ids.ts';
import type { FunnelQuery, Reads } from '../../src/stores/reads.ts';
import type { Place } from './place.ts';
import { effectFile, killFile } from './points.ts';

/** What is kept after everything has stopped, counted without the product's own code. */
export interface Books {
  /** Kills that a point has noted. */
  kills: readonly string[];
  /** Orders whose callback is kept with its fact, and that are paid. */
  paidByCallback: ReadonlySet<string>;
  /** Notification ids, by idempotency key. */
  published: ReadonlyMap<string, string>;
  notifications: readonly string[];
  /** How many notifications an order has: more than one of these orders would be one made twice. */
  ordersToldTwice: readonly string[];
  /** Rows that the handler inserted, by notification. */
  booked: ReadonlyMap<string, number>;
  /** Keys under which the effect ran, and how often, by notification. */
  effects: ReadonlyMap<string, { keys: ReadonlySet<string>; runs: number }>;
  /** Deliveries by kind and state. */
  deliveries: Readonly<Record<string, number>>;
  attempts: { posted: number; lost: number };
}

/** The shop's own table, in the store's database. No unique key: a handler that commits twice is there twice. */
export async function makeShopTable(place: Place): Promise<void> {
  await place.all('create table shop_book (notification text not null, order_no text not null)');
}

/** `folder` has what kills and effects have noted. */
export async function readBooks(place: Place, folder: string): Promise<Books> {
  const texts = async (sql: string) => (await place.all(sql)).map((row) => String(row.name));
  const counts = async (sql: string) => new Map((await place.all(sql)).map((row) => [String(row.name), Number(row.n)]));
  const attempts = await counts(
    `select case when a.lost then 'lost' else 'posted' end as name, count(*) as n from paidonce_attempts a
     join paidonce_deliveries d on d.id = a.delivery where d.kind = 'endpoint' group by 1`,
  );
  const published = (await place.all('select key, notification from paidonce_idempotency')).map(
    (row): [string, string] => [String(row.key), String(row.notification)],
  );
  const { key } = place;
  return {
    kills: linesOf(join(folder, killFile)),
    paidByCallback: new Set(
      await texts(
        `select o.order_no as name from paidonce_orders o join paidonce_facts f on f.order_id = o.id
         join paidonce_sightings s on s.fact = f.${key} join paidonce_callbacks c on c.id = s.callback
         join paidonce_callback_bytes b on b.callback = c.${key} where o.status = 'paid'`,
      ),
    ),
    published: new Map(published),
    notifications: await texts('select id as name from paidonce_notifications'),
    ordersToldTwice: await texts(
      'select min(order_no) as name from paidonce_notifications group by order_id having count(*) > 1',
    ),
    booked: await counts('select notification as name, count(*) as n from shop_book group by 1'),
    effects: effectsIn(join(folder, effectFile)),
    deliveries: Object.fromEntries(
      await counts(`select kind || ' ' || state as name, count(*) as n from paidonce_deliveries group by 1`),
    ),
    attempts: { posted: attempts.get('posted') ?? 0, lost: attempts.get('lost') ?? 0 },
  };
}

function effectsIn(file: string): Books['effects'] {
  const effects = new Map<string, { keys: Set<string>; runs: number }>();
  for (const line of linesOf(file)) {
    const [key = '', notification = ''] = line.split(' ');
    const known = effects.get(notification) ?? { keys: new Set(), runs: 0 };
    effects.set(notification, { keys: known.keys.add(key), runs: known.runs + 1 });
  }
  return effects;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    // Nobody has written a line.
    return [];
  }
}

const sides = [
  ['sending', 'attempt'],
  ['sending', 'delivery'],
  ['handlers', 'attempt'],
  ['handlers', 'delivery'],
  ['receiving', 'attempt'],
] as const;

/** The funnel as it was kept, and as the stored rows say it, side by side. */
export async function readFunnels(place: Place): Promise<{ kept: unknown[]; recounted: unknown[] }> {
  const store = place.store();
  const program = new URL('../../src/program.ts', import.meta.url);
  await store.open({ program, node: newId('nod', Date.now(), 0) });
  const read = async (name: 'funnel' | 'recount'): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (const [side, per] of sides) {
      const buckets: Reads['funnel']['output'] = await store.read(name, queryOf(side, per));
      found.push({ side, per, buckets });
    }
    return found;
  };
  try {
    return { kept: await read('funnel'), recounted: await read('recount') };
  } finally {
    await store.close();
  }
}

function queryOf(side: FunnelQuery['side'], per: FunnelQuery['per']): FunnelQuery {
  const anyOne = { visible: null, merchant: null, provider: null, endpoint: null, type: null };
  const now = Date.now();
  return { ...anyOne, side, per, from: now - (now % 60_000) - 3_600_000, to: now + 60_000, bucketMs: 60_000 };
}
