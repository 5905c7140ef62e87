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
  /** What becomes of a row whose key is there already; without it, an error. */
  onConflict?: string;
}

export interface LookupShape {
  name: string;
  columns: readonly string[];
  /** Begins with the columns. */
  index: string;
  /** Of rows with the same values only the one that was made first, in the order of the index. */
  first?: true;
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
 * A table as batches read and write it: many rows with one statement, each parameter a list. Statements begin with a comment that
 * states their plan: the indexes, and in brackets the columns that are looked up in them. That no other plan is taken is held by the
 * settings of the sessions and by the test of plans.
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
    const list = (column: string, index: number) => `$${index + 1}::${this.#typeOf(column)}[]`;
    // Named as a list: else a table that was small when it was planned for would be read whole when it has grown.
    const listed = key.map((column, index) => `t.${column} = any(${list(column, index)})`).join(' and ');
    const plan = `/* ${planOf(`${name}_pkey`, key)} */`;
    const [only = '', ...others] = key;
    if (others.length === 0) {
      // Joined, each row would be compared with each of the list: for 240 rows that took 160 µs a row, their places 30.
      const values = mutable.map((column, index) => `(${list(column, index + 1)})[found.place]`).join(', ');
      const place = `(select array_position(${list(only, 0)}, t.${only}) as place offset 0) found`;
      this.updateSql = `${plan} update paidonce.${name} t set (${mutable.join(', ')}) = (select ${values} from ${place}) where ${listed}`;
      this.deleteSql = `${plan} delete from paidonce.${name} t where ${listed}`;
      return;
    }
    const changes = mutable.map((column) => `${column} = u.${column}`).join(', ');
    const found = `${equal(key, 'u')} and ${listed}`;
    this.updateSql = `${plan} update paidonce.${name} t set ${changes} from ${fromLists(this.#changing)} where ${found}`;
    this.deleteSql = `${plan} delete from paidonce.${name} t using ${fromLists(key)} where ${found}`;
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
    return [
      ...(this.hasSeq ? ['t.seq'] : []),
      ...this.#columns.map((column) => (amounts.includes(column) ? `t.${column}::text as ${column}` : `t.${column}`)),
    ].join(', ');
  }

  /** Declares a way to the table's rows. */
  lookup(shape: LookupShape): Lookup {
    const { name, columns, index, where, locks, lockName, sharesLock = false } = shape;
    const joined = keyOf(columns);
    const stated = planOf(index, columns);
    const conditions = [equal(columns, 'k'), ...(where === undefined ? [] : [where.sql])].join(' and ');
    const listed = `unnest(${this.#lists(columns)}) k (${columns.join(', ')})`;
    // Apart for each of the listed: else a table that was small when it was planned for would be read whole when it has grown.
    const each = (select: string, end: string) =>
      `cross join lateral (select ${select} from paidonce.${this.name} t where ${conditions} ${end}) found`;
    const sqlsOf = (plans: string, source: string) => {
      const sqlWith = (end: string) => `/* ${plans} */ select found.* from ${source} ${each(this.selected, end)}`;
      const plainSql = shape.first === undefined ? sqlWith('offset 0') : this.#firstSql(shape);
      if (locks === undefined) return { plainSql, sql: plainSql, skippingSql: plainSql };
      return {
        plainSql,
        sql: sqlWith('for no key update of t'),
        skippingSql: sqlWith('for no key update of t skip locked'),
      };
    };
    const lookup: Lookup = {
      name: `${this.name} by ${name}`,
      table: this,
      locks,
      sharesLock,
      ...sqlsOf(stated, listed),
      presentSql: `/* ${stated} */ select found.* from ${listed} ${each(columns.map((column) => `t.${column}`).join(', '), 'offset 0')}`,
      following: (child, by) =>
        child.sqlsFor(stated, `(select found.${by} from ${listed} ${each(`t.${by}`, 'offset 0')})`),
      sqlsFor: (plan, source) => sqlsOf(`${plan}, ${stated}`, `${source} k (${columns.join(', ')})`),
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

  /**
   * The first of each. Asked for as the first that is not before it: the order by `seq` alone could also be had from another index,
   * by reading on until one fits.
   */
  #firstSql({ columns, index, where }: LookupShape): string {
    const last = columns.at(-1) ?? '';
    const rest = columns.slice(0, -1).map((column) => `t.${column} = k.${column} and `);
    const condition = `${rest.join('')}t.${last} >= k.${last}${where === undefined ? '' : ` and ${where.sql}`}`;
    return (
      `/* ${planOf(index, columns)} */ select found.* from unnest(${this.#lists(columns)}) k (${columns.join(', ')}) cross join lateral (` +
      `select ${this.selected} from paidonce.${this.name} t where ${condition} order by t.${last}, t.seq limit 1) found ` +
      `where found.${last} = k.${last}`
    );
  }

  #lists(columns: readonly string[]): string {
    return columns.map((column, index) => `$${index + 1}::${this.#typeOf(column)}[]`).join(', ');
  }

  /** Only `seq` is not among the columns. */
  #typeOf(column: string): ColumnType {
    return this.#shape.columns[column] ?? 'bigint';
  }
}

export interface Sqls {
  /** Takes a list for each column, as the others do; locks what it finds where the lookup does, and waits for others. */
  readonly sql: string;
  /** The same, but without what others have locked. */
  readonly skippingSql: string;
  /** The same without locking. */
  readonly plainSql: string;
}

/** A way to rows of a table, by the values of some columns. Either everything that has them is loaded, or nothing. */
export interface Lookup extends Sqls {
  readonly name: string;
  readonly table: Table;
  /** The columns alone, of rows that are there, whoever holds them. */
  readonly presentSql: string;
  /** For the rows of another lookup that has what these rows have in column `by`; takes the lists of this one. */
  following(child: Lookup, by: string): Sqls;
  /** Where the keys come from elsewhere; `plan`: how those are found. */
  sqlsFor(plan: string, source: string): Sqls;
  readonly locks: 'wait' | 'try' | undefined;
  readonly sharesLock: boolean;
  lockName(parts: readonly string[]): string | null;
  /** Null: the row is not among what this lookup finds. */
  keyOf(values: Row): string | null;
}

function planOf(index: string, columns: readonly string[]): string {
  return `${index} (${columns.join(', ')})`;
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
