import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Worker } from 'node:worker_threads';
import type { Insert } from './group-commit.ts';
import { PostgresCommits } from './group-commit-postgres.ts';
import { answer } from './role.ts';

export type BareCalls = {
  /** `node:http` alone: reads the body and answers. */
  bare(input: null): Promise<number>;
  /**
   * Ceiling B: HTTP, an HMAC over the body, and two rows with six indexes, durable before the answer; in the PostgreSQL database of
   * `url`, or with SQLite in the folder.
   */
  durable(input: { folder: string; url: string | null; secret: string }): Promise<number>;
};

answer({
  bare: () => listen((_request, response) => response.end('{"status":"ok"}')),
  durable: async ({ folder, url, secret }) => {
    const commits = url === null ? new Commits(folder) : await PostgresCommits.open(url);
    const key = createSecretKey(Buffer.from(secret));
    return listen((request, response, body) => {
      const [, signature = ''] = (request.headers.authorization ?? '').split(':');
      const wanted = createHmac('sha256', key).update(body).digest();
      const given = Buffer.from(signature, 'hex');
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
        response.statusCode = 401;
        response.end();
        return;
      }
      const { order_id: orderNo } = JSON.parse(body.toString());
      commits.add({ orderNo, headers: JSON.stringify(request.rawHeaders), body }, () =>
        response.end('{"status":"ok"}'),
      );
    });
  },
} satisfies BareCalls);

function listen(serve: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void): Promise<number> {
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.once('end', () => serve(request, response, Buffer.concat(parts)));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
}

const rowsMax = 64;
const inFlightMax = 2;

/** Group commit in its plainest form: what arrives while a batch commits goes with the next. */
class Commits {
  readonly #worker: Worker;
  readonly #answers: (() => void)[][] = [];
  #waiting: { insert: Insert; done: () => void }[] = [];

  constructor(folder: string) {
    this.#worker = new Worker(new URL('./group-commit.ts', import.meta.url), { workerData: { folder } });
    this.#worker.on('message', () => {
      for (const done of this.#answers.shift() ?? []) done();
      this.#post();
    });
  }

  add(insert: Insert, done: () => void): void {
    this.#waiting.push({ insert, done });
    if (this.#waiting.length === 1) setImmediate(() => this.#post());
  }

  #post(): void {
    while (this.#waiting.length > 0 && this.#answers.length < inFlightMax) {
      const batch = this.#waiting.splice(0, rowsMax);
      this.#answers.push(batch.map(({ done }) => done));
      this.#worker.postMessage(batch.map(({ insert }) => insert));
    }
  }
}
