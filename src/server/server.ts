import type { IncomingMessage, ServerResponse } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { DestinationStream } from 'pino';
import { createApi } from '../api/app.ts';
import { createAuthentication } from '../api/auth.ts';
import { problemResponse } from '../api/problem.ts';
import type { Installation } from '../api/settings.ts';
import type { SignIn } from '../api/sign-in.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { newId, type Random, randomBytesOf } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { consolePath } from '../domain/session-cookie.ts';
import { createHttp } from '../outbound/http-client.ts';
import { providers as builtIn } from '../providers/index.ts';
import type { Sender } from '../providers/provider.ts';
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts';
import { createVault } from '../secrets/vault.ts';
import { createService, type Service } from '../service.ts';
import type { Claimed } from '../stores/kept.ts';
import type { Store } from '../stores/store.ts';
import { Admission } from './admission.ts';
import { createApiEntrance } from './api-entrance.ts';
import { callbacksPath, createCallbackEntrance } from './callback-entrance.ts';
import { type Config, isLoopback, localUrl } from './config.ts';
import { addConsole } from './console.ts';
import { addHealth } from './health.ts';
import { sealKeyOf, withOwnAdminKey } from './keys.ts';
import { type Handle, type Listener, listen } from './listener.ts';
import { createObservation, type Observation } from './observe.ts';
import { plainReply, refuseUnread } from './plain.ts';
import { createSignInGate } from './sign-in-gate.ts';
import { SocketGate } from './socket-gate.ts';
import { storeOf } from './store.ts';

/** More that the server answers: `app`'s routes under `path`. */
export interface Mount {
  path: string;
  app: Hono;
}

/** What a mount may be made from, before the service starts: handlers are registered now. */
export interface Parts {
  service: Service;
  sandbox: Sandbox | null;
  publicUrl: string;
}

export interface ServerOptions {
  config: Pick<
    Config,
    | 'host'
    | 'port'
    | 'publicUrl'
    | 'trustProxy'
    | 'data'
    | 'databaseUrl'
    | 'databaseDirectUrl'
    | 'allowTargets'
    | 'tls'
    | 'logLevel'
  > &
    Partial<Pick<Config, 'retentionDays' | 'sealKey' | 'alerts' | 'oidc'>>;
  masterKeys: readonly Uint8Array[];
  /** null = one that the store knows the digest of; it is made at the first start. */
  adminKey: string | null;
  role?: 'all' | 'api' | 'worker';
  /** What an administrator may read of how it runs. Default: nothing. */
  installation?: Installation;
  /** Mounts the simulated payment platform under /sandbox. */
  sandbox?: boolean;
  mount?: readonly Mount[] | ((parts: Parts) => readonly Mount[] | Promise<readonly Mount[]>);
  wrapSender?: (sender: Sender, claimed: Claimed) => Sender;
  /** Where lines of log go. Default: standard output. */
  log?: DestinationStream;
  /** Default: SQLite in the data folder. */
  store?: Store;
  /** What /metrics shows, where it is more than the figures of this process. */
  metrics?: () => Promise<string>;
  clock?: Clock;
  random?: Random;
  tlsPollMs?: number;
}

export interface RunningServer {
  /** Where it listens, as this machine reaches it. */
  url: string;
  /** The base of callback URLs. */
  publicUrl: string;
  service: Service;
  observation: Observation;
  sandbox: Sandbox | null;
  /** The key that may do everything; null where only its digest is known. */
  adminKey: string | null;
  /** Set where the admin key was made just now: to be printed once. */
  adminKeyMade: boolean;
  /** Stops accepting, lets what runs finish, closes the store. */
  stop(): Promise<void>;
}

