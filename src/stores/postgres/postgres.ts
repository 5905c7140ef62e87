import type { ClientBase, Pool } from 'pg';
import type { Instant } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { randomBytesOf } from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import type { Decisions, Program } from '../decisions.ts';
import type { Reads } from '../reads.ts';
import type { HandleClaim, Handled, Store, StoreOptions, Transaction } from '../store.ts';
import { CommitQueue } from '../work/commit-queue.ts';
import { UserCode } from '../work/user-code.ts';
import type { Writes } from '../writes.ts';
import { Alone } from './alone.ts';
import { runAlone, runBatch } from './batch.ts';
import { Connections, configOf } from './connections.ts';
import { migrateDatabase } from './migrate-database.ts';
import { Notifier } from './notifier.ts';
import { makePartitions } from './partitions.ts';
import { runRead } from './reads/reads.ts';
import { migrations } from './schema.ts';
import { type Session, stateOf, toAppError } from './session.ts';
import { forgetForeignCommits } from './statements/commits.ts';
import { StoreClock } from './store-clock.ts';
import type { Workplace } from './transaction.ts';
import { UserTransactions, userTransactionOn } from './user-transactions.ts';

export interface PostgresOptions {
  /** Reaches the database without a pooler in between, for `listen`. Default: the same as everything else. */
  directUrl?: string;
}

/**
 * A store on PostgreSQL 14 or newer, for any number of nodes. `database`: a URL, or a pool of the application's own, whose
 * connections handlers then use; batches and reads have connections of their own beside it. Everything is in the schema `paidonce`.
 */
export function postgres(database: string | Pool, options: PostgresOptions = {}): Store {
  return new PostgresStore(database, options);
}

/**
 * A transaction that the user has begun, and ends, on a connection of their own to the store's database, for `{ tx }`. What it
 * enqueues is applied after that commit; nothing of it waits for the store.
 */
export function transactionOn(client: Pick<ClientBase, 'query'>): Transaction {
  return userTransactionOn(client);
}

/** SQLSTATE of a statement that ran into its limit of time. */
const canceled = '57014';

interface Running {
  connections: Connections;
  clock: StoreClock;
  notifier: Notifier;
  alone: Alone;
  commits: CommitQueue;
  transactions: UserTransactions;
}

class PostgresStore implements Store {
  readonly handlerMs = limits.handlerMsPostgres;
  readonly #database: string | Pool;
  readonly #options: PostgresOptions;
  readonly #userCode = new UserCode();
  #clock = new StoreClock(null);
  #running: Running | null = null;
  #opening: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(database: string | Pool, options: PostgresOptions) {
    this.#database = database;
    this.#options = options;
  }

  async open(options: StoreOptions): Promise<void> {
    if (this.#closing !== null) throw new AppError('store.closed', 'open was called on a store that was closed');
    if (this.#opening !== null) throw new Error('the store is open already');
    this.#opening = this.#begin(options);
    await this.#opening;
  }

  async #begin(options: StoreOptions): Promise<void> {
    const { program: url, node, random = randomBytesOf, onWork } = options;
    const { program }: { program: Program } = await import(url.href);
    const { directUrl } = this.#options;
    const direct = directUrl === undefined ? configOf(this.#database) : { connectionString: directUrl };
    await migrateDatabase(direct, migrations);
    const connections = new Connections(this.#database);
    const clock = new StoreClock(options.clock ?? null);
    this.#clock = clock;
    const notifier = new Notifier(direct, node, () => onWork?.());
    try {
      await clock.start(connections);
      await connections.alone((session) => makePartitions(session, clock.now()));
      await connections.alone((session) => forgetForeignCommits(session, clock.now()));
    } catch (error) {
      await connections.close();
      throw error;
    }
    notifier.start();
    const placeOn = (session: Session): Workplace => ({
      program,
      node,
      random,
      writer: `${node}:${session.number}`,
      now: clock.now(),
    });
    const work = () => {
      onWork?.();
      notifier.notify();
    };
    const tools = { connections, placeOn, onWork: work };
    const alone = new Alone((operation) => runAlone(tools, operation));
    this.#running = {
      connections,
      clock,
      notifier,
      alone,
      commits: new CommitQueue(limits.batchesInFlight, (operations) => runBatch({ ...tools, alone }, operations)),
      transactions: new UserTransactions(connections, this.#userCode, placeOn),
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
    const { commits, connections } = this.#open(name);
    // Whoever looks after the old parts of the history makes the coming ones.
    if (name === 'retain') await connections.alone((session) => makePartitions(session, this.now()));
    return commits.add({ is: 'write', name, input });
  }

  async read<K extends keyof Reads>(name: K, input: Reads[K]['input']): Promise<Reads[K]['output']> {
    const { connections, clock } = this.#open(name);
    try {
      return await connections.read((session) => runRead(session, { name, input, now: clock.now() }));
    } catch (error) {
      if (stateOf(error) === canceled) throw new AppError('store.deadline', `${name} took too long`, { cause: error });
      throw toAppError(error);
    }
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
    await running.alone.idle();
    running.clock.stop();
    await running.notifier.stop();
    await running.connections.close();
  }
}
