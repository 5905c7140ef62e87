import { createApi } from './api/app.ts';
import type { Effect, Handler } from './deliver/registry.ts';
import { systemClock } from './domain/clock.ts';
import { AppError } from './domain/errors.ts';
import {
  type AccountId,
  asId,
  isOrderNo,
  type MerchantId,
  merchantId,
  newId,
  type OrderNo,
  randomBytesOf,
} from './domain/ids.ts';
import { limits } from './domain/limits.ts';
import type { Policies } from './domain/merchant.ts';
import { neverThrowing, type Observe, unobserved } from './domain/observe.ts';
import { expectInputOf } from './orders/desk.ts';
import { providers as builtIn } from './providers/index.ts';
import type { Provider } from './providers/provider.ts';
import { toOutboxText } from './publish/outbox-text.ts';
import { parseMasterKey } from './secrets/vault.ts';
import {
  createService,
  type ExpectRequest,
  type PublishAnswer,
  type PublishRequest,
  type Received,
  type Service,
  type TimelineEntry,
} from './service.ts';
import type { OrderDetail } from './stores/reads.ts';
import type { Store, Transaction } from './stores/store.ts';

/** What the user's own code says an order is to cost. `accounts` are names from the options. */
export type Expected = Omit<ExpectRequest, 'merchant' | 'orderNo' | 'accounts'> & { accounts?: readonly string[] };

export interface PaidonceOptions {
  store: Store;
  /** Id of the merchant that this code serves; made if absent. */
  merchant: string;
  /** What to receive from: `{ wx: wechatpay.account({ … }) }`. The name is part of nothing that providers see. */
  accounts?: Readonly<
    Record<
      string,
      {
        provider: string;
        credentials: unknown;
        mode?: 'live' | 'test';
        acknowledge?: 'after_commit' | 'after_handling';
        withoutOrder?: 'park' | 'accept';
      }
    >
  >;
  /** Asked when money arrives for an order nobody announced; outside any transaction, within 500 ms. null = not known yet. */
  expect?: (orderNo: string) => Promise<Expected | null>;
  /** What to do with money that does not fit; snake_case as in the API. */
  policy?: Policies;
  /** 32 bytes in base64: encrypts credentials at rest. Keep it outside the database. */
  masterKey: string;
  /** Wire formats; default: all that come with the package. */
  providers?: readonly Provider[];
  /** Base of the callback URLs, as the providers see it. Default `http://127.0.0.1:7700`. */
  publicUrl?: string;
  /** For `fetch`: the API key that may do everything. Without one only keys made before are accepted. */
  adminKey?: string;
  /** CIDRs that deliveries may reach although they are private. */
  allowTargets?: readonly string[];
  /** How many days bytes of callbacks, payloads and attempts are kept. Default: 90. */
  retentionDays?: number;
  observe?: Observe;
}

