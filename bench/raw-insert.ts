import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { answer, sharedMs } from './role.ts';
import { type RowShape, vary } from './rows.ts';

export interface RawInsert {
  folder: string;
  /** The statements that make the tables and indexes, as the product's database has them. */
  schema: readonly string[];
  shapes: readonly RowShape[];
  /** How many callbacks' rows. */
  count: number;
  batch: number;
}

export interface RawFigures {
  perSecond: number;
  /** Of the inserting thread, inside its transactions. */
  cpuUs: number;
}

export type RawInsertCalls = { run(input: RawInsert): Promise<RawFigures> };

/** Ceiling A: the rows that the product leaves, inserted raw in a worker thread. */
if (isMainThread) {
  answer({
    run: (input) =>
      new Promise<RawFigures>((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: input });
        worker.once('message', resolve);
        worker.once('error', reject);
      }),
  } satisfies RawInsertCalls);
} else {
  parentPort?.postMessage(insertAll(workerData));
}

interface Writing {
  shape: RowShape;
  statement: StatementSync;
  columns: readonly string[];
}

/** Only the transactions are timed; making up the values is not what is measured. */
function insertAll({ folder, schema, shapes, count, batch }: RawInsert): RawFigures {
  const db = new DatabaseSync(join(folder, 'a.db'));
  db.exec(
    'pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0; pragma cache_size = -65536;',
  );
  for (const sql of schema) db.exec(sql);
  seed(db, shapes, count);
  const of = (...kinds: readonly RowShape['kind'][]) =>
    shapes.filter(({ kind }) => kinds.includes(kind)).map((shape) => writing(db, shape));
  const [each, shared, batched] = [of('insert', 'update'), of('shared'), of('batch')];
  const begin = db.prepare('begin immediate');
  const commit = db.prepare('commit');
  let spentMs = 0;
  let cpuUs = 0;
  for (let from = 0; from < count; from += batch) {
    const values = Array.from({ length: Math.min(batch, count - from) }, (_, index) =>
      each.map((one) => valuesOf(one, from + index)),
    );
    const beganMs = sharedMs();
    const before = process.threadCpuUsage();
    begin.run();
    for (const rows of values) for (const [place, one] of each.entries()) one.statement.run(...(rows[place] ?? []));
    for (const one of shared) one.statement.run(...valuesOf(one, 0));
    for (const one of batched) one.statement.run(...valuesOf(one, from));
    commit.run();
    spentMs += sharedMs() - beganMs;
    const used = process.threadCpuUsage(before);
    cpuUs += used.user + used.system;
    if (from % (batch * 64) === 0) db.exec('pragma wal_checkpoint(passive)');
  }
  db.close();
  return { perSecond: (count / spentMs) * 1000, cpuUs: cpuUs / count };
}

/** Rows that are changed have to be there before. */
function seed(db: DatabaseSync, shapes: readonly RowShape[], count: number): void {
  db.exec('begin');
  for (const shape of shapes) {
    if (shape.kind === 'insert' || shape.kind === 'batch') continue;
    const insert = inserting(db, shape);
    for (let index = 0; index < (shape.kind === 'shared' ? 1 : count); index += 1)
      insert.statement.run(...valuesOf(insert, index));
  }
  db.exec('commit');
}

function writing(db: DatabaseSync, shape: RowShape): Writing {
  return shape.kind === 'insert' || shape.kind === 'batch' ? inserting(db, shape) : updating(db, shape);
}

function inserting(db: DatabaseSync, shape: RowShape): Writing {
  const columns = Object.keys(shape.one);
  const sql = `insert into ${shape.table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`;
  return { shape, columns, statement: db.prepare(sql) };
}

function updating(db: DatabaseSync, shape: RowShape): Writing {
  const changed = Object.keys(shape.one).filter((column) => !shape.key.includes(column));
  const sql = `update ${shape.table} set ${changed.map((column) => `${column} = ?`).join(', ')} where ${shape.key.map((column) => `${column} = ?`).join(' and ')}`;
  return { shape, columns: [...changed, ...shape.key], statement: db.prepare(sql) };
}

function valuesOf({ shape, columns }: Writing, index: number): SQLInputValue[] {
  return columns.map((column) => vary(shape, column, index));
}
