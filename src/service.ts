import { type AlertOptions, reviewAlerts } from './alerts/alerts.ts';
import { robotName } from './alerts/robots.ts';
import { type Callbacks, createCallbacks } from './callbacks/callbacks.ts';
import { readBackOf } from './callbacks/read-back.ts';
import { createRegistry, type Registry } from './deliver/registry.ts';
import { createWorker, type Worker } from './deliver/worker.ts';
import { type AlertThresholds, defaultThresholds } from './domain/alert.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import { AppError } from './domain/errors.ts';
import { asId, type EndpointId, isId, type NodeId, type Random } from './domain/ids.ts';
import type { Account } from './domain/merchant.ts';
import type { Observe } from './domain/observe.ts';
import { deriveSealKey, type SealKey } from './domain/seal.ts';
import { type CallbackReplays, createCallbackReplays } from './maintain/callback-replays.ts';
import { createProofs, type Proofs } from './maintain/proofs.ts';
import { createReplays, type Replays } from './maintain/replay.ts';
import { createUpkeep, type Upkeep } from './maintain/upkeep.ts';
import { type Accounts, createAccounts } from './merchants/accounts.ts';
import { type ApiKeys, createApiKeys, digestOf } from './merchants/api-keys.ts';
import { type CheckCredentials, createChecking } from './merchants/checking.ts';
import { createEndpoints, type Endpoints } from './merchants/endpoints.ts';
import { type Keeping, providerOf } from './merchants/keeping.ts';
import { createMerchants, type Merchants } from './merchants/merchants.ts';
import { createSecrets, type Secrets } from './merchants/secrets.ts';
import { createSessions, type Sessions } from './merchants/sessions.ts';
import { type Ask, createAsk } from './orders/ask.ts';
import { createOrders, type Orders } from './orders/desk.ts';
import { checkUrl, parseAllowedTargets } from './outbound/address-guard.ts';
import { createHttp, type Http } from './outbound/http-client.ts';
import { createProviderHttp } from './outbound/provider-http.ts';
import type { Provider, Sender } from './providers/provider.ts';
import { createPublisher, type PublishAnswer, type Publisher } from './publish/publisher.ts';
import { type Asks, type AsksDependencies, createAsks } from './reconcile/asks.ts';
import { createHearing } from './reconcile/confirm.ts';
import { createReconciliations, type Reconciliations } from './reconcile/reconciliations.ts';
import { createPrepared, type Prepared } from './secrets/prepared.ts';
import { createVault, secretOwner, type Vault } from './secrets/vault.ts';
import type { WithBirth } from './stores/decisions.ts';
import type { Claimed } from './stores/kept.ts';
import type { Store } from './stores/store.ts';
import { createStream, type Stream } from './stream/stream.ts';

export type { Confirmed } from './callbacks/callbacks.ts';
export type { Diagnosis } from './callbacks/diagnose/diagnose.ts';
export type { ArrivedRequest, Received } from './callbacks/receive.ts';
export type { ExpectRequest } from './orders/desk.ts';
export type { TimelineEntry } from './orders/timeline.ts';
export type { PublishAnswer, PublishRequest } from './publish/publisher.ts';
export type { Stream, Viewer } from './stream/stream.ts';

/** Everything the program can do, whoever asks: the HTTP API, the library, the command line. Errors are {@link AppError}s. */
export interface Service {
  readonly store: Store;
  readonly node: NodeId;
  readonly publicUrl: string;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly observe: Observe;
  readonly clock: Clock;
  readonly callbacks: Callbacks;
  readonly orders: Orders;
  readonly publish: Publisher['publish'];
  /** The input of a publish decision, for an outbox row. */
  readonly publishInputOf: Publisher['inputOf'];
  readonly merchants: Merchants;
  readonly accounts: Accounts;
  readonly endpoints: Endpoints & {
    /** Publishes a small test notification to this endpoint alone. @throws AppError `endpoint.unknown`. */
    test(id: EndpointId): Promise<PublishAnswer>;
  };
  readonly checkCredentials: CheckCredentials;
  /** What secrets are kept, without them. */
  readonly secrets: Secrets;
  readonly apiKeys: ApiKeys;
  readonly sessions: Sessions;
  readonly proofs: Proofs;
  /** What is watched, and who is told, without the robots' keys. */
  readonly alerting: { thresholds: AlertThresholds; robots: readonly string[] };
  /** The functions this process has in code. Fill it before `start`. */
  readonly registry: Registry;
  /** What the user's code says of orders nobody announced. Set it before `start`. */
  readonly askWith: Ask['askWith'];
  /** Notifications sent again by filter. */
  readonly replays: Pick<Replays, 'begin' | 'change' | 'find'>;
  /** What is committed, as it comes. */
  readonly stream: Stream;
  /** Bills compared with our facts. */
  readonly reconciliations: Pick<Reconciliations, 'begin' | 'find'>;
  readonly callbackReplays: Pick<CallbackReplays, 'begin' | 'change' | 'find'>;
  /** A transaction of the user's own left something in the outbox. */
  wakeOutbox(): void;
  /** A person sends a dead delivery again, or cancels one. @throws AppError `delivery.unknown`, `delivery.state`. */
  changeDelivery(id: string, to: 'retry' | 'cancel', by: string): Promise<void>;
  /** Opens the store and begins to work. */
  start(): Promise<void>;
  /** Drains what is in flight, then closes the store. */
  stop(): Promise<void>;
}

