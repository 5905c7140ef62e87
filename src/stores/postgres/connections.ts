import { type ClientBase, type ClientConfig, Pool } from 'pg';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { isForgotten, Session, Statements } from './session.ts';
import { Sockets } from './sockets.ts';

/**
 * The connections of one node. Batches, operations that wait alone, and reads each have their own, which no handler can take;
 * handlers have the pool that the user gave, or one of their own.
 */
export class Connections {
  readonly #batches: Pool;
  readonly #alone: Pool;
  readonly #reads: Pool;
  readonly #handlers: Pool;
  readonly #handlersAreOurs: boolean;
  readonly #sessions = new WeakMap<ClientBase, Session>();
  readonly #statements = new Statements();
  readonly #sockets = new Sockets();
  #opened = 0;

  /** `given`: how to reach the database, or a pool whose connections handlers may use. */
  constructor(given: string | Pool) {
    const options: ClientConfig = { ...configOf(given), stream: this.#sockets.make };
    const reserved = (max: number, application: string, answerMs: number) =>
      watched(
        new Pool({
          ...options,
          max,
          application_name: `paidonce ${application}`,
          connectionTimeoutMillis: connectMs,
          // The server ends a statement that takes too long; a server that cannot be heard any more ends nothing.
          query_timeout: answerMs + wayMs,
          idleTimeoutMillis: 0,
        }),
      );
    this.#batches = reserved(limits.batchesInFlight, 'batch', statementMs);
    this.#alone = reserved(limits.aloneInFlight, 'alone', statementMs);
    this.#reads = reserved(limits.readsInFlight, 'read', limits.readMs);
    this.#handlersAreOurs = typeof given === 'string';
    this.#handlers =
      typeof given === 'string'
        ? watched(
            new Pool({
              ...options,
              max: limits.handlersInFlight,
              application_name: 'paidonce handlers',
              connectionTimeoutMillis: limits.handlerMsPostgres,
              query_timeout: limits.handlerMsPostgres + wayMs,
            }),
          )
        : given;
  }

  /** For one batch. Errors: `store.unavailable` where no connection can be had. */
  batch<T>(run: (session: Session) => Promise<T>): Promise<T> {
    return this.#on(this.#batches, ownSettings, run);
  }

  alone<T>(run: (session: Session) => Promise<T>): Promise<T> {
    return this.#on(this.#alone, ownSettings, run);
  }

  /** Errors also: `store.overloaded` where too many wait already. What the server has forgotten is prepared again. */
  async read<T>(run: (session: Session) => Promise<T>): Promise<T> {
    if (this.#reads.waitingCount >= limits.readQueue)
      throw new AppError('store.overloaded', `${this.#reads.waitingCount} reads wait for the store`);
    for (let attempt = 0; attempt < limits.readsInFlight; attempt += 1) {
      try {
        return await this.#on(this.#reads, readSettings, run);
      } catch (error) {
        if (!isForgotten(error)) throw error;
      }
    }
    return this.#on(this.#reads, readSettings, run);
  }

  /** For users' code; its settings hold for one transaction at a time. */
  handler<T>(run: (session: Session) => Promise<T>): Promise<T> {
    return this.#on(this.#handlers, null, run);
  }

  async close(): Promise<void> {
    const ours = [this.#batches, this.#alone, this.#reads, ...(this.#handlersAreOurs ? [this.#handlers] : [])];
    await Promise.all(ours.map((pool) => pool.end()));
    await this.#sockets.close();
  }

  async #on<T>(pool: Pool, settings: string | null, run: (session: Session) => Promise<T>): Promise<T> {
    const client = await connect(pool);
    let session = this.#sessions.get(client);
    try {
      if (session === undefined) {
        session = new Session(client, {
          statements: this.#statements,
          number: this.#opened,
          pipelined: settings !== null,
        });
        this.#opened += 1;
        if (settings !== null) await prepare(session, settings);
        this.#sessions.set(client, session);
      }
      return await run(session);
    } catch (error) {
      if (session !== undefined && !this.#sessions.has(client)) session.broken = asError(error);
      throw error;
    } finally {
      client.release(session?.broken ?? undefined);
    }
  }
}

/** How the database is reached. A pool hides its password from whoever copies its options. */
export function configOf(given: string | Pool): ClientConfig {
  if (typeof given === 'string') return { connectionString: given };
  const { password } = given.options;
  return password === undefined ? { ...given.options } : { ...given.options, password };
}

const connectMs = 3000;
const statementMs = 10_000;
/** How much longer than the server may work an answer is waited for. */
const wayMs = 2000;

/** PostgreSQL counts versions so: 14.0. */
const versionMin = 140_000;

/**
 * Statements of batches join lists to one index each; without these settings a plan made while a table was empty would read all of
 * it later. A transaction that was left alone ends by itself, so that a stopped process does not keep its locks.
 */
export const ownSettings = `set synchronous_commit = on; set lock_timeout = '2s'; set statement_timeout = ${statementMs};
  set idle_in_transaction_session_timeout = '10s'; set jit = off; set plan_cache_mode = force_generic_plan;
  set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
  set enable_material = off`;

const readSettings = `set synchronous_commit = on; set statement_timeout = '${limits.readMs}ms'; set jit = off;
  set plan_cache_mode = force_custom_plan;
  set default_transaction_read_only = on`;

/** @throws AppError `store.unavailable` for a server that loses what it has committed, or is too old. */
async function prepare(session: Session, settings: string): Promise<void> {
  await session.client.query(settings);
  const [row] = await session.all(
    `select current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync,
       current_setting('server_version_num')::integer as version`,
  );
  if (row?.synchronous_commit !== 'on' || row.fsync !== 'on')
    throw new AppError(
      'store.unavailable',
      `the database does not keep what it commits: synchronous_commit ${row?.synchronous_commit}, fsync ${row?.fsync}`,
    );
  if (Number(row.version) < versionMin)
    throw new AppError('store.unavailable', `PostgreSQL ${row.version} is too old; 14 or newer is needed`);
}

async function connect(pool: Pool) {
  try {
    return await pool.connect();
  } catch (error) {
    throw new AppError('store.unavailable', `no connection to PostgreSQL: ${asError(error).message}`, { cause: error });
  }
}

/** A connection that breaks while nobody uses it is taken out by the pool; nobody else has to know. */
function watched(pool: Pool): Pool {
  pool.on('error', () => {});
  return pool;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
