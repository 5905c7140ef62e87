import type { Row } from '../mapping.ts';
import type { Session } from './session.ts';
import type { Lookup, Table } from './table.ts';

/** A row in memory, as it is in the database or as it is to be written. */
export interface ImageRow {
  /** Names it within the transaction. */
  readonly row: number;
  readonly table: Table;
  readonly values: Row;
  state: 'kept' | 'added' | 'changed' | 'deleted';
  /** Nobody else can change it before this transaction ends. */
  locked: boolean;
}

/** Something that has to be loaded before the work can go on. */
export type Need =
  | { is: 'rows'; lookup: Lookup; key: string; parts: readonly string[] }
  | { is: 'lock'; name: string }
  | { is: 'answer'; key: string; load: Load; alone?: true };

interface Call {
  bucket: number;
  dueAt: number;
}

/** Asks the database; `waits`: for locks that others hold, up to the session's limit. */
export type Load = (session: Session, waits: boolean) => Promise<readonly Row[]>;

/** What a batch leaves to be written, in the order in which tables are written. */
export interface Writing {
  added: readonly ImageRow[];
  changed: readonly ImageRow[];
  deleted: readonly ImageRow[];
}

/**
 * What one transaction knows of the database: rows by the lookups that found them, changes on top, and for each operation what it
 * asked for and was not there. An operation that missed something is undone, and run again when it has been loaded.
 */
export class Image {
  /** What the running operation missed. */
  readonly missing = new Map<string, Need>();
  /** Names that this transaction has until it ends: alone, or beside others that share them. */
  readonly #held = new Map<string, 'alone' | 'shared'>();
  /** Lanes that are due sooner than their rows may say. */
  readonly lowered = new Map<string, number>();
  /** Accounts of which something is to be asked from then on, whatever their rows say. */
  readonly called = new Map<string, Call>();
  /** Lookups and answers that another transaction stands in the way of. */
  readonly busy = new Set<string>();
  readonly #rows: ImageRow[] = [];
  readonly #unique = new Map<Table, Map<string, ImageRow>>();
  readonly #index = new Map<Lookup, Map<string, ImageRow[]>>();
  readonly #loaded = new Map<Lookup, Set<string>>();
  readonly #answers = new Map<string, readonly Row[]>();
  /** Rows that the database still has, and this transaction deletes. */
  readonly #deleted = new Set<string>();
  /** Ids given in this transaction: nothing in the database names them. */
  readonly #fresh = new Set<string>();
  readonly #undo: (() => void)[] = [];

  /** The rows that a lookup finds; empty, and missed, where they have not been loaded. */
  find(lookup: Lookup, ...parts: readonly string[]): ImageRow[] {
    const key = keyOfParts(parts);
    if (!this.#knowsKey(lookup, key, parts)) {
      this.missing.set(nameOf(lookup, key), { is: 'rows', lookup, key, parts });
      return [];
    }
    const found = this.#index.get(lookup)?.get(key)?.slice() ?? [];
    return found.length < 2 ? found : found.sort((one, other) => placeOf(one) - placeOf(other));
  }

  one(lookup: Lookup, ...parts: readonly string[]): ImageRow | null {
    return this.find(lookup, ...parts)[0] ?? null;
  }

  /** Whether that is all there is: nothing has to be loaded for it. */
  knows(lookup: Lookup, ...parts: readonly string[]): boolean {
    return this.#knowsKey(lookup, keyOfParts(parts), parts);
  }

