import type { Socket } from 'node:net';
import type { Reading } from './admission.ts';

/**
 * The connections of a server, and whether new requests are read from them. A pause leaves alone those on which a request is
 * being served: it has been let in, and its body must arrive. What is unread waits in the sender's own buffers.
 */
export class SocketGate implements Reading {
  readonly #sockets = new Set<Socket>();
  readonly #serving = new Set<Socket>();
  #isPaused = false;

  connected(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#serving.delete(socket);
    });
    // Node's server starts to read in the tick after this one, and only what was started can be stopped; nothing is read before.
    process.nextTick(() => {
      if (this.#isPaused) socket.pause();
    });
  }

  serving(socket: Socket): void {
    this.#serving.add(socket);
  }

  served(socket: Socket): void {
    this.#serving.delete(socket);
    if (this.#isPaused && !socket.destroyed) socket.pause();
  }

  pause(): void {
    this.#isPaused = true;
    for (const socket of this.#sockets) if (!this.#serving.has(socket)) socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const socket of this.#sockets) socket.resume();
  }
}
