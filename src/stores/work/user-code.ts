import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { SqlValue, Transaction } from '../store.ts';

/** Runs users' code inside transactions: each with a deadline, and its transaction revoked when it returns. */
export class UserCode {
  /** Marks everything that runs inside of a user's transaction, for as long as it is open. */
  readonly #inside = new AsyncLocalStorage<{ over: boolean }>();

  /** @throws AppError `handler.outside_tx`: the call would wait for the very transaction it is made in. */
  assertOutside(call: string): void {
    if (this.#inside.getStore()?.over === false)
      throw new AppError('handler.outside_tx', `${call} was called inside a transaction without its tx`);
  }

  /** @throws AppError `handler.deadline`, and what the code throws. Whoever calls ends the transaction. */
  async runWithin<T>(deadlineMs: number, tx: Transaction, run: (tx: Transaction) => Promise<T>): Promise<T> {
    const state = { over: false };
    const beganMs = systemClock.monotonicMs();
    const tooLate = () => new AppError('handler.deadline', `it did not return within ${deadlineMs} ms`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooLate()), deadlineMs);
    });
    try {
      const value = await Promise.race([this.#inside.run(state, async () => run(revocable(tx, state))), late]);
      // Code that blocks its thread is back before any timer fires.
      if (systemClock.monotonicMs() - beganMs > deadlineMs) throw tooLate();
      return value;
    } finally {
      state.over = true;
      clearTimeout(timer);
    }
  }
}

function revocable(tx: Transaction, state: { over: boolean }): Transaction {
  const assertOpen = () => {
    if (state.over) throw new AppError('handler.tx_over', 'the transaction has ended');
  };
  return {
    query: async (sql, parameters = []) => {
      assertOpen();
      return tx.query(sql, parameters);
    },
    enqueue: async (item) => {
      assertOpen();
      return tx.enqueue(item);
    },
  };
}

/** @throws AppError `handler.value` for what a store would have to guess about. */
export function assertValue(value: SqlValue, index: number): void {
  switch (typeof value) {
    case 'string':
    case 'bigint':
    case 'boolean':
    case 'number':
      return;
    case 'object':
      if (value === null || value instanceof Uint8Array) return;
  }
  const what = value === undefined ? 'undefined' : `a ${typeof value}`;
  throw new AppError('handler.value', `parameter $${index + 1} is ${what}`);
}

/** What would end the transaction that the statement runs in, or begin another. */
const controls = ['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'prepare'] as const;

/** @throws AppError `handler.tx_control` for a statement that begins or ends a transaction, or does more of what is refused. */
export function assertOneStatement(sql: string, refused: readonly string[]): void {
  const words = codeOf(sql);
  const first = /^[\s;]*([a-z]+)/i.exec(words)?.[1]?.toLowerCase() ?? '';
  const explained = /^[\s;]*explain\s+(?:query\s+plan\s+)?([a-z]+)/i.exec(words)?.[1]?.toLowerCase() ?? first;
  const word = [...controls, ...refused].find((control) => control === first || control === explained);
  if (word !== undefined) throw new AppError('handler.tx_control', `the statement begins with ${word}`);
  // A trigger's body has semicolons of its own; making one is no work for a handler.
  if (/;\s*\S/.test(words)) throw new AppError('handler.tx_control', 'more than one statement in one query');
}

/** @throws AppError `handler.tx_control` for a statement that begins with none of the words. */
export function assertBeginsWith(sql: string, words: readonly string[]): void {
  const word = /^[\s(]*([a-z]+)/i.exec(codeOf(sql))?.[1]?.toLowerCase() ?? '';
  if (!words.includes(word))
    throw new AppError('handler.tx_control', `the statement begins with none of ${words.join(', ')}`);
}

/** The statement with what is quoted and what is commented made blank, so that only its own words are left. */
function codeOf(sql: string): string {
  return sql.replaceAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g,
    (part) => (part.startsWith('-') || part.startsWith('/') ? ' ' : ' x '),
  );
}
