import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Account } from '../domain/merchant.ts';
import type { Client, QueryAnswer, Reference } from '../providers/provider.ts';
import type { Prepared } from '../secrets/prepared.ts';
import type { Store } from '../stores/store.ts';
import type { AccountLease } from '../stores/writes.ts';

export interface AskWaitingDependencies {
  store: Pick<Store, 'write'>;
  /** The store's. */
  clock: Clock;
  client: Prepared['client'];
}

/** What an account's provider says of these, one after the other, until `enough`; those that it cannot be asked by are left out. */
export type AskWaiting = (
  account: Account,
  references: readonly Reference[],
  enough: (answer: QueryAnswer) => boolean,
) => Promise<readonly QueryAnswer[]>;

/**
 * Asks while a person waits: within `limits.askWaitingMs`, and under the account's own limits, which hold over all nodes.
 *
 * @throws AppError `provider.cannot_ask` where it can be asked by none of them; `provider.unreachable` where the time was too short, also
 * because others ask it; what the client throws.
 */
export function createAskWaiting(deps: AskWaitingDependencies): AskWaiting {
  return async (account, references, enough) => {
    const client = deps.client(account, 'query');
    const [late, done] = [new AbortController(), new AbortController()];
    void deps.clock.sleep(limits.askWaitingMs, done.signal).then(() => late.abort());
    try {
      const { lease, at } = await turnOf(deps, account, late.signal);
      const asked = await askEach(client, references, { enough, signal: late.signal });
      const paceMs = (asked.questions * 1000) / limits.asksPerSecondPerAccount;
      await deps.store.write('releaseAsks', { account: account.id, lease, freeAt: at + paceMs });
      if (asked.error !== null) throw asked.error;
      return asked.answers;
    } finally {
      done.abort();
    }
  };
}

/** Others that wait for the account are claimed by their time; this one takes its chance with them. */
async function turnOf(
  { store, clock }: AskWaitingDependencies,
  { id: account, merchant }: Account,
  signal: AbortSignal,
): Promise<AccountLease> {
  const leaseMs = limits.askWaitingMs + limits.leaseMarginMs;
  while (!signal.aborted) {
    const lease = await store.write('claimAccount', { merchant, account, leaseMs });
    if (lease !== null) return lease;
    await clock.sleep(limits.askTurnMs, signal);
  }
  throw new AppError('provider.unreachable', `account ${account} is being asked for others`);
}

/** Never rejects, so that the account is given back. */
async function askEach(
  client: Required<Pick<Client, 'query'>>,
  references: readonly Reference[],
  { enough, signal }: { enough: (answer: QueryAnswer) => boolean; signal: AbortSignal },
): Promise<{ answers: readonly QueryAnswer[]; questions: number; error: unknown }> {
  const answers: QueryAnswer[] = [];
  let [questions, error]: [number, unknown] = [0, null];
  for (const reference of references) {
    questions += 1;
    try {
      const answer = await client.query(reference, signal);
      answers.push(answer);
      if (enough(answer)) return { answers, questions, error: null };
    } catch (thrown) {
      if (error === null || !cannotAsk(thrown)) error = thrown;
    }
  }
  const isOnlyUnaskable = cannotAsk(error) && answers.length > 0;
  return { answers, questions, error: isOnlyUnaskable ? null : error };
}

function cannotAsk(error: unknown): boolean {
  return error instanceof AppError && error.code === 'provider.cannot_ask';
}
