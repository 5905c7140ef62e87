import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../domain/clock.ts';
import { AppError, type ErrorCode, errorCatalogue } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import { type BodyLimits, BodyWatch } from './body-watch.ts';
import type { SocketGate } from './socket-gate.ts';

export type Handle = (incoming: IncomingMessage, outgoing: ServerResponse, sayContinue: boolean) => void;

export interface Listener {
  /** The port that was taken. */
  port: number;
  /** Stops accepting, lets what runs finish within `limits.drainMs`, then closes what is left. */
  close(): Promise<void>;
}

export interface TlsFiles {
  certificateFile: string;
  keyFile: string;
}

export interface ListenerOptions {
  host: string;
  port: number;
  tls: TlsFiles | null;
  handle: Handle;
  clock: Clock;
  observe: Observe;
  /** Told of every connection, so that it can leave them unread. */
  reading: SocketGate;
  /** How often the certificate's files are looked at. */
  tlsPollMs?: number;
  /** Tests take smaller ones. */
  most?: ListenerLimits;
}

export type ListenerLimits = BodyLimits &
  Record<'headersReadMs' | 'keepAliveMs' | 'drainMs' | 'connectionsMax', number>;

/** How often what is late is looked for. */
const checkMs = 2000;

/** @throws AppError `config.invalid` where the address cannot be taken or the certificate not be used. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { tls, clock, observe, reading, most = limits } = options;
  const httpOptions = httpOptionsOf(most);
  const pair = tls === null ? null : readPair(tls);
  const server = pair === null ? createHttpServer(httpOptions) : createHttpsServer({ ...httpOptions, ...pair });
  // A header past the default count of 2000 would be dropped in silence; their bytes are limited instead.
  server.maxHeadersCount = 0;
  server.keepAliveTimeout = most.keepAliveMs;
  server.maxConnections = most.connectionsMax;
  server.on('drop', () => observe('server.connection_dropped', 'warn', { connections: most.connectionsMax }));
  // Of TLS what is to be left unread is what comes out of the encryption.
  server.on(isHttps(server) ? 'secureConnection' : 'connection', (socket: Socket) => reading.connected(socket));
  const bodies = new BodyWatch(most);
  const stopHurrying = hurry(bodies, options, Math.min(checkMs, most.bodyReadMs));
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse, sayContinue: boolean) => {
    const { socket } = incoming;
    reading.serving(socket);
    bodies.serving(incoming, outgoing, clock.monotonicMs());
    outgoing.once('close', () => {
      bodies.served(incoming);
      reading.served(socket);
    });
    options.handle(incoming, outgoing, sayContinue);
  };
  server.on('request', (incoming, outgoing) => serve(incoming, outgoing, false));
  server.on('checkContinue', (incoming, outgoing) => serve(incoming, outgoing, true));
  server.on('clientError', answerClientError);
  await bound(server, options);
  const stopWatching =
    tls === null || pair === null || !isHttps(server) ? () => {} : watchPair(server, { ...options, tls, pair });
  server.on('error', (error) => observe('server.failed', 'error', { error: String(error) }));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    async close() {
      stopWatching();
      await drained(server, clock, most.drainMs);
      stopHurrying();
    },
  };
}

function httpOptionsOf({ headersReadMs }: ListenerLimits) {
  return {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: headersReadMs,
    /** Headers and body together of the largest that comes, a bill; `BodyWatch` hurries all others. */
    requestTimeout: headersReadMs + limits.statementMs,
    connectionsCheckingInterval: Math.min(checkMs, headersReadMs),
    noDelay: true,
  } as const;
}

/** Ends requests whose bodies do not come, until it is stopped. */
function hurry(bodies: BodyWatch, { clock }: Pick<ListenerOptions, 'clock'>, everyMs: number): () => void {
  const timer = setInterval(() => {
    for (const { incoming, outgoing } of bodies.late(clock.monotonicMs())) {
      const { socket } = incoming;
      if (!outgoing.headersSent)
        answerClientError(Object.assign(new Error('no body'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
      // Who reads the answer closes; who goes on dripping is closed.
      setTimeout(() => socket.destroy(), checkMs).unref();
    }
  }, everyMs).unref();
  return () => clearInterval(timer);
}

function bound(server: Server, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error & { code?: string }) => {
      const reason = error.code === 'EADDRINUSE' ? 'something else listens there' : error.message;
      reject(
        new AppError(
          'config.invalid',
          `cannot listen on ${host} port ${port}: ${reason}; choose another PAIDONCE_HOST or PAIDONCE_PORT`,
        ),
      );
    };
    server.once('error', refuse);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

async function drained(server: Server, clock: Clock, drainMs: number): Promise<void> {
  const closed = new AbortController();
  server.close(() => closed.abort());
  const endsAtMs = clock.monotonicMs() + drainMs;
  // Connections that become idle are closed as they do; keep-alive would hold them open.
  while (!closed.signal.aborted && clock.monotonicMs() < endsAtMs) {
    server.closeIdleConnections();
    await clock.sleep(20, closed.signal);
  }
  server.closeAllConnections();
}

/** What node could not read as a request is answered in one line and closed. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = codeOf(error.code);
  const { status, title } = errorCatalogue[code];
  const line = `${title}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(line)}\r\n\r\n${line}`,
  );
}

function codeOf(nodeCode: string | undefined): ErrorCode {
  if (nodeCode === 'HPE_HEADER_OVERFLOW') return 'request.headers';
  if (nodeCode === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request.timeout';
  return 'request.malformed';
}

interface Pair {
  cert: Buffer;
  key: Buffer;
}

/** @throws AppError `config.invalid` */
function readPair({ certificateFile, keyFile }: TlsFiles): Pair {
  try {
    const pair = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('config.invalid', `PAIDONCE_TLS_CERT and PAIDONCE_TLS_KEY are not usable: ${reason}`, {
      cause: error,
    });
  }
}

/**
 * Takes a changed certificate for new connections; those that are open stay. Looked at by content, because mounted secrets
 * change by symbolic links, which file watching misses. A pair that does not fit (half written) is tried again.
 */
function watchPair(server: HttpsServer, options: ListenerOptions & { tls: TlsFiles; pair: Pair }): () => void {
  const { tls, clock, observe, tlsPollMs = 2000 } = options;
  const over = new AbortController();
  let { pair } = options;
  let failed = '';
  const look = () => {
    try {
      const next = readPair(tls);
      if (next.cert.equals(pair.cert) && next.key.equals(pair.key)) return;
      server.setSecureContext(next);
      pair = next;
      failed = '';
      observe('tls.reloaded', 'info', { file: tls.certificateFile });
    } catch (error) {
      // The present certificate stays in use; the same failure is told once.
      const reason = String(error);
      if (reason !== failed) observe('tls.reload_failed', 'warn', { error: reason });
      failed = reason;
    }
  };
  const watch = async () => {
    for (;;) {
      await clock.sleep(tlsPollMs, over.signal);
      if (over.signal.aborted) return;
      look();
    }
  };
  void watch();
  return () => over.abort();
}

function isHttps(server: Server | HttpsServer): server is HttpsServer {
  return 'setSecureContext' in server;
}
