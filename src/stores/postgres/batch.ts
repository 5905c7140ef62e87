import { AppError } from '../../domain/errors.ts';
import { answerOf } from '../mapping.ts';
import type { Result } from '../work/commit-queue.ts';
import type { Operation } from '../work/operation.ts';
import type { Alone } from './alone.ts';
import type { Connections } from './connections.ts';
import { isContention, isForgotten, isLost, isTimeout, type Session, toAppError } from './session.ts';
import { inTheWay, type Ran, TransactionWork, type Workplace } from './transaction.ts';

export interface BatchTools {
  connections: Connections;
  /** Where operations wait that others stand in the way of. */
  alone: Alone;
  /** For a transaction on this connection. */
  placeOn(session: Session): Workplace;
  /** A commit left work that is due and leased to nobody. */
  onWork(): void;
}

/** How often an operation is run alone that meets others in another way than by waiting for them. */
const triesAlone = 5;

/**
 * Commits operations together. A batch never waits for a stranger: what somebody else stands in the way of is run again alone, on
 * a connection of its own, where it may wait; its result is then a promise, and nobody else's waits for it. A batch never fails as
 * one: where a statement fails the batch is halved until the guilty operation is alone. Only where the connection is lost all that
 * was under way fails, and is never done again here, because nobody knows what came of it.
 */
export async function runBatch(tools: BatchTools, operations: readonly Operation[]): Promise<readonly Result[]> {
  const outcomes = await batchOf(tools, operations);
  const left = operations.filter((_, index) => outcomes[index] === inTheWay);
  // Mostly it was another batch of ours, which has ended by now.
  const second = (left.length === 0 ? [] : await runAgain(tools, left))[Symbol.iterator]();
  return outcomes.map((outcome, index) => {
    const last = outcome === inTheWay ? (second.next().value ?? inTheWay) : outcome;
    const operation = operations[index];
    return last === inTheWay && operation !== undefined
      ? { ok: true, value: answerOf(tools.alone.add(operation)) }
      : settled(last);
  });
}

async function runAgain(tools: BatchTools, operations: readonly Operation[]): Promise<readonly Ran<unknown>[]> {
  try {
    return await tools.connections.batch((session) => commitOn(tools, session, operations));
  } catch (error) {
    // Those that are committed already are to be told so.
    return allFailed(operations, error);
  }
}

/** Errors are the store's: to callers a connection that is lost before the first statement, or later, is the same. */
async function batchOf(tools: BatchTools, operations: readonly Operation[]): Promise<readonly Ran<unknown>[]> {
  try {
    return await tools.connections.batch((session) => commitOn(tools, session, operations));
  } catch (error) {
    throw toAppError(error);
  }
}

async function commitOn(
  tools: BatchTools,
  session: Session,
  operations: readonly Operation[],
): Promise<readonly Ran<unknown>[]> {
  try {
    return await commit(tools, session, operations, { waits: false });
  } catch (error) {
    if (isLost(error)) return allFailed(operations, error);
    if (isForgotten(error)) return operations.map(() => inTheWay);
    const [only] = operations;
    if (operations.length === 1 && only !== undefined)
      return [isContention(error) ? inTheWay : { ok: false, error: toAppError(error) }];
    const half = Math.ceil(operations.length / 2);
    const first = await commitOn(tools, session, operations.slice(0, half));
    return [...first, ...(await commitOn(tools, session, operations.slice(half)))];
  }
}

function allFailed(operations: readonly Operation[], error: unknown): readonly Ran<unknown>[] {
  return operations.map(() => ({ ok: false, error: toAppError(error) }));
}

/** One operation in a transaction that waits for others. Errors: its own; `store.overloaded` where they do not end in time. */
export async function runAlone(tools: Omit<BatchTools, 'alone'>, operation: Operation): Promise<unknown> {
  let last: unknown = null;
  for (let attempt = 0; attempt < triesAlone; attempt += 1) {
    try {
      const [ran] = await tools.connections.alone((session) => commit(tools, session, [operation], { waits: true }));
      const result = settled(ran ?? inTheWay);
      if (result.ok) return result.value;
      throw result.error;
    } catch (error) {
      last = error;
      if (isLost(error) || !(isForgotten(error) || (isContention(error) && !isTimeout(error)))) break;
    }
  }
  throw toAppError(last);
}

async function commit(
  tools: Pick<BatchTools, 'placeOn' | 'onWork'>,
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
