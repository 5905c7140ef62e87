import { Readable } from 'node:stream';
import { Client, type Dispatcher, Pool } from 'undici';
import { type Clock, systemClock } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import { LruMap } from '../domain/lru-map.ts';
import { within } from '../domain/within.ts';
import type { Headers } from '../providers/provider.ts';
import { checkUrl, parseAllowedTargets, type Resolve } from './address-guard.ts';
import { type Connector, createConnector } from './connector.ts';
import { Exchange, type Line } from './exchange.ts';
import { type Posted, postedFromError } from './posted.ts';
import { createResolve } from './resolve.ts';

export interface HttpRequest {
  url: string;
  /** Default: POST. */
  method?: string;
  /** Sent as given, in order; `host`, `content-length` and what belongs to one connection are left to this client. */
  headers: Headers;
  /** Bytes, or pieces of a body whose length is not known, each sent when it comes. */
  body: Uint8Array | AsyncIterable<Uint8Array>;
  /** From now to the last header of the answer, connecting included. The body has its own time after that. */
  timeoutMs: number;
  /** What is read of the answer's body; default: what the client was made with. */
  responseBytesMax?: number;
  /** When aborted, the request ends as `unreachable`. */
  signal: AbortSignal;
}

/** An answer whose body is read as it comes. */
export interface Streamed {
  status: number;
  /** Ends early by an error where `chunkMs` pass without a byte. A reader that leaves it early closes the connection. */
  body: AsyncIterable<Uint8Array>;
}

/** Everything that leaves the process by HTTP. */
export interface Http {
  /**
   * Sends one request and reads the answer, within `timeoutMs` plus `limits.responseBodyMs`. Never rejects. It follows no
   * redirect, keeps no cookie, decompresses nothing and retries nothing.
   */
  post(request: HttpRequest): Promise<Posted>;
  /** The same for a body of any length, which must be read or left. Rejects with what `Posted` would say. */
  stream(request: HttpRequest, chunkMs: number): Promise<Streamed>;
  /** Refuses new requests, waits for those under way up to `limits.drainMs`, then ends them. */
  close(): Promise<void>;
}

export interface HttpOptions {
  /** CIDRs that may be reached although they are private, and by plain http (`PAIDONCE_ALLOW_TARGETS`). */
  allow: readonly string[];
  /** PEM of certificate authorities to trust instead of the built-in ones. */
  ca?: string;
  /** How host names resolve; default: the name servers of the machine. */
  resolve?: Resolve;
  connectMs?: number;
  responseBodyMs?: number;
  responseBytesMax?: number;
  drainMs?: number;
  /** Origins with a pool of connections; one more closes the one unused longest. */
  originsMax?: number;
  /** Default: as many as can be under way, so that one hanging endpoint does not hold up another on the same origin. */
  connectionsPerOrigin?: number;
  clock?: Clock;
}

interface Origin {
  pool: Pool;
  underWay: number;
}

const originsMaxDefault = 1024;
/** An idle connection is kept this long; servers that say nothing close after 5 s (Node, Apache) or later. */
const keepAliveMs = 4000;
const keepAliveMsMax = 60_000;
/** A connection is replaced after this long, so that a host that has moved is found by its name again. */
const connectionMsMax = 300_000;
/** Headers of one connection, or that this client computes. */
const ownHeaders: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** RFC 9110 §5.1 and §5.5. Checked here, because a pool whose client refuses a request never gives that client another. */
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @throws AppError `config.invalid` for an allowed target that cannot be read. */
export function createHttp(options: HttpOptions): Http {
  const policy = parseAllowedTargets(options.allow);
  const connector = createConnector({
    policy,
    resolve: options.resolve ?? createResolve({ system: policy.allow.length > 0 }),
    connectMs: options.connectMs ?? limits.connectMs,
    ca: options.ca ?? null,
  });
  const origins = createOrigins(connector, options);
  const responseBodyMs = options.responseBodyMs ?? limits.responseBodyMs;
  const clock = options.clock ?? systemClock;
  const responseBytesMax = options.responseBytesMax ?? limits.responseBytesMax;
  let closed = false;
  /** Where a request goes, or why it does not. */
  const place = (request: HttpRequest): { url: URL; origin: Origin } | Exclude<Posted, { is: 'answered' }> => {
    if (closed) return unsent('this client is closed');
    if (request.signal.aborted) return unsent('canceled before it was sent');
    const refusal = refusalOfRequest(request);
    if (refusal !== null) return unsent(refusal);
    const checked = checkUrl(request.url, policy);
    if (checked.is === 'refused') return { is: 'refused_target', why: checked.error.detail };
    return { url: checked.url, origin: origins.of(checked.url.origin) };
  };

  return {
    post(request) {
      const placed = place(request);
      if ('is' in placed) return Promise.resolve(placed);
      const { url, origin } = placed;
      origin.underWay += 1;
      return new Promise((resolve) => {
        const settle = (posted: Posted) => {
          origin.underWay -= 1;
          resolve(posted);
        };
        const exchange = new Exchange({
          timeoutMs: request.timeoutMs,
          responseBodyMs,
          responseBytesMax: request.responseBytesMax ?? responseBytesMax,
          signal: request.signal,
          clock,
          settle,
        });
        origin.pool.dispatch(dispatchOptions(request, url), exchange);
      });
    },
    async stream(request, chunkMs) {
      const placed = place(request);
      if ('is' in placed) throw new Error(placed.why);
      return streamFrom(placed, request, chunkMs);
    },
    async close() {
      closed = true;
      const pools = [...origins.values()].map((origin) => origin.pool);
      const drained = Promise.all(pools.map((pool) => pool.close()));
      await within(clock, options.drainMs ?? limits.drainMs, drained);
      connector.close();
      await Promise.all(pools.map((pool) => (pool.destroyed ? undefined : pool.destroy())));
    },
  };
}

