import type { Instant } from '../../../domain/clock.ts';
import { doneWithBytes } from '../../../domain/done-with-bytes.ts';
import { asId, type ReconciliationId } from '../../../domain/ids.ts';
import type { Difference, Reconciliation } from '../../../domain/reconciliation.ts';
import { text, toJson } from '../../mapping.ts';
import {
  reconciliationColumns,
  reconciliationOf,
  reconciliationOutcomeJson,
  reconciliationRequestJson,
} from '../../reconciliation-mapping.ts';
import type { Retained } from '../../work/retention-rows.ts';
import type { Connection } from '../connection.ts';

export function reconciliationById(db: Connection, id: ReconciliationId): Reconciliation | null {
  const row = db.get(
    `-- SEARCH paidonce_reconciliations USING INDEX paidonce_reconciliations_id (id=?)
     select ${reconciliationColumns} from paidonce_reconciliations where id = ?`,
    id,
  );
  return row === undefined ? null : reconciliationOf(row);
}

export function insertReconciliation(db: Connection, reconciliation: Reconciliation): void {
  const { id, merchant, account, day, state, run, nextAt, createdAt, updatedAt } = reconciliation;
  db.run(
    `insert into paidonce_reconciliations (id, merchant, account, day, request, state, run, next_at, outcome, created_at, updated_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    merchant,
    account,
    day,
    reconciliationRequestJson(reconciliation),
    state,
    run,
    nextAt,
    reconciliationOutcomeJson(reconciliation),
    createdAt,
    updatedAt,
  );
}

export function updateReconciliation(db: Connection, reconciliation: Reconciliation): void {
  const { id, state, run, nextAt, updatedAt } = reconciliation;
  db.run(
    `-- SEARCH paidonce_reconciliations USING INDEX paidonce_reconciliations_id (id=?)
     update paidonce_reconciliations set state = ?, run = ?, next_at = ?, outcome = ?, updated_at = ? where id = ?`,
    state,
    run,
    nextAt,
    reconciliationOutcomeJson(reconciliation),
    updatedAt,
    id,
  );
}

export function insertDifference(db: Connection, id: ReconciliationId, run: number, difference: Difference): void {
  db.run(
    'insert into paidonce_differences (reconciliation, run, kind, body) values (?, ?, ?, ?)',
    id,
    run,
    difference.kind,
    toJson(difference),
  );
}

export function insertStatementChunk(db: Connection, id: ReconciliationId, number: number, bytes: Uint8Array): void {
  db.run('insert into paidonce_statement_chunks (reconciliation, number, bytes) values (?, ?, ?)', id, number, bytes);
  // The copy that came to this thread.
  doneWithBytes(bytes.length);
}

export function deleteStatement(db: Connection, id: ReconciliationId): void {
  db.run(
    `-- SEARCH paidonce_statement_chunks USING INDEX paidonce_statement_chunks_number (reconciliation=?)
     delete from paidonce_statement_chunks where reconciliation = ?`,
    id,
  );
}

/** Reconciliations that are looked at for one deletion. */
const oldMax = 100;

/** From the oldest on; one that has more differences than go at once stays until they are gone. */
export function deleteReconciliations(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH paidonce_reconciliations USING INDEX paidonce_reconciliations_age (created_at<?)
     select id from paidonce_reconciliations where created_at < ? order by created_at limit ${oldMax}`,
    before,
  );
  let removed = 0;
  for (const row of old) {
    const id = text(row, 'id');
    removed += db.run(
      `-- SEARCH paidonce_differences USING INTEGER PRIMARY KEY (rowid=?)
       -- LIST SUBQUERY 1
       -- SEARCH paidonce_differences USING COVERING INDEX paidonce_differences_of (reconciliation=?)
       delete from paidonce_differences where seq in (select seq from paidonce_differences where reconciliation = ? limit ?)`,
      id,
      most - removed,
    );
    if (removed >= most) break;
    deleteStatement(db, asId.reconciliation(id));
    removed += db.run(
      `-- SEARCH paidonce_reconciliations USING INDEX paidonce_reconciliations_id (id=?)
       delete from paidonce_reconciliations where id = ?`,
      id,
    );
  }
  return { removed, kept: [] };
}
