import { toJson } from '../../mapping.ts';
import {
  reconciliationOf,
  reconciliationOutcomeJson,
  reconciliationRequestJson,
} from '../../reconciliation-mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const reconciliations = new Table({
  name: 'reconciliations',
  columns: {
    id: 'text',
    merchant: 'text',
    account: 'text',
    day: 'text',
    request: 'text',
    state: 'text',
    run: 'integer',
    next_at: 'bigint',
    outcome: 'text',
    created_at: 'bigint',
    updated_at: 'bigint',
  },
  key: ['id'],
  mutable: ['state', 'run', 'next_at', 'outcome', 'updated_at'],
  hasSeq: true,
});

/** Locked: of two nodes that take the same run the second finds another. */
const reconciliationsById = reconciliations.lookup({
  name: 'id',
  columns: ['id'],
  index: 'reconciliations_pkey',
  locks: 'wait',
});

export const differences = new Table({
  name: 'differences',
  columns: { reconciliation: 'text', run: 'integer', kind: 'text', body: 'text' },
  key: ['reconciliation', 'run', 'body'],
  hasSeq: true,
});

export const statementChunks = new Table({
  name: 'statement_chunks',
  columns: { reconciliation: 'text', number: 'integer', bytes: 'bytea' },
  key: ['reconciliation', 'number'],
});

type ReconciliationRows = Pick<
  Rows,
  | 'reconciliationById'
  | 'insertReconciliation'
  | 'updateReconciliation'
  | 'insertDifference'
  | 'insertStatementChunk'
  | 'deleteStatement'
>;

export function reconciliationRows(image: Image): ReconciliationRows {
  return {
    reconciliationById(id) {
      const found = image.one(reconciliationsById, id);
      return found === null ? null : reconciliationOf(found.values);
    },
    insertReconciliation(reconciliation) {
      const { id, merchant, account, day, state, run, nextAt, createdAt, updatedAt } = reconciliation;
      const about = { id, merchant, account, day, request: reconciliationRequestJson(reconciliation), state, run };
      const outcome = reconciliationOutcomeJson(reconciliation);
      image.add(reconciliations, { ...about, next_at: nextAt, outcome, created_at: createdAt, updated_at: updatedAt });
    },
    updateReconciliation(reconciliation) {
      const { id, state, run, nextAt, updatedAt } = reconciliation;
      const kept = image.one(reconciliationsById, id);
      const outcome = reconciliationOutcomeJson(reconciliation);
      if (kept !== null) image.change(kept, { state, run, next_at: nextAt, outcome, updated_at: updatedAt });
    },
    insertDifference(id, run, difference) {
      image.add(differences, { reconciliation: id, run, kind: difference.kind, body: toJson(difference) });
    },
    insertStatementChunk(id, number, bytes) {
      image.add(statementChunks, { reconciliation: id, number, bytes });
    },
    deleteStatement(id) {
      image.alone(`statement ${id}`, async (session) => {
        await session.run(
          '/* statement_chunks_pkey (reconciliation) */ delete from paidonce.statement_chunks where reconciliation = $1',
          id,
        );
        return [];
      });
    },
  };
}
