import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { type AccountId, asId, type CallbackId, isId, type OrderId, type Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Account } from '../domain/merchant.ts';
import type { Observe } from '../domain/observe.ts';
import type { Ask } from '../orders/ask.ts';
import type { Provider, RawReply, RawRequest, Receiver } from '../providers/provider.ts';
import type { Prepared } from '../secrets/prepared.ts';
import type { WithBirth } from '../stores/decisions.ts';
import type { Page, Visible } from '../stores/reads.ts';
import type { Store } from '../stores/store.ts';
import type { OtherAccount } from './diagnose/attempts.ts';
import { type Diagnosis, diagnose } from './diagnose/diagnose.ts';
import { createDoorbell } from './doorbell.ts';
import { createFetchKeys } from './fetch-keys.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { createReadAgain } from './read-again.ts';
import { type ArrivedRequest, createReceive, type ReceiveDependencies, type Received } from './receive.ts';
import { createRereading, type Rereading } from './reread.ts';

export interface Callbacks {
  /** What must be known of a callback URL before its body is read; null = there is no such account. */
  gate(account: string): Promise<CallbackGate | null>;
  /**
   * Opens, records and answers one callback. Nothing is answered before it is durable. null = there is no such account.
   * `decided` is called when the store has answered; what follows waits for handlers alone.
   */
  receive(request: ArrivedRequest, decided?: () => void): Promise<Received | null>;
  /** Reads a kept callback again with the present code and secrets. @throws AppError `callback.unknown`, `account.unknown`. */
  reprocess(id: CallbackId): Promise<void>;
  /** The same for many, with what would come of it first. */
  readonly rereading: Rereading;
  /**
   * Why a request would be refused, or that it would not. Of other accounts it tries the secrets of those that are visible.
   *
   * @throws AppError `account.unknown`, and what unusable credentials throw.
   */
  diagnose(account: AccountId, request: RawRequest, visible: Visible): Promise<Diagnosis>;
  /** Reads all that is in an account's quarantine again: its secrets have changed. */
  readQuarantine(account: Account): Promise<void>;
}

/** What a server needs of an account before it reads a body. */
export interface CallbackGate {
  account: Account;
  methods: readonly string[];
  /** The reply, in the provider's own format, that makes it send again later. */
  tryLater(): RawReply;
  /** `hmac`: whether a GET confirms that what its sender sent has arrived; changes nothing. Null for other formats. */
  confirm: ((request: RawRequest) => Promise<Confirmed>) | null;
}

/** The answer to a sender that asks; `waitSeconds` > 0: this account was asked too often, and nothing was looked up. */
export type Confirmed = { confirmed: boolean; waitSeconds: 0 } | { confirmed: false; waitSeconds: number };

export interface CallbacksDependencies {
  store: Store;
  clock: Clock;
  /** This machine's, which judges replay windows. */
  ownClock: Clock;
  random: Random;
  publicUrl: string;
  observe: Observe;
  providers: ReadonlyMap<string, Provider>;
  prepared: Prepared;
  withBirth: WithBirth;
  findAccount(id: AccountId): Promise<Account | null>;
  /** Takes keys into an account's credentials, and gives the account as it is then. */
  addKeys(id: AccountId, keys: Readonly<Record<string, unknown>>): Promise<Account>;
  ask: Pick<Ask, 'before' | 'again'>;
  /** Called when a provider is to be asked now. */
  onAsk(): void;
  /** Calls the listener each time a handler's delivery comes to something; what it returns ends that. */
  onSettled(listener: () => void): () => void;
}

/** Entrance 1: everything about callbacks. */
export function createCallbacks(deps: CallbacksDependencies): Callbacks {
  const { store, clock, ownClock, random, publicUrl, observe, providers, prepared, withBirth } = deps;
  const receiving: ReceiveDependencies = {
    store,
    ownClock,
    random,
    publicUrl,
    observe,
    withBirth,
    account: deps.findAccount,
    receiver: prepared.receiver,
    fetchKeys: createFetchKeys({
      clock: ownClock,
      observe,
      client: (account) => prepared.client(account, 'fetchKeys'),
      addKeys: deps.addKeys,
    }),
    deadlineMs: (provider) => providers.get(provider)?.profile.deadlineMs ?? 5000,
    methods: (provider) => providers.get(provider)?.profile.methods ?? [],
    ask: ({ merchant }, facts) => deps.ask.before(merchant, facts),
    parked: ({ merchant }, references) => deps.ask.again(merchant, references),
    readBack: deps.onAsk,
    ring: createDoorbell(deps),
    handled: (orders, withinMs) => untilHandled(deps, orders, withinMs),
  };
  const { readAgain, rehearse } = createReadAgain(receiving);
  const rateLimit = createRateLimit({
    perSecond: limits.confirmationsPerSecond,
    burst: limits.confirmationsBurst,
    clock,
  });
  const accountOf = async (id: AccountId): Promise<Account> => {
    const account = await deps.findAccount(id);
    if (account === null) throw new AppError('account.unknown', `there is no account ${id}`);
    return account;
  };
  return {
    receive: createReceive(receiving),
    async gate(id) {
      const account = isId('acc', id) ? await deps.findAccount(asId.account(id)) : null;
      if (account === null) return null;
      const nothing: RawRequest = { method: 'POST', target: '', headers: [], body: new Uint8Array(0) };
      const context = { now: ownClock.now(), publicUrl, random };
      const methods = providers.get(account.provider)?.profile.methods ?? [];
      const receiver = prepared.receiver(account);
      const confirm = receiver.confirmation === undefined ? null : confirming(deps, account, { receiver, rateLimit });
      return { account, methods, tryLater: () => receiver.acknowledge('try_later', nothing, context), confirm };
    },
    async reprocess(id) {
      const callback = await store.read('callback', id);
      if (callback === null) throw new AppError('callback.unknown', `there is no callback ${id}`);
      await readAgain(callback, await accountOf(callback.account));
    },
    async diagnose(id, request, visible) {
      const account = await accountOf(id);
      return diagnose({
        account,
        receiver: prepared.receiver(account),
        profile: providers.get(account.provider)?.profile ?? { singleHeaders: [] },
        request,
        context: { now: ownClock.now(), publicUrl, random },
        others: await othersOf({ store, prepared }, account, visible),
        texts: prepared.texts(account),
      });
    },
    rereading: createRereading({ store, clock, accountOf, readAgain, rehearse }),
    readQuarantine: (account) => readQuarantine({ store, observe, readAgain }, account),
  };
}

