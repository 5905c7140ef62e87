import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Lineage } from './lineage.ts';
import { accountFile, apiKey, apiSecret } from './points.ts';

const pauseMs = 5;

/** What the outside was told was taken: callbacks by order number, publishes by idempotency key with the id they got. */
export interface Acknowledged {
  callbacks: Set<string>;
  publishes: Map<string, string>;
}

/** The provider and the publisher: both send again until they are told that it was taken. */
export class Senders {
  readonly acknowledged: Acknowledged = { callbacks: new Set(), publishes: new Map() };
  /** Requests that got no answer, or another than "taken". */
  repeats = 0;
  readonly #lineage: Lineage;
  readonly #folder: string;
  readonly #agent = new Agent({ connections: 64 });
  #made = 0;
  readonly #life = { deaths: 0, made: 0 };

  constructor(lineage: Lineage, folder: string) {
    this.#lineage = lineage;
    this.#folder = folder;
  }

  get count(): number {
    return this.acknowledged.callbacks.size + this.acknowledged.publishes.size;
  }

  /**
   * Keeps `atOnce` requests under way until `enough`; resolves when all of them are taken. `perLife`: new ones for one process,
   * which would otherwise take them faster than it can handle them.
   */
  async run(atOnce: number, perLife: number, enough: () => boolean): Promise<void> {
    const one = async () => {
      while (!enough()) {
        if (!this.#mayMake(perLife)) {
          await this.#lineage.death();
          continue;
        }
        this.#made += 1;
        if (this.#made % 2 === 0) await this.#callback(`C-${this.#made}`);
        else await this.#publish(`P-${this.#made}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    await this.#agent.destroy();
  }

  #mayMake(perLife: number): boolean {
    if (this.#life.deaths !== this.#lineage.deaths)
      Object.assign(this.#life, { deaths: this.#lineage.deaths, made: 0 });
    this.#life.made += 1;
    return this.#life.made <= perLife;
  }

  async #callback(orderNo: string): Promise<void> {
    const body = JSON.stringify({
      order_id: orderNo,
      status: 'success',
      amount_minor: 100,
      currency: 'CNY',
      payment_id: `pay-${orderNo}`,
    });
    const signature = createHmac('sha256', apiSecret).update(body).digest('hex');
    await this.#untilTaken(() => `/callbacks/${readFileSync(join(this.#folder, accountFile), 'utf8')}`, body, {
      authorization: `HMAC ${apiKey}:${signature}`,
    });
    this.acknowledged.callbacks.add(orderNo);
  }

  async #publish(orderNo: string): Promise<void> {
    const body = JSON.stringify({ orderNo, idempotencyKey: orderNo });
    const answer: { id: string } = JSON.parse(await this.#untilTaken(() => '/publish', body, {}));
    this.acknowledged.publishes.set(orderNo, answer.id);
  }

  async #untilTaken(path: () => string, body: string, headers: Record<string, string>): Promise<string> {
    for (;;) {
      const port = await this.#lineage.port();
      try {
        const url = `http://127.0.0.1:${port}${path()}`;
        const answer = await request(url, { method: 'POST', body, headers, dispatcher: this.#agent });
        const text = await answer.body.text();
        if (answer.statusCode === 200) return text;
        this.repeats += 1;
        await sleep(pauseMs);
      } catch {
        // The process died with the request: whether it was taken is not known, so it is sent again.
        this.repeats += 1;
        await this.#lineage.after(port);
      }
    }
  }
}

/** The merchant's receiver: counts every id that is posted, and takes all. */
export class Sink {
  readonly posts = new Map<string, number>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const id = String(request.headers['webhook-id']);
      this.posts.set(id, (this.posts.get(id) ?? 0) + 1);
      request.resume().once('end', () => response.end('ok'));
    });
  }

  static async open(): Promise<Sink> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Sink(server);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the sink does not listen');
    return `http://127.0.0.1:${address.port}/sink`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
