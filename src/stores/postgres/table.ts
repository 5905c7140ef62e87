import type { Row } from '../mapping.ts';

type ColumnType = 'text' | 'smallint' | 'integer' | 'bigint' | 'double precision' | 'boolean' | 'bytea';
type Lists = (readonly Row[string][])[];

export interface Shape {
  name: string;
  /** Columns with their types. Not among them: what the database fills in itself. */
  columns: Readonly<Record<string, ColumnType>>;
  key: readonly string[];
  /** Columns that change. */
  mutable?: readonly string[];
  /** The table has a `seq`: rows are written, and come, in the order in which they were made. */
  hasSeq?: boolean;
  /** Selected beside the columns, from what is joined. */
  beside?: { select: string; join: string };
  /** What becomes of a row whose key is there already; without it, an error. */
  onConflict?: string;
}

export interface LookupShape {
  name: string;
  columns: readonly string[];
  /** Only rows for which this holds: in SQL about `t`, and the same in code. */
  where?: { sql: string; holds: (values: Row) => boolean };
  /**
   * What is found is locked. `wait`: an operation that finds it held by somebody else is run later, alone, and waits there; `try`:
   * what somebody else holds is not found.
   */
  locks?: 'wait' | 'try';
  /** What must be this transaction's alone before the rows are read, also where there are none yet. */
  lockName?: (parts: readonly string[]) => string;
  /** Others may have that lock too, as long as nobody has it alone. */
  sharesLock?: boolean;
}

/** Amounts do not fit a number: they are read as text. */
const amounts: readonly string[] = ['amount_minor', 'order_amount_minor', 'refunded_total_minor', 'refunded_minor'];

/**
 * A table as batches read and write it: many rows with one statement, each parameter a list. That the lists are joined to the index
 * of the lookup, and no other plan is taken, is held by the settings of the sessions and by the test of plans.
 */
export class Table {
  readonly name: string;
  readonly lookups: Lookup[] = [];
  readonly hasSeq: boolean;
  readonly keyOf: (values: Row) => string;
  readonly insertSql: string;
  readonly updateSql: string;
  readonly deleteSql: string;
  readonly #shape: Shape;
  readonly #columns: readonly string[];
  readonly #changing: readonly string[];
  readonly #placing: Set<string>;

  constructor(shape: Shape) {
    const { name, key, mutable = [], onConflict } = shape;
    this.#shape = shape;
    this.#columns = Object.keys(shape.columns);
    this.#changing = [...key, ...mutable];
    this.#placing = new Set(key);
    this.keyOf = keyOf(key);
    this.name = name;
    this.hasSeq = shape.hasSeq ?? false;
    const fromLists = (columns: readonly string[]) => `unnest(${this.#lists(columns)}) u (${columns.join(', ')})`;
    const conflict = onConflict === undefined ? '' : ` on conflict ${onConflict}`;
    this.insertSql = `insert into paidonce.${name} (${this.#columns.join(', ')}) select * from ${fromLists(this.#columns)}${conflict}`;
    const changes = mutable.map((column) => `${column} = u.${column}`).join(', ');
    this.updateSql = `update paidonce.${name} t set ${changes} from ${fromLists(this.#changing)} where ${equal(key, 'u')}`;
    this.deleteSql = `delete from paidonce.${name} t using ${fromLists(key)} where ${equal(key, 'u')}`;
  }

  /** Whether such a change can change by which keys a row is found. */
  moves(change: Row): boolean {
    for (const column in change) if (this.#placing.has(column)) return true;
    return false;
  }

  insertLists(rows: readonly Row[]): Lists {
    return listsOf(rows, this.#columns);
  }

  updateLists(rows: readonly Row[]): Lists {
    return listsOf(rows, this.#changing);
  }

  deleteLists(rows: readonly Row[]): Lists {
    return listsOf(rows, this.#shape.key);
  }

  /** What a statement about `t` selects to make a row of this table. */
  get selected(): string {
    const { hasSeq, beside } = this.#shape;
    return [
      ...(hasSeq ? ['t.seq'] : []),
      ...this.#columns.map((column) => (amounts.includes(column) ? `t.${column}::text as ${column}` : `t.${column}`)),
      ...(beside === undefined ? [] : [beside.select]),
    ].join(', ');
  }

  /** Declares a way to the table's rows. */
  lookup({ name, columns, where, locks, lockName, sharesLock = false }: LookupShape): Lookup {
    const join = this.#shape.beside?.join ?? '';
    const joined = keyOf(columns);
    const keys = `unnest(${this.#lists(columns)}) k (${columns.join(', ')})`;
    const found = (source: string) =>
      `from ${source} join paidonce.${this.name} t on ${equal(columns, 'k')} ${join}` +
      `${where === undefined ? '' : ` where ${where.sql}`}`;
    const sqlFrom = (source: string) =>
      `select ${this.selected} ${found(source)}${locks === undefined ? '' : ' for no key update of t'}`;
    const lookup: Lookup = {
      name: `${this.name} by ${name}`,
      table: this,
      locks,
      sharesLock,
      sql: sqlFrom(keys),
      presentSql: `select ${columns.map((column) => `t.${column}`).join(', ')} ${found(keys)}`,
      followSql: (child, by) =>
        child.sqlFrom(`(select distinct t.${by} ${found(keys)}) k (${child.columns.join(', ')})`),
      sqlFrom,
      columns,
      lockName: (parts) => lockName?.(parts) ?? null,
      keyOf: (values) => {
        const isIn = (where?.holds(values) ?? true) && columns.every((column) => values[column] !== null);
        return isIn ? joined(values) : null;
      },
    };
    for (const column of [...columns, ...columnsIn(where?.sql ?? '')]) this.#placing.add(column);
    this.lookups.push(lookup);
    return lookup;
  }

  /** Only `seq` is not among the columns. */
  #lists(columns: readonly string[]): string {
    return columns.map((column, index) => `$${index + 1}::${this.#shape.columns[column] ?? 'bigint'}[]`).join(', ');
  }
}

/** A way to rows of a table, by the values of some columns. Either everything that has them is loaded, or nothing. */
export interface Lookup {
  readonly name: string;
  readonly table: Table;
  /** Takes a list for each column; where it locks, `skip locked` may be put behind it. */
  readonly sql: string;
  /** The columns alone, of rows that are there, whoever holds them. */
  readonly presentSql: string;
  readonly columns: readonly string[];
  /** The same lists as `sql`, for the rows of another lookup that has what these rows have in column `by`. */
  followSql(child: Lookup, by: string): string;
  /** For keys from what is named `k`, with the columns of this lookup. */
  sqlFrom(source: string): string;
  readonly locks: 'wait' | 'try' | undefined;
  readonly sharesLock: boolean;
  lockName(parts: readonly string[]): string | null;
  /** Null: the row is not among what this lookup finds. */
  keyOf(values: Row): string | null;
}

function equal(columns: readonly string[], other: string): string {
  return columns.map((column) => `t.${column} = ${other}.${column}`).join(' and ');
}

/** Called for every row and lookup, so it makes nothing but the key. */
function keyOf([first = '', ...rest]: readonly string[]): (values: Row) => string {
  if (rest.length === 0) return (values) => String(values[first]);
  return (values) => {
    let key = String(values[first]);
    for (const column of rest) key += `\u0000${values[column]}`;
    return key;
  };
}

function columnsIn(sql: string): string[] {
  return [...sql.matchAll(/\bt\.(\w+)/g)].map(([, column = '']) => column);
}

function listsOf(rows: readonly Row[], columns: readonly string[]): Lists {
  return columns.map((column) => rows.map((values) => values[column] ?? null));
}
