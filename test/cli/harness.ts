import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/main.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { startDev } from '../../src/server/main.ts';
import type { RunningServer } from '../../src/server/server.ts';

/** What a command printed, and what it ended with. */
export interface Ran {
  code: number;
  out: string;
  error: string;
}

/** Runs one command line in this process, on a terminal without colours. */
export async function run(parameters: readonly string[], stdin: string | Uint8Array = ''): Promise<Ran> {
  const { out, error, ended } = start(parameters, stdin);
  const code = await ended;
  return { code, out: out.join('\n'), error: error.join('\n') };
}

/** A command that goes on until it is interrupted. */
export interface Running {
  /** Lines so far. */
  out: readonly string[];
  error: readonly string[];
  /** As Ctrl-C does. */
  interrupt(): void;
  ended: Promise<number>;
}

export function start(parameters: readonly string[], stdin: string | Uint8Array = ''): Running {
  const out: string[] = [];
  const error: string[] = [];
  const interrupt = new AbortController();
  const terminal: Terminal = {
    out: (line) => void out.push(line),
    error: (line) => void error.push(line),
    progress: () => {},
    style: (_, text) => text,
    stdin: async () => Buffer.from(stdin),
    interrupted: interrupt.signal,
  };
  return { out, error, interrupt: () => interrupt.abort(), ended: main(parameters, terminal) };
}

export const jsonOf = ({ out }: Ran): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

export interface DevServer {
  running: RunningServer;
  folder: string;
  /** What every command beside it needs. */
  access: readonly string[];
  stop(): Promise<void>;
}

export async function startServerForTest(at: { folder?: string; port?: number } = {}): Promise<DevServer> {
  const folder = at.folder ?? (await mkdtemp(join(tmpdir(), 'paidonce-cli-')));
  const running = await startDev({
    sources: { environment: {} },
    override: { port: at.port ?? 0, data: join(folder, 'data') },
    log: { write: () => {} },
  });
  return {
    running,
    folder,
    access: ['--url', running.url, '--key', running.adminKey ?? ''],
    async stop() {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
