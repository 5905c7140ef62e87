import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/domain/clock.ts';

/** A POST as the receiver saw it begin. */
interface Post {
  /** The notification, as its header says. */
  id: string;
  atMs: number;
}

/** The merchant's receiver: writes down every POST, and takes all. */
export class Sink {
  readonly posts: Post[] = [];
  /** While it is set no POST is answered: it is called with each, and answers when it resolves. */
  hold: ((post: Post) => Promise<void>) | null = null;
  /** How many of the next POSTs are refused. */
  failing = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const post = { id: String(request.headers['webhook-id']), atMs: systemClock.monotonicMs() };
      this.posts.push(post);
      request.resume().once('end', async () => {
        await this.hold?.(post);
        if (this.failing > 0) response.statusCode = 500;
        this.failing -= 1;
        response.end('ok');
      });
    });
  }

  static async open(): Promise<Sink> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Sink(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/sink`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
