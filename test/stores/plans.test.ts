import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MerchantId, merchantId } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Connection } from '../../src/stores/sqlite/connection.ts';
import type { Store } from '../../src/stores/store.ts';
import { directStore } from './direct-store.ts';
import { openBench, shop, temporaryFolder, testClock } from './support.ts';
import { readLists, useEverything } from './use-everything.ts';

/** The plan that a statement states in its comments. */
function statedPlan(sql: string): string[] {
  return [...sql.matchAll(/^\s*-- (.+)$/gm)].map((match) => match[1] ?? '');
}

const statementFolders = ['../../src/stores/sqlite/statements/', '../../src/stores/sqlite/reads/'];

/** The beginning of every statement in the source that states a plan, up to the first value that is put into it. */
function statementsWithPlans(): string[] {
  return statementFolders.flatMap((folder) => {
    const url = new URL(folder, import.meta.url);
    const files = readdirSync(url).map((file) => readFileSync(new URL(file, url), 'utf8'));
    return files.flatMap((text) =>
      [...text.matchAll(/`(\s*-- [A-Z][^`]*)`/g)].map((match) => (match[1] ?? '').split('${')[0] ?? ''),
    );
  });
}

/** Copies of a row, with values of their own by the copy's number `n`. */
function copyRow(db: Connection, row: string, own: Readonly<Record<string, string>>, copies: number): void {
  const [table] = row.split(' ');
  const columns = db.database
    .prepare(`select name from pragma_table_info('${table}') where name <> 'seq'`)
    .all()
    .map(({ name }) => String(name));
  db.database.exec(
    `insert into ${table} (${columns.join(', ')})
     with recursive copies (n) as (values (1) union all select n + 1 from copies where n < ${copies})
     select ${columns.map((name) => own[name] ?? name).join(', ')}
     from copies cross join (select * from ${row} limit 1) order by n`,
  );
}

describe('the plans of SQLite', () => {
  const clock = testClock();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let db: Connection;
  let store: Store;
  beforeAll(async () => {
    folder = await temporaryFolder();
    ({ db, store } = directStore(folder.path, clock));
    await useEverything(await openBench({ make: () => store, end: () => folder.remove() }, clock));
  });
  afterAll(async () => {
    db.close();
    await folder.remove();
  });

  const planOf = (sql: string): string[] => {
    const rows = db.database.prepare(`explain query plan ${sql.replaceAll(/^\s*--.*$/gm, '')}`).all();
    return rows.map((row) => String(row.detail));
  };

  it('are what each statement states: the named index with all its equality columns', () => {
    const stating = db.prepared.filter((sql) => statedPlan(sql).length > 0);
    const wrong = stating.filter((sql) => planOf(sql).join() !== statedPlan(sql).join());
    expect(wrong.map((sql) => ({ sql, plan: planOf(sql) }))).toEqual([]);
  });

  it('never sort and never scan a table, in all that runs once per callback, publish, claim or attempt', () => {
    const stating = db.prepared.filter((sql) => statedPlan(sql).length > 0);
    for (const sql of stating) {
      const plan = planOf(sql).join('\n');
      expect(plan, sql).not.toContain('TEMP B-TREE');
      expect(plan.replace('SCAN paidonce_outbox', '').replace('SCAN (subquery-1)', ''), sql).not.toContain('SCAN');
    }
  });

  it('of a list by time neither scan nor sort, and begin and end at what was made then', () => {
    const lists = db.prepared.filter((sql) => sql.includes('order by id desc limit 1'));
    expect(lists).toHaveLength(3);
    for (const sql of lists) {
      const plan = planOf(sql).join('\n');
      expect(plan, sql).toContain('USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
      expect(plan.match(/COVERING INDEX paidonce_\w+_id \(id[<>]\?\)/g), sql).toHaveLength(2);
      expect(plan, sql).not.toMatch(/TEMP B-TREE|SCAN (?!s\b)paidonce/);
    }
  });

  it('of a list of one merchant look at all its orders where they are few, and else at the newest of all without sorting', async () => {
    const listsWith = (condition: string) =>
      db.prepared.filter((sql) => sql.includes(condition) && / order by (n\.)?seq desc/.test(sql));
    const ofFew = listsWith('in (select id from paidonce_orders where merchant in');
    expect(ofFew).toHaveLength(2);
    for (const sql of ofFew) expect(planOf(sql).join(), sql).not.toMatch(/SCAN (?!json_each)/);
    copyRow(db, 'paidonce_orders', { id: "id || '-' || n", order_no: "'copy-' || n" }, limits.fewOrders);
    await readLists(store, { merchant: shop });
    const ofMany = listsWith('+');
    expect(ofMany).toHaveLength(2);
    for (const sql of ofMany) expect(planOf(sql).join(), sql).not.toContain('TEMP B-TREE');
    const page = { visible: null, status: null, q: null, from: null, to: null, limit: 2, cursor: null };
    const found = async (merchant: MerchantId) =>
      (await store.read('orders', { ...page, merchant })).data.map(({ orderNo }) => orderNo);
    expect(await found(shop)).toEqual([`copy-${limits.fewOrders}`, `copy-${limits.fewOrders - 1}`]);
    expect(await found(merchantId('nobody'))).toEqual([]);
  });

  it('of a list of what waits give the same, few or many', async () => {
    const page = { visible: null, merchant: null, orderNo: null, endpoint: null, limit: 200, cursor: null };
    const states = async (state: 'waiting' | 'dead' | 'confirmed') =>
      new Set((await store.read('deliveries', { ...page, state })).data.map((delivery) => delivery.state));
    const copyOf = (state: string, copies: number) => {
      const values = { id: `id || '-${state}-${copies}-' || n`, state: `'${state}'`, due_at: 'null' };
      copyRow(db, "paidonce_deliveries where kind = 'endpoint'", values, copies);
    };
    copyOf('pending', limits.fewDeliveries + 1);
    copyOf('confirmed', 20);
    copyOf('dead', 20);
    expect(await states('waiting')).toEqual(new Set(['pending']));
    expect(await states('dead')).toEqual(new Set(['dead']));
    copyOf('dead', limits.fewDeliveries);
    expect(await states('dead')).toEqual(new Set(['dead']));
    expect(await states('confirmed')).toEqual(new Set(['confirmed']));
  });

  it('are stated by every statement that writes', () => {
    for (const sql of db.prepared.filter((text) => /^\s*(update|delete)/.test(text))) {
      const once = /paidonce_lanes set probe_until = null|ask_queues set next_due = \?1, free_at = 0|due_at = \?1/.test(
        sql,
      );
      expect(once, sql).toBe(true);
    }
  });

  it('are all checked: every statement that states one has been used here', () => {
    const unused = statementsWithPlans().filter((start) => !db.prepared.some((sql) => sql.startsWith(start)));
    expect(unused).toEqual([]);
  });
});
