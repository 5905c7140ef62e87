import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { createLoop, type Loop } from '../domain/loop.ts';
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
  /** Runs `once` until it says there is nothing more, then waits. A failure is told and tried again after the wait. */
  const repeated = (name: string, everyMs: number, once: (over: AbortSignal) => Promise<boolean>): Loop =>
    createLoop(deps.clock, async (over) => {
      try {
        return (await once(over)) ? 0 : everyMs;
      } catch (error) {
        deps.observe(`${name}.failed`, 'error', { error: String(error) });
        return everyMs;
      }
    });
  const outbox = repeated('outbox', outboxEveryMs, () => applyOutbox(deps));
  const loops = [
    repeated(
      'refold',
      refoldEveryMs,
      async () => (await deps.withBirth((born) => store.decide('refold', { born }))).more,
    ),
    outbox,
    repeated('sealing', sealingEveryMs, () => sealAttempts(deps)),
    repeated('alerts', alertsEveryMs, async (over) => {
      await deps.review(over);
      return false;
    }),
    repeated('rotations', rotationsEveryMs, async () => {
      await deps.endRotations();
      return false;
    }),
    repeated('retention', retentionEveryMs, () => deleteHistory(deps)),
  ];

  return {
    start() {
      for (const loop of loops) loop.start();
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
    wakeOutbox: outbox.wake,
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
