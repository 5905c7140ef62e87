import { AppError } from '../domain/errors.ts';
import { type AccountId, asId, bucketOf, isId, newId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { createLoop } from '../domain/loop.ts';
import { dayIn, type ExpectedFee, noRows, type Reconciliation, type Tally } from '../domain/reconciliation.ts';
import { inPieces } from './file.ts';
import { type RunDependencies, runReconciliation } from './run.ts';

export interface ReconcileRequest {
  account: AccountId;
  /** `2026-01-05`, in the zone of the provider's bills. */
  day: string;
  /** The provider's file; null = it is fetched. */
  file: AsyncIterable<Uint8Array> | null;
  expectedFee?: ExpectedFee | null;
  by: string;
}

export interface Reconciliations {
  /**
   * Durable when it resolves; a node works it from then on.
   *
   * @throws AppError `account.unknown`, `request.invalid`, `request.too_large`, `statement.unsupported`, `provider.cannot_ask`,
   * `account.credentials`, and what reading the file throws.
   */
  begin(request: ReconcileRequest): Promise<Reconciliation>;
  /** @throws AppError `reconciliation.unknown`. */
  find(id: string): Promise<Reconciliation>;
  start(): void;
  /** What is under way is left, and begun anew by whoever works then. */
  stop(): Promise<void>;
}

/** How soon a job is found that another node left. */
const pollMs = 500;

/** Bills compared with our facts, one after the other, by whichever node comes first. */
export function createReconciliations(deps: RunDependencies): Reconciliations {
  const { store, clock, observe } = deps;

  const find = async (id: string): Promise<Reconciliation> => {
    const found = isId('rec', id) ? await store.read('reconciliation', asId.reconciliation(id)) : null;
    if (found === null) throw new AppError('reconciliation.unknown', `there is no reconciliation ${id}`);
    return found;
  };

  /** Gives whether there was anything to do. What this process has no code for is left to those that have. */
  const once = async (over: AbortSignal): Promise<boolean> => {
    const waiting: Reconciliation[] = [];
    for (const one of await store.read('waitingReconciliations', { at: store.now() })) {
      const provider = (await store.read('account', one.account))?.provider;
      if (provider === undefined || deps.providers.has(provider)) waiting.push(one);
    }
    for (const reconciliation of waiting) {
      if (over.aborted) return false;
      await work(deps, reconciliation, over).catch((error: unknown) => {
        observe('reconciliation.interrupted', 'error', { reconciliation: reconciliation.id, error: String(error) });
      });
    }
    return waiting.length > 0;
  };

  const loop = createLoop(clock, async (over) => {
    const worked = await once(over).catch((error: unknown) => {
      observe('reconciliation.failed', 'error', { error: String(error) });
      return false;
    });
    return worked ? 0 : pollMs;
  });

  return {
    find,
    async begin(request) {
      const { id } = await receive(deps, request);
      loop.wake();
      return find(id);
    },
    start: loop.start,
    stop: loop.stop,
  };
}

/** The file is kept before anybody works on it: whoever does can begin again. */
async function receive(deps: RunDependencies, request: ReconcileRequest): Promise<Reconciliation> {
  const { store, clock, random } = deps;
  const { day, file, expectedFee = null, by } = request;
  const account = await store.read('account', request.account);
  if (account === null) throw new AppError('account.unknown', `there is no account ${request.account}`);
  const zone = deps.providers.get(account.provider)?.profile.statementZone;
  deps.prepared.statementReader(account);
  if (zone === undefined) throw new AppError('statement.unsupported', `${account.provider} has no day for its bills`);
  const { from, to } = dayIn(day, zone);
  if (file === null) deps.prepared.client(account, 'statement');
  const at = clock.now();
  const id = newId('rec', at, bucketOf(account.merchant), random);
  const reconciliation: Reconciliation = {
    id,
    by,
    merchant: account.merchant,
    account: account.id,
    day,
    from,
    to,
    file: file === null ? 'fetched' : 'uploaded',
    expectedFee,
    state: file === null ? 'running' : 'receiving',
    run: 0,
    nextAt: file === null ? at : at + limits.statementMs,
    progress: noRows,
    failure: null,
    createdAt: at,
    updatedAt: at,
  };
  await store.write('addReconciliation', reconciliation);
  if (file === null) return reconciliation;
  let fileBytes = 0;
  const keep = (change: Pick<Reconciliation, 'state' | 'failure'>) =>
    store.write('keepReconciliation', { id, run: 0, progress: { ...noRows, fileBytes }, ...change, leaseMs: 0 });
  try {
    let number = 0;
    for await (const bytes of inPieces(file)) {
      await store.write('addStatementChunk', { id, number, bytes });
      number += 1;
      fileBytes += bytes.length;
    }
  } catch (error) {
    await keep({ state: 'failed', failure: failureOf(error) });
    throw error;
  }
  await keep({ state: 'running', failure: null });
  return reconciliation;
}

async function work(deps: RunDependencies, found: Reconciliation, stopped: AbortSignal): Promise<void> {
  const { store, observe, clock } = deps;
  const { id, run } = found;
  const leaseMs = limits.reconciliationLeaseMs;
  if (found.state === 'receiving' || run >= limits.reconciliationRunsMax) {
    const detail = run === 0 ? 'the file never came to its end' : `it was begun ${run} times and never came to its end`;
    const failure = { code: 'request.incomplete', detail } as const;
    await store.write('keepReconciliation', { id, run, state: 'failed', progress: found.progress, failure, leaseMs });
    return;
  }
  const taken = await store.write('takeReconciliation', { id, run, leaseMs });
  if (taken === null) return;
  const sinceMs = clock.monotonicMs();
  const ended = await runReconciliation(deps, taken, stopped).catch((error: unknown) => {
    // The store, or the end of this process, says nothing about the bill.
    if (stopped.aborted || (error instanceof AppError && error.code.startsWith('store.'))) throw error;
    return { state: 'failed', progress: null, failure: failureOf(error) } as const;
  });
  const progress = ended.progress ?? (await store.read('reconciliation', id))?.progress ?? noRows;
  const isKept = await store.write('keepReconciliation', { id, run: taken.run, ...ended, progress, leaseMs });
  if (!isKept) return;
  observe('reconciliation.ended', ended.failure === null ? 'info' : 'warn', {
    reconciliation: id,
    account: taken.account,
    day: taken.day,
    state: ended.state,
    code: ended.failure?.code ?? null,
    rows: progress.rows,
    matched: rowsOf(progress, (is) => is === 'matched'),
    differences: rowsOf(progress, (is) => is !== 'matched'),
    durationMs: Math.round(clock.monotonicMs() - sinceMs),
  });
}

function rowsOf({ tallies }: Reconciliation['progress'], counts: (is: Tally['is']) => boolean): number {
  return tallies.reduce((sum, { is, rows }) => (counts(is) ? sum + rows : sum), 0);
}

/** The message of anything but an AppError may quote the bill. */
function failureOf(error: unknown): NonNullable<Reconciliation['failure']> {
  if (error instanceof AppError) return { code: error.code, detail: error.detail };
  return { code: 'server.internal', detail: error instanceof Error ? error.name : 'it failed' };
}