/**
 * Listens, opens the store, starts the service and answers: the API, callback URLs, health, figures, and what is mounted.
 *
 * @throws AppError `config.invalid`, `store.locked`, `store.newer`, `store.migration_changed`, `secrets.master_key`.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, clock = systemClock, random = randomBytesOf } = options;
  const log = options.log ?? { write: (line: string) => void process.stdout.write(line) };
  const observation = createObservation({ level: config.logLevel ?? 'info', log, clock });
  const { observe } = observation;
  let handle: Handle = starting;
  const handleNow: Handle = (incoming, outgoing, sayContinue) => handle(incoming, outgoing, sayContinue);
  const reading = new SocketGate();
  // First the port, which may be any free one and is part of the callback URLs.
  const poll = options.tlsPollMs === undefined ? {} : { tlsPollMs: options.tlsPollMs };
  const listener = await listen({ ...config, handle: handleNow, clock, observe, reading, ...poll });
  const url = localUrl({ ...config, port: listener.port });
  const publicUrl = config.publicUrl ?? url;
  try {
    const admission = new Admission({ clock, observe, reading });
    const surroundings = { clock, random, observation, publicUrl, onDecided: admission.decided.bind(admission) };
    const running = await startService(options, surroundings);
    handle = dispatcher(options, running, { ...surroundings, admission });
    const { service, sandbox, adminKey, adminKeyMade } = running;
    observe('server.started', 'info', { url, public_url: publicUrl, node: service.node, pid: process.pid });
    return {
      url,
      publicUrl,
      service,
      observation,
      sandbox,
      adminKey,
      adminKeyMade,
      stop: once(() => stop(listener, service, observation)),
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}

interface Started {
  mounts: readonly Mount[];
  service: Service;
  sandbox: Sandbox | null;
  signIn: SignIn | null;
  adminKey: string | null;
  adminKeyMade: boolean;
}

interface Surroundings {
  /** The store answered a decision for which it was asked so many milliseconds ago. */
  onDecided?: (waitedMs: number) => void;
  clock: Clock;
  random: Random;
  observation: Observation;
  publicUrl: string;
}

/** Everything behind the listener: the store opened, the service at work, the sandbox made. */
export async function startService(options: ServerOptions, surroundings: Surroundings): Promise<Started> {
  const { config, masterKeys, role = 'all' } = options;
  const { clock, random, observation, publicUrl, onDecided } = surroundings;
  const { observe } = observation;
  const { store = storeOf(config) } = options;
  const providers = new Map(builtIn.map((provider) => [provider.name, provider]));
  const vault = createVault(masterKeys, random);
  const sandbox = options.sandbox ? createSandbox({ store, vault, providers, publicUrl, clock, random }) : null;
  const { oidc = null } = config;
  const allowTargets = config.allowTargets ?? [];
  const http = createHttp({ allow: allowTargets, clock });
  // Loaded only where it is used: its library takes longer than most of what starts.
  const people =
    oidc && (await import('./oidc.ts')).createOidc({ ...surroundings, config: oidc, http, vault, observe });
  const wrapSender = (sender: Sender, claimed: Claimed): Sender => {
    const wrapped = options.wrapSender?.(sender, claimed) ?? sender;
    return sandbox?.wrapSender(wrapped, claimed) ?? wrapped;
  };
  const plain = createService({
    store,
    providers,
    masterKeys,
    adminKey: options.adminKey,
    publicUrl,
    people: people?.digest ?? null,
    allowTargets,
    http,
    role,
    ...(config.retentionDays === undefined ? {} : { retentionDays: config.retentionDays }),
    ...sealKeyOf(config, random),
    ...(config.alerts === undefined ? {} : { alerts: config.alerts }),
    node: newId('nod', clock.now(), 0, random),
    clock,
    random,
    observe,
    wrapSender,
    ...(onDecided === undefined ? {} : { onDecided }),
  });
  const mounts =
    typeof options.mount === 'function'
      ? await options.mount({ service: plain, sandbox, publicUrl })
      : (options.mount ?? []);
  await plain.start();
  try {
    const { service, made } =
      options.adminKey === null ? await withOwnAdminKey(plain, random) : { service: plain, made: null };
    await sandbox?.start(service);
    return {
      mounts,
      service,
      sandbox,
      signIn: people,
      adminKey: options.adminKey ?? made,
      adminKeyMade: made !== null,
    };
  } catch (error) {
    await plain.stop();
    throw error;
  }
}

