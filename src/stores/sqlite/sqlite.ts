import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type Instant, systemClock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { Decisions } from '../decisions.ts';
import { toJson } from '../mapping.ts';
import type { Reads } from '../reads.ts';
import type { HandleClaim, Handled, Store, StoreOptions, Transaction } from '../store.ts';
import { CommitQueue } from '../work/commit-queue.ts';
import type { Operation } from '../work/operation.ts';
import { UserCode } from '../work/user-code.ts';
import type { Writes } from '../writes.ts';
import { fromFailure, type Outcome, type WorkerSetup, type WriterRequest } from './messages.ts';
import { Readers } from './readers.ts';
import { insertOutboxSql } from './statements/outbox.ts';
import { runUserSql } from './user-sql.ts';
import { UserTransactions } from './user-transactions.ts';
import { WorkerThread } from './worker-thread.ts';

/**
 * A store in one file, `<folder>/paidonce.db`, for one machine. One thread writes, two read; the folder belongs to one process at
 * a time. The folder is made if it is absent.
 */
export function sqlite(options: { folder: string }): Store {
  return new SqliteStore(options.folder);
}

/**
 * A transaction on a connection of the user's own to the store's database file (`<folder>/paidonce.db`), for `{ tx }` inside a
 * transaction that the user begins and commits. What it enqueues is applied after that commit.
 *
 * @throws AppError `handler.outside_tx` from its methods where no transaction is open on the connection.
 */
export function transactionOn(database: DatabaseSync): Transaction {
  const assertOpen = () => {
    if (!database.isTransaction) throw new AppError('handler.outside_tx', 'no transaction is open on this connection');
  };
  return {
    query: async (sql, parameters = []) => {
      assertOpen();
      return runUserSql(database, sql, parameters);
    },
    enqueue: async (item) => {
      assertOpen();
      database.prepare(insertOutboxSql).run(toJson(item));
    },
  };
}

interface Running {
  writer: WorkerThread;
  commits: CommitQueue;
  transactions: UserTransactions;
  readers: Readers;
}

/** Batches under way at once: one that the writer works on, and one that it finds when it is done. */
const inFlightMax = 2;

class SqliteStore implements Store {
  readonly handlerMs = limits.handlerMs;
  readonly #folder: string;
  readonly #userCode = new UserCode();
  #clock: NonNullable<StoreOptions['clock']> = systemClock;
  #running: Running | null = null;
  #opening: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(options: StoreOptions): Promise<void> {
    if (this.#closing !== null) throw new AppError('store.closed', 'open was called on a store that was closed');
    if (this.#opening !== null) throw new Error('the store is open already');
    this.#opening = this.#begin(options);
    await this.#opening;
  }

  async #begin({ program, node, clock = systemClock, onWork }: StoreOptions): Promise<void> {
    this.#clock = clock;
    await mkdir(this.#folder, { recursive: true });
    const file = join(this.#folder, 'paidonce.db');
    const setup: WorkerSetup = {
      file,
      lockFile: join(this.#folder, 'paidonce.lock'),
      program: program.href,
      node,
      now: clock.now(),
    };
    const writer = new WorkerThread('writer', setup, onWork);
    const readers = new Readers(file);
    try {
      await writer.started;
    } catch (error) {
      await readers.close();
      await writer.terminate(new AppError('store.unavailable', 'the store did not start'));
      throw error;
    }
    const ask = <Value>(request: WriterRequest) => writer.ask<Value>(request);
    const commit = async (operations: readonly Operation[]) => {
      const outcomes = await ask<readonly Outcome<never>[]>({ is: 'batch', now: clock.now(), operations });
      return outcomes.map((outcome) =>
        outcome.ok ? outcome : { ok: false as const, error: fromFailure(outcome.failure) },
      );
    };
    this.#running = {
      writer,
      readers,
      commits: new CommitQueue(inFlightMax, commit),
      transactions: new UserTransactions(ask, this.#userCode, clock),
    };
  }

  now(): Instant {
    return this.#clock.now();
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async decide<K extends keyof Decisions>(name: K, input: Decisions[K]['input']): Promise<Decisions[K]['output']> {
    return this.#open(name).commits.add({ is: 'decide', name, input });
  }

  async write<K extends keyof Writes>(name: K, input: Writes[K]['input']): Promise<Writes[K]['output']> {
    return this.#open(name).commits.add({ is: 'write', name, input });
  }

  async read<K extends keyof Reads>(name: K, input: Reads[K]['input']): Promise<Reads[K]['output']> {
    return this.#open(name).readers.read({ name, input, now: this.#clock.now() });
  }

  async handle(claim: HandleClaim, run: (tx: Transaction) => Promise<void>): Promise<Handled> {
    return this.#open('handle').transactions.handle(claim, run);
  }

  async transact<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#open('transact').transactions.transact(run);
  }

  #open(call: string): Running {
    const running = this.#running;
    if (running === null || this.#closing !== null)
      throw new AppError('store.closed', `${call} was called on a store that is not open`);
    this.#userCode.assertOutside(call);
    return running;
  }

  async #end(): Promise<void> {
    try {
      await this.#opening;
    } catch {
      // Whoever opened it was told; nothing was left open.
    }
    const running = this.#running;
    if (running === null) return;
    await running.transactions.idle();
    await running.commits.idle();
    await running.readers.close();
    try {
      await running.writer.ask({ is: 'close' });
    } catch {
      // A writer that has died before has nothing left to close.
    }
    await running.writer.terminate(new AppError('store.closed', 'the store was closed'));
  }
}
