import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';

export type CertificateName = 'loopback' | 'other-host' | 'expired';

export function certificate(name: CertificateName): { key: string; cert: string } {
  const read = (part: string) => readFileSync(new URL(`fixtures/${name}.${part}.pem`, import.meta.url), 'utf8');
  return { key: read('key'), cert: read('cert') };
}

export interface Listening {
  port: number;
  url: string;
  /** Connections ever accepted, and those that are open. */
  connections: Socket[];
  open: Set<Socket>;
}

/** A node:http server on loopback that ends with the test. */
export function httpServer(listener: RequestListener, host = '127.0.0.1', port = 0): Promise<Listening> {
  return listen(createHttpServer({ keepAliveTimeout: 60_000 }, listener), 'http', 'connection', { host, port });
}

export function httpsServer(listener: RequestListener, name: CertificateName = 'loopback'): Promise<Listening> {
  return listen(
    createHttpsServer({ ...certificate(name), keepAliveTimeout: 60_000 }, listener),
    'https',
    'secureConnection',
  );
}

/** A server of bare sockets: what a broken endpoint does. Errors of its sockets are expected. */
export function tcpServer(onSocket: (socket: Socket) => void, kind: 'http' | 'https' = 'http'): Promise<Listening> {
  const guarded = (socket: Socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  };
  if (kind === 'http') return listen(createTcpServer({ noDelay: true }, guarded), 'http', 'connection');
  return listen(createTlsServer(certificate('loopback'), guarded), 'https', 'secureConnection');
}

async function listen(
  server: Server | HttpServer,
  scheme: string,
  event: string,
  at: { host: string; port: number } = { host: '127.0.0.1', port: 0 },
): Promise<Listening> {
  const { host } = at;
  const connections: Socket[] = [];
  const open = new Set<Socket>();
  const raw = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    raw.add(socket.on('error', () => {}));
    rawSockets.set(socket.remotePort ?? 0, socket);
  });
  server.on('tlsClientError', () => {});
  server.on(event, (socket: Socket) => {
    connections.push(socket);
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(at.port, host, resolve));
  onTestFinished(async () => {
    for (const socket of [...raw, ...open]) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`, connections, open };
}

const rawSockets = new Map<number, Socket>();

/** Resets the TCP connection under a server's socket, of TLS too. */
export function reset(socket: Socket): void {
  rawSockets.get(socket.remotePort ?? 0)?.resetAndDestroy();
}

/** Waits, within the test's own time, until a condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
