import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { type FactKind, factKey } from '../domain/fact.ts';
import type { Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Account } from '../domain/merchant.ts';
import type { Observe } from '../domain/observe.ts';
import { dayAfter, type Reconciliation, type ReconciliationProgress, Tallies } from '../domain/reconciliation.ts';
import type { Provider, StatementRow } from '../providers/provider.ts';
import type { Prepared } from '../secrets/prepared.ts';
import type { MissedInput, StatementOutput, ToldRow, WithBirth } from '../stores/decisions.ts';
import type { StoredFact } from '../stores/kept.ts';
import type { Store } from '../stores/store.ts';
import { keptFile } from './file.ts';

export interface RunDependencies {
  store: Store;
  clock: Clock;
  random: Random;
  observe: Observe;
  withBirth: WithBirth;
  providers: ReadonlyMap<string, Provider>;
  prepared: Pick<Prepared, 'client' | 'statementReader'>;
  /** Asks the library's `expect` later about references that nobody announced. */
  expectAgain(merchant: Reconciliation['merchant'], references: readonly string[]): void;
}

/** How often its progress is kept, and its lease renewed. */
const keptEveryMs = 2000;

type Ended = Pick<Reconciliation, 'state' | 'failure'> & { progress: ReconciliationProgress };

/**
 * Reads the bill once from its beginning, takes its rows into effect, then looks for what it does not list.
 *
 * @throws AppError what reading throws; `store.closed` where it was stopped, or is another node's by now.
 */
export async function runReconciliation(
  deps: RunDependencies,
  reconciliation: Reconciliation,
  stopped: AbortSignal,
): Promise<Ended> {
  const { store, prepared } = deps;
  const account = await store.read('account', reconciliation.account);
  if (account === null) throw new AppError('account.unknown', `account ${reconciliation.account} is gone`);
  const { day } = reconciliation;
  const read = prepared.statementReader(account);
  const run = new Run(deps, reconciliation, { account, closes: await isAnyMissing(deps, account), stopped });
  const fetching = () => prepared.client(account, 'statement').statement(day, stopped);
  const file = reconciliation.file === 'uploaded' ? keptFile(store, reconciliation) : fetching();
  for await (const row of read(run.counted(file))) await run.take(row);
  await run.takeAll();
  await run.findMissing();
  return { state: 'done', progress: run.progress, failure: null };
}

/** Whether bills of this merchant's accounts did not list something that is still open: these rows may. */
async function isAnyMissing({ store }: RunDependencies, { merchant }: Account): Promise<boolean> {
  const list = {
    limit: 1,
    cursor: null,
    visible: null,
    merchant,
    state: 'open',
    kind: 'missing_at_provider',
    assignee: null,
  };
  return (await store.read('discrepancies', list)).data.length > 0;
}

interface Given {
  account: Account;
  closes: boolean;
  stopped: AbortSignal;
}

/** One reading of a bill, with what it came to so far. */
class Run {
  readonly #deps: RunDependencies;
  readonly #reconciliation: Reconciliation;
  readonly #given: Given;
  readonly #tallies = new Tallies();
  readonly #fees = new Map<string, bigint>();
  readonly #underWay = new Set<Promise<void>>();
  #failed: { error: unknown } | null = null;
  #waiting: ToldRow[] = [];
  #rows = 0;
  #sent = 0;
  #otherRows = 0;
  #bytes = 0;
  #differences = 0;
  #keptAtMs: number;

  constructor(deps: RunDependencies, reconciliation: Reconciliation, given: Given) {
    this.#deps = deps;
    this.#reconciliation = reconciliation;
    this.#given = given;
    this.#keptAtMs = deps.clock.monotonicMs();
  }

  get progress(): ReconciliationProgress {
    return {
      rows: this.#rows,
      otherRows: this.#otherRows,
      bytes: this.#bytes,
      fileBytes: this.#reconciliation.progress.fileBytes,
      tallies: this.#tallies.all,
      fees: [...this.#fees].map(([currency, feeMinor]) => ({ currency, feeMinor })),
    };
  }

  async *counted(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of file) {
      this.#bytes += bytes.length;
      yield bytes;
    }
  }

