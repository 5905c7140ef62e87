import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Clock } from '../domain/clock.ts';
import type { Headers } from '../providers/provider.ts';
import { type Posted, postedFromError } from './posted.ts';

/** The connection that a request goes over, as its pool's client keeps it. */
export interface Line {
  socket: Socket | null;
  peer: string | null;
  certificate: string | null;
}

interface ExchangeOptions {
  /** From now to the last header of the answer. */
  timeoutMs: number;
  /** From there to the last byte of its body. */
  responseBodyMs: number;
  responseBytesMax: number;
  signal: AbortSignal;
  clock: Pick<Clock, 'monotonicMs'>;
  /** Called once, with what came of it. */
  settle(posted: Posted): void;
}

const empty = new Uint8Array(0);

/**
 * One request and its answer: the handler that undici calls. It is below `undici.request` because only here is it known when the
 * request was written, and without a stream per answer it is faster. Every wait is bounded by its own timer, whatever drips in.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Set by the client that takes the request. */
  line: Line | null = null;
  readonly #options: ExchangeOptions;
  readonly #endsAtMs: number;
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #sent = false;
  #peer: string | null = null;
  #status = 0;
  #headers: Headers = [];
  #chunks: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#endsAtMs = options.clock.monotonicMs() + options.timeoutMs;
    this.#timer = setTimeout(this.#onTimeout, options.timeoutMs);
    options.signal.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A process that stood still while it was connecting finds the connection before its timer.
    if (this.#options.clock.monotonicMs() >= this.#endsAtMs) this.#onTimeout();
    // Settled while it waited for a connection: nothing has been written, and nothing may be.
    if (this.#settled) {
      controller.abort(new Error('settled'));
      return;
    }
    this.#controller = controller;
    this.#peer = this.line?.peer ?? null;
  }

  onRequestSent(): void {
    const socket = this.line?.socket ?? null;
    if (socket === null || socket.writableLength === 0) {
      this.#sent = true;
      return;
    }
    // Bytes are still in this process: TLS takes them a moment later, and a peer that does not read leaves them here. An empty
    // write is called back when all before it is gone; 'drain' is not, below the high-water mark.
    socket.write(empty, (error) => {
      if (!error && !this.#settled) this.#sent = true;
    });
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#settled || status < 200) return;
    this.#status = status;
    this.#headers = pairs(controller.rawHeaders);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimeout, this.#options.responseBodyMs);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    const room = this.#options.responseBytesMax - this.#bytes;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#bytes += Math.min(chunk.length, room);
    if (chunk.length > room) this.#settle(this.#answer(true));
  }

  onResponseEnd(): void {
    this.#controller = null;
    this.#settle(this.#answer(false));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: unknown): void {
    this.#controller = null;
    if (this.#settled) return;
    const inAnswer =
      this.#status === 0
        ? error
        : new Error(`the connection was closed in the middle of the answer (status ${this.#status})`);
    this.#settle(postedFromError(inAnswer, this.#sent, this.#peer));
  }

  readonly #onTimeout = (): void => {
    const { timeoutMs, responseBodyMs } = this.#options;
    const why =
      this.#status === 0
        ? this.#whyUnanswered(timeoutMs)
        : `the body of the answer (status ${this.#status}) did not end within ${responseBodyMs} ms`;
    this.#settle({ is: 'timeout', sent: this.#sent, why, peer: this.#peer });
  };

  readonly #onAbort = (): void => {
    this.#settle({ is: 'unreachable', sent: this.#sent, why: 'canceled before an answer came', peer: this.#peer });
  };

  #whyUnanswered(timeoutMs: number): string {
    if (this.#sent) return `no answer within ${timeoutMs} ms`;
    return this.#controller === null
      ? `no connection within ${timeoutMs} ms`
      : `the request was not read to its end within ${timeoutMs} ms`;
  }

  #answer(truncated: boolean): Posted {
    return {
      is: 'answered',
      status: this.#status,
      headers: this.#headers,
      // A copy: the chunks are views of whole read buffers, which would stay in memory with them.
      body: Uint8Array.from(Buffer.concat(this.#chunks, this.#bytes)),
      truncated,
      peer: this.#peer,
      certificate: this.line?.certificate ?? null,
    };
  }

  /** What is still under way after this (a dripping body, a request nobody reads) is cut off with its connection. */
  #settle(posted: Posted): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#options.settle(posted);
    this.#controller?.abort(new Error('settled'));
    this.#chunks = [];
  }
}

/** Header pairs as they came, copies included; undici hands them over as one flat list of bytes. */
function pairs(raw: Dispatcher.DispatchController['rawHeaders']): Headers {
  if (!Array.isArray(raw)) return [];
  const found: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) found.push([text(raw[index]), text(raw[index + 1])]);
  return found;
}

function text(part: Buffer | string | undefined): string {
  return typeof part === 'string' ? part : (part?.toString('latin1') ?? '');
}
