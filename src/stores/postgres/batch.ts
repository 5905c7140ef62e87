import { AppError } from '../../domain/errors.ts';
import { answerOf } from '../mapping.ts';
import type { Result } from '../work/commit-queue.ts';
import type { Operation } from '../work/operation.ts';
import type { Connections } from './connections.ts';
import { isContention, isLost, type Session, toAppError } from './session.ts';
import { inTheWay, type Ran, TransactionWork, type Workplace } from './transaction.ts';

export interface BatchTools {
  connections: Connections;
  /** For a transaction on this connection. */
  placeOn(session: Session): Workplace;
  /** A commit left work that is due and leased to nobody. */
  onWork(): void;
}

/** How often an operation that meets others is run alone before its caller is told. */
const triesAlone = 5;

/**
 * Commits operations together. A batch never waits for a stranger: what somebody else stands in the way of is run again alone, on
 * a connection of its own, where it may wait. A batch never fails as one: where a statement fails the batch is halved until the
 * guilty operation is alone. Only a lost connection fails all of it, because nobody knows what came of the commit.
 */
export async function runBatch(tools: BatchTools, operations: readonly Operation[]): Promise<readonly Result[]> {
  const outcomes = await tools.connections.batch((session) => commitOn(tools, session, operations));
  const left = operations.filter((_, index) => outcomes[index] === inTheWay);
  // Mostly it was another batch of ours, which has ended by now.
  const again = left.length === 0 ? [] : await tools.connections.batch((session) => commitOn(tools, session, left));
  const second = again[Symbol.iterator]();
  return Promise.all(
    outcomes.map((outcome, index) => {
      const last = outcome === inTheWay ? (second.next().value ?? inTheWay) : outcome;
      const operation = operations[index];
      return last === inTheWay && operation !== undefined ? runAlone(tools, operation) : settled(last);
    }),
  );
}

async function commitOn(
  tools: BatchTools,
  session: Session,
  operations: readonly Operation[],
): Promise<readonly Ran<unknown>[]> {
  try {
    return await commit(tools, session, operations, { waits: false });
  } catch (error) {
    if (isLost(error)) throw error;
    const [only] = operations;
    if (operations.length === 1 && only !== undefined)
      return [isContention(error) ? inTheWay : { ok: false, error: toAppError(error) }];
    const half = Math.ceil(operations.length / 2);
    const first = await commitOn(tools, session, operations.slice(0, half));
    return [...first, ...(await commitOn(tools, session, operations.slice(half)))];
  }
}

async function runAlone(tools: BatchTools, operation: Operation): Promise<Result> {
  let last: unknown = null;
  for (let attempt = 0; attempt < triesAlone; attempt += 1) {
    try {
      const [ran] = await tools.connections.alone((session) => commit(tools, session, [operation], { waits: true }));
      if (ran !== undefined && ran !== inTheWay) return settled(ran);
      last = new AppError('store.overloaded', 'another transaction is in the way');
    } catch (error) {
      last = error;
      if (isLost(error) || !isContention(error)) break;
    }
  }
  return { ok: false, error: toAppError(last) };
}

async function commit(
  tools: BatchTools,
  session: Session,
  operations: readonly Operation[],
  { waits }: { waits: boolean },
): Promise<readonly Ran<unknown>[]> {
  const work = new TransactionWork(session, tools.placeOn(session), { waits });
  const begun = session.command('begin');
  try {
    const [ran] = await Promise.all([work.run(operations), begun]);
    // In one flight: only what has been written whole is committed.
    const written = work.flush();
    const [tag] = await Promise.all([session.command('commit'), written]);
    if (tag !== 'COMMIT') throw new AppError('store.unavailable', `the commit became ${tag}`);
    if (work.work) tools.onWork();
    return ran;
  } catch (error) {
    await rollBack(session, error);
    throw error;
  }
}

/** A connection on which not even this works is not used again. */
export async function rollBack(session: Session, error: unknown = null): Promise<void> {
  try {
    if (isLost(error)) throw error;
    await session.command('rollback');
  } catch (broken) {
    session.broken = broken instanceof Error ? broken : new Error(String(broken));
  }
}

function settled(ran: Ran<unknown>): Result {
  if (ran === inTheWay)
    return { ok: false, error: new AppError('store.overloaded', 'another transaction is in the way') };
  return ran.ok ? { ok: true, value: answerOf(ran.value) } : { ok: false, error: toAppError(ran.error) };
}