  #knowsKey(lookup: Lookup, key: string, parts: readonly string[]): boolean {
    return this.#loaded.get(lookup)?.has(key) === true || parts.some((part) => this.#fresh.has(part));
  }

  /** Nobody else has this name until the transaction ends. */
  lock(name: string): void {
    if (!this.holds(name, 'alone')) this.missing.set(`lock ${name}`, { is: 'lock', name });
  }

  holds(name: string, how: 'alone' | 'shared'): boolean {
    const held = this.#held.get(name);
    return held === 'alone' || held === how;
  }

  hold(name: string, how: 'alone' | 'shared'): void {
    if (!this.holds(name, how)) this.#held.set(name, how);
  }

  /** What only a statement of its own can answer; null, and missed, before it was asked. */
  answer(key: string, load: Load): readonly Row[] | null {
    const known = this.#answers.get(key);
    if (known === undefined) this.missing.set(key, { is: 'answer', key, load });
    return known ?? null;
  }

  /** The same for a statement that changes many rows: it runs in a transaction of the operation's own. */
  alone(key: string, load: Load): readonly Row[] | null {
    const known = this.#answers.get(key);
    if (known === undefined) this.missing.set(key, { is: 'answer', key, load, alone: true });
    return known ?? null;
  }

  add(table: Table, values: Row): ImageRow {
    const row = this.#place({ row: this.#rows.length, table, values, state: 'added', locked: true });
    this.#undo.push(() => this.#remove(row));
    if (typeof values.id === 'string') this.fresh(values.id);
    return row;
  }

  /** Nothing in the database can name this. */
  fresh(id: string): void {
    if (this.#fresh.has(id)) return;
    this.#fresh.add(id);
    this.#undo.push(() => this.#fresh.delete(id));
  }

  isFresh(id: string): boolean {
    return this.#fresh.has(id);
  }

  change(row: ImageRow, change: Row): void {
    const { state, table, values } = row;
    const before: Row = {};
    for (const column in change) before[column] = values[column] ?? null;
    this.#assign(row, change, table.moves(change));
    if (state === 'kept') row.state = 'changed';
    this.#undo.push(() => {
      this.#assign(row, before, table.moves(before));
      row.state = state;
    });
  }

  #assign(row: ImageRow, change: Row, moves: boolean): void {
    if (moves) this.#unindex(row);
    Object.assign(row.values, change);
    if (moves) this.#enter(row);
  }

  delete(row: ImageRow): void {
    const { state } = row;
    const name = rowNameOf(row.table, row.values);
    row.state = 'deleted';
    this.#unindex(row);
    this.#deleted.add(name);
    this.#undo.push(() => {
      row.state = state;
      this.#deleted.delete(name);
      this.#enter(row);
    });
  }

  /** Adds to the row with the same key that this transaction writes, or makes it. Null adds nothing. */
  sum(table: Table, values: Row, counts: readonly string[]): void {
    const row = this.existing(table, values);
    if (row === null) {
      this.add(table, values);
      return;
    }
    const change: Row = {};
    for (const count of counts)
      if (values[count] !== null) change[count] = Number(row.values[count]) + Number(values[count]);
    this.change(row, change);
  }

  /** The row with the same key, if this transaction has met it. */
  existing(table: Table, values: Row): ImageRow | null {
    return this.#unique.get(table)?.get(table.keyOf(values)) ?? null;
  }

  /** A lane is due sooner; whatever else becomes of its row. */
  lower(lane: string, nextDue: number): void {
    const before = this.lowered.get(lane);
    if (before !== undefined && before <= nextDue) return;
    this.lowered.set(lane, nextDue);
    this.#undo.push(() => {
      if (before === undefined) this.lowered.delete(lane);
      else this.lowered.set(lane, before);
    });
  }

  /** Something is to be asked of an account. */
  call(account: string, call: Call): void {
    const before = this.called.get(account);
    if (before !== undefined && before.dueAt <= call.dueAt) return;
    this.called.set(account, call);
    this.#undo.push(() => {
      if (before === undefined) this.called.delete(account);
      else this.called.set(account, before);
    });
  }

  row(number: number): ImageRow {
    const row = this.#rows[number];
    if (row === undefined) throw new Error(`there is no row ${number} in this transaction`);
    return row;
  }

  /** Rows of a table that this transaction has met. */
  all(table: Table): Iterable<ImageRow> {
    return this.#unique.get(table)?.values() ?? [];
  }

  /** What the operation did until now is part of the transaction. */
  keep(): void {
    this.#undo.length = 0;
  }

  /** The operation has not happened. */
  undo(): void {
    for (const step of this.#undo.reverse()) step();
    this.#undo.length = 0;
  }

  /**
   * Rows that a lookup was asked for, all of them. What is here already and could have changed since is as it was read last; what
   * this transaction has locked, changed or deleted stays as it is.
   */
  loaded(lookup: Lookup, keys: readonly string[], rows: readonly Row[]): void {
    for (const values of rows) this.#met(lookup, values);
    let loaded = this.#loaded.get(lookup);
    if (loaded === undefined) {
      loaded = new Set();
      this.#loaded.set(lookup, loaded);
    }
    for (const key of keys) loaded.add(key);
  }

  /** A row that a statement of its own has found and locked; null: it is deleted by now. */
  met(lookup: Lookup, values: Row): ImageRow | null {
    return this.#met(lookup, values);
  }

  answered(key: string, answer: readonly Row[]): void {
    this.#answers.set(key, answer);
  }

  writing(): ReadonlyMap<Table, Writing> {
    const tables = new Map<Table, { added: ImageRow[]; changed: ImageRow[]; deleted: ImageRow[] }>();
    for (const row of this.#rows) {
      if (row.state === 'kept') continue;
      let writing = tables.get(row.table);
      if (writing === undefined) {
        writing = { added: [], changed: [], deleted: [] };
        tables.set(row.table, writing);
      }
      writing[row.state].push(row);
    }
    return tables;
  }

  #met(lookup: Lookup, values: Row): ImageRow | null {
    const { table } = lookup;
    const known = this.#unique.get(table)?.get(table.keyOf(values));
    const locked = lookup.locks !== undefined;
    if (known === undefined) {
      if (this.#deleted.has(rowNameOf(table, values))) return null;
      return this.#place({ row: this.#rows.length, table, values, state: 'kept', locked });
    }
    if (!known.locked && known.state === 'kept') {
      this.#unindex(known);
      Object.assign(known.values, values);
      known.locked = locked;
      this.#enter(known);
    }
    return known;
  }

  #place(row: ImageRow): ImageRow {
    this.#rows.push(row);
    row.values.seq ??= row.row;
    this.#enter(row);
    return row;
  }

  #remove(row: ImageRow): void {
    this.#unindex(row);
    // Numbers are given in order, and what is undone is undone from the end.
    if (this.#rows.at(-1) === row) this.#rows.pop();
    else row.state = 'kept';
  }

  #enter(row: ImageRow): void {
    const { table, values } = row;
    let unique = this.#unique.get(table);
    if (unique === undefined) {
      unique = new Map();
      this.#unique.set(table, unique);
    }
    unique.set(table.keyOf(values), row);
    for (const lookup of table.lookups) {
      const key = lookup.keyOf(values);
      if (key === null) continue;
      let index = this.#index.get(lookup);
      if (index === undefined) {
        index = new Map();
        this.#index.set(lookup, index);
      }
      const found = index.get(key);
      if (found === undefined) index.set(key, [row]);
      else found.push(row);
    }
  }

  #unindex(row: ImageRow): void {
    const { table, values } = row;
    this.#unique.get(table)?.delete(table.keyOf(values));
    for (const lookup of table.lookups) {
      const key = lookup.keyOf(values);
      const found = key === null ? undefined : this.#index.get(lookup)?.get(key);
      if (found !== undefined) found.splice(found.indexOf(row), 1);
    }
  }
}

function keyOfParts(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : parts.join('\u0000');
}

export function nameOf(lookup: Lookup, key: string): string {
  return `${lookup.name}\u0000${key}`;
}

function rowNameOf(table: Table, values: Row): string {
  return `${table.name}\u0000${table.keyOf(values)}`;
}

/** Rows of the database before those of this transaction, each in the order they were made. */
function placeOf({ state, values, row }: ImageRow): number {
  return state === 'added' ? Number.MAX_SAFE_INTEGER / 2 + row : Number(values.seq);
}