/** What a service is made from. */
export interface ServiceOptions {
  store: Store;
  providers: ReadonlyMap<string, Provider>;
  /** 32 bytes each; the first encrypts, any opens. */
  masterKeys: readonly Uint8Array[];
  adminKey: string | null;
  /** SHA-256 of how people sign in without a key: their sessions end when it changes. Default: they do not. */
  people?: Uint8Array | null;
  publicUrl: string;
  /** CIDRs that deliveries may reach although they are private. */
  allowTargets: readonly string[];
  role: 'all' | 'api' | 'worker';
  /** Signs what was attempted. Default: one that follows from the first master key. */
  sealKey?: SealKey;
  /** What is told to whom. Default: all rules as they come, and nobody. */
  alerts?: AlertOptions;
  /** How many days bytes of callbacks, payloads and attempts are kept. Default: `limits.retentionDays`. */
  retentionDays?: number;
  node: NodeId;
  clock: Clock;
  random: Random;
  observe: Observe;
  /** Everything that leaves by HTTP; default: one that this service makes, and ends. */
  http?: Http;
  /** Where a sender comes from when a delivery is made; the sandbox puts its faults here. */
  wrapSender?: (sender: Sender, claimed: Claimed) => Sender;
  /** The store answered a decision for which it was asked so many milliseconds ago. */
  onDecided?: (waitedMs: number) => void;
}

/** Wires the parts together. Nothing runs, and nothing is opened, before `start`. */
export function createService(options: ServiceOptions): Service {
  const { store, random, observe, providers, publicUrl, node } = options;
  const clock = storeClockOf(options);
  const vault = createVault(options.masterKeys, random);
  const keeping: Keeping = { providers, vault, random };
  const policy = parseAllowedTargets(options.allowTargets);
  const http = options.http ?? createHttp({ allow: options.allowTargets, clock });
  const prepared = preparedBy(options, vault, http);
  const registry = createRegistry();
  const worker = createExit({ ...options, clock, http, prepared, registry, onOutbox: () => upkeep.wakeOutbox() });
  const stream = createStream({ store, clock, observe });
  const withBirth = bearing(worker, stream, options);
  const endpoints = createEndpoints({ store, clock, keeping, vault, policy, http, observe });
  const { upkeep, proofs, replays, alerting } = createWatch({ ...options, clock, http, withBirth, endpoints });
  const publisher = createPublisher({
    store,
    withBirth,
    refuseUrl: (url) => refuseUrl(url, policy),
    profileOf: (name) => providerOf(keeping, name).profile,
  });
  const onSecrets = (account: Account) => void callbacks.readQuarantine(account);
  const accounts = createAccounts({ store, clock, keeping, publicUrl, client: prepared.client, onSecrets });
  const ask = createAsk({ store, clock, observe, withBirth });
  const { asks, reconciliations } = createAsking({ ...options, clock, prepared, withBirth, expect: ask, accounts });
  const callbacks = createCallbacks({
    ...options,
    clock,
    ownClock: options.clock,
    prepared,
    withBirth,
    ask,
    onAsk: asks.wake,
    findAccount: accounts.find,
    addKeys: accounts.addKeys,
    onSettled: (listener) => worker.onSettled(listener),
  });
  const callbackReplays = createCallbackReplays({ ...options, clock, rereading: callbacks.rereading });
  const jobs = [replays, callbackReplays, reconciliations];
  const parts: Parts = { vault, registry, worker, upkeep, jobs, ask, asks, http, stream };
  return {
    store,
    node,
    publicUrl,
    providers,
    observe,
    clock,
    callbacks,
    orders: createDesk({ store, clock, withBirth, prepared, asks, accounts }),
    publish: publisher.publish,
    publishInputOf: publisher.inputOf,
    merchants: createMerchants({ store, clock, keeping }),
    accounts,
    endpoints: { ...endpoints, test: (id) => testEndpoint(store, publisher, id) },
    checkCredentials: createChecking(keeping, prepared.whyNot),
    secrets: createSecrets(keeping),
    ...createKeys(options, clock),
    proofs,
    alerting,
    registry,
    replays,
    stream,
    reconciliations,
    callbackReplays,
    askWith: (expect) => ask.askWith(expect),
    wakeOutbox: upkeep.wakeOutbox,
    changeDelivery: (id, to, by) => changeDelivery(store, worker, { id, to, by }),
    start: () => start(options, parts),
    stop: () => stop(options, parts),
  };
}

