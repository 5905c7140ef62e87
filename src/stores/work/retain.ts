import { limits } from '../../domain/limits.ts';
import type { RetainInput, RetainOutput } from '../writes.ts';
import type { Unit } from './unit.ts';

/** Deletes at most `limits.retainedRows` of each kind, so that whoever commits beside it does not wait long. */
export function retain({ rows, now }: Unit, input: RetainInput): RetainOutput {
  const { bytesBefore, noncesBefore, idempotencyBefore, ordersBefore } = input;
  const most = limits.retainedRows;
  const done = {
    orders: rows.deleteOrders(ordersBefore, limits.retainedOrders),
    bytes: rows.deleteBytes(bytesBefore, most),
    payloads: rows.deletePayloads(bytesBefore, most),
    attempts: rows.deleteAttempts(bytesBefore, most),
    nonces: rows.deleteNonces(noncesBefore, most),
    refused: rows.deleteRefused(noncesBefore, most),
    idempotency: rows.deleteIdempotency(idempotencyBefore, most),
    sessions: rows.deleteSessions(now, most),
  };
  const { orders, bytes, payloads, attempts, nonces, refused, idempotency, sessions } = done;
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
      sessions: sessions.removed,
    },
    kept: all.flatMap(({ kept }) => kept),
    more: orders.removed >= limits.retainedOrders || all.some(({ removed }) => removed >= most),
  };
}
