import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;
export type Tables = Map<string, { key: readonly string[]; rows: Map<string, Row> }>;

/** One row that one callback (or publish) leaves behind: the same row of two of them, so that what varies is seen. */
export interface RowShape {
  table: string;
  key: readonly string[];
  /** `shared`: a row that all of them change, written once a batch. `batch`: each batch leaves one. */
  kind: 'insert' | 'update' | 'shared' | 'batch';
  one: Row;
  other: Row;
}

/** A batch leaves one row here, which says what it made. */
const batchTable = /(^|_)commits$/;
/** What the product writes by itself, now and then; and what the sealer takes away, at any moment. */
const ownTable = /(^|_)(leases|backlog_minutes|seals|seal_leaves|unsealed)$/;

/** Every row of every table, by its primary key. Made for a database with a handful of rows. */
export function snapshot(db: DatabaseSync): Tables {
  const tables: Tables = new Map();
  const names = db.prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'").all();
  for (const { name } of names) {
    const columns = db.prepare(`pragma table_info(${String(name)})`).all();
    const key = columns.filter(({ pk }) => Number(pk) > 0).map((column) => String(column.name));
    const rows = new Map<string, Row>();
    for (const row of db.prepare(`select * from ${String(name)}`).all()) {
      rows.set(JSON.stringify(key.map((column) => String(row[column]))), { ...row });
    }
    tables.set(String(name), { key, rows });
  }
  return tables;
}

interface Change {
  table: string;
  key: readonly string[];
  id: string;
  kind: 'insert' | 'update';
  row: Row;
}

function changes(before: Tables, after: Tables): Change[] {
  const found: Change[] = [];
  for (const [table, { key, rows }] of after) {
    if (ownTable.test(table)) continue;
    const known = before.get(table)?.rows ?? new Map<string, Row>();
    for (const [id, row] of rows) {
      const old = known.get(id);
      if (old === undefined) found.push({ table, key, id, kind: 'insert', row });
      else if (Object.entries(row).some(([name, value]) => !isSame(value, old[name])))
        found.push({ table, key, id, kind: 'update', row });
    }
  }
  return found;
}

/**
 * The rows that one left, from what two in a row left; `before`, `between` and `after` are the database around them. Null where
 * something else changed rows meanwhile, as the sealer does.
 */
export function shapesOf(before: Tables, between: Tables, after: Tables): RowShape[] | null {
  const others = changes(between, after);
  const shapes = changes(before, between).map((one): RowShape | null => {
    const place = others.findIndex(({ table, kind }) => table === one.table && kind === one.kind);
    const [other] = place < 0 ? [undefined] : others.splice(place, 1);
    if (other === undefined) return null;
    const { table, key, row } = one;
    const kind = other.id === one.id ? 'shared' : batchTable.test(table) ? 'batch' : one.kind;
    return { table, key, kind, one: row, other: other.row };
  });
  const found = shapes.filter((shape) => shape !== null);
  return found.length === shapes.length && others.length === 0 ? found : null;
}

/** The value of the `index`th copy: what is the same in both samples stays, the rest is made different in each, at the same length. */
export function vary(shape: RowShape, column: string, index: number): SQLInputValue {
  const one = shape.one[column] ?? null;
  const other = shape.other[column] ?? null;
  // Numbers go on as they did, so that two rows of one table do not meet.
  if (shape.key.length === 1 && shape.key[0] === column && typeof one !== 'string')
    return 1_000_000 + Number(one) + index * (Number(other) - Number(one));
  if (shape.kind === 'shared' || isSame(one, other)) return one;
  if (typeof one === 'string') return varyText(one, typeof other === 'string' ? other : '', index);
  if (one instanceof Uint8Array || one === null) return one;
  return Number(one) + index;
}

const counterCharacters = 7;

/** Ids that begin alike were made in the order of time; what has nothing in common is taken for a digest, spread over its index. */
function varyText(one: string, other: string, index: number): string {
  let alike = 0;
  while (alike < one.length && one[alike] === other[alike]) alike += 1;
  const counter = index.toString(36).padStart(counterCharacters, '0');
  const rest = Math.max(one.length - alike, counterCharacters);
  if (alike >= 4) return one.slice(0, alike) + counter + 'x'.repeat(rest - counterCharacters);
  const spread = ((index * 2_654_435_761) >>> 0).toString(36).padStart(counterCharacters, '0');
  return (spread + counter + one).slice(0, Math.max(one.length, spread.length + counter.length));
}

function isSame(one: SQLOutputValue | undefined, other: SQLOutputValue | undefined): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  return one === other;
}