/** What is stored and what is due goes by the store's time; this machine's clock only judges replay windows. */
function storeClockOf({ clock, store }: ServiceOptions): Clock {
  return { ...clock, now: () => store.now() };
}

function refuseUrl(url: string, policy: ReturnType<typeof parseAllowedTargets>): void {
  const checked = checkUrl(url, policy);
  if (checked.is === 'refused') throw checked.error;
}

/** What lets callers in. */
function createKeys(options: ServiceOptions, clock: Clock): Pick<Service, 'apiKeys' | 'sessions'> {
  const { store, random, adminKey, people = null } = options;
  const deps = { store, clock, random };
  return {
    apiKeys: createApiKeys({ ...deps, adminKey }),
    sessions: createSessions(deps, { admin: adminKey === null ? null : digestOf(adminKey), people }),
  };
}

interface Parts {
  vault: Vault;
  registry: Registry;
  worker: Worker;
  upkeep: Upkeep;
  /** What people have begun, and goes on by itself. */
  jobs: readonly Pick<Replays, 'start' | 'stop'>[];
  ask: Ask;
  asks: Asks;
  http: Http;
  stream: Stream;
}

async function start({ store, node, clock, random, role }: ServiceOptions, parts: Parts): Promise<void> {
  const { vault, registry, worker, upkeep, jobs, ask, asks, stream } = parts;
  // A store has a time of its own, the database's where there is one; only a test's clock stands in for that.
  const given = clock === systemClock ? {} : { clock };
  const onWork = () => {
    worker.wake();
    stream.wake();
  };
  await store.open({ program: programUrl, node, random, onWork, ...given });
  try {
    await store.write('registerHandlers', registry.registrations());
    vault.confirmKeyCheck(await store.write('keepSetting', { name: 'master_key_check', value: vault.keyCheck() }));
    if (role !== 'api') await ask.start();
  } catch (error) {
    // A wrong master key must not leave the folder locked.
    await store.close();
    throw error;
  }
  if (role === 'api') return;
  worker.start();
  upkeep.start();
  for (const job of jobs) job.start();
  asks.start();
}

async function stop({ store }: ServiceOptions, parts: Parts): Promise<void> {
  const { worker, upkeep, jobs, ask, asks, http, stream } = parts;
  await stream.stop();
  ask.stop();
  await asks.stop();
  for (const job of jobs) await job.stop();
  await upkeep.stop();
  await worker.stop();
  await http.close();
  await store.close();
}

