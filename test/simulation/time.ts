import type { Clock, Instant } from '../../src/domain/clock.ts';

/** Something that happens at a moment. */
interface Planned {
  at: Instant;
  /** Of two at one moment the one that was planned first happens first. */
  order: number;
  run: () => void;
}

const start = Date.UTC(2026, 0, 5, 2, 21);
/** Polls sleep at least so long: a slow machine is a legal one, and a day of polls would be all that is simulated. */
const sleepMsMin = 5000;

/** Time that passes only when everything is at rest. */
export class SimulatedTime {
  #now: Instant = start;
  #planned: Planned[] = [];
  #count = 0;
  readonly #sleeping = new Set<() => void>();

  get now(): Instant {
    return this.#now;
  }

  /** Plans something; gives what takes it back. */
  after(ms: number, run: () => void): () => void {
    this.#count += 1;
    const one: Planned = { at: this.#now + Math.max(0, ms), order: this.#count, run };
    const place = this.#planned.findLastIndex(({ at, order }) => at < one.at || (at === one.at && order < one.order));
    this.#planned.splice(place + 1, 0, one);
    return () => {
      one.run = () => {};
    };
  }

  /** Lets time pass until then. */
  async passUntil(end: Instant): Promise<void> {
    for (;;) {
      await atRest();
      const [next] = this.#planned;
      if (next === undefined || next.at > end) break;
      this.#planned.shift();
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }

  /** Nobody listens any more: Node keeps signals that are made of others for as long as somebody does. */
  end(): void {
    for (const forget of this.#sleeping) forget();
  }

  /** The clock of a process, which shows `fastMs` more than it is; when the process is gone its sleeps never end. */
  clockOf(process: { alive: boolean }, fastMs: number): Clock {
    return {
      now: () => this.#now + fastMs,
      monotonicMs: () => this.#now - start,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          const wake = () => {
            forget();
            if (process.alive) resolve();
          };
          const cancel = this.after(Math.max(ms, sleepMsMin), wake);
          const onAbort = () => {
            cancel();
            wake();
          };
          const forget = () => {
            signal?.removeEventListener('abort', onAbort);
            this.#sleeping.delete(forget);
          };
          this.#sleeping.add(forget);
          if (signal?.aborted) onAbort();
          else signal?.addEventListener('abort', onAbort);
        }),
    };
  }
}

/** Promises have been followed to their ends: nothing here waits for more than others and for simulated time. */
async function atRest(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
