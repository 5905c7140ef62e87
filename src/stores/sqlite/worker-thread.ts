import { Worker } from 'node:worker_threads';
import { AppError } from '../../domain/errors.ts';
import { type Answer, fromFailure, workerUrl } from './messages.ts';

/** What waits for an answer. The answer's value is whatever the request's name says. */
interface Waiting {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

/** Left to itself it grows to 192 MB in each thread, for no measurable gain. */
const maxYoungGenerationSizeMb = 24;

/** A worker thread as those who ask see it: requests that are each answered once. When it dies, everything that waits fails. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #dead: AppError | null = null;
  readonly #onWork: () => void;
  /** Resolves once the thread has started, rejects with what kept it from starting. */
  readonly started: Promise<void>;

  constructor(name: 'writer' | 'reader', workerData: unknown, onWork: () => void = () => {}) {
    this.#onWork = onWork;
    this.started = new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }));
    this.started.catch(() => {
      // Whoever waits for the start gets the error; a thread that nobody waits for may be ended before it has started.
    });
    const resourceLimits = { maxYoungGenerationSizeMb };
    this.#worker = new Worker(workerUrl(name), { workerData, name: `paidonce ${name}`, resourceLimits });
    this.#worker.on('message', (answer: Answer<never>) => this.#settle(answer));
    this.#worker.on('error', (error) =>
      this.#die(`the ${name} failed: ${error instanceof Error ? error.message : String(error)}`),
    );
    this.#worker.on('exit', () => this.#die(`the ${name} has ended`));
  }

  get isDead(): boolean {
    return this.#dead !== null;
  }

  ask<Value>(request: object): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#dead !== null) return reject(this.#dead);
      this.#calls += 1;
      this.#waiting.set(this.#calls, { resolve, reject });
      try {
        this.#worker.postMessage({ ...request, call: this.#calls });
      } catch (error) {
        // What cannot cross threads (a function in the input) is the caller's mistake.
        this.#waiting.delete(this.#calls);
        throw error;
      }
    });
  }

  /** Resolves when the thread has gone. A statement it is in is finished first; nothing waits for that here. */
  async terminate(why: AppError): Promise<void> {
    this.#fail(why);
    await this.#worker.terminate();
  }

  #settle({ call, outcome, work }: Answer<never>): void {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (outcome.ok) waiting?.resolve(outcome.value);
    else waiting?.reject(fromFailure(outcome.failure));
    if (work) this.#onWork();
  }

  #die(why: string): void {
    this.#fail(new AppError('store.unavailable', why));
  }

  #fail(error: AppError): void {
    this.#dead ??= error;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
