import type { Writes } from '../writes.ts';
import type { Unit } from './unit.ts';

export function addReconciliation({ rows, now }: Unit, reconciliation: Writes['addReconciliation']['input']): null {
  rows.insertReconciliation(reconciliation);
  const { id, by, merchant, account, day } = reconciliation;
  rows.insertAction({ at: now, merchant, by, what: 'reconciliation.start', subject: id, note: `${account} ${day}` });
  return null;
}

export function addStatementChunk(
  { rows }: Unit,
  { id, number, bytes }: Writes['addStatementChunk']['input'],
): Writes['addStatementChunk']['output'] {
  rows.insertStatementChunk(id, number, bytes);
  return null;
}

export function takeReconciliation(
  { rows, now }: Unit,
  { id, run, leaseMs }: Writes['takeReconciliation']['input'],
): Writes['takeReconciliation']['output'] {
  const found = rows.reconciliationById(id);
  if (found === null || found.state !== 'running' || found.run !== run || found.nextAt > now) return null;
  const taken = { ...found, run: run + 1, nextAt: now + leaseMs, updatedAt: now };
  rows.updateReconciliation(taken);
  return taken;
}

export function keepReconciliation(
  { rows, now }: Unit,
  { id, run, state, progress, failure, leaseMs }: Writes['keepReconciliation']['input'],
): boolean {
  const found = rows.reconciliationById(id);
  if (found === null || found.run !== run || found.state === 'done' || found.state === 'failed') return false;
  rows.updateReconciliation({ ...found, state, progress, failure, nextAt: now + leaseMs, updatedAt: now });
  if (state === 'done' || state === 'failed') rows.deleteStatement(id);
  return true;
}
