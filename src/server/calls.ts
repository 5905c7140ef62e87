import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { fromFailure, type Outcome, toFailure } from '../stores/sqlite/messages.ts';
import { roughBytes } from '../stores/work/commit-queue.ts';

interface Asked<Request> {
  call: number;
  request: Request;
}

interface Answered<Value> {
  call: number;
  outcome: Outcome<Value>;
}

/**
 * What crosses between two processes. An answer's value has the type that its request gives it: the side that answers knows it as
 * `unknown`, and the side that asked as `never`, which fits whatever promise waits for it.
 */
export type Message<Request, Value> =
  | { is: 'asked'; asked: readonly Asked<Request>[] }
  | { is: 'answered'; answers: readonly Answered<Value>[] };

interface Waiting {
  bytes: number;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

export interface CallsOptions<Mine, Theirs> {
  /** Hands a message to the channel; throws where it cannot be cloned. */
  send(message: Message<Mine, unknown>): void;
  /** Answers what the other side asks. */
  answer(request: Theirs): Promise<unknown>;
}

/**
 * Both directions of asking between two processes. What one turn of the event loop brings goes as one message: a message costs
 * far more than one more request in it. Bounded in requests and bytes that wait for an answer; what does not fit is refused at
 * once with `store.overloaded`. An AppError crosses with its code.
 */
export class Calls<Mine, Theirs> {
  readonly #options: CallsOptions<Mine, Theirs>;
  readonly #waiting = new Map<number, Waiting>();
  #asked: Asked<Mine>[] = [];
  #answers: Answered<unknown>[] = [];
  #bytes = 0;
  #calls = 0;
  #scheduled = false;
  #lost: AppError | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(options: CallsOptions<Mine, Theirs>) {
    this.#options = options;
  }

  ask<Value>(request: Mine): Promise<Value> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    const bytes = roughBytes(request);
    if (this.#waiting.size >= limits.storeQueueRows || this.#bytes + bytes > limits.storeQueueBytes) {
      return Promise.reject(
        new AppError('store.overloaded', `${this.#waiting.size} operations wait for the first process`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#calls += 1;
      this.#bytes += bytes;
      this.#waiting.set(this.#calls, { bytes, resolve, reject });
      this.#asked.push({ call: this.#calls, request });
      this.#schedule();
    });
  }

  /** Takes a message of the other side. */
  take(message: Message<Theirs, never>): void {
    if (message.is === 'asked') for (const asked of message.asked) void this.#answer(asked);
    else for (const { call, outcome } of message.answers) this.#settle(call, outcome);
  }

  /** The other side is gone: everything that waits fails with this, and so does what is asked from here on. */
  lose(error: AppError): void {
    this.#lost ??= error;
    this.#asked = [];
    this.#answers = [];
    const failure = toFailure(error);
    for (const call of [...this.#waiting.keys()]) this.#settle(call, { ok: false, failure });
  }

  /** Resolves when everything that was asked has been answered. */
  async idle(): Promise<void> {
    while (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async #answer({ call, request }: Asked<Theirs>): Promise<void> {
    let outcome: Outcome<unknown>;
    try {
      outcome = { ok: true, value: await this.#options.answer(request) };
    } catch (error) {
      // The other side is told; whether it is worth a line in the log is for whoever asked.
      outcome = { ok: false, failure: toFailure(error) };
    }
    this.#answers.push({ call, outcome });
    this.#schedule();
  }

  #settle(call: number, outcome: Outcome<never>): void {
    const waiting = this.#waiting.get(call);
    if (waiting === undefined) return;
    this.#waiting.delete(call);
    this.#bytes -= waiting.bytes;
    if (outcome.ok) waiting.resolve(outcome.value);
    else waiting.reject(fromFailure(outcome.failure));
    if (this.#waiting.size > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#lost !== null) return;
      const answers = this.#answers.splice(0);
      if (answers.length > 0) this.#options.send({ is: 'answered', answers });
      while (this.#asked.length > 0) this.#post(this.#takeAsked());
    });
  }

  /** Bodies stay views of the message they came in, so one message is at most about what one commit may hold. */
  #takeAsked(): Asked<Mine>[] {
    let count = 0;
    let bytes = 0;
    for (const { call } of this.#asked) {
      const more = this.#waiting.get(call)?.bytes ?? 0;
      if (count > 0 && bytes + more > limits.commitBytes) break;
      count += 1;
      bytes += more;
    }
    return this.#asked.splice(0, count);
  }

  /** What cannot cross (a function in the input) is the caller's mistake; the others are not to fail for it. */
  #post(asked: readonly Asked<Mine>[]): void {
    try {
      this.#options.send({ is: 'asked', asked });
    } catch (error) {
      const [first] = asked;
      if (asked.length > 1) for (const one of asked) this.#post([one]);
      else if (first !== undefined) this.#settle(first.call, { ok: false, failure: toFailure(error) });
    }
  }
}
