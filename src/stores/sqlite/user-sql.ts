import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { AppError } from '../../domain/errors.ts';
import type { SqlValue } from '../store.ts';
import { assertOneStatement, assertValue } from '../work/user-code.ts';

/** What would reach outside of the transaction. */
const refused = ['attach', 'detach', 'pragma', 'vacuum'];

/**
 * Runs one statement of a user's own in the transaction that is open on the connection. `$1 …` are its parameters; integers come
 * back as bigint.
 *
 * @throws AppError `handler.tx_control`, `handler.value`, `handler.tx_over` where SQLite has rolled back by itself; and what SQLite
 * says of the statement.
 */
export function runUserSql(
  database: DatabaseSync,
  sql: string,
  parameters: readonly SqlValue[],
): { rows: Record<string, unknown>[]; rowCount: number } {
  assertOneStatement(sql, refused);
  parameters.forEach(assertValue);
  const values = parameters.map(bindable);
  if (!database.isTransaction) throw new AppError('handler.tx_over', 'the database rolled the transaction back');
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  const bound = bind(statement, values);
  if (statement.columns().length > 0) {
    const rows = statement.all(bound).map((row) => ({ ...row }));
    return { rows, rowCount: rows.length };
  }
  return { rows: [], rowCount: Number(statement.run(bound).changes) };
}

function bind(statement: StatementSync, values: readonly SQLInputValue[]): Record<string, SQLInputValue> {
  statement.setAllowUnknownNamedParameters(false);
  return Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
}

/** A number would be bound as a real one, and a text column would then keep '3.0'. */
function bindable(value: SqlValue): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}
