import { join } from 'node:path';
import { randomBytesOf } from '../../src/domain/ids.ts';
import { program } from '../../src/program.ts';
import type { Writer } from '../../src/stores/sqlite/batch.ts';
import { runBatch } from '../../src/stores/sqlite/batch.ts';
import type { Connection } from '../../src/stores/sqlite/connection.ts';
import { fromFailure } from '../../src/stores/sqlite/messages.ts';
import { openDatabase } from '../../src/stores/sqlite/open-database.ts';
import { runRead } from '../../src/stores/sqlite/reads/reads.ts';
import { migrations } from '../../src/stores/sqlite/schema.ts';
import { rowsOn } from '../../src/stores/sqlite/statements/statements.ts';
import { UserTransaction } from '../../src/stores/sqlite/user-transaction.ts';
import type { HandleClaim, Store } from '../../src/stores/store.ts';
import { Directory } from '../../src/stores/work/directory.ts';
import type { Operation } from '../../src/stores/work/operation.ts';
import { node, type TestClock } from './support.ts';

/** The SQLite store without its threads, on one connection that a test can look into. */
export function directStore(folder: string, clock: TestClock): { store: Store; db: Connection } {
  const db = openDatabase(join(folder, 'paidonce.db'), migrations, clock.now());
  const writer: Writer = { db, rows: rowsOn(db), directory: new Directory(), node, random: randomBytesOf };
  const commit = async (operation: Operation) => {
    const [outcome] = runBatch(writer, program, { now: clock.now(), operations: [operation] }).outcomes;
    if (outcome === undefined) throw new Error('no outcome');
    if (!outcome.ok) throw fromFailure(outcome.failure);
    return outcome.value as never;
  };
  const store: Store = {
    handlerMs: 250,
    now: () => clock.now(),
    open: async () => {},
    close: async () => db.close(),
    decide: (name, input) => commit({ is: 'decide', name, input }),
    write: (name, input) => commit({ is: 'write', name, input }),
    async read(name, input) {
      db.begin('deferred');
      try {
        return runRead(db, { name, input, now: clock.now() }) as never;
      } finally {
        db.rollback();
      }
    },
    async handle({ claimed, startedAt }: HandleClaim, run) {
      const begin = { is: 'begin', transaction: 1, deadlineMs: 250, mark: { claimed } } as const;
      const transaction = UserTransaction.begin(writer, begin);
      if (transaction === null) return { is: 'fenced_out' };
      await run({
        query: async (sql, parameters = []) => transaction.query(sql, parameters),
        enqueue: async (item) => {
          transaction.enqueue(item);
        },
      });
      const { work } = transaction.commit({ is: 'commit', transaction: 1, now: clock.now(), startedAt, durationMs: 1 });
      return { is: 'committed', work };
    },
    transact: async () => {
      throw new Error('not needed');
    },
  };
  return { store, db };
}