  async take({ fact, ...row }: StatementRow): Promise<void> {
    this.#rows += 1;
    if (fact === null) {
      this.#otherRows += 1;
      return;
    }
    if (row.feeMinor !== null && fact.currency !== null)
      this.#fees.set(fact.currency, (this.#fees.get(fact.currency) ?? 0n) + row.feeMinor);
    this.#waiting.push({ ...row, fact });
    if (this.#waiting.length < limits.reconciledRows) return;
    await this.#send(limits.reconciledBatches - 1);
    // Those of one turn share a transaction: while it commits, the next rows are decided in another.
    this.#sent += 1;
    if (this.#sent % (limits.reconciledBatches / 2) === 0) await nextTurn();
    await this.#keep();
  }

  /** Nothing is under way when it resolves. */
  async takeAll(): Promise<void> {
    await this.#send(0);
  }

  /** Puts off what is read next until so few are under way. */
  async #send(most: number): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = [];
    if (rows.length > 0) {
      const sent = this.#decide(rows)
        .catch((error: unknown) => {
          this.#failed ??= { error };
        })
        .finally(() => this.#underWay.delete(sent));
      this.#underWay.add(sent);
    }
    while (this.#underWay.size > most) await Promise.race(this.#underWay);
    if (this.#failed !== null) throw this.#failed.error;
  }

  async #decide(rows: readonly ToldRow[]): Promise<void> {
    const { store, withBirth } = this.#deps;
    const { account, closes } = this.#given;
    const { withoutOrder } = account;
    const { expectedFee } = this.#reconciliation;
    this.#add(
      await withBirth((born) =>
        store.decide('statement', { ...this.#ofRun, withoutOrder, closes, expectedFee, rows, born }),
      ),
    );
  }

  get #ofRun() {
    const { id: reconciliation, run, merchant, day } = this.#reconciliation;
    return { reconciliation, run, merchant, day, keeps: this.#differences < limits.differencesMax };
  }

  #add({ tallies, differences, parked }: StatementOutput): void {
    for (const tally of tallies) this.#tallies.add(tally);
    this.#differences += differences;
    if (parked.length > 0) this.#deps.expectAgain(this.#reconciliation.merchant, parked);
  }

  async #keep(): Promise<void> {
    const { store, clock } = this.#deps;
    if (this.#given.stopped.aborted) throw new AppError('store.closed', 'this node stops');
    if (clock.monotonicMs() - this.#keptAtMs < keptEveryMs) return;
    this.#keptAtMs = clock.monotonicMs();
    const { id, run } = this.#reconciliation;
    const state = { state: 'running', progress: this.progress, failure: null } as const;
    const isOurs = await store.write('keepReconciliation', {
      id,
      run,
      ...state,
      leaseMs: limits.reconciliationLeaseMs,
    });
    if (!isOurs) throw new AppError('store.closed', 'another node works it by now');
  }

  /** Facts of the day, and of a neighbour's edge, that neither this bill nor an earlier one lists. */
  async findMissing(): Promise<void> {
    const { store, withBirth, providers } = this.#deps;
    const { account } = this.#given;
    const kinds: readonly FactKind[] = providers.get(account.provider)?.profile.statementKinds ?? [];
    if (kinds.length === 0) return;
    const { from, to, day } = this.#reconciliation;
    const [before, after] = [dayAfter(day, -1), dayAfter(day, 1)];
    const done = await store.read('reconciledDays', { account: account.id, days: [before, after] });
    const range = { from: from - limits.dayEdgeMs, to: to + limits.dayEdgeMs };
    let last: { at: number; seq: number } | null = null;
    for (;;) {
      const page: readonly { fact: StoredFact; seq: number }[] = await store.read('unlistedFacts', {
        account: account.id,
        kinds,
        ...range,
        after: last,
      });
      const end = page.at(-1);
      if (end === undefined) return;
      last = { at: end.fact.providerTime, seq: end.seq };
      const facts: MissedInput['facts'] = page.map(({ fact }) => {
        const at = fact.providerTime;
        const isEdge = (edge: number) => Math.abs(at - edge) < limits.dayEdgeMs;
        const isOpen = (isEdge(from) && !done.includes(before)) || (isEdge(to) && !done.includes(after));
        const own = at < from ? before : at >= to ? after : day;
        return { key: factKey(fact), day: own, is: isOpen ? 'undecided' : 'missing_at_provider' };
      });
      this.#add(await withBirth((born) => store.decide('missed', { ...this.#ofRun, facts, born })));
      await this.#keep();
    }
  }
}
