import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { MadeKind } from '../domain/made.ts';
import type { Stream, Viewer } from '../service.ts';
import type { Made } from '../stores/reads.ts';

export interface EventStreamOptions {
  key: string;
  kinds: readonly MadeKind[];
  wants(made: Made): boolean;
  /** The position to go on from. */
  after: string | null;
  /** The data of an event, in one line. */
  textOf(made: Made): string;
  /** Whether the key is still good. */
  authenticate(): Promise<unknown>;
}

const bytesAtOnce = 65_536;

/**
 * A viewer behind one HTTP answer. What it was told waits here until the connection takes it; one that lets too much wait is cut off,
 * and goes on behind the last event it got when it comes back.
 */
export class EventStream implements Viewer {
  readonly key: string;
  readonly kinds: readonly MadeKind[];
  readonly wants: (made: Made) => boolean;
  readonly #stream: Stream;
  readonly #options: EventStreamOptions;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isOver = false;
  #leave: (() => void) | null = null;
  /** Called when something waits, or it is over. */
  #onMore = () => {};
  /** Called when nothing waits any more, or it is over. */
  #onSent = () => {};

  constructor(stream: Stream, options: EventStreamOptions) {
    this.#stream = stream;
    this.#options = options;
    this.key = options.key;
    this.kinds = options.kinds;
    this.wants = options.wants;
  }

  response(): Response {
    // Nothing is read ahead, so that what waits is counted here; and an answer to HEAD, which nobody reads, watches nothing.
    const body = new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.#cancel() },
      { highWaterMark: 0 },
    );
    return new Response(body, {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        // For nginx, which would hold back what comes in small pieces.
        'x-accel-buffering': 'no',
      },
    });
  }

  tell(position: string, made: Made): boolean {
    this.#send(`id: ${position}\nevent: ${made.is}\ndata: ${this.#options.textOf(made)}\n\n`);
    return this.#waitingBytes <= limits.streamUnsentBytesMax;
  }

  reset(position: string): void {
    const why = 'The position is older than what is kept, or of another history.';
    this.#send(`id: ${position}\nevent: reset\ndata: ${JSON.stringify({ position, why })}\n\n`);
  }

  beat(position: string): void {
    // A line that says where it is: nobody is called for it, and it is remembered.
    if (this.#waiting.length === 0) this.#send(`id: ${position}\n\n`);
    this.#options.authenticate().catch((error: unknown) => {
      // A store that is away for a moment says nothing about the key.
      if (error instanceof AppError && error.code.startsWith('auth.')) this.#leave?.();
    });
  }

  async ready(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#onSent = resolve;
      });
    }
  }

  end(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#onMore();
    this.#onSent();
  }

  #send(text: string): void {
    const bytes = Buffer.from(text);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#onMore();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#leave ??= this.#begin();
    while (this.#waiting.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#onMore = resolve;
      });
    }
    if (this.#isOver) controller.close();
    else controller.enqueue(this.#take());
  }

  #begin(): () => void {
    try {
      return this.#stream.watch(this, this.#options.after);
    } catch (error) {
      // The last place went to another viewer a moment ago, or the process is stopping.
      if (!(error instanceof AppError)) throw error;
      this.end();
      return () => {};
    }
  }

  #cancel(): void {
    this.end();
    this.#leave?.();
  }

  #take(): Uint8Array {
    let count = 0;
    let bytes = 0;
    for (const { length } of this.#waiting) {
      if (count > 0 && bytes + length > bytesAtOnce) break;
      count += 1;
      bytes += length;
    }
    this.#waitingBytes -= bytes;
    const taken = Buffer.concat(this.#waiting.splice(0, count));
    if (this.#waiting.length === 0) this.#onSent();
    return taken;
  }
}
