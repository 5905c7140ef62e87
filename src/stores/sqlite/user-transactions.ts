import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { Claimed } from '../kept.ts';
import type { HandleClaim, Handled, StoreOptions, Transaction } from '../store.ts';
import type { WriterRequest } from './messages.ts';

type Ask = <Value>(request: WriterRequest) => Promise<Value>;

/**
 * Transactions that users' code runs in, as the thread of that code sees them: one at a time, each with a deadline, and revoked
 * when the code returns. Batches have their turn between two of them.
 */
export class UserTransactions {
  readonly #ask: Ask;
  readonly #clock: NonNullable<StoreOptions['clock']>;
  /** Marks everything that runs inside of a user's transaction, for as long as it is open. */
  readonly #inside = new AsyncLocalStorage<{ over: boolean }>();
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(ask: Ask, clock: NonNullable<StoreOptions['clock']>) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** @throws AppError `handler.outside_tx`: the call would wait for the very transaction it is made in. */
  assertOutside(call: string): void {
    if (this.#inside.getStore()?.over === false) {
      throw new AppError('handler.outside_tx', `${call} was called inside a transaction without its tx`);
    }
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
        await this.#runWithin(transaction, deadlineMs, run);
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
        const value = await this.#runWithin(transaction, limits.handlerMs, run);
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

  /** Runs the user's code and revokes its transaction when it returns, throws, or is late. */
  async #runWithin<T>(transaction: number, deadlineMs: number, run: (tx: Transaction) => Promise<T>): Promise<T> {
    const state = { over: false };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const expire = () => reject(new AppError('handler.deadline', `it did not return within ${deadlineMs} ms`));
      timer = setTimeout(expire, deadlineMs);
    });
    try {
      return await Promise.race([
        this.#inside.run(state, async () => run(this.#transaction(transaction, state))),
        late,
      ]);
    } finally {
      state.over = true;
      clearTimeout(timer);
    }
  }

  #transaction(transaction: number, state: { over: boolean }): Transaction {
    const assertOpen = () => {
      if (state.over) throw new AppError('handler.tx_over', 'the transaction has ended');
    };
    return {
      query: async (sql, parameters = []) => {
        assertOpen();
        return this.#ask({ is: 'query', transaction, sql, parameters: parameters.map(crossable) });
      },
      enqueue: async (item) => {
        assertOpen();
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
function crossable<Value>(value: Value, index: number): Value {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new AppError('handler.value', `parameter $${index + 1} is a ${typeof value}`);
  }
  return value;
}
