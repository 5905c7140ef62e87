import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { BlankEnv } from 'hono/types';
import { AppError, type ErrorCode, errorCatalogue } from '../domain/errors.ts';
import { invalidFields } from '../domain/field-errors.ts';
import type { Service } from '../service.ts';
import { type Authentication, type Caller, type Need, requireNeed } from './auth.ts';
import { readJson } from './body.ts';
import { multipartBoundary, readMultipart } from './multipart.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What a call is answered with; `body` undefined where there is none. */
export interface Answer<T> {
  status: number;
  body: T;
  /** Beside those of every answer. */
  headers?: Readonly<Record<string, string>>;
  /** Answered in place of the body. */
  file?: File;
}

/** A text that is answered as it is made. */
export interface File {
  type: string;
  name: string;
  text: AsyncIterable<string>;
}

export interface Call<P, Q, B> {
  service: Service;
  caller: Caller;
  params: P;
  query: Q;
  body: B;
  headers: Headers;
  /** Asks again who calls, for an answer that goes on. @throws AppError as at first. */
  authenticate(): Promise<Caller>;
}

/** One call of the API: what is documented is what validates. */
export interface Route<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  method: Method;
  /** With parameters as in OpenAPI: `/v1/orders/{order_no}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  need: Need;
  params?: P;
  query?: Q;
  headers?: z.ZodObject;
  body?: B;
  /** The body may come as a form with a file, too. */
  form?: true;
  /** The body may be left out. */
  bodyOptional?: boolean;
  /** A body that the schema takes, for readers and for the test that tries it. */
  example?: unknown;
  /** Statuses of success; the first is the usual one. */
  statuses: readonly [number, ...number[]];
  answer: A;
  /** What the answer is sent as. Default: JSON. */
  answerType?: 'text/event-stream';
  /** Beside those of authentication and of unreadable requests. */
  refusals: readonly ErrorCode[];
  /** A Response is sent as it is. */
  run(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<Answer<z.input<A>> | Response>;
}

type Documented = Route<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;

/** A place where routes are added; each is served, and documented, at once. */
export interface Routes {
  add<
    P extends z.ZodType = typeof nothing,
    Q extends z.ZodType = typeof nothing,
    B extends z.ZodType = typeof nothing,
    A extends z.ZodType = typeof noBody,
  >(route: Route<P, Q, B, A>): void;
}

/** The answer of calls without one (204). */
export const noBody = z.undefined();
const nothing = z.strictObject({});

export const done: Answer<undefined> = { status: 204, body: undefined };

export function createRoutes(app: OpenAPIHono<BlankEnv>, service: Service, authentication: Authentication): Routes {
  return {
    add(route) {
      document(app, route);
      const path = route.path.replace(/\{(\w+)\}/g, ':$1');
      app.on(route.method.toUpperCase(), path, async (context) => {
        const { headers } = context.req.raw;
        const authenticate = async () => {
          const found = await authentication.callerFrom(context.req.raw);
          requireNeed(found, route.need);
          return found;
        };
        const caller = await authenticate();
        const params = parsed(route.params, paramsOf(context), 'the path is not valid');
        const query = parsed(route.query, queryOf(context), 'the query is not valid');
        const body = parsed(route.body, await bodyOf(route, context), 'the body is not valid');
        const answer = await route.run({ service, caller, params, query, body, headers, authenticate });
        return answer instanceof Response ? answer : respond(answer);
      });
    },
  };
}

/** The response to a call, without a detour over Hono's own: this is the hot path of publishing. */
function respond({ status, body, file, headers }: Answer<unknown>): Response {
  if (file !== undefined) return fileResponse(status, file);
  if (body === undefined) return new Response(null, { status, headers: { 'cache-control': 'no-store', ...headers } });
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  });
}

function fileResponse(status: number, { type, name, text }: File): Response {
  return new Response(streamOf(text), {
    status,
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  });
}

