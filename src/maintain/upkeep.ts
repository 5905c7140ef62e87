import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Observe } from '../domain/observe.ts';
import type { SealKey } from '../domain/seal.ts';
import type { WithBirth } from '../stores/decisions.ts';
import type { Store } from '../stores/store.ts';
import { deleteHistory } from './retention.ts';
import { sealAttempts } from './sealing.ts';

export interface Upkeep {
  start(): void;
  stop(): Promise<void>;
  /** A user's transaction committed something into the outbox. */
  wakeOutbox(): void;
}

const refoldEveryMs = 1000;
/** The poll is the safety net for commits of other connections; our own wake it. */
const outboxEveryMs = 250;
const outboxMost = 64;
/** With the time a seal takes, an attempt is sealed within a second of its commit. */
const sealingEveryMs = 500;
const alertsEveryMs = 30_000;
const rotationsEveryMs = 10_000;
const retentionEveryMs = 3_600_000;

interface UpkeepDependencies {
  store: Store;
  clock: Clock;
  observe: Observe;
  withBirth: WithBirth;
  /** How long bytes of callbacks, payloads and attempts are kept. */
  retentionDays?: number;
  /** Signs what was attempted. */
  sealKey: SealKey;
  /** Looks whether something is to be told. */
  review(signal: AbortSignal): Promise<void>;
  /** Ends the older secrets of endpoints whose time is over. */
  endRotations(): Promise<void>;
}

/** The work that nobody asks for: what time changes, and what users' transactions left in the outbox. */
export function createUpkeep(deps: UpkeepDependencies): Upkeep {
  const { store } = deps;
  const over = new AbortController();
  const loops: Promise<void>[] = [];
  let wake = new AbortController();

  /** Runs `once` until it says there is nothing more, then waits. A failure is told and tried again after the wait. */
  const loop = async (
    name: string,
    everyMs: number,
    once: () => Promise<boolean>,
    woken: () => AbortSignal,
  ): Promise<void> => {
    while (!over.signal.aborted) {
      const signal = AbortSignal.any([over.signal, woken()]);
      try {
        while (!over.signal.aborted && (await once()));
      } catch (error) {
        deps.observe(`${name}.failed`, 'error', { error: String(error) });
      }
      await deps.clock.sleep(everyMs, signal);
    }
  };

  return {
    start() {
      const refold = async () => (await deps.withBirth((born) => store.decide('refold', { born }))).more;
      const review = async () => {
        await deps.review(over.signal);
        return false;
      };
      const endRotations = async () => {
        await deps.endRotations();
        return false;
      };
      const nextWake = () => {
        wake = new AbortController();
        return wake.signal;
      };
      loops.push(
        loop('refold', refoldEveryMs, refold, () => over.signal),
        loop('outbox', outboxEveryMs, () => applyOutbox(deps), nextWake),
        loop(
          'sealing',
          sealingEveryMs,
          () => sealAttempts(deps),
          () => over.signal,
        ),
        loop('alerts', alertsEveryMs, review, () => over.signal),
        loop('rotations', rotationsEveryMs, endRotations, () => over.signal),
        loop(
          'retention',
          retentionEveryMs,
          () => deleteHistory(deps),
          () => over.signal,
        ),
      );
    },
    async stop() {
      over.abort();
      await Promise.all(loops);
    },
    wakeOutbox: () => wake.abort(),
  };
}

/** Applies what waits; true = there may be more. What breaks whoever applies it is found by going one by one, and set aside. */
async function applyOutbox({ store, observe, withBirth }: UpkeepDependencies): Promise<boolean> {
  const apply = async (most: number, aside: { setAside?: string } = {}): Promise<number> =>
    (await withBirth((born) => store.decide('outbox', { born, most, ...aside }))).taken;
  const all = await apply(outboxMost).catch(unlessStore);
  if (typeof all === 'number') return all === outboxMost;
  const first = await apply(1).catch(unlessStore);
  if (typeof first === 'number') return true;
  observe('outbox.set_aside', 'error', { error: String(first) });
  await apply(1, { setAside: String(first) });
  return true;
}

/** A store that cannot work now says nothing about what it was given. @throws what it said. */
function unlessStore(error: unknown): Error {
  if (error instanceof AppError && error.code.startsWith('store.')) throw error;
  return error instanceof Error ? error : new Error(String(error));
}
