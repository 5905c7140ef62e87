import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { ReadRequest } from './messages.ts';
import { WorkerThread } from './worker-thread.ts';

const threads = 2;
/** Threads that were told to end and are still in a statement; past it reads are refused until one has gone. */
const endingMax = 4;
/** A recount reads every row of its range: it is asked for by a person, and rarely. */
const recountMs = 120_000;

interface Queued {
  request: ReadRequest;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/** The reading threads. A read that takes too long fails, and its thread is replaced. */
export class Readers {
  readonly #file: string;
  readonly #readMs: number;
  readonly #idle: WorkerThread[] = [];
  readonly #busy = new Set<WorkerThread>();
  readonly #queue: Queued[] = [];
  #ending = 0;
  #closed = false;

  constructor(file: string, options: { readMs?: number } = {}) {
    this.#file = file;
    this.#readMs = options.readMs ?? limits.readMs;
    // The first thread starts while the writer does; the others follow when reads wait.
    this.#addThread();
  }

  read<Value>(request: ReadRequest): Promise<Value> {
    if (this.#queue.length >= limits.readQueue || this.#ending >= endingMax) {
      return Promise.reject(new AppError('store.overloaded', `${this.#queue.length} reads wait for the store`));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closed = new AppError('store.closed', 'the store was closed');
    for (const { reject } of this.#queue.splice(0)) reject(closed);
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((thread) => thread.terminate(closed)));
  }

  #addThread(): WorkerThread {
    const thread = new WorkerThread('reader', { file: this.#file });
    this.#idle.push(thread);
    return thread;
  }

  #next(): void {
    const running = this.#idle.length + this.#busy.size;
    if (this.#queue.length > this.#idle.length && running < threads && !this.#closed) this.#addThread();
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const thread = this.#idle.pop();
      const queued = this.#queue.shift();
      if (thread !== undefined && queued !== undefined) void this.#run(thread, queued);
    }
  }

  async #run(thread: WorkerThread, { request, resolve, reject }: Queued): Promise<void> {
    this.#busy.add(thread);
    let late = false;
    let timer: NodeJS.Timeout | undefined;
    try {
      await thread.started;
      const ms = request.name === 'recount' ? recountMs : this.#readMs;
      timer = setTimeout(() => {
        late = true;
        this.#replace(thread, new AppError('store.deadline', `${request.name} took longer than ${ms} ms`));
      }, ms);
      resolve(await thread.ask<never>(request));
    } catch (error) {
      reject(error);
    }
    clearTimeout(timer);
    this.#busy.delete(thread);
    if (!late && !this.#closed) {
      if (thread.isDead) this.#addThread();
      else this.#idle.push(thread);
    }
    this.#next();
  }

  #replace(thread: WorkerThread, why: AppError): void {
    this.#ending += 1;
    void thread.terminate(why).then(() => {
      this.#ending -= 1;
    });
    if (!this.#closed) this.#addThread();
  }
}
