import type { Random } from '../../src/domain/ids.ts';
import { program } from '../../src/program.ts';
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
export function simulatedStore(
  file: string,
  { time, process, random }: { time: SimulatedTime; process: Process; random: Random },
): Store & { abandon(): void } {
  let writer: Writer | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let onWork = () => {};

  /** One after the other: while a user's transaction is open, the connection is its own. */
  const inTurn = <T>(run: (writer: Writer) => T | Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      if (writer === null || !process.alive) return never<T>();
      if (process.endsHere()) return never<T>();
      const value = await run(writer);
      return !process.alive || process.endsHere() ? never<T>() : value;
    });
    turn = mine.catch(() => {});
    return mine;
  };
  const commit = (operation: Operation) =>
    inTurn((writer) => {
      const [outcome] = runBatch(writer, program, { now: time.now, operations: [operation] }).outcomes;
      if (outcome === undefined) throw new Error('no outcome');
      if (!outcome.ok) throw fromFailure(outcome.failure);
      return outcome.value as never;
    });
  const inTransaction = <T>(
    claim: HandleClaim | null,
    run: (tx: Transaction) => Promise<T>,
  ): Promise<{ value: T; work: boolean } | 'fenced_out' | { error: unknown }> =>
    inTurn(async (writer) => {
      const mark = claim === null ? null : { claimed: claim.claimed };
      const transaction = UserTransaction.begin(writer, { is: 'begin', transaction: 1, deadlineMs: 250, mark });
      if (transaction === null) return 'fenced_out';
      const open = <V>(value: V): V | Promise<V> => (process.alive && !process.endsHere() ? value : never<V>());
      try {
        const value = await run({
          query: async (sql, parameters = []) => open(transaction.query(sql, parameters)),
          enqueue: async (item) => {
            await open(transaction.enqueue(item));
          },
        });
        const startedAt = claim?.startedAt ?? time.now;
        const { work } = transaction.commit({ is: 'commit', transaction: 1, now: time.now, startedAt, durationMs: 1 });
        return { value, work };
      } catch (error) {
        if (writer.db.inTransaction) transaction.rollback();
        return { error };
      }
    });
  return {
    handlerMs: 250,
    now: () => time.now,
    async open({ node, onWork: wake = () => {} }: StoreOptions) {
      const db = openDatabase(file, migrations, time.now);
      // Processes end here, not machines: what they committed need not reach the disk.
      db.database.exec('pragma synchronous = off');
      writer = { db, rows: rowsOn(db), directory: new Directory(), node, random };
      onWork = wake;
    },
    close: async () => {},
    decide: async (name, input) => {
      const output = await commit({ is: 'decide', name, input });
      onWork();
      return output;
    },
    write: (name, input) => commit({ is: 'write', name, input }),
    read: (name, input) =>
      inTurn(({ db }) => {
        db.begin('deferred');
        try {
          return runRead(db, { name, input, now: time.now }) as never;
        } finally {
          db.rollback();
        }
      }),
    async handle(claim, run): Promise<Handled> {
      const came = await inTransaction(claim, run);
      if (came === 'fenced_out') return { is: 'fenced_out' };
      return 'error' in came
        ? { is: 'failed', error: came.error, durationMs: 1 }
        : { is: 'committed', work: came.work };
    },
    async transact(run) {
      const came = await inTransaction(null, run);
      if (came === 'fenced_out' || 'error' in came) throw came === 'fenced_out' ? new Error(came) : came.error;
      return came.value;
    },
    abandon() {
      process.alive = false;
      writer?.db.close();
      writer = null;
    },
  };
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
