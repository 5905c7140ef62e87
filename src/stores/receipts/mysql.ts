import { AppError } from '../../domain/errors.ts';
import type { SqlValue } from '../store.ts';
import { assertBeginsWith, assertValue } from '../work/user-code.ts';
import { type OpenReceipt, type Receipts, receiptsIn } from './receipts.ts';

/** What is used of a pool of `mysql2/promise`. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
}

interface MysqlConnection {
  query(sql: string): Promise<unknown>;
  execute(statement: MysqlStatement): Promise<readonly [result: unknown, fields: unknown]>;
  release(): void;
  destroy(): void;
}

interface MysqlStatement {
  sql: string;
  values: (string | number | bigint | boolean | null | Buffer)[];
  supportBigNumbers: boolean;
  bigNumberStrings: boolean;
}

/** Ids and names are ASCII, told apart by case. Another engine than InnoDB has no transactions. */
const tableSql = `create table if not exists paidonce_receipts (
  notification varchar(64) character set ascii collate ascii_bin not null,
  handler varchar(64) character set ascii collate ascii_bin not null,
  effects mediumtext not null,
  done_at datetime(3) not null,
  primary key (notification, handler)
) engine = innodb`;

/** The row of the primary key holds the key against others until the commit. */
const insertSql =
  "insert into paidonce_receipts (notification, handler, effects, done_at) values (?, ?, '[]', utc_timestamp(3))";
const findSql = 'select effects from paidonce_receipts where notification = ? and handler = ?';
const keepSql = 'update paidonce_receipts set effects = ? where notification = ? and handler = ?';
const deleteSql = 'delete from paidonce_receipts where done_at < utc_timestamp(3) - interval ? day';

/** Everything else may commit by itself. */
const accepted = ['select', 'with', 'insert', 'update', 'delete', 'replace', 'values'];
const duplicateEntry = 1062;
const longLong = 8;

/** Receipts in a MySQL or MariaDB, by a pool of `mysql2/promise`. `tx.query` takes `?`; all tables must be InnoDB. */
export function mysqlReceipts(pool: MysqlPool): Receipts {
  return receiptsIn({
    tableSql,
    create: () => withConnection(pool, async (connection) => void (await connection.query(tableSql))),
    deleteOlder: (days) =>
      withConnection(pool, async (connection) => (await run(connection, deleteSql, [days])).rowCount),
    async open(signal) {
      const connection = await pool.getConnection();
      try {
        await connection.query('start transaction');
      } catch (error) {
        connection.destroy();
        throw error;
      }
      return openOn(connection, signal);
    },
  });
}

function openOn(connection: MysqlConnection, signal: AbortSignal): OpenReceipt {
  return {
    async query(sql, parameters = []) {
      // MySQL executes what is in such a comment.
      if (/\/\*M?!/i.test(sql))
        throw new AppError('handler.tx_control', 'the statement has a comment that is executed');
      assertBeginsWith(sql, accepted);
      parameters.forEach(assertValue);
      return run(connection, sql, parameters);
    },
    async insert({ notification, handler }) {
      try {
        await run(connection, insertSql, [notification, handler]);
        return true;
      } catch (error) {
        if (error instanceof Error && 'errno' in error && error.errno === duplicateEntry) return false;
        throw error;
      }
    },
    async find({ notification, handler }) {
      const { rows } = await run(connection, findSql, [notification, handler]);
      return rows[0] === undefined ? null : String(rows[0].effects);
    },
    async keep({ notification, handler }, text) {
      await run(connection, keepSql, [text, notification, handler]);
    },
    async commit() {
      await connection.query('commit');
      connection.release();
    },
    async abandon() {
      // A rollback would wait for a statement that is under way.
      if (signal.aborted) return connection.destroy();
      try {
        await connection.query('rollback');
        connection.release();
      } catch {
        // The connection is gone, and the transaction with it.
        connection.destroy();
      }
    },
  };
}

async function withConnection<T>(pool: MysqlPool, work: (connection: MysqlConnection) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection();
  try {
    return await work(connection);
  } finally {
    connection.release();
  }
}

/** As a prepared statement: then no setting of the server changes how values are quoted. */
async function run(
  connection: MysqlConnection,
  sql: string,
  parameters: readonly SqlValue[],
): Promise<{ rows: Record<string, unknown>[]; rowCount: number }> {
  const values = parameters.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
  const [result, fields] = await connection.execute({ sql, values, supportBigNumbers: true, bigNumberStrings: true });
  if (!Array.isArray(result)) return { rows: [], rowCount: Number(Object(result).affectedRows) };
  const big = new Set(
    (Array.isArray(fields) ? fields : []).filter((field) => field.columnType === longLong).map((field) => field.name),
  );
  const rows = result.map((row: object) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, big.has(name) && value !== null ? BigInt(value) : value]),
    ),
  );
  return { rows, rowCount: rows.length };
}
