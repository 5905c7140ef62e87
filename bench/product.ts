import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';
import { cpuMsOf, keepOn, sharedMs } from './role.ts';

const command = fileURLToPath(new URL('../bin/paidonce.js', import.meta.url));
const adminKey = 'bench-admin-key-0123456789';
const startMsMax = 20_000;
const waitMsMax = 120_000;

export interface FunnelTotals {
  total: number;
  sent: number;
  received: number;
  handled: number;
  confirmed: number;
}

export interface ProductOptions {
  profile?: string | null;
  processes?: number;
  env?: Readonly<Record<string, string>>;
}

/** The product as a user runs it: `paidonce serve` in a process of its own, with a data folder of its own. */
export class Product {
  readonly port: number;
  readonly startMs: number;
  readonly database: Database;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, started: { port: number; startMs: number; database: Database }) {
    this.#process = child;
    this.port = started.port;
    this.startMs = started.startMs;
    this.database = started.database;
  }

  /** `profile`: a folder for a CPU profile of the run. `processes`: those that take requests. */
  static async start(
    folder: string,
    database: Database,
    { profile = null, processes = 1, env = {} }: ProductOptions = {},
  ): Promise<Product> {
    const logFile = join(folder, 'log');
    const log = openSync(logFile, 'a');
    const beganMs = sharedMs();
    const flags = profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    const child = spawn(process.execPath, [...process.execArgv, ...flags, command, 'serve', '--json', '--port', '0'], {
      stdio: ['ignore', log, 'inherit'],
      env: {
        PATH: process.env.PATH,
        PAIDONCE_DATA: folder,
        PAIDONCE_ADMIN_KEY: adminKey,
        PAIDONCE_MASTER_KEY: randomBytes(32).toString('base64'),
        PAIDONCE_ALLOW_TARGETS: '127.0.0.0/8',
        PAIDONCE_PROCESSES: String(processes),
        PAIDONCE_LOG_LEVEL: process.env.PAIDONCE_LOG_LEVEL,
        ...database.env,
        ...env,
      },
    });
    closeSync(log);
    for (;;) {
      const listening = /\{"listening":\{"url":"http:\/\/[^:"]+:(\d+)"/.exec(readFileSync(logFile, 'utf8'));
      if (listening !== null)
        return new Product(child, { port: Number(listening[1]), startMs: sharedMs() - beganMs, database });
      if (child.exitCode !== null || sharedMs() - beganMs > startMsMax) {
        child.kill('SIGKILL');
        throw new Error(`the server did not start:\n${readFileSync(logFile, 'utf8')}`);
      }
      await sleep(2);
    }
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  }

  async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { method, headers: this.headers, ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  async funnel(side: 'sending' | 'receiving'): Promise<FunnelTotals> {
    const { totals } = await this.call<{ totals: FunnelTotals }>('GET', `/v1/funnel?side=${side}`);
    return totals;
  }

  /** Waits until that many are confirmed; gives when that was seen. */
  async confirmed(side: 'sending' | 'receiving', count: number): Promise<number> {
    const untilMs = sharedMs() + waitMsMax;
    for (;;) {
      const { confirmed } = await this.funnel(side);
      if (confirmed >= count) return sharedMs();
      if (sharedMs() > untilMs) throw new Error(`${confirmed} of ${count} were confirmed within ${waitMsMax} ms`);
      await sleep(10);
    }
  }

  /** Resident memory in MiB. */
  memoryMib(): number {
    const [, kibibytes = 'NaN'] =
      /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) / 1024;
  }

  /** By thread; those of all processes that take requests together, as `child …`. */
  cpuMs(): Map<string, number> {
    const { pid } = this.#process;
    const times = cpuMsOf(pid);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    for (const child of children === '' ? [] : children.split(' ')) {
      for (const [name, ms] of cpuMsOf(Number(child))) {
        const shown = `child ${name}`;
        times.set(shown, (times.get(shown) ?? 0) + ms);
      }
    }
    for (const [name, ms] of this.database.cpuMs()) times.set(name, ms);
    return times;
  }

  keepOn(processors: string): void {
    keepOn(this.#process.pid, processors);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await exited;
  }
}
