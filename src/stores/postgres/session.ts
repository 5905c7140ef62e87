import { createHash } from 'node:crypto';
import { type ClientBase, DatabaseError, types } from 'pg';
import { AppError } from '../../domain/errors.ts';
import type { Row } from '../mapping.ts';
import { type Answer, type Asked, Flight, Statement } from './flight.ts';
import { MessageWriter, type Value } from './message-writer.ts';

const oid = { bool: 16, bytea: 17, int8: 20, xid8: 5069 } as const;

/** Rows as the mappers expect them: 64-bit integers as numbers, flags as 0 and 1. Amounts are selected as text, and stay it. */
const parsers = {
  getTypeParser(type: number, format?: 'text' | 'binary') {
    if (type === oid.int8) return Number;
    if (type === oid.bool) return (text: string) => (text === 't' ? 1 : 0);
    if (type === oid.bytea) return (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex'));
    return types.getTypeParser(type, format);
  },
};

/** For what a server answers at once, or never. The driver takes it with a statement, though its types do not say so. */
const commandLimit = { query_timeout: 12_000 };

/** Statements as the connections of one node know them: by their text, each under a name made of it. */
export class Statements {
  readonly #known = new Map<string, Statement>();

  of(text: string): Statement {
    let statement = this.#known.get(text);
    if (statement === undefined) {
      const digest = createHash('sha256').update(text).digest('base64url').slice(0, 22);
      statement = new Statement(text, `paidonce_${digest}`);
      this.#known.set(text, statement);
    }
    return statement;
  }
}

/**
 * A connection as the store uses it. On those of its own (`pipelined`), what is asked in one turn of the event loop goes out
 * together and is answered together: the statements run in the order in which they were asked, and what follows a failed one is
 * not done. Each is prepared once.
 */
export class Session {
  readonly client: ClientBase;
  /** Set where the connection can no longer be trusted; it is then not used again. */
  broken: Error | null = null;
  /** Tells the connections of one node apart. */
  readonly number: number;
  readonly #statements: Statements;
  readonly #pipelined: boolean;
  readonly #tools = {
    writer: new MessageWriter(),
    prepared: new Set<Statement>(),
    parserOf: (type: number): ((text: string) => Row[string]) => parsers.getTypeParser(type),
  };
  #asked: Asked[] = [];
  #flies = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    client: ClientBase,
    { statements, number, pipelined }: { statements: Statements; number: number; pipelined: boolean },
  ) {
    this.client = client;
    this.number = number;
    this.#statements = statements;
    this.#pipelined = pipelined;
    client.on('error', (error) => {
      this.broken = error;
    });
  }

  async all(sql: string, ...values: readonly Value[]): Promise<Row[]> {
    const { rows } = await this.#ask(sql, values);
    return rows;
  }

  /** Gives the number of rows changed. */
  async run(sql: string, ...values: readonly Value[]): Promise<number> {
    const { count } = await this.#ask(sql, values);
    return count;
  }

  /** The statement's tag: `COMMIT` where a commit was one. */
  async command(sql: string): Promise<string> {
    // A connection of the user's has no limit of ours.
    if (!this.#pipelined) return (await this.client.query({ text: sql, ...commandLimit })).command;
    const { tag } = await this.#ask(sql, []);
    return tag;
  }

  #ask(sql: string, values: readonly Value[]): Promise<Answer> {
    const statement = this.#statements.of(sql);
    if (!this.#pipelined) return this.#askAlone(statement, values);
    if (this.broken !== null) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      const failed = (error: unknown) => {
        // What is prepared no more would be used again, and a server that is silent would be asked again.
        if (isForgotten(error) || isLost(error))
          this.broken = error instanceof Error ? error : new Error(String(error));
        reject(error);
      };
      this.#asked.push({ statement, values, resolve, reject: failed });
      // Comes when everything is asked that can be asked without an answer.
      if (this.#asked.length === 1 && !this.#flies) process.nextTick(() => this.#send());
    });
  }

  #send(): void {
    const asked = this.#asked;
    this.#flies = asked.length > 0;
    if (!this.#flies) return;
    this.#asked = [];
    this.client.query(new Flight(asked, this.#tools, () => process.nextTick(() => this.#send())));
  }

  /** One after the other: what a connection of the user's does with several at once is not ours to say. */
  #askAlone({ name, text }: Statement, values: readonly Value[]): Promise<Answer> {
    const answer = this.#last.then(async () => {
      const query = { name, text, values: [...values], types: parsers };
      const { rows, command, rowCount } = await this.client.query<Row>(query);
      return { rows, tag: command, count: rowCount ?? 0 };
    });
    this.#last = answer.catch(() => {
      // Whoever asked is told.
    });
    return answer;
  }
}

/** SQLSTATE of an error that the server sent. */
export function stateOf(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.code ?? null) : null;
}

/** Whether the connection, or the server, is gone: nothing says what became of what was sent last. */
export function isLost(error: unknown): boolean {
  const state = stateOf(error);
  if (state === null) return error instanceof Error && !(error instanceof AppError) && lostForm.test(causeOf(error));
  // Connection exceptions, shutdowns, and a server that is starting.
  return state.startsWith('08') || state.startsWith('57P');
}

/** How the driver, and the operating system below it, say that there is no connection any more. */
const lostForm = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOST|ENET)|connection|not queryable|timeout/i;

function causeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** Whether what was prepared is gone, or no longer fits its tables. Another connection, which prepares it again, can do the same. */
export function isForgotten(error: unknown): boolean {
  const state = stateOf(error);
  return state === '26000' || (state === '0A000' && error instanceof Error && error.message.includes('cached plan'));
}

/** Whether somebody else did not end in the time that a session waits. */
export function isTimeout(error: unknown): boolean {
  return stateOf(error) === '55P03';
}

/** Whether the same work may well succeed when it is done again: somebody else was in the way. */
export function isContention(error: unknown): boolean {
  // Serialization failure, deadlock, lock not available, unique violation, out of shared memory (too many locks).
  return ['40001', '40P01', '55P03', '23505', '53200'].includes(stateOf(error) ?? '');
}

/** An error of the database as callers know it. */
export function toAppError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const state = stateOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  if (state === '55P03' || state === '40P01' || state === '40001')
    return new AppError('store.overloaded', `a row is held by somebody else: ${reason}`);
  // Insufficient resources, operator intervention, system errors, read-only servers, cancelled statements.
  if (isLost(error) || (state !== null && /^(53|57|58|25006|XX)/.test(state)))
    return new AppError('store.unavailable', `PostgreSQL cannot take it now: ${reason}`, { cause: error });
  return error;
}