const programUrl = new URL(`./program${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);

function preparedBy({ providers, clock, random }: ServiceOptions, vault: Vault, http: Http): Prepared {
  const world = { http: createProviderHttp(http), now: clock.now, random };
  return createPrepared({ vault, provider: (name) => providers.get(name), world });
}

function createExit(
  deps: ServiceOptions & { http: Http; prepared: Prepared; registry: Registry; onOutbox: () => void },
): Worker {
  const { wrapSender = (sender) => sender, prepared, providers } = deps;
  return createWorker({
    ...deps,
    handlerMs: deps.store.handlerMs,
    sender: (claimed) => wrapSender(prepared.sender(sealingOwnerOf(claimed)), claimed),
    scheduleOf: (name) => providers.get(name)?.profile.schedule ?? null,
  });
}

interface Watch extends Pick<Service, 'alerting'> {
  upkeep: Upkeep;
  proofs: Proofs;
  replays: Replays;
}

/** The upkeep, with seals and alerts among it, what is proved by the seals, and what is sent again. */
function createWatch(deps: ServiceOptions & { http: Http; withBirth: WithBirth; endpoints: Endpoints }): Watch {
  const { alerts = { robots: [], thresholds: defaultThresholds } } = deps;
  const sealKey = deps.sealKey ?? deriveSealKey(deps.masterKeys[0] ?? new Uint8Array(0));
  const review = (signal: AbortSignal) => reviewAlerts({ ...deps, ...alerts }, signal);
  const upkeep = createUpkeep({ ...deps, sealKey, review, endRotations: deps.endpoints.endRotations });
  const alerting = { thresholds: alerts.thresholds, robots: alerts.robots.map(robotName) };
  return { upkeep, alerting, proofs: createProofs({ ...deps, sealKey }), replays: createReplays(deps) };
}

/** What is found out by asking providers, and from their bills. */
function createAsking(
  deps: ServiceOptions &
    Pick<AsksDependencies, 'clock' | 'withBirth' | 'expect'> & { prepared: Prepared; accounts: Accounts },
): { asks: Asks; reconciliations: Reconciliations } {
  const { client, receiver } = deps.prepared;
  const { find: findAccount, refreshAsked } = deps.accounts;
  const readBack: AsksDependencies['readBack'] = (id, account) => readBackOf({ ...deps, receiver }, id, account);
  return {
    asks: createAsks({ ...deps, client, findAccount, refreshAsked, readBack }),
    reconciliations: createReconciliations({ ...deps, expectAgain: deps.expect.again.bind(deps.expect) }),
  };
}

function createDesk(
  deps: Pick<AsksDependencies, 'store' | 'clock' | 'withBirth'> & {
    prepared: Prepared;
    asks: Asks;
    accounts: Accounts;
  },
): Orders {
  const hear = createHearing({ ...deps, client: deps.prepared.client });
  return createOrders({ ...deps, hear, onAsk: deps.asks.wake, whyNobody: deps.accounts.whyNobody });
}

/** Whose secrets seal a delivery: its endpoint's own, or the merchant's for a URL that came with the notification. */
function sealingOwnerOf({ endpoint, merchant, merchantCredentials }: Claimed) {
  if (endpoint === null) throw new AppError('endpoint.unknown', 'the delivery has no endpoint');
  const { provider, credentials } = endpoint;
  if (credentials !== null) return { owner: secretOwner.endpoint(endpoint.id), provider, credentials };
  if (merchantCredentials === null)
    throw new AppError('publish.no_secrets', `merchant ${merchant} has no credentials for ${provider}`);
  return { owner: secretOwner.merchant(merchant, provider), provider, credentials: merchantCredentials };
}

/** Decisions with the node's free slots beside them, so that what can go at once is leased here from birth. */
function bearing(
  worker: Worker,
  stream: Stream,
  { clock, onDecided }: Pick<ServiceOptions, 'clock' | 'onDecided'>,
): WithBirth {
  return async (decide) => {
    const sinceMs = clock.monotonicMs();
    const output = await decide(worker.birth());
    onDecided?.(clock.monotonicMs() - sinceMs);
    worker.take(output.born, sinceMs);
    if (output.work) worker.wake();
    stream.wake();
    return output;
  };
}

async function testEndpoint(store: Store, publisher: Publisher, id: EndpointId): Promise<PublishAnswer> {
  const endpoint = await store.read('endpoint', id);
  if (endpoint === null || endpoint.hidden) throw new AppError('endpoint.unknown', `there is no endpoint ${id}`);
  const { merchant } = endpoint;
  const type = 'payment.succeeded';
  return publisher.publish({
    merchant,
    type,
    orderNo: asId.orderNo('test'),
    amountMinor: 1n,
    currency: 'CNY',
    data: { test: true },
    onlyEndpoint: id,
  });
}

async function changeDelivery(
  store: Store,
  worker: Worker,
  change: { id: string; to: 'retry' | 'cancel'; by: string },
): Promise<void> {
  const { id, to, by } = change;
  const changed = isId('dlv', id)
    ? await store.write('changeDelivery', { delivery: asId.delivery(id), to, by })
    : 'unknown';
  if (changed === 'unknown') throw new AppError('delivery.unknown', `there is no delivery ${id}`);
  if (changed === 'state') {
    const present = (await store.read('delivery', asId.delivery(id)))?.state ?? 'gone';
    const fitting =
      to === 'retry' ? 'a dead or waiting one can be sent again' : 'a waiting or sending one can be canceled';
    throw new AppError('delivery.state', `delivery ${id} is ${present}; only ${fitting}, while its target exists`);
  }
  worker.wake();
}
