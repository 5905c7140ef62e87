import type { Instant } from '../../src/domain/clock.ts';
import type { Random } from '../../src/domain/ids.ts';
import { program } from '../../src/program.ts';
import type { Decisions } from '../../src/stores/decisions.ts';
import type { Reads } from '../../src/stores/reads.ts';
import { runBatch, type Writer } from '../../src/stores/sqlite/batch.ts';
import { fromFailure } from '../../src/stores/sqlite/messages.ts';
import { openDatabase } from '../../src/stores/sqlite/open-database.ts';
import { runRead } from '../../src/stores/sqlite/reads/reads.ts';
import { migrations } from '../../src/stores/sqlite/schema.ts';
import { rowsOn } from '../../src/stores/sqlite/statements/statements.ts';
import { UserTransaction } from '../../src/stores/sqlite/user-transaction.ts';
import type { HandleClaim, Handled, Store, StoreOptions, Transaction } from '../../src/stores/store.ts';
import { Directory } from '../../src/stores/work/directory.ts';
import type { Operation } from '../../src/stores/work/operation.ts';
import type { Writes } from '../../src/stores/writes.ts';
import type { SimulatedTime } from './time.ts';

/** A process that can be gone from one await to the next. */
export interface Process {
  alive: boolean;
  /** Asked at each call of the store, before it and after its commit: whether the process ends there. */
  endsHere: () => boolean;
}

/**
 * The SQLite store on the thread of the simulation. A process that is gone gets no answer any more; what it had begun and not
 * committed is rolled back, what it had committed stays.
 */
export class SimulatedStore implements Store {
  readonly handlerMs = 250;
  readonly #file: string;
  readonly #world: { time: SimulatedTime; process: Process; random: Random };
  #writer: Writer | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #onWork = () => {};

  constructor(file: string, world: { time: SimulatedTime; process: Process; random: Random }) {
    this.#file = file;
    this.#world = world;
  }

  now(): Instant {
    return this.#world.time.now;
  }

  async open({ node, onWork = () => {} }: StoreOptions): Promise<void> {
    const db = openDatabase(this.#file, migrations, this.now());
    // Processes end here, not machines: what they committed need not reach the disk.
    db.database.exec('pragma synchronous = off');
    this.#writer = { db, rows: rowsOn(db), directory: new Directory(), node, random: this.#world.random };
    this.#onWork = onWork;
  }

  async close(): Promise<void> {}

  async decide<K extends keyof Decisions>(name: K, input: Decisions[K]['input']): Promise<Decisions[K]['output']> {
    const output = await this.#commit({ is: 'decide', name, input });
    this.#onWork();
    return output as Decisions[K]['output'];
  }

  write<K extends keyof Writes>(name: K, input: Writes[K]['input']): Promise<Writes[K]['output']> {
    return this.#commit({ is: 'write', name, input }) as Promise<Writes[K]['output']>;
  }

  read<K extends keyof Reads>(name: K, input: Reads[K]['input']): Promise<Reads[K]['output']> {
    return this.#inTurn(({ db }) => {
      db.begin('deferred');
      try {
        return runRead(db, { name, input, now: this.now() }) as Reads[K]['output'];
      } finally {
        db.rollback();
      }
    });
  }

  async handle(claim: HandleClaim, run: (tx: Transaction) => Promise<void>): Promise<Handled> {
    const came = await this.#inTransaction(claim, run);
    if (came === 'fenced_out') return { is: 'fenced_out' };
    return 'error' in came ? { is: 'failed', error: came.error, durationMs: 1 } : { is: 'committed', work: came.work };
  }

  async transact<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    const came = await this.#inTransaction(null, run);
    if (came === 'fenced_out' || 'error' in came) throw came === 'fenced_out' ? new Error(came) : came.error;
    return came.value;
  }

  /** The process is gone. */
  abandon(): void {
    this.#world.process.alive = false;
    this.#writer?.db.close();
    this.#writer = null;
  }

  #commit(operation: Operation): Promise<unknown> {
    return this.#inTurn((writer) => {
      const [outcome] = runBatch(writer, program, { now: this.now(), operations: [operation] }).outcomes;
      if (outcome === undefined) throw new Error('no outcome');
      if (!outcome.ok) throw fromFailure(outcome.failure);
      return outcome.value;
    });
  }

  /** One after the other: while a user's transaction is open, the connection is its own. */
  #inTurn<T>(run: (writer: Writer) => T | Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      if (this.#writer === null || this.#isGone()) return never<T>();
      const value = await run(this.#writer);
      return this.#isGone() ? never<T>() : value;
    });
    this.#turn = mine.catch(() => {});
    return mine;
  }

  #inTransaction<T>(
    claim: HandleClaim | null,
    run: (tx: Transaction) => Promise<T>,
  ): Promise<{ value: T; work: boolean } | 'fenced_out' | { error: unknown }> {
    return this.#inTurn(async (writer) => {
      const mark = claim === null ? null : { claimed: claim.claimed };
      const transaction = UserTransaction.begin(writer, { is: 'begin', transaction: 1, deadlineMs: 250, mark });
      if (transaction === null) return 'fenced_out';
      const answered = <V>(value: V): V | Promise<V> => (this.#isGone() ? never<V>() : value);
      try {
        const value = await run({
          query: async (sql, parameters = []) => answered(transaction.query(sql, parameters)),
          enqueue: async (item) => {
            await answered(transaction.enqueue(item));
          },
        });
        const now = this.now();
        const startedAt = claim?.startedAt ?? now;
        const { work } = transaction.commit({ is: 'commit', transaction: 1, now, startedAt, durationMs: 1 });
        return { value, work };
      } catch (error) {
        if (writer.db.inTransaction) transaction.rollback();
        return { error };
      }
    });
  }

  /** Asked at each step: it may be the one at which the process ends. */
  #isGone(): boolean {
    const { process } = this.#world;
    return !process.alive || process.endsHere();
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
