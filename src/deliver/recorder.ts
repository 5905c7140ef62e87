import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { type DeliveryId, fractionOf, type Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import type { Store } from '../stores/store.ts';
import type { Finished } from '../stores/writes.ts';
import { errorLine } from './attempt.ts';

export interface RecorderTools {
  store: Pick<Store, 'write'>;
  clock: Clock;
  random: Random;
  observe: Observe;
}

/** Writes down what came of leased deliveries, many in one transaction. */
export interface Recorder {
  /**
   * Resolves when the attempt is recorded, or when it is tried no longer: the lease is over, and was so for a while where the report
   * came late; another node finds the delivery.
   * Never rejects. `true`: recorded.
   */
  record(finished: Finished, leaseEndsAtMs: number): Promise<boolean>;
  /** Ends a lease that was not used. Resolves and never rejects, as `record`. */
  giveBack(lease: { delivery: DeliveryId; number: number }, leaseEndsAtMs: number): Promise<boolean>;
}

interface Waiting<Item> {
  item: Item;
  delivery: DeliveryId;
  leaseEndsAtMs: number;
  settle(recorded: boolean): void;
}

/** Transactions under way at once: while one commits, the next is on its way to the store. */
const writesInFlight = 2;
const retryMs = 50;
const retryMsMax = 2000;
/**
 * What is told after its lease is tried for so long: a process that stood still finds its connections broken first, and what it did is
 * to stand in place of what others wrote of it.
 */
const lateMs = 10_000;

export function createRecorder(tools: RecorderTools): Recorder {
  const { store, observe } = tools;
  const attempts = new Batches<Finished>(tools, async (group) => {
    const { fencedOut, warned } = await store.write('finish', group);
    for (const delivery of fencedOut) observe('delivery.fenced_out', 'warn', { delivery });
    for (const { endpoint, percent } of warned) {
      observe('endpoint.warned', 'warn', { endpoint, percent });
      if (percent === 100) observe('endpoint.disabled', 'warn', { endpoint });
    }
  });
  const leases = new Batches<{ delivery: DeliveryId; number: number }>(tools, async (group) => {
    await store.write('giveBack', group);
  });
  return {
    record: (finished, leaseEndsAtMs) => attempts.add(finished, finished.attempt.delivery, leaseEndsAtMs),
    giveBack: (lease, leaseEndsAtMs) => leases.add(lease, lease.delivery, leaseEndsAtMs),
  };
}

/** Gathers items while a write runs, and writes them together; what cannot be written is tried again, as `Recorder` says. */
class Batches<Item> {
  readonly #tools: RecorderTools;
  readonly #write: (items: readonly Item[]) => Promise<void>;
  #waiting: Waiting<Item>[] = [];
  #underWay = 0;

  constructor(tools: RecorderTools, write: (items: readonly Item[]) => Promise<void>) {
    this.#tools = tools;
    this.#write = write;
  }

  add(item: Item, delivery: DeliveryId, leaseEndsAtMs: number): Promise<boolean> {
    return new Promise((settle) => {
      this.#waiting.push({ item, delivery, leaseEndsAtMs, settle });
      if (this.#underWay === 0 || (this.#underWay < writesInFlight && this.#waiting.length >= limits.commitRows)) {
        void this.#drain();
      }
    });
  }

  async #drain(): Promise<void> {
    this.#underWay += 1;
    while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0, limits.commitRows));
    this.#underWay -= 1;
  }

  async #writeGroup(group: readonly Waiting<Item>[]): Promise<void> {
    const { clock, random, observe } = this.#tools;
    const lateUntilMs = clock.monotonicMs() + lateMs;
    let left = group;
    for (let waitMs = retryMs; left.length > 0; waitMs = Math.min(waitMs * 2, retryMsMax)) {
      try {
        await this.#write(left.map(({ item }) => item));
        for (const { settle } of left) settle(true);
        return;
      } catch (error) {
        if (!mayCommitLater(error)) return this.#setAside(left, error);
        observe('delivery.record_retried', 'warn', { deliveries: left.length, error: errorLine(error) });
      }
      await clock.sleep(waitMs + waitMs * 0.1 * fractionOf(random));
      const now = clock.monotonicMs();
      if (now < lateUntilMs) continue;
      for (const waiting of left) if (waiting.leaseEndsAtMs <= now) this.#abandon(waiting, 'its lease is over');
      left = left.filter(({ leaseEndsAtMs }) => leaseEndsAtMs > now);
    }
  }

  /** A refusal that time does not mend: the guilty item is found by writing each alone. */
  async #setAside(group: readonly Waiting<Item>[], error: unknown): Promise<void> {
    const [only] = group;
    if (only !== undefined && group.length === 1) return this.#abandon(only, errorLine(error));
    for (const waiting of group) await this.#writeGroup([waiting]);
  }

  /** Not dropped: the lease runs out, and whoever takes the delivery over records that it was lost. */
  #abandon({ delivery, settle }: Waiting<Item>, why: string): void {
    this.#tools.observe('delivery.unrecorded', 'error', { delivery, why });
    settle(false);
  }
}

function mayCommitLater(error: unknown): boolean {
  return error instanceof AppError && error.entry.retryable && error.code !== 'store.closed';
}
