import { systemClock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { answerOf } from '../mapping.ts';
import type { Operation } from '../work/operation.ts';

/** What may wait for its turn, and for how long. Whoever is told that it is too much loses nothing. */
const waitingMax = 1024;
const waitingMsMax = 10_000;

/** Does one operation in a transaction of its own, where it waits for others up to the session's limit. Rejects with its error. */
type Run = (operation: Operation) => Promise<unknown>;

interface Waiting {
  since: number;
  start: () => void;
  refuse: (error: AppError) => void;
}

/**
 * Operations that somebody else stands in the way of. They wait here and not in their batch, whose callers are answered, and whose
 * connection is free, as soon as the others are committed.
 */
export class Alone {
  readonly #run: Run;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #whenIdle: (() => void)[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  /** Errors: the operation's own, and `store.overloaded` where its turn does not come. */
  async add(operation: Operation): Promise<never> {
    try {
      await this.#turn();
    } catch (error) {
      this.#end();
      throw error;
    }
    try {
      return answerOf(await this.#run(operation));
    } finally {
      this.#running -= 1;
      this.#next();
      this.#end();
    }
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#running > 0 || this.#waiting.length > 0)
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #turn(): Promise<void> {
    return new Promise((start, refuse) => {
      if (this.#waiting.length >= waitingMax) {
        refuse(new AppError('store.overloaded', `${this.#waiting.length} operations wait for somebody else's`));
        return;
      }
      this.#waiting.push({ since: systemClock.monotonicMs(), start, refuse });
      this.#next();
    });
  }

  #next(): void {
    while (this.#running < limits.aloneInFlight) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const waitedMs = systemClock.monotonicMs() - next.since;
      if (waitedMs > waitingMsMax) next.refuse(new AppError('store.overloaded', 'others that wait were before it'));
      else {
        this.#running += 1;
        next.start();
      }
    }
  }

  #end(): void {
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}
