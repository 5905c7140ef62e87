import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { type AccountId, bucketOf, type MerchantId, newId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { LruMap } from '../domain/lru-map.ts';
import type { Account } from '../domain/merchant.ts';
import { within } from '../domain/within.ts';
import type { Prepared } from '../secrets/prepared.ts';
import { secretOwner } from '../secrets/vault.ts';
import type { Page } from '../stores/reads.ts';
import type { Store } from '../stores/store.ts';
import { type Keeping, keep, markOf, providerOf, riskOf } from './keeping.ts';
import { type Rotation, withNew, without, withoutOld } from './rotation.ts';

export interface AccountRequest {
  merchant: MerchantId;
  provider: string;
  credentials: unknown;
  name?: string;
  mode?: 'live' | 'test';
  acknowledge?: 'after_commit' | 'after_handling';
  withoutOrder?: 'park' | 'accept';
}
export type AccountChange = Partial<Omit<AccountRequest, 'merchant' | 'provider'>>;

export interface Accounts {
  /** `by`: default `code`, the caller's own. @throws AppError `merchant.unknown`, `provider.unknown`, `account.credentials`. */
  add(request: AccountRequest, by?: string): Promise<Account>;
  /** @throws AppError `account.unknown`, `account.credentials`. */
  change(id: AccountId, change: AccountChange, by: string): Promise<Account>;
  /**
   * Takes public keys that the platform gave into the credentials, as a change by `paidonce`: entries of a field that holds an object are added,
   * any other field is replaced. Credentials that somebody changes at the same moment stay as they made them. Gives the account as it is then.
   *
   * @throws AppError `account.unknown`, `account.credentials`.
   */
  addKeys(id: AccountId, keys: Readonly<Record<string, unknown>>): Promise<Account>;
  /**
   * Puts new secrets beside the present ones, or ends old ones.
   *
   * @throws AppError `account.unknown`, `account.credentials`, also where no new ones are given: the provider makes them.
   */
  rotate(id: AccountId, rotation: Rotation, by: string): Promise<Account>;
  /** @throws AppError `account.unknown`. */
  remove(id: AccountId, by: string): Promise<void>;
  /** The account behind a callback URL, from memory where it was asked a moment ago. */
  find(id: AccountId): Promise<Account | null>;
  callbackUrl(id: AccountId): string;
  /** Why none of this merchant's accounts can be asked, in words. */
  whyNobody(merchant: MerchantId): Promise<string>;
  /** Marks which of all accounts can be asked: another version of the program may know more providers' APIs. */
  refreshAsked(signal: AbortSignal): Promise<void>;
  /** The account of this merchant and name as the caller's code has it: made if absent, changed where its credentials differ. */
  ensure(request: AccountRequest & { name: string }): Promise<Account>;
}

async function named(store: Store, merchant: MerchantId, name: string): Promise<Account | null> {
  let cursor: string | null = null;
  do {
    const page: Page<Account> = await store.read('accounts', {
      visible: null,
      merchant,
      limit: limits.pageMax,
      cursor,
    });
    const found = page.data.find((account) => account.name === name);
    if (found !== undefined) return found;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return null;
}

/** How long another node's change of an account may go unnoticed. */
const cacheMs = 5000;
const cachedMax = 10_000;
/** How long a store that does not answer is waited for where memory knows the account, and when it is asked again. */
const patienceMs = 500;
const againMs = 1000;

export interface AccountsDependencies {
  store: Store;
  clock: Clock;
  keeping: Keeping;
  publicUrl: string;
  /** The account's provider as it can be asked. */
  client: Prepared['client'];
  /** Called when an account's secrets changed, to read its quarantine again. */
  onSecrets: (account: Account) => void;
}

interface Cached {
  account: Account;
  /** Until when nobody asks the store, on the monotonic clock. */
  until: number;
}

export function createAccounts(deps: AccountsDependencies): Accounts {
  const { store, clock, keeping } = deps;
  const cache = new LruMap<AccountId, Cached>(cachedMax);
  /** Counts the changes made here, so that what was read before one is not remembered after it. */
  let changes = 0;
  const forget = (id: AccountId): void => {
    changes += 1;
    cache.delete(id);
  };
  const accounts: Accounts = {
    async add(request, by = 'code') {
      const account = await newAccount(deps, request);
      const asked = canBeAsked(deps, account);
      await store.write('addAccount', { ...account, by });
      if (asked) await store.write('markAsked', { merchant: account.merchant, account: account.id, asked });
      return account;
    },
    async change(id, { credentials, ...rest }, by) {
      const before = await known(store, id);
      const { provider, mode, credentials: sealed } = before;
      const options = { provider, for: { id, mode: rest.mode ?? mode }, version: sealed.version + 1 } as const;
      const secrets =
        credentials === undefined ? {} : { credentials: keep(keeping, secretOwner.account(id), credentials, options) };
      const change = { ...rest, ...secrets };
      const account = { ...before, ...change };
      const asked = credentials === undefined && rest.mode === undefined ? null : canBeAsked(deps, account);
      await store.write('changeAccount', { id, by, change });
      if (asked !== null) await store.write('markAsked', { merchant: before.merchant, account: id, asked });
      forget(id);
      if (credentials !== undefined) deps.onSecrets(account);
      return account;
    },
    async addKeys(id, keys) {
      const added = await addKeys(deps, await known(store, id), keys);
      forget(id);
      if (added !== null) deps.onSecrets(added);
      return added ?? known(store, id);
    },
    async rotate(id, rotation, by) {
      const credentials = rotatedCredentials(keeping, await known(store, id), rotation);
      return accounts.change(id, { credentials }, by);
    },
    whyNobody: (merchant) => whyNobody(deps, merchant),
    refreshAsked: (signal) => refreshAsked(deps, signal),
    async remove(id, by) {
      const removed = await store.write('removeAccount', { id, by });
      forget(id);
      if (!removed) throw new AppError('account.unknown', `there is no account ${id}`);
    },
    async find(id) {
      const cached = cache.get(id);
      if (cached !== undefined && cached.until > clock.monotonicMs()) return cached.account;
      const before = changes;
      const read = store.read('account', id).then((account) => {
        // An unknown id is not remembered: whoever guesses ids would push the real ones out.
        if (account !== null && before === changes) cache.set(id, { account, until: clock.monotonicMs() + cacheMs });
        return account;
      });
      return cached === undefined ? read : unlessAway(clock, read, cached);
    },
    callbackUrl: (id) => `${deps.publicUrl}/callbacks/${id}`,
    async ensure(request) {
      const existing = await named(store, request.merchant, request.name);
      if (existing === null || existing.provider !== request.provider) return accounts.add(request);
      const change = differences(keeping, existing, request);
      return Object.keys(change).length === 0 ? existing : accounts.change(existing.id, change, 'code');
    },
  };
  return accounts;
}

async function known(store: Store, id: AccountId): Promise<Account> {
  const account = await store.read('account', id);
  if (account === null) throw new AppError('account.unknown', `there is no account ${id}`);
  return account;
}

/** null: there was nothing to add, or somebody else was faster. */
async function addKeys(
  { store, keeping }: AccountsDependencies,
  before: Account,
  keys: Readonly<Record<string, unknown>>,
): Promise<Account | null> {
  const { id, provider, mode } = before;
  const { version, sealed } = before.credentials;
  const opened = keeping.vault.openCredentials(secretOwner.account(id), sealed);
  const merged = withKeys(opened, keys);
  if (isDeepStrictEqual(merged, opened)) return null;
  const options = { provider, for: { id, mode }, version: version + 1 } as const;
  const credentials = keep(keeping, secretOwner.account(id), merged, options);
  const changed = await store.write('changeAccount', { id, by: 'paidonce', version, change: { credentials } });
  return changed ? { ...before, credentials } : null;
}

function withKeys(credentials: unknown, keys: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const before = isRecord(credentials) ? credentials : {};
  const merged = Object.entries(keys).map(([field, value]) => {
    const old = before[field];
    return [field, isRecord(old) && isRecord(value) ? { ...old, ...value } : value] as const;
  });
  return { ...before, ...Object.fromEntries(merged) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether its provider can be asked about its payments.
 *
 * @throws AppError `account.credentials` where it has to be, because no signature covers what matters, and its owner does not
 * accept that risk by name.
 */
function canBeAsked({ keeping, client }: AccountsDependencies, account: Account): boolean {
  try {
    client(account, 'query');
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'provider.cannot_ask') throw error;
    const credentials = keeping.vault.openCredentials(secretOwner.account(account.id), account.credentials.sealed);
    const refusal = riskOf(providerOf(keeping, account.provider), credentials, error.detail);
    if (refusal !== null) throw refusal;
    return false;
  }
}

async function refreshAsked(deps: AccountsDependencies, signal: AbortSignal): Promise<void> {
  const { store, keeping, client } = deps;
  let cursor: string | null = null;
  do {
    const page: Page<Account> = await store.read('accounts', { visible: null, merchant: null, limit: 200, cursor });
    for (const account of page.data) {
      if (signal.aborted) return;
      if (keeping.providers.get(account.provider)?.client === undefined) continue;
      const marked = (await store.read('merchant', account.merchant))?.askedAccounts.includes(account.id) ?? false;
      const asked = hasQuery(client, account) ?? marked;
      if (asked !== marked) await store.write('markAsked', { merchant: account.merchant, account: account.id, asked });
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** So many accounts are named; who has more has other accounts of the same kind. */
const namedMost = 5;

async function whyNobody({ store, client }: AccountsDependencies, merchant: MerchantId): Promise<string> {
  const { data } = await store.read('accounts', { visible: null, merchant, limit: namedMost, cursor: null });
  const reasons = data.flatMap((account) => {
    try {
      client(account, 'query');
      return [];
    } catch (error) {
      return error instanceof AppError ? [error.detail] : [];
    }
  });
  const none = 'none of the accounts that the order may be paid on can be asked';
  return [none, ...reasons].join('; ');
}

/** Null: its credentials cannot be read at present. */
function hasQuery(client: Prepared['client'], account: Account): boolean | null {
  try {
    client(account, 'query');
    return true;
  } catch (error) {
    return error instanceof AppError && error.code === 'provider.cannot_ask' ? false : null;
  }
}

/** While the store is away a callback is answered "try again later", in the format that memory still knows. */
async function unlessAway(clock: Clock, read: Promise<Account | null>, cached: Cached): Promise<Account | null> {
  const account = await within(clock, patienceMs, read).catch(() => 'late' as const);
  if (account !== 'late') return account;
  cached.until = clock.monotonicMs() + againMs;
  return cached.account;
}

async function newAccount({ store, clock, keeping }: AccountsDependencies, request: AccountRequest): Promise<Account> {
  const { merchant, provider, name = '', mode = 'live' } = request;
  const { acknowledge = 'after_commit', withoutOrder = 'park' } = request;
  if ((await store.read('merchant', merchant)) === null) {
    throw new AppError('merchant.unknown', `there is no merchant ${merchant}`);
  }
  const createdAt = clock.now();
  const id = newId('acc', createdAt, bucketOf(merchant), keeping.random);
  const options = { provider, for: { id, mode }, version: 1 } as const;
  const credentials = keep(keeping, secretOwner.account(id), request.credentials, options);
  return { id, merchant, provider, name, mode, acknowledge, withoutOrder, credentials, createdAt };
}

function rotatedCredentials(
  keeping: Keeping,
  { id, provider: name, credentials }: Account,
  rotation: Rotation,
): unknown {
  const { vault } = keeping;
  const provider = providerOf(keeping, name);
  const present = vault.openCredentials(secretOwner.account(id), credentials.sealed);
  if ('finish' in rotation) return withoutOld(provider, 'account', present);
  if ('drop' in rotation)
    return without(provider, 'account', { present, drop: rotation.drop, mark: markOf(keeping, name) });
  if (rotation.credentials === undefined)
    throw new AppError('account.credentials', `${name} makes the secrets of an account; give the new ones`);
  return withNew(provider, 'account', { next: rotation.credentials, present, keepIds: false });
}

/** What of a kept account is not as the request wants it. */
function differences(keeping: Keeping, kept: Account, wanted: AccountRequest): AccountChange {
  const { mode = 'live', acknowledge = 'after_commit', withoutOrder = 'park', credentials } = wanted;
  const opened = keeping.vault.openCredentials(secretOwner.account(kept.id), kept.credentials.sealed);
  const parsed = providerOf(keeping, kept.provider).accountCredentials.safeParse(credentials);
  const sameSecrets = parsed.success && isDeepStrictEqual(parsed.data, opened);
  return {
    ...(mode === kept.mode ? {} : { mode }),
    ...(acknowledge === kept.acknowledge ? {} : { acknowledge }),
    ...(withoutOrder === kept.withoutOrder ? {} : { withoutOrder }),
    ...(sameSecrets ? {} : { credentials }),
  };
}
