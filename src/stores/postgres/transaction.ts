import type { Instant } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { NodeId, Random } from '../../domain/ids.ts';
import type { Program } from '../decisions.ts';
import type { Row } from '../mapping.ts';
import { Directory } from '../work/directory.ts';
import { type Operation, runOperation } from '../work/operation.ts';
import type { Rows } from '../work/rows.ts';
import { Unit } from '../work/unit.ts';
import { Image, type ImageRow, type Need, nameOf } from './image.ts';
import type { Value } from './message-writer.ts';
import type { Session } from './session.ts';
import { callAskQueues } from './statements/asks.ts';
import { type Follow, followed } from './statements/followed.ts';
import { lanes as lanesTable } from './statements/lanes.ts';
import { rowsOf, writeOrder } from './statements/statements.ts';
import type { Lookup, Sqls, Table } from './table.ts';

/** What work inside a transaction is done with. */
export interface Workplace {
  program: Program;
  node: NodeId;
  random: Random;
  /** Whose sums are added to: the node and the connection, so that no two transactions wait for one row. */
  writer: string;
  now: Instant;
}

/** An operation that somebody else stands in the way of: it is to be run again, in a transaction of its own. */
export const inTheWay = Symbol('in the way');

/**
 * How often an operation may find that it needs something else. Most need three times; the longest way there is, a claim of many
 * lanes, three for each `lanesAtOnce` of them.
 */
const roundsMax = 100;

/**
 * One transaction's work. Decisions are plain synchronous code over rows in memory: an operation runs, what it missed is loaded
 * with a statement for each kind of thing and all operations together, and it runs again. What is loaded is first locked, never
 * waiting for others (`waits` false), so that no batch waits for a stranger.
 */
export class TransactionWork {
  work = false;
  readonly #session: Session;
  readonly #place: Workplace;
  readonly #waits: boolean;
  readonly #image = new Image();
  readonly #rows: Rows;
  readonly #directory = new Directory();

  constructor(session: Session, place: Workplace, { waits }: { waits: boolean }) {
    this.#session = session;
    this.#place = place;
    this.#waits = waits;
    this.#rows = rowsOf(this.#image, place);
  }

  /** What each operation answers, throws, or that it is in the way; nothing of it is written yet. */
  async run(operations: readonly Operation[]): Promise<readonly Ran<unknown>[]> {
    const { program } = this.#place;
    return this.runAll(operations.map((operation) => (unit: Unit) => runOperation(unit, program, operation)));
  }