/** Who answers what: callback URLs by themselves, the rest through one application. A worker answers only for its health. */
function dispatcher(
  { config, role, metrics, installation }: ServerOptions,
  { service, sandbox, signIn, mounts }: Started,
  { clock, random, observation, admission }: Surroundings & { admission: Admission },
): Handle {
  const api = role === 'worker' ? null : createApi(service, { installation, hasSandbox: sandbox !== null, signIn });
  const app: Hono = api?.app ?? new Hono();
  addHealth(app, {
    service,
    metrics: metrics ?? (() => observation.metrics(() => service.store.read('gauges', null))),
    clock,
    authentication: api?.authentication ?? createAuthentication(service),
    isLoopback: isLoopback(config.host),
  });
  if (sandbox !== null) app.route('/', sandbox.app);
  for (const mount of mounts) app.route(mount.path, mount.app);
  if (api !== null) {
    addConsole(app, random, { offersOidc: signIn !== null });
    app.get('/', (context) => context.redirect(consolePath));
    app.get('/verify', (context) => context.redirect(`${consolePath}/verify`));
  }
  const listener = getRequestListener(app.fetch, { errorHandler: unreadable });
  const entrance = api === null ? null : createCallbackEntrance(service, admission);
  const admit = api === null ? null : createApiEntrance(admission);
  const clientOf = clientReader(config.trustProxy);
  const letSignIn = createSignInGate(clock, clientOf);

  return (incoming, outgoing, sayContinue) => {
    const startedMs = clock.monotonicMs();
    const isCallback = entrance !== null && (incoming.url ?? '').startsWith(callbacksPath);
    const isStream = (incoming.url ?? '').startsWith(streamPath);
    outgoing.once('finish', () => {
      const { statusCode: status } = outgoing;
      // How long somebody watched says nothing about how long answers take.
      if (!isStream || status !== 200)
        observation.answered(isCallback ? 'callbacks' : 'api', status, clock.monotonicMs() - startedMs);
      if (isCallback || (status !== 401 && status !== 403)) return;
      observation.observe('http.refused', 'info', {
        status,
        method: incoming.method ?? '',
        client: clientOf(incoming),
      });
    });
    // It takes something every few seconds, or it is gone.
    if (isStream) incoming.socket.setTimeout(limits.streamStuckMs, () => incoming.socket.destroy());
    if (isCallback) return entrance(incoming, outgoing, sayContinue);
    if (!letSignIn(incoming, outgoing, sayContinue)) return;
    if (admit?.(incoming, outgoing, sayContinue) === false) return;
    if (sayContinue) outgoing.writeContinue();
    void listener(incoming, outgoing);
  };
}

/** What the adapter could not make a Request of: a host or a target that is no URL. */
function unreadable(): Response {
  return problemResponse(new AppError('request.malformed', 'the request line or the host header cannot be read'));
}

/** The client's address: the last one in X-Forwarded-For that is no proxy of ours. */
function clientReader(proxies: Config['trustProxy']): (incoming: IncomingMessage) => string {
  const trusted = new BlockList();
  for (const { address, prefix } of proxies) trusted.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4');
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return (incoming) => {
    const peer = (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const forwarded = incoming.headers['x-forwarded-for'];
    if (forwarded === undefined || peer === '' || !isTrusted(peer)) return peer;
    const chain = [forwarded]
      .flat()
      .join(',')
      .split(',')
      .map((part) => part.trim());
    return chain.findLast((address) => isIP(address) !== 0 && !isTrusted(address)) ?? peer;
  };
}

const streamPath = '/v1/stream';

const notYet = plainReply('server.not_ready', 'the server is starting', [['retry-after', '1']]);

/** The answer to everything before the service runs. */
export function starting(incoming: IncomingMessage, outgoing: ServerResponse): void {
  refuseUnread(incoming, outgoing, notYet);
}

async function stop(listener: Listener, service: Service, { observe }: Observation): Promise<void> {
  observe('server.stopping', 'info', {});
  // Viewers would stay until the last moment.
  await service.stream.stop();
  await listener.close();
  await service.stop();
  observe('server.stopped', 'info', {});
}

/** However often it is called, it runs once. */
export function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= run();
    return running;
  };
}
