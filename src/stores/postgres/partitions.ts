import type { Instant } from '../../domain/clock.ts';
import { idFloor } from '../../domain/ids.ts';
import { type Row, text } from '../mapping.ts';
import { type Session, stateOf } from './session.ts';

/** A part is a week, from Thursday to Thursday as 1970 began: few enough that a statement over all of them stays cheap. */
const partMs = 7 * 86_400_000;
/** Parts are there before their week begins, also where nobody looks after them for a while. */
const partsAhead = 2;

/** The tables whose rows go by the week, with the id that orders them and what is still live in a part. */
const partitioned = {
  callback_bytes: {
    prefix: 'cbk',
    key: 'callback',
    live: `select 1 from paidonce.callbacks where id >= $1 and id < $2 and verdict = 'parked'`,
  },
  payloads: {
    prefix: 'ntf',
    key: 'notification',
    live: `select 1 from paidonce.deliveries d join paidonce.notifications n on n.id = d.notification
      where n.id >= $1 and n.id < $2 and d.state in ('pending', 'sending')`,
  },
  attempts: {
    prefix: 'dlv',
    key: 'delivery',
    live: `select 1 from paidonce.deliveries where id >= $1 and id < $2 and state in ('pending', 'sending')`,
  },
} as const;
type Partitioned = keyof typeof partitioned;
const tables = ['callback_bytes', 'payloads', 'attempts'] as const satisfies readonly Partitioned[];

/** Makes the parts of this week and the next ones, where they are missing. What has no part of its own goes into the rest. */
export async function makePartitions(session: Session, now: Instant): Promise<void> {
  for (const table of tables) {
    const parts = new Set((await partsOf(session, table)).map(({ from }) => from));
    for (let ahead = 0; ahead <= partsAhead; ahead += 1) {
      const from = now - (now % partMs) + ahead * partMs;
      if (!parts.has(from)) await makePartition(session, table, from);
    }
  }
}

async function makePartition(session: Session, table: Partitioned, from: Instant): Promise<void> {
  const { prefix } = partitioned[table];
  const name = `${table}_${new Date(from).toISOString().slice(0, 10).replaceAll('-', '')}`;
  try {
    // Two nodes may do it at once; ids hold nothing that would have to be quoted.
    await session.command(`create table if not exists paidonce.${name} (like paidonce.${table} including all)`);
    // Attached afterwards, so that nobody who writes waits for it.
    await session.command(
      `alter table paidonce.${table} attach partition paidonce.${name}
       for values from ('${idFloor(prefix, from)}') to ('${idFloor(prefix, from + partMs)}')`,
    );
  } catch (error) {
    // Rows of that week are in the rest already (23514), the other node was quicker, or the table is in use: it can wait.
    if (!['23514', '42P07', '42710', '42809', '23505', '55P03', '40P01'].includes(stateOf(error) ?? '')) throw error;
  }
}

/**
 * Drops the oldest part that ends before this moment and in which nothing is live, and what is old in the rest. First row: how
 * many rows the part had, as far as the database knows; then the parts that stay because something in them is live.
 */
export async function dropOld(session: Session, table: Partitioned, before: Instant): Promise<readonly Row[]> {
  const { prefix, key, live } = partitioned[table];
  const kept: Row[] = [];
  for (const { name, from } of await partsOf(session, table)) {
    if (from + partMs > before) break;
    const bounds = [idFloor(prefix, from), idFloor(prefix, from + partMs)] as const;
    const [alive] = await session.all(`${live} limit 1`, ...bounds);
    if (alive !== undefined) {
      kept.push({ part: name });
      continue;
    }
    const [size] = await session.all(
      'select greatest(reltuples, 1)::bigint as removed from pg_class where oid = $1::regclass',
      `paidonce.${name}`,
    );
    await session.command(`drop table paidonce.${name}`);
    return [{ removed: Number(size?.removed ?? 1) }, ...kept];
  }
  const removed = await session.run(
    `-- history
     delete from paidonce.${table}_rest where ${key} in (
       select ${key} from paidonce.${table}_rest where ${key} >= $1 and ${key} < $2 order by ${key} limit 500
     ) and not exists (${live})`,
    idFloor(prefix, 0),
    idFloor(prefix, before),
  );
  return [{ removed }, ...kept];
}

/** The parts, the oldest first. */
async function partsOf(session: Session, table: Partitioned): Promise<{ name: string; from: Instant }[]> {
  const rows = await session.all(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass and c.relname ~ '_[0-9]{8}$' order by c.relname`,
    `paidonce.${table}`,
  );
  return rows.map((row) => {
    const name = text(row, 'name');
    const digits = name.slice(-8);
    return {
      name,
      from: Date.UTC(Number(digits.slice(0, 4)), Number(digits.slice(4, 6)) - 1, Number(digits.slice(6))),
    };
  });
}
