import { limits } from '../../domain/limits.ts';
import type { RetainInput, RetainOutput } from '../writes.ts';
import type { Unit } from './unit.ts';

/** Deletes at most `limits.retainedRows` of each kind, so that whoever commits beside it does not wait long. */
export function retain({ rows }: Unit, input: RetainInput): RetainOutput {
  const { bytesBefore, noncesBefore, idempotencyBefore, commitsBefore, ordersBefore } = input;
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
  };
  const { orders, bytes, payloads, attempts, nonces, refused, idempotency, commits } = done;
  const all = Object.values(done);
  return {
    removed: {
      orders: orders.removed,
      bytes: bytes.removed,
      payloads: payloads.removed,
      attempts: attempts.removed,
      nonces: nonces.removed,
      refused: refused.removed,
      idempotency: idempotency.removed,
      commits: commits.removed,
    },
    kept: all.flatMap(({ kept }) => kept),
    more: orders.removed >= limits.retainedOrders || all.some(({ removed }) => removed >= most),
  };
}