/** Answers the senders of one account, within the limit that all of its callback URL's callers share. */
function confirming(
  { store }: Pick<CallbacksDependencies, 'store'>,
  account: Account,
  { receiver, rateLimit }: { receiver: Receiver; rateLimit: RateLimit },
): (request: RawRequest) => Promise<Confirmed> {
  return async (request) => {
    const waitSeconds = rateLimit(account.id);
    if (waitSeconds > 0) return { confirmed: false, waitSeconds };
    return { confirmed: await confirmSent(store, account, receiver, request), waitSeconds: 0 };
  };
}

/** The store is asked in every case, so that the time of the answer does not tell which of the two held. */
async function confirmSent(store: Store, account: Account, receiver: Receiver, request: RawRequest): Promise<boolean> {
  const asked = receiver.confirmation?.(request) ?? null;
  const bore = await store.read('bore', { account: account.id, authorization: asked?.authorization ?? '' });
  return asked !== null && (asked.signsBody || bore);
}

/**
 * Other accounts of the same provider, those of the same merchant first, among a page of its and a page of all: a diagnosis is no
 * search of the store. One whose credentials cannot be used is left out.
 */
async function othersOf(
  { store, prepared }: Pick<CallbacksDependencies, 'store' | 'prepared'>,
  { id, merchant, provider }: Account,
  visible: Visible,
): Promise<readonly OtherAccount[]> {
  const page = { limit: limits.pageMax, cursor: null, visible };
  const [own, all] = [
    await store.read('accounts', { ...page, merchant }),
    await store.read('accounts', { ...page, merchant: null }),
  ];
  const foreign = all.data.filter((one) => one.merchant !== merchant);
  const others = [...own.data, ...foreign].filter((one) => one.provider === provider && one.id !== id);
  return others.slice(0, limits.diagnosisAccounts).flatMap((account) => {
    try {
      return [{ account, receiver: prepared.receiver(account) }];
    } catch (error) {
      if (error instanceof AppError) return [];
      throw error;
    }
  });
}

/** The change of the secrets stands, whatever fails here; a person can read a callback again by itself. */
async function readQuarantine(
  deps: Pick<CallbacksDependencies, 'store' | 'observe'> & Pick<ReturnType<typeof createReadAgain>, 'readAgain'>,
  account: Account,
): Promise<void> {
  const { store, observe, readAgain } = deps;
  const failed = (error: unknown, callback: CallbackId | null) =>
    observe('quarantine.failed', 'error', { account: account.id, callback, error: String(error) });
  try {
    for await (const id of quarantined(store, account.id)) {
      const callback = await store.read('callback', id);
      // One that cannot be read again must not keep the others from it.
      if (callback !== null) await readAgain(callback, account).catch((error: unknown) => failed(error, id));
    }
  } catch (error) {
    failed(error, null);
  }
}

async function* quarantined(store: Store, account: AccountId): AsyncGenerator<CallbackId> {
  const all = {
    visible: null,
    account,
    verdict: 'quarantined',
    orderNo: null,
    merchant: null,
    from: null,
    to: null,
  } as const;
  let cursor: string | null = null;
  do {
    const page: Page<{ id: CallbackId }> = await store.read('callbacks', {
      ...all,
      limit: 200,
      cursor,
    });
    for (const { id } of page.data) yield id;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** Gaps between looks at what another process's handlers have come to; the last one repeats. */
const lookGapsMs = [25, 50, 100, 200];

/**
 * Waits for the handlers of these orders: asked at the start, each time one of them comes to something here, and at growing gaps,
 * because it may be another process that runs them.
 */
async function untilHandled(
  { store, clock, onSettled }: Pick<CallbacksDependencies, 'store' | 'clock' | 'onSettled'>,
  orders: readonly OrderId[],
  withinMs: number,
): Promise<boolean> {
  const over = new AbortController();
  const time = clock.sleep(withinMs, over.signal).then(() => 'late' as const);
  const end = () => over.abort();
  try {
    for (let looks = 0; ; looks += 1) {
      const gap = new AbortController();
      let changed = end;
      const change = new Promise<'changed'>((resolve) => {
        changed = () => resolve('changed');
      });
      const forget = onSettled(() => changed());
      try {
        if ((await store.read('unhandled', orders)) === 0) return true;
        const next = clock.sleep(lookGapsMs[Math.min(looks, lookGapsMs.length - 1)] ?? 0, gap.signal);
        if ((await Promise.race([change, time, next])) === 'late') return false;
      } finally {
        gap.abort();
        forget();
      }
    }
  } finally {
    end();
  }
}
