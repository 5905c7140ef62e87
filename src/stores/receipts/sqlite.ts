import { systemClock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { SqlValue } from '../store.ts';
import { assertOneStatement, assertValue } from '../work/user-code.ts';
import { type OpenReceipt, type Receipts, receiptsIn } from './receipts.ts';

/** What is used of a `DatabaseSync` of `node:sqlite`. */
export interface NodeSqlite {
  readonly isTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): {
    setReadBigInts(enabled: boolean): void;
    columns(): readonly unknown[];
    all(parameters: Record<string, Bound>): unknown[];
    run(parameters: Record<string, Bound>): { changes: number | bigint };
  };
}

/** What is used of a `Database` of `better-sqlite3`. */
export interface BetterSqlite {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): {
    readonly reader: boolean;
    safeIntegers(enabled: boolean): unknown;
    all(parameters: Record<string, Bound>): unknown[];
    run(parameters: Record<string, Bound>): { changes: number | bigint };
  };
}

type Bound = string | number | bigint | null | Uint8Array;

const tableSql = `create table if not exists paidonce_receipts (
  notification text not null,
  handler text not null,
  effects text not null,
  done_at text not null default (datetime('now')),
  primary key (notification, handler)
) without rowid`;

const insertSql = `insert into paidonce_receipts (notification, handler, effects) values ($1, $2, '[]')
  on conflict do nothing`;
const findSql = 'select effects from paidonce_receipts where notification = $1 and handler = $2';
const keepSql = 'update paidonce_receipts set effects = $3 where notification = $1 and handler = $2';
const deleteSql = "delete from paidonce_receipts where done_at < datetime('now', '-' || $1 || ' days')";

/** What would reach outside of the transaction. */
const refused = ['attach', 'detach', 'pragma', 'vacuum'];
const busyCode = 5;
const busyPauseMs = 5;

/**
 * Receipts in a SQLite file, by a connection that nothing else uses: whatever another part of the program did on it would be in the
 * handler's transaction. Handlers take turns on it. `tx.query` takes `$1 …`.
 */
export function sqliteReceipts(database: NodeSqlite | BetterSqlite): Receipts {
  let last = Promise.resolve();
  const takeTurn = async () => {
    const turn = Promise.withResolvers<void>();
    const previous = last;
    last = turn.promise;
    await previous;
    return turn.resolve;
  };
  const alone = async <T>(work: () => T): Promise<T> => {
    const endTurn = await takeTurn();
    try {
      return work();
    } finally {
      endTurn();
    }
  };
  return receiptsIn({
    tableSql,
    create: () => alone(() => void database.exec(tableSql)),
    deleteOlder: (days) => alone(() => run(database, deleteSql, [days]).rowCount),
    async open(signal) {
      const endTurn = await takeTurn();
      try {
        // A commit that a power cut undoes would leave our mark without the work.
        database.exec('pragma synchronous = full');
        // The writer's lock is had from the start, so whoever has the same key waits here.
        await whenFree(database, 'begin immediate', () => signal.aborted);
      } catch (error) {
        endTurn();
        throw error;
      }
      return openOn(database, endTurn);
    },
  });
}

function openOn(database: NodeSqlite | BetterSqlite, onEnd: () => void): OpenReceipt {
  let ended = false;
  const assertOpen = () => {
    if (ended || !isOpen(database)) throw new AppError('handler.tx_over', 'the database rolled the transaction back');
  };
  const own = async (sql: string, parameters: readonly SqlValue[]) => {
    assertOpen();
    return run(database, sql, parameters);
  };
  return {
    async query(sql, parameters = []) {
      assertOneStatement(sql, refused);
      parameters.forEach(assertValue);
      return own(sql, parameters);
    },
    insert: async ({ notification, handler }) => (await own(insertSql, [notification, handler])).rowCount === 1,
    async find({ notification, handler }) {
      const { rows } = await own(findSql, [notification, handler]);
      return rows[0] === undefined ? null : String(rows[0].effects);
    },
    async keep({ notification, handler }, text) {
      await own(keepSql, [notification, handler, text]);
    },
    async commit() {
      assertOpen();
      await whenFree(database, 'commit', () => ended);
      ended = true;
      onEnd();
    },
    async abandon() {
      ended = true;
      try {
        if (isOpen(database)) database.exec('rollback');
      } catch {
        // The connection was closed, and the transaction with it.
      }
      onEnd();
    },
  };
}

function isOpen(database: NodeSqlite | BetterSqlite): boolean {
  return 'isTransaction' in database ? database.isTransaction : database.inTransaction;
}

/** Tries until no other connection is in the way; it blocks no thread for that, as a connection's own timeout does. */
async function whenFree(database: NodeSqlite | BetterSqlite, sql: string, isOver: () => boolean): Promise<void> {
  for (;;) {
    if (isOver()) throw new AppError('handler.deadline', 'the database was busy all the time');
    try {
      database.exec(sql);
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    await systemClock.sleep(busyPauseMs);
  }
}

function isBusy(error: unknown): boolean {
  const { code, errcode } = Object(error);
  return (typeof errcode === 'number' && errcode % 256 === busyCode) || String(code).startsWith('SQLITE_BUSY');
}

function run(
  database: NodeSqlite | BetterSqlite,
  sql: string,
  parameters: readonly SqlValue[],
): { rows: Record<string, unknown>[]; rowCount: number } {
  const values = parameters.map(bindable);
  if ('isTransaction' in database) {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    const bound = named('$', values);
    return statement.columns().length > 0
      ? rowsOf(statement.all(bound))
      : { rows: [], rowCount: Number(statement.run(bound).changes) };
  }
  const statement = database.prepare(sql);
  const bound = named('', values);
  if (!statement.reader) return { rows: [], rowCount: Number(statement.run(bound).changes) };
  statement.safeIntegers(true);
  return rowsOf(statement.all(bound));
}

function named(prefix: string, values: readonly Bound[]): Record<string, Bound> {
  return Object.fromEntries(values.map((value, index) => [`${prefix}${index + 1}`, value]));
}

function rowsOf(found: readonly unknown[]): { rows: Record<string, unknown>[]; rowCount: number } {
  const rows = found.map((row): Record<string, unknown> => ({ ...Object(row) }));
  return { rows, rowCount: rows.length };
}

/** A number would be bound as a real one, and a text column would then keep '3.0'. */
function bindable(value: SqlValue): Bound {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}
