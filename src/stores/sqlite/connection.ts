import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { AppError } from '../../domain/errors.ts';

export type Row = Record<string, SQLOutputValue>;

const cacheKibibytes = 16_384;
const busyMs = 5000;

/** One connection with its prepared statements. Statements run only inside a transaction: none may commit alone. */
export class Connection {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** The connection that writes. What it commits is on the disk before the commit returns; this is read back, not assumed. */
  static writer(file: string): Connection {
    const database = new DatabaseSync(file, { timeout: busyMs });
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0;');
    database.exec(
      `pragma cache_size = -${cacheKibibytes}; pragma temp_store = memory; pragma journal_size_limit = 67108864;`,
    );
    const connection = new Connection(database);
    const journal = connection.pragma('journal_mode');
    const synchronous = connection.pragma('synchronous');
    if (journal !== 'wal' || synchronous !== 2) {
      database.close();
      throw new AppError(
        'store.unavailable',
        `the database does not keep what it commits: journal_mode ${journal}, synchronous ${synchronous}`,
      );
    }
    return connection;
  }

  /** A connection that can only read. */
  static reader(file: string): Connection {
    const database = new DatabaseSync(file, { readOnly: true, timeout: busyMs });
    database.exec('pragma query_only = on; pragma temp_store = memory; pragma cache_size = -8192;');
    return new Connection(database);
  }

  /** The SQL of every statement prepared so far; the test of plans explains each. */
  get prepared(): readonly string[] {
    return [...this.#statements.keys()];
  }

  get inTransaction(): boolean {
    return this.database.isTransaction;
  }

  get(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...parameters);
  }

  all(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...parameters);
  }

  /** Gives the number of rows changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...parameters).changes);
  }

  /** Gives the rowid of the row inserted. */
  insert(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...parameters).lastInsertRowid);
  }

  pragma(name: string): SQLOutputValue | undefined {
    const row = this.database.prepare(`pragma ${name}`).get();
    return row === undefined ? undefined : Object.values(row)[0];
  }

  begin(how: 'immediate' | 'deferred'): void {
    this.database.exec(`begin ${how}`);
  }

  commit(): void {
    this.#assertTransaction();
    this.database.exec('commit');
  }

  /** Does nothing where SQLite has rolled back by itself. */
  rollback(): void {
    if (this.inTransaction) this.database.exec('rollback');
  }

  savepoint(): void {
    this.#assertTransaction();
    this.database.exec('savepoint operation');
  }

  releaseSavepoint(): void {
    this.#assertTransaction();
    this.database.exec('release operation');
  }

  rollbackToSavepoint(): void {
    this.#assertTransaction();
    this.database.exec('rollback to operation; release operation');
  }

  close(): void {
    this.#statements.clear();
    this.database.close();
  }

  #statement(sql: string): StatementSync {
    this.#assertTransaction();
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** SQLite rolls back by itself on a full disk and the like; what came next would then commit alone. */
  #assertTransaction(): void {
    if (!this.database.isTransaction)
      throw new AppError('store.unavailable', 'the database rolled the transaction back');
  }
}

/** Whether an error says that the database cannot be written or read at all, rather than that a statement was wrong. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'store.unavailable';
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  // BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB
  return [5, 6, 7, 8, 10, 11, 13, 14, 15, 26].includes(error.errcode & 0xff);
}
