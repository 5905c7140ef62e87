import type { Problem } from '../../src/api/problem.ts';

/** An answer that is no success; `problem` is null where what answered was not Paidonce, or nothing did. */
export class CallError extends Error {
  readonly status: number;
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null) {
    super(problem === null ? `status ${status}` : `${problem.title}: ${problem.detail}`);
    this.status = status;
    this.problem = problem;
  }
}

export type Query = Readonly<Record<string, string | number | null | undefined>>;

export interface CallOptions {
  query?: Query;
  body?: unknown;
  /** In place of `body`, where a file goes with it; the file last. */
  form?: FormData;
  /** For sign-in: everything else goes by the session's cookie. */
  key?: string;
  signal?: AbortSignal;
}

/**
 * Calls the API. What it answers has the type that its route declares; `T` names it.
 *
 * @throws CallError
 */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const { body, form, key, signal, query = {} } = options;
  const headers: Record<string, string> = { 'x-paidonce-console': '1' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (key !== undefined) headers.authorization = `Bearer ${key}`;
  const response = await fetch(addressOf(path, query), {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(form === undefined ? {} : { body: form }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    // The only other failure of fetch: nothing answered.
    throw new CallError(0, null);
  });
  const text = await response.text();
  if (!response.ok) throw new CallError(response.status, problemIn(text));
  return parsed<T>(text);
}

/** Only what has a value is sent. */
export function addressOf(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** One part of a path, such as an order number with slashes. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

function parsed<T>(text: string): T {
  return text === '' ? JSON.parse('null') : JSON.parse(text);
}

function problemIn(text: string): Problem | null {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'code' in value ? value : null;
  } catch {
    // A proxy's page, for example: the status says enough.
    return null;
  }
}