function streamOf(text: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const [pieces, encoder] = [text[Symbol.asyncIterator](), new TextEncoder()];
  return new ReadableStream({
    async pull(controller) {
      const piece = await pieces.next();
      if (piece.done === true) controller.close();
      else controller.enqueue(encoder.encode(piece.value));
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}

/** What the schema makes of a value. A route without a schema takes nothing, and its type says so. */
function parsed<T extends z.ZodType>(schema: T | undefined, value: unknown, what: string): z.output<T>;
function parsed(schema: z.ZodType | undefined, value: unknown, what: string): unknown {
  const result = (schema ?? nothing).safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw invalidFields(result.error.issues, what);
}

/** Undecoded they would pass: `%ff` and `%25ff` would be one order number. */
function paramsOf(context: Context): Record<string, string> {
  try {
    if (context.req.path.includes('%')) decodeURIComponent(context.req.path);
  } catch {
    // The only error there is: a `%` that begins no UTF-8.
    throw new AppError('request.malformed', 'the path holds a % that is not UTF-8, percent-encoded');
  }
  return context.req.param();
}

function queryOf(context: Context): Record<string, string> {
  if (!context.req.url.includes('?')) return {};
  const query: Record<string, string> = {};
  for (const [name, values] of Object.entries(context.req.queries())) {
    const [value = '', ...others] = values;
    if (others.length > 0) {
      const errors = [{ pointer: `/${name.slice(0, 100)}`, detail: 'is given more than once' }];
      throw new AppError('request.invalid', `the query is not valid: ${name.slice(0, 100)} is given more than once`, {
        errors,
      });
    }
    query[name] = value;
  }
  return query;
}

async function bodyOf(
  route: { body?: z.ZodType; bodyOptional?: boolean; form?: true },
  context: Context,
): Promise<unknown> {
  if (route.body === undefined) return {};
  const boundary = route.form ? multipartBoundary(context.req.raw.headers) : null;
  if (boundary !== null) return readMultipart(context.req.raw, boundary);
  const body = await readJson(context.req.raw);
  if (body !== undefined) return body;
  if (route.bodyOptional) return {};
  throw new AppError('request.malformed', 'the body is missing');
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'What is wrong, and why.' }),
    code: z.string().openapi({ description: 'One of the catalogue of errors.' }),
    fix: z.string().openapi({ description: 'The next step.' }),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem');

function document<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  app: OpenAPIHono<BlankEnv>,
  route: Route<P, Q, B, A>,
): void {
  const { method, path, tag, summary, description, need } = route;
  const scopes = need === 'admin' ? 'The admin key.' : `An API key with the scope ${need.join(' or ')}.`;
  const body = route.body && {
    required: !route.bodyOptional,
    content: {
      ...(route.form ? { 'multipart/form-data': { schema: route.body } } : {}),
      'application/json': { schema: route.body, ...(route.example === undefined ? {} : { example: route.example }) },
    },
  };
  app.openAPIRegistry.registerPath({
    method,
    path,
    tags: [tag],
    summary,
    description: [description, `Needs: ${scopes}`].filter((line) => line !== undefined).join('\n\n'),
    security: [{ apiKey: [] }],
    request: {
      ...(route.params instanceof z.ZodObject ? { params: route.params } : {}),
      ...(route.query instanceof z.ZodObject ? { query: route.query } : {}),
      ...(route.headers === undefined ? {} : { headers: route.headers }),
      ...(body === undefined ? {} : { body }),
    },
    responses: { ...successes(route), ...refusals(route) },
  });
}

function successes(route: Pick<Documented, 'statuses' | 'answer' | 'answerType' | 'summary'>) {
  return Object.fromEntries(
    route.statuses.map((status) => {
      const description = status === 204 ? 'Done.' : status === 202 ? 'Accepted, and durable.' : route.summary;
      if (status === 204) return [status, { description }];
      return [status, { description, content: { [route.answerType ?? 'application/json']: { schema: route.answer } } }];
    }),
  );
}

function refusals(route: { refusals: readonly ErrorCode[]; body?: z.ZodType }) {
  const codes: ErrorCode[] = ['request.invalid', 'auth.missing', 'auth.invalid', 'auth.scope', 'store.overloaded'];
  if (route.body !== undefined) codes.push('request.malformed', 'request.too_large', 'request.media_type');
  codes.push(...route.refusals);
  const byStatus = Map.groupBy(codes, (code) => errorCatalogue[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, these]) => {
      const description = these.map((code) => `\`${code}\`: ${errorCatalogue[code].title}.`).join(' ');
      return [status, { description, content: { 'application/problem+json': { schema: problemSchema } } }];
    }),
  );
}
