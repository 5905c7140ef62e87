import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../domain/errors.ts';
import { randomBytesOf } from '../../domain/ids.ts';
import type { Program } from '../decisions.ts';
import { Directory } from '../work/directory.ts';
import { runBatch, type Writer } from './batch.ts';
import { Checkpointer } from './checkpointer.ts';
import { type Answer, type Outcome, toFailure, type WorkerSetup, type WriterRequest } from './messages.ts';
import { type FolderLock, lockFolder, openDatabase } from './open-database.ts';
import { migrations } from './schema.ts';
import { rowsOn } from './statements/statements.ts';

import { UserTransaction } from './user-transaction.ts';

type Asked = WriterRequest & { call: number };

/** Answers call 0 with what came of the start. */
async function start(port: MessagePort, setup: WorkerSetup): Promise<void> {
  let lock: FolderLock | null = null;
  try {
    const { program }: { program: Program } = await import(setup.program);
    lock = lockFolder(setup.lockFile);
    const db = openDatabase(setup.file, migrations, setup.now);
    const thread = new WriterThread(
      port,
      lock,
      { db, rows: rowsOn(db), directory: new Directory(), node: setup.node, random: randomBytesOf },
      program,
    );
    port.on('message', (asked: Asked) => thread.take(asked));
    thread.answer(0, { ok: true, value: null });
  } catch (error) {
    lock?.release();
    port.postMessage({
      call: 0,
      outcome: { ok: false, failure: toFailure(error) },
      work: false,
    } satisfies Answer<unknown>);
    port.close();
  }
}

/** Owns the only writing connection. Batches and transactions of users' code alternate on it. */
class WriterThread {
  readonly #port: MessagePort;
  readonly #lock: FolderLock;
  readonly #writer: Writer;
  readonly #program: Program;
  readonly #checkpointer: Checkpointer;
  /** The transaction whose user code is running; until it ends everything else waits in `#deferred`. */
  #open: UserTransaction | null = null;
  #deadline: NodeJS.Timeout | undefined;
  /** The transaction that was rolled back at its deadline last. */
  #overdue = 0;
  readonly #deferred: Asked[] = [];

  constructor(port: MessagePort, lock: FolderLock, writer: Writer, program: Program) {
    this.#port = port;
    this.#lock = lock;
    this.#writer = writer;
    this.#program = program;
    this.#checkpointer = new Checkpointer(writer.db);
  }

  take(asked: Asked): void {
    if (this.#open !== null && (asked.is === 'batch' || asked.is === 'begin' || asked.is === 'close'))
      this.#deferred.push(asked);
    else this.#serve(asked);
  }

  answer(call: number, outcome: Outcome<unknown>, work = false): void {
    this.#port.postMessage({ call, outcome, work } satisfies Answer<unknown>);
  }

  #serve(asked: Asked): void {
    switch (asked.is) {
      case 'batch':
        this.#runBatch(asked);
        break;
      case 'begin':
        this.#attempt(asked, () => this.#begin(asked));
        break;
      case 'query':
        this.#attempt(asked, () => this.#running(asked.transaction).query(asked.sql, asked.parameters));
        break;
      case 'enqueue':
        this.#attempt(asked, () => this.#running(asked.transaction).enqueue(asked.item));
        break;
      case 'commit':
        this.#attempt(asked, () => this.#running(asked.transaction).commit(asked));
        this.#checkpointer.committed(1);
        this.#end(asked.transaction);
        break;
      case 'rollback':
        if (this.#open?.id === asked.transaction) this.#open.rollback();
        this.answer(asked.call, { ok: true, value: null });
        this.#end(asked.transaction);
        break;
      case 'close':
        this.#close(asked.call);
        break;
    }
  }

  #runBatch(asked: Extract<Asked, { is: 'batch' }>): void {
    const { outcomes, work } = runBatch(this.#writer, this.#program, asked);
    this.answer(asked.call, { ok: true, value: outcomes }, work);
    if (outcomes.some((outcome) => !outcome.ok && outcome.failure.code === 'store.unavailable'))
      this.#checkpointer.refused();
    else this.#checkpointer.committed(asked.operations.length);
  }

  #begin(asked: Extract<Asked, { is: 'begin' }>): 'begun' | 'fenced_out' {
    this.#open = UserTransaction.begin(this.#writer, asked);
    if (this.#open === null) return 'fenced_out';
    this.#deadline = setTimeout(() => this.#expire(asked.transaction), asked.deadlineMs);
    return 'begun';
  }

  /** The deadline holds here too, because the thread that runs the user's code may itself be stuck in it. */
  #expire(transaction: number): void {
    this.#overdue = transaction;
    this.#open?.rollback();
    this.#end(transaction);
  }

  #running(transaction: number): UserTransaction {
    if (this.#open?.id === transaction) return this.#open;
    if (this.#overdue === transaction) throw new AppError('handler.deadline', 'it was rolled back at its deadline');
    throw new AppError('handler.tx_over', 'the transaction has ended');
  }

  /** Serves what waited, up to the next transaction of a user. */
  #end(transaction: number): void {
    if (this.#open?.id !== transaction) return;
    this.#open = null;
    clearTimeout(this.#deadline);
    while (this.#open === null) {
      const next = this.#deferred.shift();
      if (next === undefined) return;
      this.#serve(next);
    }
  }

  #attempt(asked: Asked, run: () => unknown): void {
    try {
      this.answer(asked.call, { ok: true, value: run() });
    } catch (error) {
      this.answer(asked.call, { ok: false, failure: toFailure(error) });
    }
  }

  #close(call: number): void {
    this.#checkpointer.close();
    this.#writer.db.close();
    this.#lock.release();
    this.answer(call, { ok: true, value: null });
    this.#port.close();
  }
}

if (parentPort === null) throw new Error('the writer runs in a worker thread');
await start(parentPort, workerData);
