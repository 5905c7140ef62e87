import type { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { parseJson } from '../../providers/primitives/json.ts';
import type { Context, RawReply, RawRequest } from '../../providers/provider.ts';
import type { Books } from '../books.ts';
import type { Pair } from '../credentials.ts';

/** What a provider's own API knows when the sandbox plays it. */
export interface Platform {
  books: Books;
  /** What the platform seals with and what the merchant's account holds: callers are checked against it, answers signed. */
  pair: Pair;
  context: Context;
  /** A day's statement as the provider's file; null: the day has not begun. */
  statement(day: string): Promise<Uint8Array | null>;
  /** Where the API is played. */
  url: string;
}

/** A provider's own API. `target` begins behind `/sandbox/api/<provider>`; null = the provider has no such path. */
export type PlatformApi = (request: RawRequest, platform: Platform) => Promise<RawReply | null>;

/** One request to a played API. */
export interface ApiCall extends Platform {
  request: RawRequest;
  query: URLSearchParams;
}

type Answer = (call: ApiCall, ...parts: string[]) => Promise<RawReply> | RawReply;

export interface ApiShape {
  /** Why the caller is not the merchant, in the provider's own form; null: it is. */
  refusal(call: ApiCall): RawReply | null;
  /** What answers which path; the groups of the pattern are handed on, decoded. */
  routes: readonly (readonly [method: string, path: RegExp, answer: Answer])[];
  /** A request that cannot be done, in the provider's own form. */
  failure(status: number, message: string): RawReply;
}

/** Plays an API: who asks is checked first, what cannot be done is told in the provider's form. */
export function playedApi({ refusal, routes, failure }: ApiShape): PlatformApi {
  return async (request, platform) => {
    const { pathname, searchParams: query } = new URL(request.target, 'http://sandbox');
    const call = { ...platform, request, query };
    const refused = refusal(call);
    if (refused !== null) return refused;
    for (const [method, path, answer] of routes) {
      const parts = method === request.method ? path.exec(pathname)?.slice(1).map(decodeURIComponent) : undefined;
      if (parts === undefined) continue;
      try {
        return await answer(call, ...parts);
      } catch (error) {
        // Anything else is ours to answer for.
        if (error instanceof AppError && error.entry.status < 500) return failure(400, error.detail);
        throw error;
      }
    }
    return null;
  };
}

export function jsonReply(status: number, body: unknown): RawReply {
  return { status, headers: [['content-type', 'application/json']], body: Buffer.from(JSON.stringify(body)) };
}

export function fileReply(file: Uint8Array): RawReply {
  return { status: 200, headers: [['content-type', 'application/octet-stream']], body: file };
}

/** @throws AppError `request.invalid` for a form that the schema refuses. */
export function formOf<Schema extends z.ZodType>({ request }: ApiCall, schema: Schema): z.output<Schema> {
  return checked(schema, Object.fromEntries(new URLSearchParams(Buffer.from(request.body).toString())));
}

/** @throws AppError `request.invalid` for a body that is no JSON, or that the schema refuses. */
export function jsonOf<Schema extends z.ZodType>({ request }: ApiCall, schema: Schema): z.output<Schema> {
  const parsed = parseJson(request.body);
  if ('why' in parsed) throw new AppError('request.invalid', parsed.why);
  return checked(schema, parsed.value);
}

export function headerOf({ request }: ApiCall, name: string): string | undefined {
  return request.headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError(
    'request.invalid',
    parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '),
  );
}
