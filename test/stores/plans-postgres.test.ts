import { readdirSync, readFileSync } from 'node:fs';
import { Client, escapeLiteral } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idFloor } from '../../src/domain/ids.ts';
import { ownSettings } from '../../src/stores/postgres/connections.ts';
import { Flight } from '../../src/stores/postgres/flight.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { writeOrder } from '../../src/stores/postgres/statements/statements.ts';
import { type TestDatabase, template, testDatabase } from '../support/postgres.ts';
import { failedUntil, migrated, node, openBench, program, shop, testClock } from './support.ts';
import { readLists, useEverything } from './use-everything.ts';

/** A node of a plan as `explain` gives it in JSON. */
interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Index Cond'?: string;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
}

/** Tables that rows are deleted from. */
const deleted = ['accounts', 'api_keys', 'sessions', 'parked_callbacks', 'outbox', 'asks'];

/** What the sessions of the store have sent, each statement with the values it was sent with last. */
const sent = new Map<string, readonly unknown[]>();

/** What a statement says of its plan: `index (columns), …`. */
const statedPlan = (sql: string) => /^\/\* (.+?) \*\//.exec(sql)?.[1] ?? null;

/** The statements with a stated plan that tables make of their definitions. */
function statementsOfTables(): string[] {
  return writeOrder.flatMap((table) => [
    ...table.lookups.flatMap(({ plainSql, sql, skippingSql }) => [plainSql, sql, skippingSql]),
    ...(/ set \(?\w/.test(table.updateSql) ? [table.updateSql] : []),
    ...(deleted.includes(table.name) ? [table.deleteSql] : []),
  ]);
}

/** The beginning of every statement in the source that states a plan, up to the first value that is put into it. */
function statementsInSource(): string[] {
  return ['../../src/stores/postgres/statements/', '../../src/stores/postgres/'].flatMap((folder) => {
    const url = new URL(folder, import.meta.url);
    const files = readdirSync(url).filter((file) => file.endsWith('.ts'));
    const texts = files.map((file) => readFileSync(new URL(file, url), 'utf8'));
    return texts.flatMap((text) =>
      [...text.matchAll(/[`'](\/\* \w+ \([^`']*)[`']/g)].map((match) => (match[1] ?? '').split('${')[0] ?? ''),
    );
  });
}

describe('the plans of PostgreSQL', () => {
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await testDatabase(await template('migrated', migrated));
    client = new Client({ connectionString: database.url });
    await recording(async () => {
      const bench = await openBench({ make: () => postgres(database.url), end: async () => {} }, testClock());
      await useEverything(bench);
      const [failing] = [await bench.addEndpoint({ concurrency: 2 }), await bench.addEndpoint()];
      await bench.publish('O-lanes');
      const { claimed } = await bench.claim();
      const one = claimed.find(({ lane }) => lane === failing);
      if (one === undefined) throw new Error('it was not claimed');
      // One batch that holds a lane and wakes another.
      await Promise.all([bench.finish(one, failedUntil(bench.clock.at + 60_000)), bench.publish('O-lanes')]);
      await bench.close();
    });
    await client.connect();
    await client.query(ownSettings);
    await client.query("set statement_timeout = '60s'");
  });
  afterAll(async () => {
    await client.end();
    await database.end();
  });

  /** As the sessions do it: prepared once, for whatever values. */
  const explain = async (sql: string, values: readonly unknown[], options = ''): Promise<PlanNode> => {
    await client.query(`prepare explained as ${sql}`);
    const list = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`;
    await client.query('begin');
    try {
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `explain (format json ${options}) execute explained ${list}`,
      );
      const [first] = rows;
      if (first === undefined) throw new Error('no plan');
      return first['QUERY PLAN'][0].Plan;
    } finally {
      await client.query('rollback');
      await client.query('deallocate explained');
    }
  };
  const hot = () => [
    ...new Set([...statementsOfTables(), ...[...sent.keys()].filter((sql) => statedPlan(sql) !== null)]),
  ];

  /** The statements whose plans are not as they state it, whatever the tables hold. */
  const wrong = async () => {
    const found: unknown[] = [];
    for (const sql of hot()) {
      const nodes = nodesOf(await explain(sql, nothingFor(sql)));
      const plan = onceEach(nodes.filter((node) => node['Index Name'] !== undefined).map(indexOf));
      const types = nodes.map((node) => node['Node Type']).filter((type) => never.test(type));
      if (types.length > 0 || !isAs(plan, statedPlan(sql) ?? '')) found.push({ sql, plan, types });
    }
    return found;
  };

  it('are what each statement states: the named indexes, with all the columns that are looked up in them, and no sort', async () => {
    expect(await wrong()).toEqual([]);
  });

  it('are so also where there were few rows when they were counted last, and none of what comes and goes', async () => {
    for (const { name } of writeOrder) {
      if (deleted.includes(name)) await client.query(`delete from paidonce.${name}`);
      await client.query(`analyze paidonce.${name}`);
    }
    expect(await wrong()).toEqual([]);
  });

  it('are stated by everything that is sent, but for what inserts, locks names, deletes history or only reads what people ask for', () => {
    const silent = [...sent.keys()].filter((sql) => statedPlan(sql) === null && /^\s*(update|delete|with)/.test(sql));
    expect(silent).toEqual([]);
  });

  it('are all checked: every statement that states one has been used here', () => {
    const used = [...sent.keys(), ...statementsOfTables()];
    expect(statementsInSource().filter((start) => !used.some((sql) => sql.startsWith(start)))).toEqual([]);
    const unused = writeOrder
      .flatMap(({ lookups }) => lookups)
      .filter(({ sql, skippingSql }) => !sent.has(sql) && !sent.has(skippingSql));
    expect(unused.map(({ name }) => name)).toEqual(neverLookedUp);
  });

  it('read about as much with 100,000 rows of one merchant as with 1000', async () => {
    const measured = async () => {
      const buffers = new Map<string, number>();
      for (const sql of hot()) {
        const values = sent.get(sql);
        if (values === undefined || !/\bselect\b/.test(sql)) continue;
        // The first leaves marks in the pages that it reads.
        await explain(sql, values, ', analyze, buffers');
        const { 'Shared Hit Blocks': hit = 0, 'Shared Read Blocks': read = 0 } = await explain(
          sql,
          values,
          ', analyze, buffers',
        );
        buffers.set(sql, hit + read);
      }
      return buffers;
    };
    await fill(client, 1000);
    expect(await wrong()).toEqual([]);
    const few = await measured();
    await fill(client, 100_000);
    expect(await wrong()).toEqual([]);
    const many = await measured();
    expect(few.size).toBeGreaterThan(30);
    const grown = [...many].filter(([sql, buffers]) => buffers > 2 * Math.max(few.get(sql) ?? 0, 3));
    expect(grown.map(([sql, buffers]) => ({ sql, few: few.get(sql), many: buffers }))).toEqual([]);
    await recording(async () => {
      const store = postgres(database.url);
      await store.open({ program, node });
      await readLists(store, { merchant: shop });
      await store.close();
    });
    const listsWith = (text: string) => [...sent].filter(([sql]) => sql.includes(text));
    const [ofTime, ofMany] = [listsWith('order by id desc limit 1'), listsWith(" || '') = any(")];
    expect([ofTime.length, ofMany.length]).toEqual([3, 2]);
    for (const [sql, values] of [...ofTime, ...ofMany]) {
      const plan = await explain(sql, values.map(laterThan), ', analyze, buffers');
      expect(plan['Shared Hit Blocks'], sql).toBeLessThan(100);
    }
  }, 240_000);
});

/** A parameter of a list by time, for a time three hours after all that there is. */
function laterThan(value: unknown): unknown {
  const threeHoursMs = 3 * 3_600_000;
  if (typeof value === 'number' && value > threeHoursMs) return value + threeHoursMs;
  const prefix = typeof value === 'string' ? /^(ntf|cbk|ord)_/.exec(value)?.[1] : undefined;
  return prefix === undefined ? value : idFloor(prefix as 'ntf', testClock().at + 2 * threeHoursMs);
}

/** Declared for the row's sake: what finds it is a statement of its own, or only the sandbox asks. */
const neverLookedUp = ['outbox by seq', 'sandbox_payments by id', 'sandbox_names by payment'];

/** Keeps what goes through the driver while `run` runs. */
async function recording(run: () => Promise<void>): Promise<void> {
  const { query } = Client.prototype;
  Client.prototype.query = function record(this: Client, ...given: unknown[]) {
    const [config] = given as [Flight | { name?: string; text?: string; values?: unknown[] }];
    if (config instanceof Flight) for (const { statement, values } of config.asked) sent.set(statement.text, values);
    else if (config?.name?.startsWith('paidonce_') && config.text !== undefined)
      sent.set(config.text, config.values ?? []);
    return Reflect.apply(query, this, given);
  } as typeof query;
  try {
    await run();
  } finally {
    Client.prototype.query = query;
  }
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** Each index by its name, with the columns that are looked up in it; what there is of a partitioned table is its rest. */
function indexOf({ 'Index Name': index = '', 'Index Cond': condition = '' }: PlanNode): [string, string[]] {
  const columns = [...condition.matchAll(/\((?:\w+\.)?(\w+) (?:=|<=|<|>=|>|IS NULL)/g)].map((match) => match[1] ?? '');
  return [index.replace(/_(rest|\d{8})_/, '_'), columns];
}

/** The parts of a partitioned table are looked up alike. */
function onceEach(plan: readonly [string, string[]][]): [string, string[]][] {
  return plan.filter(([index], place) => index !== plan[place - 1]?.[0]).map(([index, columns]) => [index, columns]);
}

/** A condition that the index itself implies may be looked up as well. */
function isAs(plan: readonly [string, string[]][], stated: string): boolean {
  const expected = [...stated.matchAll(/(\w+) \(([^)]*)\)/g)].map((match) => [match[1], (match[2] ?? '').split(', ')]);
  if (expected.length !== plan.length) return false;
  return plan.every(([index, columns], place) => {
    const [name, needed] = expected[place] ?? [];
    return index === name && [needed ?? []].flat().every((column) => column === '' || columns.includes(column));
  });
}

const never = /Sort|Seq Scan|Bitmap|Hash|Merge|Materialize/;

/** A generic plan is the same for all values. */
function nothingFor(sql: string): null[] {
  const numbers = [...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1]));
  return Array.from({ length: Math.max(0, ...numbers) }, () => null);
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (!Array.isArray(value)) return escapeLiteral(String(value));
  const parts = value.map((part) => (part === null ? 'null' : `"${String(part).replaceAll(/["\\]/g, '\\$&')}"`));
  return escapeLiteral(`{${parts.join(',')}}`);
}

