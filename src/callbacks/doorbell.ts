import type { Clock } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import type { Account } from '../domain/merchant.ts';
import type { Observe } from '../domain/observe.ts';
import type { Store } from '../stores/store.ts';
import { createRateLimit } from './rate-limit.ts';

export interface DoorbellDependencies {
  store: Store;
  clock: Clock;
  observe: Observe;
  onAsk(): void;
}

/**
 * A callback that cannot be verified is not believed, but the orders whose numbers stand in it are asked about now, if they were to be
 * asked about by themselves anyway: it may be genuine, and our secrets old.
 */
export function createDoorbell({ store, clock, observe, onAsk }: DoorbellDependencies) {
  // Strangers must not decide how often a provider is asked.
  const rateLimit = createRateLimit({ perSecond: 1 / limits.doorbellGapSeconds, burst: limits.doorbellBurst, clock });
  return async ({ id: account, merchant }: Account, body: Uint8Array): Promise<void> => {
    const references = referencesIn(body);
    if (references.length === 0 || rateLimit(account) > 0) return;
    try {
      const { rung } = await store.decide('ring', { merchant, account, references });
      if (rung > 0) onAsk();
    } catch (error) {
      // The callback is kept and answered by now, and its orders are asked about at their own time.
      observe('doorbell.failed', 'warn', { account, error: String(error) });
    }
  };
}

/** What may be an order's number: most are of these characters, in forms as well as in JSON and XML. */
function referencesIn(body: Uint8Array): readonly string[] {
  const text = Buffer.from(body.subarray(0, limits.doorbellBytes)).toString('latin1');
  const words = text.match(/[\w.-]+/g) ?? [];
  return [...new Set(words.filter((word) => /\d/.test(word) && word.length <= 64))].slice(0, limits.doorbellReferences);
}
