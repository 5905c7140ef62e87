import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/stores/sqlite/connection.ts';
import { directStore } from './direct-store.ts';
import { openBench, temporaryFolder, testClock } from './support.ts';
import { useEverything } from './use-everything.ts';

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

describe('the plans of SQLite', () => {
  const clock = testClock();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let db: Connection;
  beforeAll(async () => {
    folder = await temporaryFolder();
    const direct = directStore(folder.path, clock);
    db = direct.db;
    await useEverything(await openBench({ make: () => direct.store, end: () => folder.remove() }, clock));
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