function unsent(why: string): Exclude<Posted, { is: 'answered' }> {
  return { is: 'unreachable', sent: false, why, peer: null };
}

async function streamFrom(
  { url, origin }: { url: URL; origin: Origin },
  request: HttpRequest,
  chunkMs: number,
): Promise<Streamed> {
  const times = { headersTimeout: request.timeoutMs, bodyTimeout: chunkMs, signal: request.signal };
  origin.underWay += 1;
  const end = () => {
    origin.underWay -= 1;
  };
  try {
    const { statusCode, body } = await origin.pool.request({ ...dispatchOptions(request, url), ...times });
    return { status: statusCode, body: chunksOf(body, end) };
  } catch (error) {
    end();
    throw meant(error);
  }
}

async function* chunksOf(body: AsyncIterable<Uint8Array>, end: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw meant(error);
  } finally {
    end();
  }
}

/** The same error in words for a person. */
function meant(error: unknown): Error {
  return new Error(postedFromError(error, false, null).why, { cause: error });
}

/** Why HTTP cannot carry this request, or null. The value itself is not repeated: it may be a secret. */
function refusalOfRequest(request: HttpRequest): string | null {
  if (!/^[A-Z]+$/.test(request.method ?? 'POST')) return 'HTTP cannot carry a method that is not of capital letters';
  for (const [name, value] of request.headers) {
    if (!headerName.test(name)) return `HTTP cannot carry a header name such as ${JSON.stringify(name.slice(0, 40))}`;
    if (!headerValue.test(value)) return `HTTP cannot carry a header value such as that of ${name}`;
  }
  return null;
}

function dispatchOptions(request: HttpRequest, url: URL): Dispatcher.DispatchOptions {
  return {
    path: url.pathname + url.search,
    method: request.method ?? 'POST',
    headers: request.headers.flatMap((header) => (ownHeaders.has(header[0].toLowerCase()) ? [] : header)),
    body: bodyOf(request),
    // The exchange keeps time itself: undici's timers are half a second coarse and start again with every byte.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

function bodyOf({ body }: HttpRequest): Uint8Array | Readable | null {
  if (!(body instanceof Uint8Array)) return Readable.from(body);
  return body.length === 0 ? null : body;
}

function createOrigins(connector: Connector, options: HttpOptions) {
  const origins = new LruMap<string, Origin>(options.originsMax ?? originsMaxDefault, {
    mayEvict: (origin) => origin.underWay === 0,
    // Nothing is under way, so there is nothing to wait for; closing does not fail.
    evicted: (origin) => void origin.pool.close(),
  });
  const poolOptions: Pool.Options = {
    connections: options.connectionsPerOrigin ?? limits.deliveriesInFlight,
    pipelining: 1,
    // HTTP/2 would put all deliveries to an origin on one connection, to stop together.
    allowH2: false,
    maxHeaderSize: limits.headerBytesMax,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMsMax,
    clientTtl: connectionMsMax,
    factory: (url, clientOptions) => new Connection(url, clientOptions, connector),
  };
  return {
    of(origin: string): Origin {
      const known = origins.get(origin);
      if (known !== undefined) return known;
      const made: Origin = { pool: new Pool(origin, poolOptions), underWay: 0 };
      origins.set(origin, made);
      return made;
    },
    values: () => origins.values(),
  };
}

/** One connection of a pool, that tells each exchange which line it goes over. */
class Connection extends Client {
  readonly #line: Line;

  constructor(url: URL, options: object, connector: Connector) {
    const line: Line = { socket: null, peer: null, certificate: null };
    super(url, {
      ...options,
      connect: (target, callback) =>
        connector.connect(target, (...made) => {
          const [, socket] = made;
          line.socket = socket;
          line.peer = socket?.remoteAddress ?? null;
          line.certificate = socket === null ? null : connector.certificateOf(socket);
          callback(...made);
        }),
    });
    this.#line = line;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (handler instanceof Exchange) handler.line = this.#line;
    return super.dispatch(options, handler);
  }
}
