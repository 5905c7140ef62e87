import { createHash } from 'node:crypto';
import { type ClientBase, DatabaseError, types } from 'pg';
import { AppError } from '../../domain/errors.ts';
import type { Row } from '../mapping.ts';

/** What a statement takes; lists go as arrays. */
export type Value = string | number | bigint | boolean | null | undefined | Uint8Array | readonly Value[];

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

/**
 * A connection of the store's own. Statements go out without waiting for the answers of those before (the connection is
 * pipelined); each is prepared once under a name made of its text.
 */
export class Session {
  readonly client: ClientBase;
  /** Set where the connection can no longer be trusted; it is then not used again. */
  broken: Error | null = null;
  /** Tells the connections of one node apart. */
  readonly number: number;
  readonly #names: Map<string, string>;

  constructor(client: ClientBase, { names, number }: { names: Map<string, string>; number: number }) {
    this.client = client;
    this.number = number;
    this.#names = names;
    client.on('error', (error) => {
      this.broken = error;
    });
  }

  async all(sql: string, ...values: readonly Value[]): Promise<Row[]> {
    const { rows } = await this.#query(sql, values);
    return rows;
  }

  /** Gives the number of rows changed. */
  async run(sql: string, ...values: readonly Value[]): Promise<number> {
    const { rowCount } = await this.#query(sql, values);
    return rowCount ?? 0;
  }

  /** The statement's tag: `COMMIT` where a commit was one. */
  async command(sql: string): Promise<string> {
    return (await this.client.query({ text: sql, ...commandLimit })).command;
  }

  async #query(sql: string, values: readonly Value[]) {
    try {
      return await this.client.query<Row>({ name: this.#nameOf(sql), text: sql, values: [...values], types: parsers });
    } catch (error) {
      // The driver would go on to use what is prepared no more.
      if (isForgotten(error)) this.broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  #nameOf(sql: string): string {
    let name = this.#names.get(sql);
    if (name === undefined) {
      name = `paidonce_${createHash('sha256').update(sql).digest('base64url').slice(0, 22)}`;
      this.#names.set(sql, name);
    }
    return name;
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
