import type { Clock } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import { Shares } from './shares.ts';

/** Sockets whose requests can be left unread. */
export interface Reading {
  pause(): void;
  resume(): void;
}

export type AdmissionLimits = Record<
  'waitMs' | 'requestsWaitingMin' | 'requestsWaitingMax' | 'readingPausedMs',
  number
>;

export interface AdmissionOptions {
  clock: Clock;
  observe: Observe;
  reading: Reading;
  /** Runs something when everything that is ready now was read. Tests run it themselves. */
  afterReading?: (run: () => void) => void;
  /** Tests take smaller ones. */
  most?: AdmissionLimits;
}

/** How often the bound is set anew, and how quickly it grows while it refuses what could have been answered in time. */
const windowMs = 50;
const growth = 1.1;
/** Shares of the bound at which reading stops, and goes on. */
const pauseShare = 0.9;
const resumeShare = 0.75;
/** So long after the last refusal, or the last pause that did not help, a new burst is waited for again. */
const calmMs = 1000;
/** Refusals are told together, at most this often: a line for each would cost more than the refusal. */
const tellMs = 1000;

/**
 * Lets in what can be answered within about `limits.waitMs`, and refuses the rest while that is still cheap. The bound on what
 * waits for the store is not fixed but measured: while requests wait longer than that, as many may wait as were answered in that
 * time (Little's law), whatever holds them up: the disk, the processor, a handler. Refusing by the age of the oldest lost: it
 * sees an overload one wait too late, and what was let in meanwhile waits twice as long.
 *
 * Before anything is refused sockets are left unread, once, for at most `limits.readingPausedMs`: a burst waits where it costs
 * nothing. What outlasts that is refused: unread for longer it would be answered too late, and to stop and go on with thousands
 * of sockets costs more than to refuse what they bring.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #most: AdmissionLimits;
  readonly #waiting = new Shares();
  #bound: number;
  #window: Window;
  #pause: AbortController | null = null;
  #looksSoon = false;
  #overloadedAtMs = Number.NEGATIVE_INFINITY;
  #untold = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#most = options.most ?? limits;
    // What is not measured is not assumed: a quick machine shows in a second, a slow one would let too many wait first.
    this.#bound = this.#most.requestsWaitingMin;
    this.#window = windowFrom(options.clock.monotonicMs());
  }

  /** How many requests may wait at present. */
  get bound(): number {
    return this.#bound;
  }

  /** Whether a request of this key (a merchant, a caller) is to be refused now, before its body is read. It counts as refused. */
  refuses(key: string): boolean {
    if (!this.#waiting.isOver(key, this.#bound)) return false;
    this.#window.reached = true;
    this.#overloadedAtMs = this.#options.clock.monotonicMs();
    this.#untold += 1;
    this.#tell();
    return true;
  }

  /** A request that was read whole waits from now on. Returns what ends that, which may be called more than once. */
  enter(key: string): () => void {
    this.#waiting.add(key, 1);
    if (this.#waiting.total >= this.#bound * pauseShare) {
      this.#window.reached = true;
      this.#pauseSoon();
    }
    let waits = true;
    return () => {
      if (!waits) return;
      waits = false;
      this.#waiting.remove(key, 1);
      if (this.#waiting.total <= this.#bound * resumeShare) this.#pause?.abort();
    };
  }

  /** The store answered a decision for which it was asked `waitedMs` ago. */
  decided(waitedMs: number): void {
    const window = this.#window;
    window.decided += 1;
    window.waitedMs += waitedMs;
    const nowMs = this.#options.clock.monotonicMs();
    const durationMs = nowMs - window.beganMs;
    if (durationMs < windowMs) return;
    this.#bound = this.#boundAfter(window, durationMs);
    this.#window = windowFrom(nowMs);
  }

  #boundAfter({ decided, waitedMs, reached }: Window, durationMs: number): number {
    const { waitMs, requestsWaitingMin, requestsWaitingMax } = this.#most;
    if (waitedMs / decided > waitMs) {
      const answerable = Math.floor((decided / durationMs) * waitMs);
      return Math.min(this.#bound, Math.max(requestsWaitingMin, answerable));
    }
    return reached ? Math.min(requestsWaitingMax, Math.ceil(this.#bound * growth)) : this.#bound;
  }

  /** Not at once: what is ready by now is read, so that nobody waits longer than others for where its socket is in the list. */
  #pauseSoon(): void {
    if (this.#pause !== null || this.#looksSoon) return;
    if (this.#options.clock.monotonicMs() - this.#overloadedAtMs < calmMs) return;
    this.#looksSoon = true;
    const { afterReading = setImmediate } = this.#options;
    afterReading(() => {
      this.#looksSoon = false;
      if (this.#waiting.total >= this.#bound * pauseShare) void this.#pauseReading();
    });
  }

  async #pauseReading(): Promise<void> {
    const { clock, reading } = this.#options;
    this.#pause = new AbortController();
    reading.pause();
    await clock.sleep(this.#most.readingPausedMs, this.#pause.signal);
    if (!this.#pause.signal.aborted) this.#overloadedAtMs = clock.monotonicMs();
    this.#pause = null;
    reading.resume();
  }

  #tell(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#toldAtMs < tellMs) return;
    this.#options.observe('server.overloaded', 'warn', {
      refused: this.#untold,
      waiting: this.#waiting.total,
      bound: this.#bound,
    });
    this.#toldAtMs = nowMs;
    this.#untold = 0;
  }
}

/** What was seen since the bound was set last. */
interface Window {
  beganMs: number;
  /** Decisions answered, and how long they waited all together. */
  decided: number;
  waitedMs: number;
  /** So many waited that the bound was in the way, or nearly. */
  reached: boolean;
}

function windowFrom(beganMs: number): Window {
  return { beganMs, decided: 0, waitedMs: 0, reached: false };
}
