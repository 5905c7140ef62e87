import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { Operation } from './operation.ts';

/** What came of one operation of a batch. */
export type Result = { ok: true; value: never } | { ok: false; error: unknown };

/** Commits operations together, and says of each what came of it. Throws where none of them was committed. */
type Commit = (operations: readonly Operation[]) => Promise<readonly Result[]>;

interface Queued {
  operation: Operation;
  bytes: number;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/** A batch is sent beside others when it is this share of a full one, or its first operation has waited so long. */
const worthwhileShare = 1 / 4;
const gatherMs = 20;

/**
 * Group commit as seen from the callers: operations that arrive while a commit runs share the next one. Bounded in rows and
 * bytes, and what does not fit is refused at once.
 */
export class CommitQueue {
  readonly #inFlightMax: number;
  readonly #commit: Commit;
  #queue: Queued[] = [];
  #bytes = 0;
  #inFlight = 0;
  #scheduled = false;
  #gathering: NodeJS.Timeout | null = null;
  #whenIdle: (() => void)[] = [];

  /**
   * `inFlightMax`: batches under way at once. None takes all that waits: whoever commits and whoever asks would take turns, each
   * idle while the other works.
   */
  constructor(inFlightMax: number, commit: Commit) {
    this.#inFlightMax = inFlightMax;
    this.#commit = commit;
  }

  add<Value>(operation: Operation): Promise<Value> {
    const bytes = roughBytes(operation.input);
    if (Number.isNaN(bytes)) return Promise.reject(new TypeError(`the input of ${operation.name} is not plain data`));
    if (this.#queue.length >= limits.storeQueueRows || this.#bytes + bytes > limits.storeQueueBytes) {
      return Promise.reject(new AppError('store.overloaded', `${this.#queue.length} operations wait for the store`));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ operation, bytes, resolve, reject });
      this.#bytes += bytes;
      this.#schedule();
    });
  }

  /** Resolves when everything accepted has been answered. */
  async idle(): Promise<void> {
    while (this.#queue.length > 0 || this.#inFlight > 0)
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /**
   * What one turn of the event loop brings goes together. While a batch is under way more is gathered for the next: where every
   * free connection took what there was, batches of three or four each paid for the statements of one.
   */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#inFlightMax) return;
    if (!this.#isWorthwhile()) {
      this.#gathering ??= setTimeout(() => this.#postAll(), gatherMs);
      return;
    }
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#isWorthwhile()) this.#postAll();
    });
  }

  #isWorthwhile(): boolean {
    return this.#inFlight === 0 || this.#queue.length >= limits.commitRows * worthwhileShare;
  }

  #postAll(): void {
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = null;
    while (this.#inFlight < this.#inFlightMax && this.#queue.length > 0) void this.#post(this.#takeBatch());
  }

  #takeBatch(): Queued[] {
    let rows = 0;
    let bytes = 0;
    for (const { bytes: more } of this.#queue) {
      if (rows >= limits.commitRows || (rows > 0 && bytes + more > limits.commitBytes)) break;
      rows += 1;
      bytes += more;
    }
    this.#bytes -= bytes;
    return this.#queue.splice(0, rows);
  }

  async #post(batch: readonly Queued[]): Promise<void> {
    this.#inFlight += 1;
    try {
      const results = await this.#commit(batch.map(({ operation }) => operation));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index];
        if (result?.ok) resolve(result.value);
        else reject(result === undefined ? new Error('a batch was answered too shortly') : result.error);
      }
    } catch (error) {
      // Either the writer is gone, or an input cannot cross threads; in a batch of several the others are not to fail for it.
      if (batch.length === 1 || error instanceof AppError) for (const { reject } of batch) reject(error);
      else for (const one of batch) await this.#post([one]);
    } finally {
      this.#inFlight -= 1;
      this.#afterBatch();
    }
  }

  #afterBatch(): void {
    if (this.#queue.length > 0) this.#schedule();
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}

/** Without a list of the values of each object, which took three times as long. */
function bytesOfParts(value: object): number {
  let bytes = 16;
  if (hasNames(value)) for (const name in value) bytes += roughBytes(value[name]);
  else for (const part of value instanceof Map || Array.isArray(value) ? value.values() : []) bytes += roughBytes(part);
  return bytes;
}

function hasNames(value: object): value is Readonly<Record<string, unknown>> {
  return !Array.isArray(value) && !(value instanceof Map);
}

/** About what a value takes as a message; not a number for what is no data. */
export function roughBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 8 + value.length;
    case 'object': {
      if (value === null) return 8;
      if (value instanceof Uint8Array) return 16 + value.byteLength;
      return bytesOfParts(value);
    }
    case 'function':
    case 'symbol':
      return Number.NaN;
    default:
      return 8;
  }
}