  async runAll<T>(all: readonly ((unit: Unit) => T)[]): Promise<readonly Ran<T>[]> {
    const ran: (Ran<T> | undefined)[] = all.map(() => undefined);
    const tapes = all.map(() => taped(this.#place.random));
    for (let round = 0; round < roundsMax; round += 1) {
      const needs = new Map<string, Need>();
      for (const [index, operation] of all.entries()) {
        if (ran[index] !== undefined) continue;
        ran[index] = this.#attempt(operation, needs, tapes[index]?.() ?? this.#place.random);
      }
      if (needs.size === 0) return ran.map((one) => one ?? inTheWay);
      await this.#load([...needs.values()]);
    }
    throw new Error(`an operation finds ever more that it needs: ${[...this.#image.missing.keys()].join(', ')}`);
  }

  /** Writes everything, each table with one statement of each kind. Resolves when the statements have been sent and done. */
  async flush(): Promise<void> {
    const writing = this.#image.writing();
    const statements: Promise<unknown>[] = [];
    for (const table of writeOrder) {
      const rows = writing.get(table);
      if (rows !== undefined) statements.push(...this.#write(table, rows));
    }
    if (this.#image.lowered.size > 0) statements.push(this.#lowerLanes());
    // Last, because another transaction may hold such a row for a moment, and nothing more is taken after it.
    if (this.#image.called.size > 0) statements.push(callAskQueues(this.#session, this.#image.called));
    await allOf(statements);
  }

  /** Undefined: it missed something, which is among `needs` now. */
  #attempt<T>(operation: (unit: Unit) => T, needs: Map<string, Need>, random: Random): Ran<T> | undefined {
    const image = this.#image;
    image.missing.clear();
    const { node, now } = this.#place;
    const unit = new Unit({ rows: this.#rows, directory: this.#directory, node, random }, now);
    let outcome: Ran<T>;
    try {
      const value = operation(unit);
      unit.flush();
      outcome = { ok: true, value };
    } catch (error) {
      outcome = { ok: false, error };
    }
    if (outcome.ok && image.missing.size === 0 && !unit.isUndone) {
      image.keep();
      this.work ||= unit.lanes.work;
      return outcome;
    }
    // What it did on the way was done without knowing everything, or came to nothing, or was a rehearsal.
    image.undo();
    this.#directory.forgetAll();
    if (image.missing.size === 0) return outcome;
    const missing = [...image.missing];
    if (missing.some(([name, need]) => image.busy.has(name) || (isAlone(need) && !this.#waits))) return inTheWay;
    for (const [name, need] of missing) needs.set(name, need);
    return undefined;
  }

  /** One flight: the server takes the locks, then what locks rows, and what the rest reads stands under all of them. */
  async #load(needs: readonly Need[]): Promise<void> {
    const locking = this.#lock(needs);
    const lookups = new Map<Lookup, Wanted[]>();
    const answers: Extract<Need, { is: 'answer' }>[] = [];
    for (const need of needs) {
      if (need.is === 'answer') answers.push(need);
      if (need.is !== 'rows') continue;
      const wanted = lookups.get(need.lookup);
      if (wanted === undefined) lookups.set(need.lookup, [need]);
      else wanted.push(need);
    }
    const isPlain = ([lookup]: [Lookup, unknown]) => (lookup.locks === undefined ? 1 : 0);
    const finds = [...lookups].sort((one, other) => isPlain(one) - isPlain(other));
    await allOf([
      locking,
      ...finds.map(([lookup, wanted]) => this.#find(lookup, wanted, locking)),
      ...answers.map((answer) => this.#ask(answer)),
    ]);
    for (const need of needs)
      if (need.is === 'lock' && !this.#image.holds(need.name, 'alone')) this.#image.busy.add(`lock ${need.name}`);
  }

  async #ask({ key, load }: Extract<Need, { is: 'answer' }>): Promise<void> {
    this.#image.answered(key, await load(this.#session, this.#waits));
  }

  /** Takes the names that are needed, or those of them that can be had. */
  async #lock(needs: readonly Need[]): Promise<void> {
    const names = new Map<string, boolean>();
    for (const need of needs) {
      const name = need.is === 'rows' ? need.lookup.lockName(need.parts) : need.is === 'lock' ? need.name : null;
      const shares = need.is === 'rows' && need.lookup.sharesLock;
      if (name === null || this.#image.holds(name, shares ? 'shared' : 'alone')) continue;
      // Whoever needs it alone does not find it enough that others share it.
      names.set(name, shares && (names.get(name) ?? true));
    }
    if (names.size === 0) return;
    const sorted = [...names].sort(([one], [other]) => (one < other ? -1 : 1));
    const lists = [sorted.map(([name]) => name), sorted.map(([, shares]) => shares)] as const;
    const rows = await this.#session.all(this.#waits ? lockSql : tryLockSql, ...lists);
    const got = new Set(rows.filter((row) => row.got !== 0).map((row) => row.name));
    for (const [name, shares] of sorted) if (got.has(name)) this.#image.hold(name, shares ? 'shared' : 'alone');
  }

  async #find(lookup: Lookup, wanted: readonly Wanted[], locking: Promise<void>): Promise<void> {
    const lists = listsOf(wanted);
    const skips = this.#skips(lookup);
    const finding = this.#session.all(skips ? lookup.skippingSql : lookup.sql, ...lists);
    const checks = skips && lookup.locks === 'wait';
    const present = checks ? this.#session.all(lookup.presentSql, ...lists) : [];
    const following = (followed.get(lookup) ?? []).map((follow) => this.#askFollowing(follow, wanted));
    const [rows, there, follows] = await Promise.all([finding, present, Promise.all(following), locking]);
    const busy = new Set<string | null>();
    for (const { key, parts } of wanted) {
      const lockName = lookup.lockName(parts);
      // What was read without it may be changing.
      if (lockName !== null && !this.#image.holds(lockName, lookup.sharesLock ? 'shared' : 'alone')) busy.add(key);
    }
    const found = new Set(rows.map((values) => lookup.keyOf(values)));
    // Skipped although it is there: somebody else holds it.
    for (const values of there) if (!found.has(lookup.keyOf(values))) busy.add(lookup.keyOf(values));
    for (const key of busy) this.#image.busy.add(nameOf(lookup, String(key)));
    const loaded = wanted.filter(({ key }) => !busy.has(key));
    const known = busy.size === 0 ? rows : rows.filter((values) => !busy.has(lookup.keyOf(values)));
    this.#image.loaded(
      lookup,
      loaded.map(({ key }) => key),
      known,
    );
    this.#loadFollowing(follows, known);
  }

  #skips({ locks }: Lookup): boolean {
    return locks === 'try' || (locks === 'wait' && !this.#waits);
  }

  async #askFollowing(follow: Follow, wanted: readonly Wanted[]): Promise<Followed> {
    const { lookup } = follow;
    const skips = this.#skips(lookup);
    const ask = ({ sql, skippingSql }: Sqls, lists: readonly Value[]) =>
      this.#session.all(skips ? skippingSql : sql, ...lists);
    if ('by' in follow) return { follow, keys: [], rows: await ask(follow.sqls, listsOf(wanted)) };
    const unknown = wanted
      .map(({ parts }) => parts[follow.part] ?? '')
      .filter((key) => !this.#image.knows(lookup, key));
    const keys = [...new Set(unknown)];
    return { follow, keys, rows: keys.length === 0 ? [] : await ask(lookup, [keys]) };
  }

  /** What follows a row that is held by somebody else is left to be asked for again. */
  #loadFollowing(all: readonly Followed[], parents: readonly Row[]): void {
    const usable = new Map<string, Set<string>>();
    for (const { follow, keys, rows } of all) {
      const { lookup } = follow;
      if ('part' in follow) {
        this.#image.loaded(lookup, keys, rows);
        continue;
      }
      let known = usable.get(follow.by) ?? new Set(parents.map((values) => String(values[follow.by])));
      if (lookup.locks !== undefined) {
        const locked = new Set<string | null>(rows.map((values) => lookup.keyOf(values)));
        known = new Set([...known].filter((key) => locked.has(key)));
      }
      usable.set(follow.by, known);
      const found = rows.filter((values) => known.has(lookup.keyOf(values) ?? ''));
      this.#image.loaded(lookup, [...known], found);
    }
  }

  #write(table: Table, { added, changed, deleted }: Record<'added' | 'changed' | 'deleted', readonly ImageRow[]>) {
    const statements: Promise<unknown>[] = [];
    const run = (sql: string, lists: readonly Value[]) => statements.push(this.#session.run(sql, ...lists));
    if (deleted.length > 0) run(table.deleteSql, table.deleteLists(valuesOf(sorted(table, deleted))));
    // Rows with a sequence keep their order; nobody else inserts their keys. Others go in the order of their keys.
    if (added.length > 0)
      run(table.insertSql, table.insertLists(valuesOf(table.hasSeq ? added : sorted(table, added))));
    if (changed.length > 0) run(table.updateSql, table.updateLists(valuesOf(sorted(table, changed))));
    return statements;
  }

  #lowerLanes(): Promise<void> {
    const lanes = [...this.#image.lowered].sort(([one], [other]) => (one < other ? -1 : 1));
    const ids = lanes.map(([lane]) => lane);
    // Whoever holds lanes and waits for others could be waited for by their holders; whoever holds none waits in one order.
    const holds = [...this.#image.all(lanesTable)].some(({ locked, state }) => locked && state !== 'added');
    const locking = !this.#waits && holds ? [this.#session.run(lockLanesNowSql, ids)] : [];
    // In one flight with what was written before and with the commit: where the locks cannot be had, nothing that follows is done.
    const lowering = this.#session.run(
      lowerLanesSql,
      ids,
      lanes.map(([, nextDue]) => nextDue),
    );
    return allOf([...locking, lowering]);
  }
}

/** Only ever to sooner: who has the lane has looked at what is in it. */
const lowerLanesSql = `/* lanes_pkey (id) */ update paidonce.lanes t set next_due = u.next_due from unnest($1::text[], $2::bigint[]) u (id, next_due)
   where t.id = u.id and t.id = any($1::text[]) and t.state = 'enabled' and (t.next_due is null or t.next_due > u.next_due)`;

/** What followed, with the keys that were asked for where they were known before. */
interface Followed {
  follow: Follow;
  keys: readonly string[];
  rows: readonly Row[];
}

interface Wanted {
  key: string;
  parts: readonly string[];
}

export type Ran<T> = { ok: true; value: T } | { ok: false; error: unknown } | typeof inTheWay;

/** Fails where somebody else holds one: then this batch is done in parts. */
const lockLanesNowSql =
  '/* lanes_pkey (id) */ select id from paidonce.lanes where id = any($1::text[]) for no key update nowait';

const tryLockSql = `select n.name, case when n.shared then pg_try_advisory_xact_lock_shared(hashtextextended(n.name, 0))
    else pg_try_advisory_xact_lock(hashtextextended(n.name, 0)) end as got
  from unnest($1::text[], $2::boolean[]) n (name, shared)`;

/** In the order of the names, so that two that wait for several never wait for each other. */
const lockSql = `select n.name, case when n.shared then pg_advisory_xact_lock_shared(hashtextextended(n.name, 0))::text
    else pg_advisory_xact_lock(hashtextextended(n.name, 0))::text end as got
  from (select name, shared from unnest($1::text[], $2::boolean[]) u (name, shared) order by name offset 0) n`;

/** Randomness that an operation which runs again draws again: what it named is then named the same. Each call rewinds. */
function taped(random: Random): () => Random {
  const drawn: Uint8Array[] = [];
  return () => {
    let next = 0;
    return (bytes) => {
      const before = drawn[next];
      const drawnNow = before?.length === bytes ? before : random(bytes);
      drawn[next] = drawnNow;
      next += 1;
      return drawnNow;
    };
  };
}

function isAlone(need: Need): boolean {
  return need.is === 'answer' && need.alone === true;
}

function listsOf(wanted: readonly Wanted[]): string[][] {
  const width = wanted[0]?.parts.length ?? 0;
  return Array.from({ length: width }, (_, column) => wanted.map(({ parts }) => parts[column] ?? ''));
}

function sorted(table: Table, rows: readonly ImageRow[]): readonly ImageRow[] {
  if (rows.length < 2) return rows;
  const keyed = rows.map((row) => ({ key: table.keyOf(row.values), row }));
  return keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ row }) => row);
}

function valuesOf(rows: readonly ImageRow[]): readonly Row[] {
  return rows.map(({ values }) => values);
}

/** All of them, also when one fails: what follows a failed statement fails because of it, and the first says why. */
async function allOf(statements: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(statements);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined)
    throw failed.reason instanceof Error ? failed.reason : new AppError('store.unavailable', String(failed.reason));
}
