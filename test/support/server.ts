import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chineseOf } from '../../console/texts/sentences/chinese.ts';
import type { FieldError } from '../../src/domain/errors.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.ts';

export const adminKey = 'admin-key-of-the-tests';
export const masterKey = Uint8Array.from({ length: 32 }, (_, index) => (index * 37 + 11) % 256);

/** What an API call was answered with. `body` is the JSON, or the text where it is none. */
export interface Answered {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  text: string;
}

export interface CallOptions {
  /** Default: the admin key; null sends none. */
  key?: string | null;
  headers?: Record<string, string>;
  /** Sent as it is, instead of a JSON body. */
  raw?: string | Uint8Array<ArrayBuffer>;
}

export interface TestServer extends RunningServer {
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answered>;
  /** Lines of log so far, as objects. */
  logged: readonly Record<string, unknown>[];
  folder: string;
}

type TestServerOptions = Partial<Omit<ServerOptions, 'config'>> & { config?: Partial<ServerOptions['config']> };

/** A whole server on loopback with the real embedded store in a folder of its own, which `stop` removes. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const folder = options.config?.data ?? (await mkdtemp(join(tmpdir(), 'paidonce-test-')));
  const logged: Record<string, unknown>[] = [];
  const running = await startServer({
    masterKeys: [masterKey],
    adminKey,
    log: { write: (line) => void logged.push(JSON.parse(line)) },
    ...options,
    config: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      trustProxy: [],
      data: folder,
      databaseUrl: null,
      databaseDirectUrl: null,
      allowTargets: ['127.0.0.0/8'],
      tls: null,
      logLevel: 'debug',
      ...options.config,
    },
  });
  return {
    ...running,
    logged,
    folder,
    call: (method, path, body, more) => call(running.url, { method, path, body, ...more }),
    async stop() {
      await running.stop();
      if (options.config?.data === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function call(
  url: string,
  {
    method,
    path,
    body,
    key = adminKey,
    headers = {},
    raw,
  }: CallOptions & { method: string; path: string; body: unknown },
): Promise<Answered> {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  const answered = isJson && text !== '' ? JSON.parse(text) : {};
  assertChinese(answered.errors ?? []);
  return { status: response.status, headers: response.headers, body: answered, text };
}

/** What is wrong with a field stands beside it in the console, in the language of whoever fills it in. */
function assertChinese(errors: readonly FieldError[]): void {
  for (const { pointer, detail } of errors) {
    if (pointer !== undefined && chineseOf(detail) === null) throw new Error(`no Chinese for: ${detail}`);
  }
}
