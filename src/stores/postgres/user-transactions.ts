import { type ClientBase, types } from 'pg';
import { systemClock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { toJson } from '../mapping.ts';
import type { HandleClaim, Handled, SqlValue, Transaction } from '../store.ts';
import { markConfirmed, recordHandled } from '../work/handled.ts';
import type { Unit } from '../work/unit.ts';
import { assertOneStatement, assertValue, type UserCode } from '../work/user-code.ts';
import { rollBack } from './batch.ts';
import type { Connections } from './connections.ts';
import { type Session, stateOf, toAppError } from './session.ts';
import { insertOutboxSql } from './statements/outbox.ts';
import { inTheWay, TransactionWork, type Workplace } from './transaction.ts';

const int8 = 20;
/** What users' code gets: as the driver has it, but 64-bit integers whole. */
const userTypes = {
  getTypeParser: (type: number, format?: 'text' | 'binary') =>
    type === int8 ? BigInt : types.getTypeParser(type, format),
};

/** A transaction for users' code on this connection. Whoever began it ends it. */
export function userTransactionOn(client: Pick<ClientBase, 'query'>): Transaction {
  return {
    async query(sql, parameters = []) {
      assertOneStatement(sql, []);
      parameters.forEach(assertValue);
      const values = parameters.map((value: SqlValue) => (value instanceof Uint8Array ? Buffer.from(value) : value));
      const { rows, rowCount } = await client.query<Record<string, unknown>>({ text: sql, values, types: userTypes });
      return { rows, rowCount: rowCount ?? 0 };
    },
    async enqueue(item) {
      await client.query(insertOutboxSql, [toJson(item)]);
    },
  };
}

/** Transactions that users' code runs in: each on a connection of the handlers' pool, beside batches and one another. */
export class UserTransactions {
  readonly #connections: Connections;
  readonly #userCode: UserCode;
  readonly #placeOn: (session: Session) => Workplace;
  readonly #running = new Set<Promise<unknown>>();

  constructor(connections: Connections, userCode: UserCode, placeOn: (session: Session) => Workplace) {
    this.#connections = connections;
    this.#userCode = userCode;
    this.#placeOn = placeOn;
  }

  async handle(
    { claimed, startedAt, deadlineMs }: HandleClaim,
    run: (tx: Transaction) => Promise<void>,
  ): Promise<Handled> {
    const beganMs = systemClock.monotonicMs();
    const durationMs = () => Math.round(systemClock.monotonicMs() - beganMs);
    try {
      return await this.#within(deadlineMs, async (session) => {
        const marked = await this.#work(session, (unit) => markConfirmed(unit, claimed));
        if (marked.value === null) throw fencedOut;
        let enqueued = false;
        const tx = counting(userTransactionOn(session.client), () => {
          enqueued = true;
        });
        await this.#userCode.runWithin(deadlineMs, tx, run);
        const mark = marked.value;
        const { work } = await this.#work(session, (unit) =>
          recordHandled(unit, mark, { startedAt, durationMs: durationMs() }),
        );
        return { is: 'committed', work: work || enqueued };
      });
    } catch (error) {
      if (error === fencedOut) return { is: 'fenced_out' };
      return { is: 'failed', error, durationMs: durationMs() };
    }
  }

  transact<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    const deadlineMs = limits.handlerMsPostgres;
    return this.#within(deadlineMs, (session) =>
      this.#userCode.runWithin(deadlineMs, userTransactionOn(session.client), run),
    );
  }

  /** Resolves when no transaction is open. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #work<T>(session: Session, run: (unit: Unit) => T): Promise<{ value: T; work: boolean }> {
    const work = new TransactionWork(session, this.#placeOn(session), { waits: true });
    const [ran] = await work.runAll([run]);
    if (ran === undefined || ran === inTheWay) throw fencedOut;
    if (!ran.ok) throw ran.error;
    await work.flush();
    return { value: ran.value, work: work.work };
  }

  /** A transaction around `run`; what it throws rolls back. A connection on which users' code may still be at work is closed. */
  async #within<T>(deadlineMs: number, run: (session: Session) => Promise<T>): Promise<T> {
    const running = this.#connections.handler(async (session) => {
      try {
        await session.command('begin');
        await session.all(settingsSql, `${deadlineMs}ms`, `${deadlineMs + limits.leaseMarginMs}ms`);
        const value = await run(session);
        const tag = await session.command('commit');
        if (tag !== 'COMMIT') throw new AppError('handler.tx_over', 'a statement failed, and the transaction with it');
        return value;
      } catch (error) {
        const late = error instanceof AppError && error.code === 'handler.deadline';
        if (late) session.broken = error;
        else await rollBack(session, error);
        // What users' code throws is theirs, and is told as it is.
        throw stateOf(error) === null && session.broken === null ? error : toAppError(error);
      }
    });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

/** For this transaction alone: the connection may be one that the user's application uses for other things. */
const settingsSql = `select set_config('synchronous_commit', 'on', true), set_config('statement_timeout', $1, true),
  set_config('idle_in_transaction_session_timeout', $2, true), set_config('lock_timeout', $1, true)`;

const fencedOut = new Error('the fence no longer holds');

function counting(tx: Transaction, onEnqueue: () => void): Transaction {
  return {
    query: tx.query,
    async enqueue(item) {
      await tx.enqueue(item);
      onEnqueue();
    },
  };
}
