import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { Transaction } from '../store.ts';

/** What a handler writes through where its tables are in another database. It commits together with the receipt, or not at all. */
export type ReceiptTransaction = Pick<Transaction, 'query'>;

/** What is done once. */
export interface ReceiptKey {
  notification: string;
  handler: string;
}

/** The table `paidonce_receipts` in the database of the handlers' own tables. */
export interface Receipts {
  /** The statement that makes the table, for who keeps migrations of their own. */
  readonly tableSql: string;
  /** Makes the table where it is absent. */
  createReceipts(): Promise<void>;
  /**
   * Deletes the receipts of what was done so many days ago; returns how many. What has no receipt is done when its delivery runs
   * again, so none may go that its delivery could outlive.
   *
   * @throws RangeError below 400 days.
   */
  deleteReceipts(options: { olderThanDays: number }): Promise<number>;
  /**
   * Runs `work` in a transaction, writes the receipt with what it returns there, and commits. Where there is a receipt already it
   * runs nothing and returns what that one keeps; else null. Whoever comes meanwhile with the same key waits for the outcome.
   *
   * @throws AppError `handler.deadline` once `signal` is aborted, `handler.tx_over`; and what `work` and the database throw: then
   * nothing is written, or, where the answer to the commit was lost, everything with its receipt.
   */
  take(key: ReceiptKey, signal: AbortSignal, work: (tx: ReceiptTransaction) => Promise<string>): Promise<string | null>;
}

/** How one kind of database does it. */
export interface ReceiptDatabase {
  tableSql: string;
  create(): Promise<void>;
  deleteOlder(days: number): Promise<number>;
  /** Begins a transaction. */
  open(signal: AbortSignal): Promise<OpenReceipt>;
}

/** A transaction that is open. */
export interface OpenReceipt {
  /** Runs one statement of the handler's. */
  query: Transaction['query'];
  /** Inserts the receipt, after whoever else has the key; false: there is one. */
  insert(key: ReceiptKey): Promise<boolean>;
  /** What the receipt keeps; null: there is none. */
  find(key: ReceiptKey): Promise<string | null>;
  keep(key: ReceiptKey, text: string): Promise<void>;
  commit(): Promise<void>;
  /** Ends it without a commit; waits for nothing that is under way once the signal is aborted. It never throws. */
  abandon(): Promise<void>;
}

export function receiptsIn(database: ReceiptDatabase): Receipts {
  return {
    tableSql: database.tableSql,
    createReceipts: () => database.create(),
    async deleteReceipts({ olderThanDays }) {
      if (!Number.isSafeInteger(olderThanDays) || olderThanDays < limits.historyDays)
        throw new RangeError(`olderThanDays is a whole number from ${limits.historyDays} on`);
      return database.deleteOlder(olderThanDays);
    },
    async take(key, signal, work) {
      const open = await database.open(signal);
      const state = { over: false, failed: false };
      try {
        return await before(signal, () => takeIn(open, key, { state, work }));
      } catch (error) {
        state.over = true;
        await open.abandon();
        throw error;
      }
    },
  };
}

interface Taking {
  /** The handler's part is over; or a statement of it failed. What it still calls is refused. */
  state: { over: boolean; failed: boolean };
  work: (tx: ReceiptTransaction) => Promise<string>;
}

async function takeIn(open: OpenReceipt, key: ReceiptKey, { state, work }: Taking): Promise<string | null> {
  const assertWhole = () => {
    // PostgreSQL ends it so, MySQL sometimes by rolling back in silence: nobody is to have to know which.
    if (state.failed) throw new AppError('handler.tx_over', 'a statement failed, and the transaction with it');
  };
  const assertOpen = () => {
    if (state.over) throw new AppError('handler.tx_over', 'the transaction has ended');
    assertWhole();
  };
  if (!(await open.insert(key))) {
    const kept = await open.find(key);
    if (kept === null) throw new Error('the receipt was deleted while it was looked for');
    assertOpen();
    await open.commit();
    return kept;
  }
  const text = await work({
    query: async (sql, parameters = []) => {
      assertOpen();
      try {
        return await open.query(sql, parameters);
      } catch (error) {
        state.failed = true;
        throw error;
      }
    },
  });
  // It may return long after its time: then the connection is no longer its own.
  assertOpen();
  state.over = true;
  await open.keep(key, text);
  // One that nobody awaited is over now as well.
  assertWhole();
  await open.commit();
  return null;
}

async function before<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const onAbort = () => late.reject(new AppError('handler.deadline', 'it did not return in time'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    return await (signal.aborted ? late.promise : Promise.race([run(), late.promise]));
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
