import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { AppError } from '../../domain/errors.ts';
import type { SqlValue } from '../store.ts';

/** What would end the transaction that the statement runs in, or reach outside of it. */
const refused = ['begin', 'commit', 'end', 'rollback', 'savepoint', 'release', 'attach', 'detach', 'pragma', 'vacuum'];

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
  assertOneStatement(sql);
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

/** @throws AppError `handler.value` for what the store would have to guess about. */
function bindable(value: SqlValue, index: number): SQLInputValue {
  switch (typeof value) {
    case 'string':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1n : 0n;
    case 'number':
      // A number would be bound as a real one, and a text column would then keep '3.0'.
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'object':
      if (value === null || value instanceof Uint8Array) return value;
  }
  throw new AppError(
    'handler.value',
    `parameter $${index + 1} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`,
  );
}

function assertOneStatement(sql: string): void {
  const words = codeOf(sql);
  const first = /^[\s;]*([a-z]+)/i.exec(words)?.[1]?.toLowerCase() ?? '';
  const explained = /^[\s;]*explain\s+(?:query\s+plan\s+)?([a-z]+)/i.exec(words)?.[1]?.toLowerCase() ?? first;
  const word = refused.find((control) => control === first || control === explained);
  if (word !== undefined) throw new AppError('handler.tx_control', `the statement begins with ${word}`);
  // A trigger's body has semicolons of its own; making one is no work for a handler.
  if (/;\s*\S/.test(words)) throw new AppError('handler.tx_control', 'more than one statement in one query');
}

/** The statement with what is quoted and what is commented made blank, so that only its own words are left. */
function codeOf(sql: string): string {
  return sql.replaceAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g,
    (part) => (part.startsWith('-') || part.startsWith('/') ? ' ' : ' x '),
  );
}