/** Of each table what makes one row of it another's copy. */
const own: Readonly<Record<string, readonly string[]>> = {
  orders: ['id', 'order_no'],
  order_references: ['reference', 'order_id'],
  awaited_references: ['reference', 'payment_key'],
  payment_links: ['payment_key', 'order_id'],
  facts: ['key', 'id', 'order_id', 'payment_key'],
  sightings: ['fact', 'callback'],
  // All of one message, which is told by the first of them.
  callbacks: ['id'],
  callback_bytes: ['callback'],
  nonces: ['nonce'],
  discrepancies: ['id', 'order_id', 'key'],
  notifications: ['id', 'order_id', 'cause'],
  payloads: ['notification'],
  idempotency: ['key', 'notification'],
  // All in one lane.
  deliveries: ['id', 'notification'],
  attempts: ['delivery', 'id'],
  lanes: ['id'],
  // All of one account.
  asks: ['name', 'subject'],
  ask_queues: ['account'],
  outbox: [],
};

/** Copies a row of each table until there are about that many, all of one merchant. */
async function fill(client: Client, count: number): Promise<void> {
  for (const [table, columns] of Object.entries(own)) {
    const { rows } = await client.query<{ name: string }>(
      `select column_name as name from information_schema.columns
       where table_schema = 'paidonce' and table_name = $1 and is_identity = 'NO' and column_name <> 'xid'`,
      [table],
    );
    const names = rows.map(({ name }) => name);
    const values = names.map((name) => (columns.includes(name) ? `one.${name} || '-${count}-' || n` : `one.${name}`));
    await client.query(
      `insert into paidonce.${table} (${names.join(', ')})
       select ${values.join(', ')} from (select * from paidonce.${table} limit 1) one, generate_series(1, ${count}) n`,
    );
    await client.query(`analyze paidonce.${table}`);
  }
}
