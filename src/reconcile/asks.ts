import type { Ask } from '../domain/asking.ts';
import type { Clock, Instant } from '../domain/clock.ts';
import type { Fact } from '../domain/fact.ts';
import type { MerchantId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { createLoop } from '../domain/loop.ts';
import type { Observe } from '../domain/observe.ts';
import type { ExpectInput, WithBirth } from '../stores/decisions.ts';
import type { ClaimedAsks } from '../stores/kept.ts';
import type { Store } from '../stores/store.ts';
import { type Answered, type AskerDependencies, createAsker } from './asker.ts';

export interface Asks {
  start(): void;
  /** What is under way is dropped, and asked again by whoever works then. */
  stop(): Promise<void>;
  /** Something may be due now. */
  wake(): void;
}

export interface AsksDependencies extends AskerDependencies {
  store: Store;
  clock: Clock;
  observe: Observe;
  withBirth: WithBirth;
  /** Marks the accounts that can be asked by this version of the program. */
  refreshAsked(signal: AbortSignal): Promise<void>;
  /** What the library's `expect` says of references that nobody announced, and to be asked again later. */
  expect: {
    before(merchant: MerchantId, facts: readonly Fact[]): Promise<readonly Omit<ExpectInput, 'born'>[]>;
    again(merchant: MerchantId, references: readonly string[]): void;
  };
}

/** The poll finds what other processes wanted asked; our own wakes it. */
const pollMs = 1000;
/** What others hold at this moment is not asked for without pause. */
const restMs = 20;
/** After a failure of the store. */
const pauseMs = 1000;

/** Asks providers what is due: claims accounts, puts their questions within their limits, and records what came. */
export function createAsks(deps: AsksDependencies): Asks {
  const { store, clock, observe } = deps;
  const over = new AbortController();
  const working = new Set<Promise<void>>();
  let refreshing = Promise.resolve();
  const askOne = createAskOne(deps);

  const work = async ({ account, lease, asks }: ClaimedAsks, claimedAt: Instant): Promise<void> => {
    const [late, done] = [new AbortController(), new AbortController()];
    void clock.sleep(limits.askMs, done.signal).then(() => late.abort());
    const signal = AbortSignal.any([over.signal, late.signal]);
    try {
      const asked = await Promise.all(asks.map((ask) => askOne(ask, signal, over.signal)));
      const paceMs = (asked.filter(Boolean).length * 1000) / limits.asksPerSecondPerAccount;
      await store.write('releaseAsks', { account, lease, freeAt: claimedAt + paceMs });
    } catch (error) {
      // Not recorded, so not over: they are asked again when the lease ends.
      observe('ask.unrecorded', 'error', { account, error: String(error) });
    } finally {
      done.abort();
    }
  };

  /** Gives how long there is nothing to do. */
  const claim = async (): Promise<number> => {
    const free = limits.askedAccountsInFlight - working.size;
    if (free <= 0) return pollMs;
    const { claimed, at, nextDueAt } = await store.write('claimAsks', { most: free });
    for (const one of claimed) {
      const done = work(one, at).finally(() => {
        working.delete(done);
        loop.wake();
      });
      working.add(done);
    }
    return nextDueAt === null ? pollMs : Math.min(pollMs, Math.max(nextDueAt - clock.now(), restMs));
  };

  const loop = createLoop(clock, () =>
    claim().catch((error: unknown) => {
      observe('ask.claim_failed', 'error', { error: String(error) });
      return pauseMs;
    }),
  );

  const refresh = () =>
    deps
      .refreshAsked(over.signal)
      .catch((error: unknown) => observe('ask.refresh_failed', 'error', { error: String(error) }));

  return {
    wake: loop.wake,
    start() {
      loop.start();
      refreshing = refresh();
    },
    async stop() {
      over.abort();
      await loop.stop();
      await Promise.all([refreshing, ...working]);
    },
  };
}

/** Asks, and records what came in one transaction. Gives whether the provider was asked anything. */
function createAskOne(
  deps: AsksDependencies,
): (ask: Ask, signal: AbortSignal, stopped: AbortSignal) => Promise<boolean> {
  const { store, withBirth, expect } = deps;
  const put = createAsker(deps);
  const record = async (ask: Ask, answered: Answered) => {
    const expectations = await expect.before(ask.merchant, answered.facts);
    return withBirth((born) => store.decide('answered', { ask, ...answered, expectations, born }));
  };
  return async (ask, signal, stopped) => {
    const answered = await put(ask, signal);
    // Whatever came then came of the stop.
    if (stopped.aborted && answered.came.is === 'failed') return true;
    const { found, parked } = await record(ask, answered).catch((error: unknown) => {
      // Facts that the store cannot take must not have the provider asked for them again and again, and others wait behind them.
      if (answered.facts.length === 0) throw error;
      return record(ask, {
        ...answered,
        came: { is: 'failed' },
        facts: [],
        denied: [],
        answer: `cannot be recorded: ${error}`,
      });
    });
    const references = parked.map(({ reference }) => reference);
    if (references.length > 0) expect.again(ask.merchant, references);
    tell(deps, ask, { ...answered, found });
    return answered.came.is !== 'gone';
  };
}

function tell(
  { observe, clock }: AsksDependencies,
  { account, subject, reason, tries, since }: Ask,
  { came, answer, found }: { came: { is: string }; answer: string; found: boolean },
): void {
  const waitedMs = clock.now() - since;
  const overdue = reason === 'callback' && waitedMs > limits.askOverdueMs;
  // What became final meanwhile is no news; a callback that nobody can be asked about is.
  const isUsual = came.is === 'told' || (came.is === 'gone' && reason === 'sweep');
  const level = isUsual ? 'debug' : overdue ? 'error' : 'warn';
  observe('ask.answered', level, {
    account,
    subject,
    reason,
    came: came.is,
    answer,
    found,
    tries: tries + 1,
    waitedMs,
  });
}
