import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../support/compile-cache.ts';
import type { Arm, ChildMessage, Go, ParentMessage } from './points.ts';

export interface LineageOptions {
  folder: string;
  database: string | null;
  sinkUrl: string;
  /** Where the next life ends, given how many have ended so. */
  nextArm(deaths: number): Arm;
}

interface Living {
  process: ChildProcess;
  port: number;
}

const script = fileURLToPath(new URL('./child.ts', import.meta.url));
const env = { PATH: process.env.PATH, ...compileCache };
const noticeMs = 200;

/**
 * One store, and the processes that serve it one after the other: each is killed, and the next one, loaded already, takes
 * its place.
 */
export class Lineage {
  deaths = 0;
  readonly #options: LineageOptions;
  #standby: ChildProcess;
  #living: Living | null = null;
  #changed = Promise.withResolvers<void>();
  #failure: Error | null = null;
  #ending: 'no' | 'drained' | 'closed' = 'no';

  constructor(options: LineageOptions) {
    this.#options = options;
    this.#standby = load();
    this.#promote();
  }

  /** The port of whoever lives, once it listens. Rejects when a child failed by itself. */
  async port(): Promise<number> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#living !== null) return this.#living.port;
      await this.#changed.promise;
    }
  }

  /** Resolves at the next death; rejects when a child failed by itself. */
  async death(): Promise<void> {
    const { deaths } = this;
    while (this.deaths === deaths) {
      if (this.#failure !== null) throw this.#failure;
      await this.#changed.promise;
    }
  }

  /** A request to this port failed: resolves when another process listens, or soon, should this one live on. */
  async after(port: number): Promise<void> {
    if (this.#living?.port !== port) return;
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, noticeMs);
    await Promise.race([this.#changed.promise, patience.promise]);
    clearTimeout(timer);
  }

  /** Kills whoever lives. False: nobody does at the moment. */
  kill(): boolean {
    return this.#living?.process.kill('SIGKILL') ?? false;
  }

  /** Lets the last child finish everything, and waits until it has stopped. */
  async drain(): Promise<void> {
    await this.port();
    const last = this.#living?.process;
    if (last === undefined) throw new Error('the last child died before it was drained');
    this.#ending = 'drained';
    const exited = once(last, 'exit');
    say(last, 'drain');
    const [code] = await exited;
    if (code !== 0) throw new Error(`the last child ended with ${code}`);
  }

  /** Ends what is left, however the test went. */
  close(): void {
    this.#ending = 'closed';
    this.#standby.kill('SIGKILL');
    this.#living?.process.kill('SIGKILL');
  }

  /** The standby's turn; another is loaded meanwhile. */
  #promote(): void {
    const child = this.#standby;
    const { folder, database, sinkUrl, nextArm } = this.#options;
    const go: Go = { folder, database, sinkUrl, arm: nextArm(this.deaths) };
    child.on('message', (message: ChildMessage) => this.#hear(child, message));
    child.once('exit', (code, signal) => this.#buried(code, signal));
    say(child, go);
    this.#standby = load();
  }

  #hear(child: ChildProcess, message: ChildMessage): void {
    if (message.is === 'failed') this.#fail(new Error(`a child failed: ${message.error}`));
    if (message.is !== 'listening') return;
    this.#living = { process: child, port: message.port };
    this.#announce();
  }

  #buried(code: number | null, signal: NodeJS.Signals | null): void {
    this.#living = null;
    if (this.#ending !== 'no') return;
    if (signal === 'SIGKILL') {
      this.deaths += 1;
      this.#announce();
      this.#promote();
    } else this.#fail(new Error(`a child ended by itself: ${code ?? signal}`));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#announce();
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** A process that has loaded the code and waits for its turn. Messages wait for it, so its turn may come before it is ready. */
function load(): ChildProcess {
  return fork(script, { env, execArgv: ['--no-warnings'] });
}

function say(child: ChildProcess, message: ParentMessage): void {
  // The callback takes the error of a child that died before it could hear; its exit tells the rest.
  child.send(message, () => {});
}
