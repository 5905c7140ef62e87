import { systemClock } from '../../domain/clock.ts';
import { limits } from '../../domain/limits.ts';
import type { Claimed } from '../kept.ts';
import type { HandleClaim, Handled, SqlValue, StoreOptions, Transaction } from '../store.ts';
import { assertValue, type UserCode } from '../work/user-code.ts';
import type { WriterRequest } from './messages.ts';

type Ask = <Value>(request: WriterRequest) => Promise<Value>;

/**
 * Transactions that users' code runs in, as the thread of that code sees them: one at a time. Batches have their turn between two of them.
 */
export class UserTransactions {
  readonly #ask: Ask;
  readonly #clock: NonNullable<StoreOptions['clock']>;
  readonly #userCode: UserCode;
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(ask: Ask, userCode: UserCode, clock: NonNullable<StoreOptions['clock']>) {
    this.#ask = ask;
    this.#userCode = userCode;
    this.#clock = clock;
  }

  async handle(
    { claimed, startedAt, deadlineMs }: HandleClaim,
    run: (tx: Transaction) => Promise<void>,
  ): Promise<Handled> {
    return this.#inTurn(async () => {
      const beganMs = systemClock.monotonicMs();
      const transaction = await this.#begin(claimed, deadlineMs);
      if (transaction === null) return { is: 'fenced_out' };
      try {
        await this.#userCode.runWithin(deadlineMs, this.#transaction(transaction), run);
        const durationMs = Math.round(systemClock.monotonicMs() - beganMs);
        const { work } = await this.#commit(transaction, startedAt, durationMs);
        return { is: 'committed', work };
      } catch (error) {
        await this.#rollback(transaction);
        return { is: 'failed', error, durationMs: Math.round(systemClock.monotonicMs() - beganMs) };
      }
    });
  }

  async transact<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const transaction = await this.#begin(null, limits.handlerMs);
      if (transaction === null) throw new Error('a transaction without a mark has no fence');
      try {
        const value = await this.#userCode.runWithin(limits.handlerMs, this.#transaction(transaction), run);
        await this.#commit(transaction, 0, 0);
        return value;
      } catch (error) {
        await this.#rollback(transaction);
        throw error;
      }
    });
  }

  /** Resolves when no transaction is open and none waits. */
  async idle(): Promise<void> {
    await this.#last;
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => {
      // Whoever asked for this turn gets its error; the next turn is not concerned.
    });
    return turn;
  }

  async #begin(claimed: Claimed | null, deadlineMs: number): Promise<number | null> {
    this.#count += 1;
    const transaction = this.#count;
    const begun = await this.#ask<'begun' | 'fenced_out'>({
      is: 'begin',
      transaction,
      deadlineMs,
      mark: claimed === null ? null : { claimed },
    });
    return begun === 'begun' ? transaction : null;
  }

  #transaction(transaction: number): Transaction {
    return {
      query: async (sql, parameters = []) => {
        return this.#ask({ is: 'query', transaction, sql, parameters: parameters.map(crossable) });
      },
      enqueue: async (item) => {
        await this.#ask({ is: 'enqueue', transaction, item });
      },
    };
  }

  #commit(transaction: number, startedAt: number, durationMs: number): Promise<{ work: boolean }> {
    return this.#ask({ is: 'commit', transaction, now: this.#clock.now(), startedAt, durationMs });
  }

  async #rollback(transaction: number): Promise<void> {
    try {
      await this.#ask({ is: 'rollback', transaction });
    } catch {
      // The writer is gone, and the transaction with it; the error that led here says more.
    }
  }
}

/** What a message cannot carry is refused by name here, not by how threads copy values. */
function crossable(value: SqlValue, index: number): SqlValue {
  assertValue(value, index);
  return value;
}
