import { Socket } from 'node:net';
import { systemClock } from '../../domain/clock.ts';
import { within } from '../../domain/within.ts';

/** How long a server may take to end a connection that said goodbye. */
const goodbyeMs = 1000;

/** The sockets below connections: one whose server has fallen silent is ended here, or it would keep the process alive. */
export class Sockets {
  readonly #open = new Set<Socket>();

  /** For the driver's option `stream`. */
  readonly make = (): Socket => {
    const socket = new Socket();
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  };

  /** Call it when all connections have been told to end. */
  async close(): Promise<void> {
    const closed = [...this.#open].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await within(systemClock, goodbyeMs, Promise.all(closed));
    for (const socket of this.#open) socket.destroy();
  }
}
