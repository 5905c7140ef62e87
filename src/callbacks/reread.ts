import type { Callback } from '../domain/callback.ts';
import type { Applied, Judged, Reread } from '../domain/callback-replay.ts';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { factKey } from '../domain/fact.ts';
import type { AccountId, CallbackId, ReplayId } from '../domain/ids.ts';
import type { Account } from '../domain/merchant.ts';
import type { CallbackOutput } from '../stores/decisions.ts';
import type { Store } from '../stores/store.ts';
import type { Rehearsed } from './read-again.ts';

/** Kept callbacks read again through the present code, as at the time of their receipt: first without effect, then with it. */
export interface Rereading {
  /** What would come of it; nothing does. Errors: the store's alone. */
  preview(replay: ReplayId, id: CallbackId): Promise<Previewed>;
  /** Takes it into effect on the normal path; done twice, it has its effect once. Errors: the store's alone. */
  apply(reread: Reread): Promise<Applied>;
}

export type Previewed = { is: 'same' | 'gone' | 'failed' } | { is: 'differs'; reread: Reread };

export interface RereadingDependencies {
  store: Store;
  clock: Clock;
  accountOf(id: AccountId): Promise<Account>;
  readAgain(callback: Callback, account: Account): Promise<CallbackOutput>;
  rehearse(callback: Callback, account: Account): Promise<Rehearsed>;
}

export function createRereading(deps: RereadingDependencies): Rereading {
  const { store, clock } = deps;
  return {
    async preview(replay, id) {
      const callback = await store.read('callback', id);
      if (callback === null || hasNoBytes(callback)) return { is: 'gone' };
      const rehearsed = await orWhy(async () => deps.rehearse(callback, await deps.accountOf(callback.account)));
      if (typeof rehearsed === 'string' || rehearsed.isUnverifiable) return { is: 'failed' };
      const reread = await compared(store, { replay, callback, rehearsed });
      return reread === null ? { is: 'same' } : { is: 'differs', reread };
    },
    async apply(reread) {
      const failed = (why: string): Applied => ({ is: 'failed', at: clock.now(), why });
      const callback = await store.read('callback', reread.callback);
      if (callback === null || hasNoBytes(callback)) return failed('its bytes have been deleted since');
      const output = await orWhy(async () => deps.readAgain(callback, await deps.accountOf(callback.account)));
      if (typeof output === 'string') return failed(output);
      const { verdict, code, reason } = output;
      // Against what was told at the preview, so that a second time, after a crash, says the same.
      const { facts } = await store.read('told', { callback: callback.id, keys: [] });
      const added = facts.filter(({ id }) => !reread.told.includes(id));
      return { is: 'read', at: clock.now(), verdict, code, reason, added };
    },
  };
}

/** Null: the present code reads it as it stands. */
async function compared(
  store: Store,
  { replay, callback, rehearsed }: { replay: ReplayId; callback: Callback; rehearsed: Rehearsed },
): Promise<Reread | null> {
  const { facts, output } = rehearsed;
  const keys = facts.map(factKey);
  const told = await store.read('told', { callback: callback.id, keys });
  if (rehearsed.isReadBackAgain && told.facts.length === 0) return null;
  const toldKeys = new Set(told.facts.map(factKey));
  const added = facts
    .filter((fact) => !toldKeys.has(factKey(fact)))
    .map((fact) => ({ fact, known: told.known.includes(factKey(fact)) }));
  const untold = told.facts.filter((fact) => !keys.includes(factKey(fact)));
  const { verdict, code, reason } = callback;
  const isSame = verdict === output.verdict && code === output.code && added.length + untold.length === 0;
  if (isSame) return null;
  const after: Judged = {
    verdict: output.verdict,
    code: output.code ?? rehearsed.code,
    reason: output.reason ?? rehearsed.reason,
  };
  const before: Judged = { verdict, code, reason };
  const ids = told.facts.map(({ id }) => id);
  return { replay, callback: callback.id, before, after, added, untold, told: ids, applied: null };
}

/** Retention deletes a callback's bytes before the callback; an HTTP request has a method. */
function hasNoBytes({ method }: Callback): boolean {
  return method === '';
}

/** Why it cannot be read: its account, its credentials, or the code itself. One such must not keep the others from it. */
async function orWhy<T extends object>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith('store.')) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
