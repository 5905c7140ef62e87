import { z } from 'zod';
import { type ExitCode, exitCodes, Failure } from './failure.ts';

/** Calls a running server's HTTP API. */
export interface Client {
  readonly url: string;
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T>;
  patch<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T>;
  /** Server-sent events as they come, until the server ends them or the user interrupts; from a position on. */
  stream(path: string, after: string | null): Promise<ReadableStream<Uint8Array>>;
  /** A form with a file in it. */
  upload<T>(path: string, form: FormData, schema: z.ZodType<T>): Promise<T>;
  /** An answer that is no JSON. */
  text(path: string): Promise<string>;
}

export interface ClientOptions {
  url: string;
  /** null = none is known. */
  key: string | null;
  signal: AbortSignal;
}

const answerMs = 30_000;
const uploadMs = 600_000;
const answerBytesMax = 64 * 1_048_576;

const problem = z.object({ title: z.string(), detail: z.string(), code: z.string(), fix: z.string().optional() });

export function createClient({ url, key, signal }: ClientOptions): Client {
  const keyHeader = key === null ? {} : { authorization: `Bearer ${key}` };
  const send = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: string | FormData): Promise<Answer> => {
    const isJson = typeof body === 'string';
    const connection = await connected(url, path, {
      method,
      headers: {
        ...keyHeader,
        ...(isJson ? { 'content-type': 'application/json' } : {}),
      },
      ...(body === undefined ? {} : { body }),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(body === undefined || isJson ? answerMs : uploadMs)]),
    });
    const response = await answerOf(connection, url);
    if (response.ok) return response;
    throw refusalOf(response, { url, method, path });
  };
  const call = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown> =>
    (await send(method, path, body === undefined ? body : JSON.stringify(body))).json;
  return {
    url,
    get: async (path, schema) => understood(await call('GET', path), schema, url),
    post: async (path, body, schema) => understood(await call('POST', path, body), schema, url),
    patch: async (path, body, schema) => understood(await call('PATCH', path, body), schema, url),
    async stream(path, after) {
      const method = 'GET';
      const headers = { ...keyHeader, ...(after === null ? {} : { 'last-event-id': after }) };
      const response = await connected(url, path, { method, headers, redirect: 'error', signal });
      if (response.ok && response.body !== null) return response.body;
      throw refusalOf(await answerOf(response, url), { url, method, path });
    },
    upload: async (path, form, schema) => understood((await send('POST', path, form)).json, schema, url),
    text: async (path) => (await send('GET', path)).text,
  };
}

interface Answer {
  ok: boolean;
  status: number;
  /** Null where it is none. */
  json: unknown;
  text: string;
}

function connected(url: string, path: string, init: RequestInit): Promise<Response> {
  return reached(url, () => fetch(new URL(path, url), init));
}

function answerOf(response: Response, url: string): Promise<Answer> {
  return reached(url, async () => {
    const text = await response.text();
    if (text.length > answerBytesMax) throw new RangeError('the answer is larger than 64 MiB');
    const isOther = text === '' || response.headers.get('content-type')?.startsWith('text/csv') === true;
    return { ok: response.ok, status: response.status, json: isOther ? null : JSON.parse(text), text };
  });
}

async function reached<T>(url: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    // Refused, reset, timed out, or not JSON: for the one who asks it is the same, and the reason says which.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason =
      cause instanceof Error
        ? 'code' in cause && typeof cause.code === 'string'
          ? `${cause.code} ${cause.message}`
          : cause.message
        : String(cause);
    if (/CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE/.test(reason.split(' ')[0] ?? '')) {
      throw new Failure(exitCodes.unreachable, {
        code: 'server.untrusted',
        reason: `the certificate of ${url} is not trusted: ${reason}`,
        next: 'Name the file of the authority that signed it in NODE_EXTRA_CA_CERTS, or a --url that it is made out for.',
      });
    }
    throw new Failure(exitCodes.unreachable, {
      code: 'server.unreachable',
      reason: `${url} does not answer: ${reason.trim()}`,
      next: 'Start it with `paidonce dev` or `paidonce serve`, or name another server with --url.',
    });
  }
}

function understood<T>(json: unknown, schema: z.ZodType<T>, url: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Failure(exitCodes.unreachable, {
    code: 'server.other',
    reason: `${url} answers something else than this version expects: ${z.prettifyError(parsed.error).split('\n')[0] ?? ''}`,
    next: 'Use the same version of paidonce for the server and for this command.',
  });
}

function refusalOf(
  { status, json }: Answer,
  { url, method, path }: { url: string; method: string; path: string },
): Failure {
  const known = problem.safeParse(json);
  if (!known.success) {
    return new Failure(exitCodes.unreachable, {
      code: 'server.other',
      reason: `${method} ${path} at ${url} answered ${status}`,
      next: 'Check that --url is the address of a Paidonce server.',
    });
  }
  const { code, title, detail, fix } = known.data;
  const isKey = code.startsWith('auth.');
  const next = isKey
    ? 'Pass the key with --key, or set PAIDONCE_ADMIN_KEY; `paidonce dev` prints it at its start.'
    : (fix ?? title);
  return new Failure(exitCodeOf(status), { code, reason: `${title}: ${detail}`, next });
}

function exitCodeOf(status: number): ExitCode {
  if (status >= 500) return exitCodes.unreachable;
  return status === 404 || status === 409 ? exitCodes.negative : exitCodes.usage;
}
