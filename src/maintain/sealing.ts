import type { Clock } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import { rootOf } from '../domain/merkle.ts';
import type { Observe } from '../domain/observe.ts';
import { leafOf } from '../domain/proof.ts';
import { makeSeal, type SealKey } from '../domain/seal.ts';
import type { Store } from '../stores/store.ts';

export interface SealingDependencies {
  store: Pick<Store, 'read' | 'write'>;
  clock: Pick<Clock, 'now'>;
  observe: Observe;
  sealKey: SealKey;
}

/** Longer than a seal takes; a node that is gone is followed by another after it. */
const leaseMs = 5000;

/**
 * Puts attempts that no seal covers under a new one; true = there may be more. One node at a time does it, and only where there is
 * something to do, so an idle store is only read. Where two do it all the same, the second one's seal does not follow the newest
 * and is not kept.
 */
export async function sealAttempts({ store, clock, observe, sealKey }: SealingDependencies): Promise<boolean> {
  const most = limits.sealedTransactions;
  if ((await store.read('unsealed', { most: 1 })).entries.length === 0) return false;
  if (!(await store.write('lease', { name: 'sealing', ms: leaseMs }))) return false;
  // The newest before the list: what another node seals in between is then refused by the number.
  const last = await store.read('newestSeal', { before: null });
  const { entries, attempts } = await store.read('unsealed', { most });
  if (entries.length === 0) return false;
  if (last !== null && last.key !== sealKey.publicKey)
    observe('seals.key_changed', 'warn', { number: last.number, from: last.key, to: sealKey.publicKey });
  const leaves = attempts.map(leafOf);
  const seal = makeSeal(last, { root: rootOf(leaves), count: leaves.length, now: clock.now() }, sealKey);
  const covered = { leaves: Buffer.concat(leaves), covered: entries };
  const isKept = await store.write('seal', { seal, ...covered });
  return isKept && entries.length === most;
}
