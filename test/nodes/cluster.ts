import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { makeShopTable } from '../crash/books.ts';
import { type Place, postgresPlace } from '../crash/place.ts';
import { adminKey, call, masterKeyText, type Serving, startServing, until } from '../server/serving.ts';
import { compileCache } from '../support/compile-cache.ts';
import { testDatabase } from '../support/postgres.ts';
import { merchant, type ShopOrder, type ShopStart, type ShopStarted, standardSecret } from './shop-settings.ts';
import { Sink } from './sink.ts';

/** `serve` in one of its roles, or the merchant's own program, which has the handler. */
export type Kind = 'api' | 'worker' | 'all' | 'shop';

/** A node that lives: its process, and where it listens. */
interface Alive {
  process: ChildProcess;
  url: string;
  logged: readonly Record<string, unknown>[];
  ended: Promise<number | null>;
}

const shopScript = fileURLToPath(new URL('./shop.ts', import.meta.url));

/** One node, and the processes that are it one after the other, at one address. */
export class Node {
  readonly kind: Kind;
  callbackPath: string | null = null;
  readonly #database: string;
  readonly #settings: Record<string, string>;
  #port = 0;
  #alive: Alive | null = null;

  constructor(kind: Kind, database: string, settings: Record<string, string> = {}) {
    this.kind = kind;
    this.#database = database;
    this.#settings = settings;
  }

  /** Where it takes requests; null while it does not. */
  get url(): string | null {
    return this.#alive?.url ?? null;
  }

  get pid(): number {
    return this.#alive?.process.pid ?? 0;
  }

  get logged(): readonly Record<string, unknown>[] {
    return this.#alive?.logged ?? [];
  }

  async start(): Promise<void> {
    this.#alive = this.kind === 'shop' ? await this.#startShop() : await this.#startServe(this.kind);
  }

  /** Resolves with the exit code when the process has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const alive = this.#alive;
    if (alive === null) return null;
    alive.process.kill(signal);
    const code = await alive.ended;
    this.#alive = null;
    return code;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#alive?.process.kill(signal);
  }

  /** To the shop: whether its handlers end. */
  tell(order: ShopOrder): void {
    this.#alive?.process.send(order);
  }

  async #startServe(role: Exclude<Kind, 'shop'>): Promise<Alive> {
    const settings = {
      PAIDONCE_DATABASE_URL: this.#database,
      PAIDONCE_ALLOW_TARGETS: '127.0.0.0/8',
      ...compileCache,
      ...this.#settings,
    };
    const started = startServing(['--port', String(this.#port), '--role', role], settings);
    const serving: Serving = await started.listening;
    this.#port = Number(new URL(serving.url).port);
    return { ...started, url: serving.url };
  }

  async #startShop(): Promise<Alive> {
    const env = { PATH: process.env.PATH, ...compileCache, ...this.#settings };
    const child = fork(shopScript, { env, execArgv: ['--no-warnings'] });
    const ended = once(child, 'exit').then(([code]): number | null => code);
    const start: ShopStart = { database: this.#database, masterKey: masterKeyText, adminKey, port: this.#port };
    child.send(start);
    const failed = ended.then((code) => Promise.reject(new Error(`the shop ended with ${code} at its start`)));
    const [started]: ShopStarted[] = await Promise.race([once(child, 'message'), failed]);
    failed.catch(() => {});
    if (started === undefined) throw new Error('the shop said nothing');
    this.#port = started.port;
    this.callbackPath = started.callbackPath;
    return { process: child, url: `http://127.0.0.1:${started.port}`, logged: [], ended };
  }
}

interface ClusterOptions {
  /** Default: one of the run's server, which is dropped at the end. */
  database: string;
  /** How nodes reach it, where a test stands in the way; default: as `database`. */
  reach: string;
  /** Nodes at the end of the list that the test starts itself. */
  later: number;
  settings: Partial<Record<Kind, Record<string, string>>>;
}

/** Of the endpoint: so a lease is over after 21 s, which is the least. */
const timeoutMs = 1000;

/** Nodes on one database, with a merchant, an account, an endpoint that is the sink, and a handler. */
export class Cluster {
  readonly place: Place;
  readonly sink: Sink;
  readonly nodes: readonly Node[];
  callbackPath = '';

  readonly #end: () => Promise<void>;

  private constructor(parts: { place: Place; sink: Sink; nodes: readonly Node[]; end: () => Promise<void> }) {
    this.place = parts.place;
    this.sink = parts.sink;
    this.nodes = parts.nodes;
    this.#end = parts.end;
  }

  /** `kinds`: the shop is the first. */
  static async open(kinds: readonly Kind[], options: Partial<ClusterOptions> = {}): Promise<Cluster> {
    const { url, end } =
      options.database === undefined ? await testDatabase() : { url: options.database, end: async () => {} };
    const { reach = url, later = 0, settings = {} } = options;
    const place = postgresPlace(url);
    const nodes = kinds.map((kind) => new Node(kind, reach, settings[kind]));
    const cluster = new Cluster({ place, sink: await Sink.open(), nodes, end });
    try {
      await makeShopTable(place);
      // The shop first: it makes the merchant and says what its handler is called.
      const [shop, ...others] = nodes.slice(0, nodes.length - later);
      await shop?.start();
      cluster.callbackPath = shop?.callbackPath ?? '';
      await Promise.all(others.map((node) => node.start()));
      await call(cluster.api(), 'POST', `/v1/merchants/${merchant}/endpoints`, {
        url: cluster.sink.url,
        credentials: { secrets: [standardSecret] },
        timeout_ms: timeoutMs,
        schedule: Array.from({ length: 40 }, () => 1),
      });
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** The first node of a kind. */
  node(kind: Kind): Node {
    const found = this.nodes.find((node) => node.kind === kind);
    if (found === undefined) throw new Error(`there is no node of the kind ${kind}`);
    return found;
  }

  /** Where callbacks and the API are answered now, by nodes of these kinds. */
  urls(kinds: readonly Kind[] = ['api', 'all', 'shop']): string[] {
    return this.nodes.flatMap(({ kind, url }) => (url === null || !kinds.includes(kind) ? [] : [url]));
  }

  api(): { url: string } {
    const [url] = this.urls();
    if (url === undefined) throw new Error('no node takes requests');
    return { url };
  }

  /** Resolves when no delivery waits any more. What only waits for its schedule is sent at once, as a person would. */
  async settled(untilMs: number): Promise<void> {
    await until(
      'nothing waits',
      async () => {
        const sql = `select id, state, due_at from paidonce_deliveries where state in ('pending', 'sending')`;
        const waiting = await this.place.all(sql);
        const [left] = await this.place.all('select count(*) as n from paidonce_outbox');
        if (waiting.length + Number(left?.n) === 0) return true;
        for (const { id, state, due_at: dueAt } of waiting)
          if (state === 'pending' && Number(dueAt) > Date.now() + 1000)
            // It may have gone by itself meanwhile.
            await call(this.api(), 'POST', `/v1/deliveries/${id}/retry`).catch(() => {});
        return false;
      },
      untilMs,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end('SIGKILL')));
    this.sink.close();
    await this.#end();
  }
}
