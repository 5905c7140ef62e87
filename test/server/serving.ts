import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';

const command = fileURLToPath(new URL('../../bin/paidonce.js', import.meta.url));
export const masterKeyText = Buffer.from(Uint8Array.from({ length: 32 }, (_, at) => (at * 7 + 3) % 251)).toString(
  'base64',
);
export const adminKey = 'processes-admin-key-0123456789';

export interface Serving {
  process: ChildProcess;
  url: string;
  /** The line that said where it listens. */
  listening: Record<string, unknown>;
  /** Lines of log so far. */
  logged: readonly Record<string, unknown>[];
  /** Resolves with the exit code once nothing holds its output any more: no process of it lives. */
  ended: Promise<number | null>;
  /** Processes that took requests, as they said when they started. */
  children(): number[];
}

/** `paidonce serve` in processes of its own, killed when the test is over. */
export async function serving(
  folder: string,
  parameters: readonly string[],
  settings: Record<string, string> = {},
): Promise<Serving> {
  const { process, ended, listening } = startServing(['--port', '0', '--data', folder, ...parameters], settings);
  onTestFinished(async () => {
    process.kill('SIGKILL');
    await ended;
  });
  return listening;
}

/** The process, which the caller ends, and what it is once it listens. */
export interface Started extends Pick<Serving, 'process' | 'ended' | 'logged'> {
  listening: Promise<Serving>;
}

/** `paidonce serve` in a process that is the caller's to end. */
export function startServing(parameters: readonly string[], settings: Record<string, string>): Started {
  const started = spawn(process.execPath, [command, 'serve', '--json', ...parameters], {
    env: { PATH: process.env.PATH, PAIDONCE_MASTER_KEY: masterKeyText, PAIDONCE_ADMIN_KEY: adminKey, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(started, 'close').then(([code]): number | null => code);
  const logged: Record<string, unknown>[] = [];
  createInterface({ input: started.stdout }).on('line', (line) => void logged.push(JSON.parse(line)));
  const children = () =>
    logged.filter(({ msg, pid }) => msg === 'server.started' && pid !== started.pid).map(({ pid }) => Number(pid));
  const listening = async (): Promise<Serving> => {
    const find = async () => logged.find((line) => 'listening' in line)?.listening;
    const found = await until('it listens', find, 60_000);
    const { url, ...rest } = Object(found);
    return { process: started, url: String(url), listening: rest, logged, ended, children };
  };
  return { process: started, ended, logged, listening: listening() };
}

export interface Answer {
  status: number;
  text: string;
}

/** One request on a connection of its own, as every process gets some of them in turn. */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const sent = request(url, { method, headers: { connection: 'close', ...headers }, agent: false });
  sent.end(body);
  const [response]: IncomingMessage[] = await once(sent, 'response');
  if (response === undefined) throw new Error('there was no response');
  return { status: response.statusCode ?? 0, text: await textOf(response) };
}

export async function textOf(response: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Calls the API as the admin. */
export async function call(
  { url }: Pick<Serving, 'url'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const { status, text } = await ask(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return JSON.parse(text);
}

/** Waits until `look` gives something, at most `untilMs`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false | null>,
  untilMs = 15_000,
): Promise<T> {
  const endsMs = systemClock.monotonicMs() + untilMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false && seen !== null) return seen;
    if (systemClock.monotonicMs() > endsMs) throw new Error(`not within ${untilMs} ms: ${what}`);
    await systemClock.sleep(20);
  }
}
