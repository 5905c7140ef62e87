import { Client, type ClientConfig } from 'pg';
import { Sockets } from './sockets.ts';

const channel = 'paidonce_work';
/** At most 20 a second from one node: listeners claim whatever is due, so one word serves for many commits. */
const notifyEveryMs = 50;
const reconnectMs = 1000;
/** A server that does not answer for so long is gone. */
const answerMs = 5000;

/**
 * Tells other nodes that something is due, after the commit and never in a user's transaction, and hears of it from them. What is
 * missed while the connection is away is found by the workers' poll.
 */
export class Notifier {
  readonly #config: ClientConfig;
  readonly #node: string;
  readonly #onWork: () => void;
  readonly #sockets = new Sockets();
  #client: Client | null = null;
  #timer: NodeJS.Timeout | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(config: ClientConfig, node: string, onWork: () => void) {
    this.#config = config;
    this.#node = node;
    this.#onWork = onWork;
  }

  start(): void {
    void this.#connect();
  }

  notify(): void {
    if (this.#timer !== undefined || this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const client = this.#client;
      client?.query('select pg_notify($1, $2)', [channel, this.#node]).catch(() => {
        // The poll of the others finds it. A connection on which this fails, or is not answered, hears nothing either.
        this.#lost(client);
        void client.end().catch(() => {});
      });
    }, notifyEveryMs);
  }

  async stop(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#reconnect);
    // Not awaited: a server that has fallen silent says nothing to that either.
    void this.#client?.end().catch(() => {});
    await this.#sockets.close();
  }

  async #connect(): Promise<void> {
    const client = new Client({
      ...this.#config,
      stream: this.#sockets.make,
      application_name: 'paidonce listen',
      keepAlive: true,
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
    });
    const lost = () => this.#lost(client);
    client.on('error', lost);
    client.on('end', lost);
    // Its own words come back to every connection that listens.
    client.on('notification', ({ payload }) => {
      if (payload !== this.#node) this.#onWork();
    });
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
      if (this.#ended) await client.end();
      else this.#client = client;
    } catch {
      // Tried again until it works; without it everything is only a little later.
      lost();
      await client.end().catch(() => {});
    }
  }

  #lost(client: Client): void {
    if (this.#client === client) this.#client = null;
    if (this.#ended) return;
    clearTimeout(this.#reconnect);
    this.#reconnect = setTimeout(() => void this.#connect(), reconnectMs);
  }
}
