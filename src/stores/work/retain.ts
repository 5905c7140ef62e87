import { limits } from '../../domain/limits.ts';
import type { RetainInput, RetainOutput } from '../writes.ts';
import type { Unit } from './unit.ts';

/** Deletes at most `limits.retainedRows` of each kind, so that whoever commits beside it does not wait long. */
export function retain({ rows, now }: Unit, input: RetainInput): RetainOutput {
  const { bytesBefore, noncesBefore, idempotencyBefore, commitsBefore, reconciliationsBefore, ordersBefore } = input;
  const most = limits.retainedRows;
  const done = {
    orders: rows.deleteOrders(ordersBefore, limits.retainedOrders),
    bytes: rows.deleteBytes(bytesBefore, most),
    payloads: rows.deletePayloads(bytesBefore, most),
    attempts: rows.deleteAttempts(bytesBefore, most),
    nonces: rows.deleteNonces(noncesBefore, most),
    refused: rows.deleteRefused(noncesBefore, most),
    idempotency: rows.deleteIdempotency(idempotencyBefore, most),
    commits: rows.deleteCommits(commitsBefore, most),
    reconciliations: rows.deleteReconciliations(reconciliationsBefore, most),
    sessions: rows.deleteSessions(now, most),
  };
  const all = Object.values(done);
  const removed = (of: keyof typeof done) => done[of].removed;
  return {
    removed: {
      orders: removed('orders'),
      bytes: removed('bytes'),
      payloads: removed('payloads'),
      attempts: removed('attempts'),
      nonces: removed('nonces'),
      refused: removed('refused'),
      idempotency: removed('idempotency'),
      commits: removed('commits'),
      reconciliations: removed('reconciliations'),
      sessions: removed('sessions'),
    },
    kept: all.flatMap(({ kept }) => kept),
    more: removed('orders') >= limits.retainedOrders || all.some((one) => one.removed >= most),
  };
}
