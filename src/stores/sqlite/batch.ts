import type { Instant } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { Program } from '../decisions.ts';
import { type Operation, runOperation } from '../work/operation.ts';
import { Unit, type UnitOptions } from '../work/unit.ts';
import { type Connection, isUnavailable } from './connection.ts';
import { type Outcome, toFailure } from './messages.ts';

/** The one writing connection, and what stays the same over all of its transactions. */
export interface Writer extends UnitOptions {
  db: Connection;
}

export interface Committed {
  outcomes: readonly Outcome<unknown>[];
  work: boolean;
}

/**
 * Runs operations in one transaction and gives what each answered, after the commit. Where one fails, or is to
 * be undone, all are run once more, each under a savepoint, so that it is that one alone. What cannot be committed has not happened: all fail with
 * `store.unavailable`.
 */
export function runBatch(
  writer: Writer,
  program: Program,
  batch: { now: Instant; operations: readonly Operation[] },
): Committed {
  const { operations, now } = batch;
  try {
    return inTransaction(writer, now, (unit) =>
      operations.map((operation) => ({ ok: true, value: runOperation(unit, program, operation) })),
    );
  } catch (error) {
    if (isUnavailable(error)) return failed(operations, error);
  }
  try {
    return runApart(writer, program, batch);
  } catch (error) {
    return failed(operations, error);
  }
}

function inTransaction(writer: Writer, now: Instant, run: (unit: Unit) => readonly Outcome<unknown>[]): Committed {
  const { db, directory } = writer;
  try {
    db.begin('immediate');
    const unit = new Unit(writer, now);
    const outcomes = run(unit);
    if (unit.isUndone) throw new Error('one of them is to be undone alone');
    unit.flush();
    db.commit();
    return { outcomes, work: unit.lanes.work };
  } catch (error) {
    directory.forgetAll();
    db.rollback();
    throw error;
  }
}

/** Each operation with a memory of its own, so that what a failed one changed in memory is forgotten with it. */
function runApart(
  writer: Writer,
  program: Program,
  { now, operations }: { now: Instant; operations: readonly Operation[] },
): Committed {
  let work = false;
  const { outcomes } = inTransaction(writer, now, () =>
    operations.map((operation): Outcome<unknown> => {
      const { db, directory } = writer;
      db.savepoint();
      try {
        const unit = new Unit(writer, now);
        const value = runOperation(unit, program, operation);
        if (unit.isUndone) {
          db.rollbackToSavepoint();
          directory.forgetAll();
          return { ok: true, value };
        }
        unit.flush();
        db.releaseSavepoint();
        work ||= unit.lanes.work;
        return { ok: true, value };
      } catch (error) {
        // A database that cannot be written concerns all of them; anything else is this operation's own.
        if (isUnavailable(error)) throw error;
        db.rollbackToSavepoint();
        directory.forgetAll();
        return { ok: false, failure: toFailure(error) };
      }
    }),
  );
  return { outcomes, work };
}

function failed(operations: readonly Operation[], error: unknown): Committed {
  const reason = error instanceof Error ? error.message : String(error);
  const failure = toFailure(error instanceof AppError ? error : new AppError('store.unavailable', reason));
  return { outcomes: operations.map(() => ({ ok: false, failure })), work: false };
}
