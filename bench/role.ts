import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a process of its own can be asked, by name. */
export type Calls = Record<string, (input: never) => unknown>;

interface Asked {
  call: number;
  name: string;
  input: unknown;
}

interface Answered {
  call: number;
  value?: unknown;
  error?: string;
}

/** A part of the bench in a process of its own, so that what it costs is not taken from what is measured. */
export class Role<C extends Calls> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;

  /** `file` is beside this one. */
  constructor(file: string) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.#process = fork(path, { serialization: 'advanced', execArgv: [...process.execArgv, '--no-warnings'] });
    this.#process.on('message', (answer: Answered) => {
      const waiting = this.#waiting.get(answer.call);
      this.#waiting.delete(answer.call);
      if (answer.error === undefined) waiting?.resolve(answer.value);
      else waiting?.reject(new Error(`${file}: ${answer.error}`));
    });
    this.#process.once('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${file} ended with ${code}`));
    });
  }

  call<K extends keyof C & string>(name: K, input: Parameters<C[K]>[0]): Promise<Awaited<ReturnType<C[K]>>> {
    this.#calls += 1;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#calls, waiting);
    this.#process.send({ call: this.#calls, name, input } satisfies Asked);
    return waiting.promise as Promise<Awaited<ReturnType<C[K]>>>;
  }

  cpuMs(): Map<string, number> {
    return cpuMsOf(this.#process.pid);
  }

  keepOn(processors: string): void {
    keepOn(this.#process.pid, processors);
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

/** The other side: answers calls until the parent is gone. */
export function answer(calls: Calls): void {
  process.on('message', (asked: Asked) => void reply(calls, asked));
  process.once('disconnect', () => process.exit(0));
}

async function reply(calls: Calls, { call, name, input }: Asked): Promise<void> {
  try {
    const run = calls[name] as ((input: unknown) => unknown) | undefined;
    if (run === undefined) throw new Error(`there is no call ${name}`);
    process.send?.({ call, value: await run(input) } satisfies Answered);
  } catch (error) {
    process.send?.({
      call,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    } satisfies Answered);
  }
}

/** Milliseconds on a clock that all processes of one machine share. */
export function sharedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Keeps a process, with all its threads, on these processors (a list as of taskset(1)). */
export function keepOn(pid: number | undefined, processors: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, String(pid)], { stdio: 'ignore' });
}

const ticksPerSecond = 100;

/** Processor time of a process since its start, by the names of its threads (proc(5), `stat` of each). Neighbours do not change it. */
export function cpuMsOf(pid: number | undefined): Map<string, number> {
  const times = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)/.exec(stat) ?? [];
    const fields = rest.split(' ');
    const ms = ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1000;
    times.set(name, (times.get(name) ?? 0) + ms);
  }
  return times;
}
