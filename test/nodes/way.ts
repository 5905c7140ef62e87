import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Whether what is sent arrives, is swallowed without a word, or is refused. */
type Mood = 'open' | 'silent' | 'refusing';

/** The way between nodes and their database, which a test may cut. */
export class Way {
  readonly #server: Server;
  readonly #to: URL;
  readonly #sockets = new Set<Socket>();
  #mood: Mood = 'open';

  private constructor(server: Server, to: URL) {
    this.#server = server;
    this.#to = to;
    server.on('connection', (near) => this.#join(near));
  }

  static async to(url: string): Promise<Way> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Way(server, new URL(url));
  }

  /** The database's URL by this way. */
  get url(): string {
    const url = new URL(this.#to);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** What was swallowed arrives late when the way opens again, as TCP would send it again. */
  become(mood: Mood): void {
    this.#mood = mood;
    for (const socket of this.#sockets) {
      if (mood === 'open') socket.resume();
      else if (mood === 'silent') socket.pause();
      else socket.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    if (this.#mood === 'refusing') {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(this.#to.port), this.#to.hostname);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => into.write(bytes));
      from.on('end', () => into.end());
      // Its end is told by `close`, which ends the other.
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        into.destroy();
      });
      if (this.#mood === 'silent') from.pause();
    }
  }
}
