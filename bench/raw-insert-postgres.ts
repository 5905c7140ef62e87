import { Client } from 'pg';
import type { RawFigures } from './raw-insert.ts';
import { answer, sharedMs } from './role.ts';
import { type RowShape, vary } from './rows.ts';

export interface RawPostgresInsert {
  /** A database with the product's empty tables. */
  url: string;
  shapes: readonly RowShape[];
  /** How many callbacks' rows. */
  count: number;
  batch: number;
  connections: number;
}

export type RawPostgresInsertCalls = { run(input: RawPostgresInsert): Promise<RawFigures> };

/** Ceiling A on PostgreSQL: one statement for each table and transaction, each transaction sent whole. */
answer({ run: (input) => insertAll(input) } satisfies RawPostgresInsertCalls);

interface Writing {
  shape: RowShape;
  name: string;
  text: string;
  columns: readonly string[];
}

/** What is sent in one transaction. */
type Transaction = readonly { name: string; text: string; values: unknown[][] }[];

/** Batches whose values are made up before they are timed. */
const batchesAtOnce = 64;

async function insertAll({ url, shapes, count, batch, connections }: RawPostgresInsert): Promise<RawFigures> {
  const clients = Array.from({ length: connections }, () => new Client({ connectionString: url, pipeline: true }));
  for (const client of clients) await client.connect();
  const [first] = clients;
  if (first === undefined) throw new Error('no connections');
  // A transaction has one number, and so one row of a table that is keyed by it.
  const isAnother = (shape: RowShape, place: number) =>
    shape.kind === 'batch' && shapes.findIndex(({ table }) => table === shape.table) < place;
  const writings = await writingsOf(
    first,
    shapes.filter((shape, place) => !isAnother(shape, place)),
  );
  await seed(first, shapes, { count, connections });
  let spentMs = 0;
  let cpuUs = 0;
  for (let from = 0; from < count; from += batch * batchesAtOnce) {
    const to = Math.min(count, from + batch * batchesAtOnce);
    const queue: ((connection: number) => Transaction)[] = [];
    for (let at = from; at < to; at += batch) queue.push(transactionOf(writings, at, Math.min(batch, to - at)));
    const beganMs = sharedMs();
    const before = process.cpuUsage();
    await Promise.all(clients.map((client, number) => work(client, number, queue)));
    spentMs += sharedMs() - beganMs;
    const used = process.cpuUsage(before);
    cpuUs += used.user + used.system;
  }
  for (const client of clients) await client.end();
  return { perSecond: (count / spentMs) * 1000, cpuUs: cpuUs / count };
}

async function work(client: Client, number: number, queue: ((connection: number) => Transaction)[]): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const sent: Promise<unknown>[] = [client.query('begin')];
    for (const statement of next(number)) sent.push(client.query(statement));
    sent.push(client.query('commit'));
    await Promise.all(sent);
  }
}

/** Values of rows that each has of its own are made here; those of rows that all share differ by connection. */
function transactionOf(writings: readonly Writing[], from: number, count: number): (connection: number) => Transaction {
  const each = writings
    .filter(({ shape }) => shape.kind !== 'shared')
    .map((one) => ({
      name: one.name,
      text: one.text,
      values: one.columns.map((column) =>
        Array.from({ length: one.shape.kind === 'batch' ? 1 : count }, (_, index) =>
          vary(one.shape, column, from + index),
        ),
      ),
    }));
  const shared = writings.filter(({ shape }) => shape.kind === 'shared');
  return (connection) => [
    ...each,
    ...shared.map(({ shape, name, text, columns }) => ({
      name,
      text,
      values: columns.map((column) => [sharedValue(shape, column, connection)]),
    })),
  ];
}

/** As with the product, each connection adds to a row of its own. */
function sharedValue(shape: RowShape, column: string, connection: number): unknown {
  const value = vary(shape, column, 0);
  return column === 'writer' ? `${String(value)} ${connection}` : value;
}

async function writingsOf(client: Client, shapes: readonly RowShape[]): Promise<Writing[]> {
  const writings: Writing[] = [];
  for (const [index, shape] of shapes.entries()) {
    const types = await typesOf(client, shape.table);
    const columns = Object.keys(shape.one).filter((column) => types.has(column));
    const isMade = shape.kind === 'insert' || shape.kind === 'batch';
    const text = isMade ? insertSql(shape, columns, types) : updateSql(shape, columns, types);
    writings.push({ shape, name: `raw_${index}`, text, columns });
  }
  return writings;
}

/** Of the columns that the product writes; the others the database fills in. */
async function typesOf(client: Client, table: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = '' and attname <> 'xid'`,
    [`paidonce.${table}`],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

function insertSql({ table }: RowShape, columns: readonly string[], types: ReadonlyMap<string, string>): string {
  return `insert into paidonce.${table} (${columns.join(', ')}) select * from unnest(${listsOf(columns, types)})`;
}

function updateSql({ table, key }: RowShape, columns: readonly string[], types: ReadonlyMap<string, string>): string {
  const changed = columns.filter((column) => !key.includes(column));
  return `update paidonce.${table} t set ${changed.map((column) => `${column} = u.${column}`).join(', ')}
    from unnest(${listsOf(columns, types)}) u (${columns.join(', ')})
    where ${key.map((column) => `t.${column} = u.${column}`).join(' and ')}`;
}

function listsOf(columns: readonly string[], types: ReadonlyMap<string, string>): string {
  return columns.map((column, index) => `$${index + 1}::${types.get(column)}[]`).join(', ');
}

/** Rows that are changed have to be there before. */
async function seed(
  client: Client,
  shapes: readonly RowShape[],
  { count, connections }: { count: number; connections: number },
): Promise<void> {
  for (const shape of shapes) {
    if (shape.kind === 'insert' || shape.kind === 'batch') continue;
    const types = await typesOf(client, shape.table);
    const columns = Object.keys(shape.one).filter((column) => types.has(column));
    const isShared = shape.kind === 'shared';
    const value = (column: string, index: number) =>
      isShared ? sharedValue(shape, column, index) : vary(shape, column, index);
    const values = columns.map((column) =>
      Array.from({ length: isShared ? connections : count }, (_, index) => value(column, index)),
    );
    await client.query(insertSql(shape, columns, types), values);
  }
  await client.query('vacuum analyze');
  // As the product does: else a plan made while tables were empty would read all of them.
  for (const setting of ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin'])
    await client.query(`set ${setting} = off`);
}
