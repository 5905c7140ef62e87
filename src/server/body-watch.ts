import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type BodyLimits = Record<'bodyReadMs' | 'uploadBytesMin', number>;

/** A request of which some is still to arrive, since when that is waited for, and what had come by then. */
interface Arriving {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  sinceMs: number;
  bytes: number;
}

/**
 * The requests whose bodies are on their way, one a connection, looked at now and then: a timer for each was dearer than the
 * request. A form may bring a file, and has as long as it keeps coming while somebody reads it; Node's own deadline is for that.
 */
export class BodyWatch {
  readonly #arriving = new Map<Socket, Arriving>();
  readonly #most: BodyLimits;

  constructor(most: BodyLimits) {
    this.#most = most;
  }

  serving(incoming: IncomingMessage, outgoing: ServerResponse, nowMs: number): void {
    const { socket } = incoming;
    this.#arriving.set(socket, { incoming, outgoing, sinceMs: nowMs, bytes: socket.bytesRead });
  }

  /** It has been answered. Kept until the next look, a request and what hangs on it would outlive many that came after it. */
  served(incoming: IncomingMessage): void {
    const { socket, complete } = incoming;
    if (complete && this.#arriving.get(socket)?.incoming === incoming) this.#arriving.delete(socket);
  }

  /** Gives those that did not come in time, and forgets them. */
  late(nowMs: number): readonly Pick<Arriving, 'incoming' | 'outgoing'>[] {
    const late: Arriving[] = [];
    for (const [socket, one] of this.#arriving) {
      if (one.incoming.complete || socket.destroyed) this.#arriving.delete(socket);
      else if (nowMs - one.sinceMs > this.#most.bodyReadMs && !this.#comesOn(socket, one, nowMs)) {
        this.#arriving.delete(socket);
        late.push(one);
      }
    }
    return late;
  }

  /** What waits unread in our own memory is not the sender's fault. */
  #comesOn(socket: Socket, one: Arriving, nowMs: number): boolean {
    const { incoming, outgoing, bytes } = one;
    if (!isForm(incoming) || outgoing.writableFinished) return false;
    if (socket.bytesRead - bytes < this.#most.uploadBytesMin && incoming.readableLength === 0) return false;
    one.sinceMs = nowMs;
    one.bytes = socket.bytesRead;
    return true;
  }
}

function isForm({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('multipart/form-data') === true;
}
