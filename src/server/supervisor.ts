import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import { within } from '../domain/within.ts';
import { Calls, type Message } from './calls.ts';
import type { ChildRequest, ChildSetup, ParentRequest } from './child-messages.ts';
import { type Counts, type Figures, sumOf } from './observe.ts';

/** How long a slot stays empty after its child's first, second, … failure in a row; the last one repeats. */
const backoffMs = [0, 250, 1000, 4000, 10_000];
/** A child that ran this long had started well: the next one does not wait. */
const wellMs = 10_000;
/** Beyond its drain time a child has this long to close what is left, and then it is ended. */
const endMs = 5000;
/** A child that does not tell its figures in time counts as it did last. */
const figuresMs = 1000;

export interface SupervisorOptions {
  count: number;
  setup: ChildSetup;
  /** Answers what children ask. */
  answer(request: ParentRequest): Promise<unknown>;
  clock: Clock;
  observe: Observe;
}

interface Child {
  worker: Worker;
  calls: Calls<ChildRequest, ParentRequest>;
  /** Resolves with its exit code, or the signal that ended it. */
  exited: Promise<string>;
  /** What it told last. */
  figures: Figures | null;
}

/** A place for one child at a time. */
interface Slot {
  child: Child | null;
  /** What those before it had counted when they last told: a sum over the living alone would fall. */
  gone: Counts;
}

/**
 * The processes that take requests: forks them, replaces one that dies, adds up their figures, ends them. They share one listening
 * port, and whichever is free takes the next connection. Messages are structured clones, so bigint, bytes and maps stay what they are.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: Slot[];
  readonly #stopping = new AbortController();
  #kept: Promise<void>[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, () => ({ child: null, gone: [] }));
  }

  /** Resolves once all of them listen. @throws what keeps one from it; `stop` ends the others then. */
  async start(): Promise<void> {
    // Children accept for themselves. When this process hands connections out in turn (the default), those on their way to a child
    // that is killed stay open here for ever, and every one of them holds up the answers of the store on the same channel.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: fileURLToPath(childUrl), args: [], serialization: 'advanced' });
    const firsts = this.#slots.map((slot) => {
      const first = Promise.withResolvers<void>();
      this.#kept.push(this.#keep(slot, first));
      return first.promise;
    });
    await Promise.all(firsts);
  }

  /** Lets all of them finish what they have accepted, and ends those that do not. Resolves when all are gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#slots.map(({ child }) => child && this.#end(child)));
    await Promise.all(this.#kept);
  }

  /** What all of them counted, those that are gone included. */
  async figures(): Promise<Figures[]> {
    await Promise.all(this.#slots.map(({ child }) => child && this.#askFigures(child)));
    return this.#slots.flatMap(({ child, gone }) => [
      { counts: gone, memoryBytes: 0 },
      ...(child === null || child.figures === null ? [] : [child.figures]),
    ]);
  }

  /** Keeps a child in the slot until all are stopped, or the first one could not start. */
  async #keep(slot: Slot, first: PromiseWithResolvers<void>): Promise<void> {
    const { clock, observe, setup } = this.#options;
    let hasStarted = false;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const child = this.#fork();
      slot.child = child;
      const sinceMs = clock.monotonicMs();
      const pid = child.worker.process.pid ?? null;
      const failure = await child.calls.ask<null>({ is: 'start', setup }).catch(failureOf);
      if (failure === null) {
        if (hasStarted) observe('process.replaced', 'info', { pid });
        hasStarted = true;
        first.resolve();
      } else {
        if (!hasStarted) first.reject(failure);
        child.worker.process.kill('SIGKILL');
      }
      const ended = await child.exited;
      const gone = child.figures === null ? slot.gone : await sumOf([slot.gone, child.figures.counts]);
      Object.assign(slot, { child: null, gone });
      if (!hasStarted || this.#stopping.signal.aborted) return;
      observe('process.ended', 'error', { pid, ended, error: failure === null ? null : String(failure) });
      failures = clock.monotonicMs() - sinceMs < wellMs ? failures + 1 : 1;
      await clock.sleep(backoffMs[Math.min(failures, backoffMs.length) - 1] ?? 0, this.#stopping.signal);
    }
  }

  #fork(): Child {
    const worker = cluster.fork();
    const calls = new Calls<ChildRequest, ParentRequest>({
      // To one that has just died nothing is sent; its exit fails what waits.
      send: (message) => void (worker.isConnected() && worker.send(message)),
      answer: (request) => this.#options.answer(request),
    });
    worker.on('message', (message: Message<ParentRequest, never>) => calls.take(message));
    // What could not be sent to a child that dies; its exit tells all there is to know.
    worker.on('error', () => {});
    const exited = new Promise<string>((resolve) => {
      worker.once('exit', (code, signal) => {
        calls.lose(new AppError('store.unavailable', `process ${worker.process.pid} has ended`));
        resolve(signal ?? String(code));
      });
    });
    return { worker, calls, exited, figures: null };
  }

  async #end({ worker, calls, exited }: Child): Promise<void> {
    const { clock, observe } = this.#options;
    await within(clock, limits.drainMs + endMs, calls.ask<null>({ is: 'stop' }).catch(failureOf));
    if (worker.isConnected()) worker.disconnect();
    if ((await within(clock, endMs, exited)) === 'late') {
      observe('process.killed', 'error', { pid: worker.process.pid ?? null });
      worker.process.kill('SIGKILL');
    }
    await exited;
  }

  async #askFigures(child: Child): Promise<void> {
    const told = child.calls.ask<Figures>({ is: 'figures' }).catch(() => child.figures);
    const figures = await within(this.#options.clock, figuresMs, told);
    if (figures !== 'late') child.figures = figures;
  }
}

function failureOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

const childUrl = new URL(`./child${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