/** Receives, sends, and takes payment results into effect once, inside the user's own process. */
export interface Paidonce {
  /** Runs for each notification of the type. `tx` commits together with the mark that it ran; a throw means: tried again. */
  on(type: string, name: string, handler: Handler): void;
  /** Work that leaves the database: at least once, after the commit that queued it, under a stable key. */
  effect<Payload>(name: string, effect: Effect<Payload>): void;
  /** Answers a provider's callback for the named account; 404 for a name that the options do not have. */
  receive(account: string, request: Request): Promise<Response>;
  /** The whole HTTP API, callbacks included. */
  fetch(request: Request): Promise<Response>;
  /** Announces an order. With `tx`: in the user's own transaction, applied after its commit. */
  expected(orderNo: string, expected: Expected, options?: { tx?: Transaction }): Promise<void>;
  publish(
    request: Omit<PublishRequest, 'merchant' | 'orderNo'> & { merchant?: string; orderNo: string },
  ): Promise<PublishAnswer>;
  publish(
    request: Omit<PublishRequest, 'merchant' | 'orderNo'> & { merchant?: string; orderNo: string },
    options: { tx: Transaction },
  ): Promise<null>;
  /** The user's own statements in one transaction of the store. Not inside a handler: that has its `tx`. */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  /** null = the order is not known. */
  order(orderNo: string): Promise<OrderDetail | null>;
  timeline(orderNo: string): Promise<readonly TimelineEntry[]>;
  /**
   * Asks the providers now what became of an order: the buyer is back, and no callback is. Their answer takes the normal way.
   *
   * @throws AppError `order.unknown`, `provider.cannot_ask`.
   */
  ask(orderNo: string): Promise<void>;
  /** Where the provider is to send its callbacks. Known after `start`. */
  callbackUrl(account: string): string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The library: one merchant's view of a service of its own. Nothing runs before `start`. */
export function paidonce(options: PaidonceOptions): Paidonce {
  const clock = systemClock;
  const service = createService({
    store: options.store,
    providers: new Map((options.providers ?? builtIn).map((provider) => [provider.name, provider])),
    masterKeys: [parseMasterKey(options.masterKey)],
    adminKey: options.adminKey ?? null,
    publicUrl: options.publicUrl ?? 'http://127.0.0.1:7700',
    allowTargets: options.allowTargets ?? [],
    role: 'all',
    ...(options.retentionDays === undefined ? {} : { retentionDays: options.retentionDays }),
    node: newId('nod', clock.now(), 0),
    clock,
    random: randomBytesOf,
    observe: neverThrowing(options.observe ?? unobserved),
  });
  const pay = paidonceOn(service, options);
  return {
    ...pay,
    async start() {
      await service.start();
      try {
        await pay.start();
      } catch (error) {
        // Whoever is told that it did not start will not stop it.
        await service.stop();
        throw error;
      }
    },
    stop: service.stop,
  };
}

/** The same on a service that somebody else starts and stops. Register handlers before that service starts. */
export function paidonceOn(
  service: Service,
  options: Pick<PaidonceOptions, 'merchant' | 'accounts' | 'expect' | 'policy'>,
): Paidonce {
  const merchant = merchantId(options.merchant);
  const accounts = new Map<string, AccountId>();
  const { expect } = options;
  const idOf = (name: string): AccountId => {
    const id = accounts.get(name);
    if (id === undefined)
      throw new AppError(
        'account.unknown',
        `no account is named "${name}"; known: ${[...accounts.keys()].join(', ') || 'none before start'}`,
      );
    return id;
  };
  const requestOf = (orderNo: string, { accounts: names, ...expected }: Expected): ExpectRequest => {
    const named = names === undefined ? {} : { accounts: names.map(idOf) };
    return { ...expected, ...named, merchant, orderNo: orderNoOf(orderNo) };
  };
  if (expect !== undefined) {
    service.askWith(async (of, orderNo) => {
      const answer = of === merchant ? await expect(orderNo) : null;
      return answer === null ? null : requestOf(orderNo, answer);
    });
  }
  // Made when it is first asked: most apps use the methods alone.
  let api: ReturnType<typeof createApi> | null = null;
  return {
    on: (type, name, handler) => service.registry.on(merchant, type, name, handler),
    effect: (name, effect) => service.registry.effect(merchant, name, effect),
    receive: async (account, request) => receive(service, accounts.get(account) ?? '', request),
    async fetch(request) {
      const [, account] = /^\/callbacks\/([^/]+)$/.exec(new URL(request.url).pathname) ?? [];
      if (account !== undefined) return receive(service, account, request);
      api ??= createApi(service);
      return api.fetch(request);
    },
    async expected(orderNo, expected, { tx } = {}) {
      const request = requestOf(orderNo, expected);
      if (tx === undefined) await service.orders.expect(request);
      else await tx.enqueue({ is: 'expect', input: toOutboxText(expectInputOf(request)) });
    },
    publish: createPublish(service, merchant),
    transaction: async (run) => {
      const result = await service.store.transact(run);
      service.wakeOutbox();
      return result;
    },
    order: (orderNo) => service.store.read('order', { merchant, orderNo: orderNoOf(orderNo) }),
    ask: (orderNo) => service.orders.query({ merchant, orderNo: orderNoOf(orderNo), by: 'code' }),
    timeline: (orderNo) => service.orders.timeline(merchant, orderNoOf(orderNo)),
    callbackUrl: (account) => service.accounts.callbackUrl(idOf(account)),
    async start() {
      await ensureMerchant(service, merchant, options.policy);
      for (const [name, account] of Object.entries(options.accounts ?? {})) {
        const { id } = await service.accounts.ensure({ ...account, merchant, name });
        accounts.set(name, id);
      }
    },
    stop: async () => {},
  };
}

function createPublish(service: Service, own: MerchantId) {
  type Request = Omit<PublishRequest, 'merchant' | 'orderNo'> & { merchant?: string; orderNo: string };
  async function publish(request: Request): Promise<PublishAnswer>;
  async function publish(request: Request, options: { tx: Transaction }): Promise<null>;
  async function publish(
    { merchant, orderNo, ...rest }: Request,
    options?: { tx: Transaction },
  ): Promise<PublishAnswer | null> {
    const request = {
      ...rest,
      merchant: merchant === undefined ? own : merchantId(merchant),
      orderNo: orderNoOf(orderNo),
    };
    if (options === undefined) return service.publish(request);
    await options.tx.enqueue({ is: 'publish', input: toOutboxText(service.publishInputOf(request)) });
    return null;
  }
  return publish;
}

async function ensureMerchant(service: Service, id: MerchantId, policies: Policies | undefined): Promise<void> {
  const existing = await service.store.read('merchant', id);
  if (existing === null) await service.merchants.add({ id, name: id, ...(policies === undefined ? {} : { policies }) });
  else if (policies !== undefined) await service.merchants.change(id, { policies }, 'code');
}

function orderNoOf(text: string): OrderNo {
  if (!isOrderNo(text))
    throw new AppError('request.invalid', 'an order number has 1–128 characters, none of them a control character');
  return asId.orderNo(text);
}

async function receive(service: Service, account: string, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const target = pathname + search;
  if (request.method === 'GET') {
    const gate = await service.callbacks.gate(account);
    const asked = { method: 'GET', target, headers: [...request.headers], body: new Uint8Array(0) };
    if (gate !== null && gate.confirm !== null) {
      const { confirmed, waitSeconds } = await gate.confirm(asked);
      if (waitSeconds > 0) return new Response(null, { status: 429, headers: { 'retry-after': String(waitSeconds) } });
      return new Response(null, { status: confirmed ? 200 : 401 });
    }
  }
  const { body, cut } = await readBody(request);
  const headers = [...request.headers];
  const arrived = {
    account,
    method: request.method,
    target,
    headers,
    body,
    cut,
    receivedAt: service.clock.now(),
  };
  const received = await service.callbacks.receive(arrived);
  return received === null ? new Response(null, { status: 404 }) : responseOf(received);
}

/** The body up to its limit; what is longer is not read on. */
async function readBody(request: Request): Promise<{ body: Uint8Array; cut: 'too_large' | 'incomplete' | null }> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of request.body ?? []) {
      bytes += part.length;
      if (bytes > limits.callbackBytesMax) return { body: new Uint8Array(0), cut: 'too_large' };
      parts.push(part);
    }
  } catch {
    // The sender went away in the middle: what came cannot be verified.
    return { body: new Uint8Array(0), cut: 'incomplete' };
  }
  return { body: Buffer.concat(parts), cut: null };
}

/** A Response that tells when its last byte was taken. */
function responseOf({ reply, written }: Received): Response {
  const headers = new Headers(reply.headers.map(([name, value]): [string, string] => [name, value]));
  if (reply.body.length === 0) {
    written();
    return new Response(null, { status: reply.status, headers });
  }
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(reply.body),
    pull(controller) {
      controller.close();
      written();
    },
  });
  return new Response(body, { status: reply.status, headers });
}
