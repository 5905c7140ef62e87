import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hono } from 'hono';
import { problemResponse } from '../../src/api/problem.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { AppError } from '../../src/domain/errors.ts';
import { asId, newId, randomBytesOf } from '../../src/domain/ids.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { providers as builtIn } from '../../src/providers/index.ts';
import type { Client, Http, RawRequest, Receiver } from '../../src/providers/provider.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { createService, type Service } from '../../src/service.ts';
import { temporaryStore } from '../../src/testing/testing.ts';

export const adminKey = 'admin-key-of-the-test';
export const providers = new Map(builtIn.map((provider) => [provider.name, provider]));

/** What an answer holds, to look into without a schema; a leaf is compared or turned into a text. */
export interface Json {
  readonly [key: string]: Json;
}

/** A service with the sandbox on a store of its own. Nothing listens: requests go to `fetch`. */
export interface Platform {
  service: Service;
  sandbox: Sandbox;
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; json: Json }>;
  page(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export async function startPlatform(): Promise<Platform> {
  const { store, dispose } = await temporaryStore();
  const masterKeys = [randomBytesOf(32).slice()];
  const publicUrl = 'http://127.0.0.1:7700';
  const parts = { store, providers, publicUrl, clock: systemClock, random: randomBytesOf };
  const sandbox = createSandbox({ ...parts, vault: createVault(masterKeys) });
  const service = createService({
    ...parts,
    masterKeys,
    adminKey,
    allowTargets: ['127.0.0.0/8'],
    role: 'all',
    node: newId('nod', systemClock.now(), 0),
    observe: unobserved,
    wrapSender: sandbox.wrapSender,
  });
  await service.start();
  await sandbox.start(service);
  const app = new Hono().route('/', sandbox.app).onError((error) => {
    if (error instanceof AppError) return problemResponse(error);
    throw error;
  });
  return {
    service,
    sandbox,
    async call(method, path, body) {
      const response = await app.request(path, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, json: (await response.json()) as Json };
    },
    page: async (path, init) => app.request(path, init),
    async stop() {
      await service.stop();
      await dispose();
    },
  };
}

/** The platform's own routes without a socket between: what reaches them, and what they answer, is the same. */
export function httpAt(platform: () => Platform): Http {
  const http: Http = {
    async send({ method, url, headers, body }) {
      const { pathname, search } = new URL(url);
      const init = { method, headers: headers.map(([name, value]): [string, string] => [name, value]) };
      const bytes = method === 'GET' ? {} : { body: Buffer.from(body) };
      const reply = await platform().page(pathname + search, { ...init, ...bytes });
      return { status: reply.status, headers: [...reply.headers], body: new Uint8Array(await reply.arrayBuffer()) };
    },
    async *stream(request, signal) {
      const { status, body } = await http.send(request, signal);
      if (status !== 200) throw new AppError('provider.refused', `status ${status}`);
      yield body;
    },
  };
  return http;
}

/** A provider's client that asks the platform under the sandbox's credentials. */
export function clientAt(
  platform: Platform,
  name: string,
  { changes = {}, http = httpAt(() => platform) }: { changes?: object; http?: Http } = {},
): Client {
  const credentials = { ...Object(platform.sandbox.accountCredentials(name)), ...changes };
  const account = { id: asId.account('acc_test'), mode: 'live' } as const;
  const world = { account, http, now: () => systemClock.now(), random: randomBytesOf };
  return providers.get(name)?.client?.(credentials, world) ?? {};
}

export interface Arrival {
  request: RawRequest;
  at: number;
}

/** A merchant's callback URL that keeps every byte and answers as its format wants. */
export interface Merchant {
  url: string;
  arrivals: Arrival[];
  stop(): Promise<void>;
}

/** `answer`: what the n-th arrival (from 1) is answered with; default: a good acknowledgement of `receiver`. */
export async function startMerchant(receiver: Receiver, answer?: (arrival: number) => number): Promise<Merchant> {
  const arrivals: Arrival[] = [];
  const server = createServer((incoming, outgoing) => void take(incoming, outgoing, { arrivals, receiver, answer }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${portOf(server)}/callback`, arrivals, stop: () => stopServer(server) };
}

async function take(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  {
    arrivals,
    receiver,
    answer,
  }: { arrivals: Arrival[]; receiver: Receiver; answer: ((arrival: number) => number) | undefined },
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = incoming.rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, incoming.rawHeaders[index + 1] ?? ''] as const] : [],
  );
  const request = { method: incoming.method ?? '', target: incoming.url ?? '', headers, body: Buffer.concat(chunks) };
  arrivals.push({ request, at: systemClock.now() });
  const status = answer?.(arrivals.length);
  const reply = receiver.acknowledge('accepted', request, {
    now: systemClock.now(),
    publicUrl: '',
    random: randomBytesOf,
  });
  outgoing.writeHead(status ?? reply.status, Object.fromEntries(reply.headers));
  outgoing.end(status === undefined ? Buffer.from(reply.body) : '');
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

/** Waits for a condition, with a bound. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  withinMs = 15_000,
): Promise<T> {
  const endMs = systemClock.monotonicMs() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (systemClock.monotonicMs() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await systemClock.sleep(10);
  }
}
