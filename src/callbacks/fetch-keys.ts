import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { AccountId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { LruMap } from '../domain/lru-map.ts';
import type { Account } from '../domain/merchant.ts';
import type { Observe } from '../domain/observe.ts';
import { within } from '../domain/within.ts';
import type { Client } from '../providers/provider.ts';

export interface FetchKeysDependencies {
  /** This machine's. */
  clock: Clock;
  observe: Observe;
  /** @throws AppError `provider.cannot_ask` where an account has no way to fetch keys. */
  client(account: Account): Required<Pick<Client, 'fetchKeys'>>;
  /** Takes keys into an account's credentials, and gives the account as it is then. */
  addKeys(id: AccountId, keys: Readonly<Record<string, unknown>>): Promise<Account>;
}

/** The account with the keys that its provider signs with now; null where nothing new came within the time. */
export type FetchKeys = (account: Account, keyId: string, withinMs: number) => Promise<Account | null>;

interface Fetch {
  startedAtMs: number;
  /** null = it is over. */
  running: Promise<Account | null> | null;
}

/** Anything longer is no id of a key, and not worth remembering. */
const keyIdCharactersMax = 2048;

/**
 * Fetches keys that callbacks are signed with and accounts lack. Anybody can name a key, so an account's provider is asked at most once
 * a minute, and for a key that it does not know not again for some minutes. Callbacks that come meanwhile wait for the same answer.
 */
export function createFetchKeys(deps: FetchKeysDependencies): FetchKeys {
  const fetches = new LruMap<AccountId, Fetch>(limits.keyFetchesKept);
  const unknownUntilMs = new LruMap<string, number>(limits.keyFetchesKept);

  const fetchNow = async (account: Account, keyId: string): Promise<Account | null> => {
    const known = { account: account.id, provider: account.provider, keyId: keyId.slice(0, 80) };
    try {
      const signal = AbortSignal.timeout(limits.providerAnswerMs);
      const keys = await deps.client(account).fetchKeys(keyId, signal);
      const changed = await deps.addKeys(account.id, keys);
      deps.observe('keys.fetched', 'info', known);
      return changed;
    } catch (error) {
      // The callback is kept in quarantine, as without this; its sender comes again.
      const code = error instanceof AppError ? error.code : null;
      if (code === 'provider.refused' || code === 'provider.cannot_ask')
        unknownUntilMs.set(nameOf(account, keyId), deps.clock.monotonicMs() + limits.keyUnknownMs);
      // Nobody was asked, so whoever names nonsense does not keep others from asking.
      if (code === 'provider.cannot_ask') fetches.delete(account.id);
      else deps.observe('keys.not_fetched', 'warn', { ...known, error: String(error) });
      return null;
    }
  };

  return async (account, keyId, withinMs) => {
    const nowMs = deps.clock.monotonicMs();
    const latest = fetches.get(account.id);
    if (latest?.running) return inTime(deps.clock, withinMs, latest.running);
    if (latest !== undefined && latest.startedAtMs + limits.keyFetchGapMs > nowMs) return null;
    if (keyId.length > keyIdCharactersMax || (unknownUntilMs.get(nameOf(account, keyId)) ?? 0) > nowMs) return null;
    const fetch: Fetch = { startedAtMs: nowMs, running: null };
    fetches.set(account.id, fetch);
    fetch.running = fetchNow(account, keyId).finally(() => {
      fetch.running = null;
    });
    return inTime(deps.clock, withinMs, fetch.running);
  };
}

/** Keys that come too late for this callback are kept, and open the next one. */
async function inTime(clock: Clock, ms: number, running: Promise<Account | null>): Promise<Account | null> {
  const account = await within(clock, ms, running);
  return account === 'late' ? null : account;
}

/** With the version: other credentials may know how to ask. */
function nameOf({ id, credentials }: Account, keyId: string): string {
  return `${id} ${credentials.version} ${keyId}`;
}
