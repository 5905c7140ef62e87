import { hash } from 'node:crypto';
import { toIso } from '../domain/clock.ts';
import { asId } from '../domain/ids.ts';
import type { ManifestLine } from '../domain/manifest.ts';
import type { SealedAttempt } from '../domain/proof.ts';
import type { Seal } from '../domain/seal.ts';
import { bytesOrNull, flag, number, numberOrNull, type Row, text, textOrNull, typeOf } from './mapping.ts';

// What `mapping.ts` is for the rest: seals, and attempts as they are sealed.

export const sealColumns = 'number, previous, root, leaves_count, at, public_key, signature';
export function sealOf(row: Row): Seal {
  return {
    number: number(row, 'number'),
    previous: text(row, 'previous'),
    root: text(row, 'root'),
    count: number(row, 'leaves_count'),
    at: number(row, 'at'),
    key: text(row, 'public_key'),
    signature: text(row, 'signature'),
  };
}

/** Needs the attempt as `a`, its delivery as `d` and its notification as `n`. */
export const sealedAttemptColumns = `a.id as attempt, a.delivery, a.number, d.notification, d.merchant, n.order_no, n.type, n.sequence,
  cast(n.amount_minor as text) as amount_minor, n.currency, d.lane as target, a.started_at, a.duration_ms, a.step, a.status, a.error, a.peer,
  a.certificate, a.secret, a.request_headers, a.request_sha256, a.response_headers, a.response_body, a.response_truncated`;
export function sealedAttemptOf(row: Row): SealedAttempt {
  const responseBody = bytesOrNull(row, 'response_body');
  return {
    attempt: text(row, 'attempt'),
    delivery: text(row, 'delivery'),
    number: number(row, 'number'),
    notification: text(row, 'notification'),
    merchant: text(row, 'merchant'),
    order_no: text(row, 'order_no'),
    type: text(row, 'type'),
    sequence: number(row, 'sequence'),
    amount_minor: text(row, 'amount_minor'),
    currency: text(row, 'currency'),
    target: text(row, 'target'),
    started_at: toIso(number(row, 'started_at')),
    duration_ms: number(row, 'duration_ms'),
    step: text(row, 'step'),
    status: numberOrNull(row, 'status'),
    error: textOrNull(row, 'error'),
    peer: textOrNull(row, 'peer'),
    certificate: textOrNull(row, 'certificate'),
    secret: textOrNull(row, 'secret'),
    request_headers_sha256: digestOf(textOrNull(row, 'request_headers')),
    request_body_sha256: textOrNull(row, 'request_sha256'),
    response_headers_sha256: digestOf(textOrNull(row, 'response_headers')),
    response_body_sha256: digestOf(responseBody),
    response_truncated: responseBody === null ? null : flag(row, 'response_truncated'),
  };
}

export const manifestLineColumns =
  'seq, sequence, id, type, order_no, cast(amount_minor as text) as amount_minor, currency';
export function manifestLineOf(row: Row): ManifestLine & { seq: number } {
  return {
    seq: number(row, 'seq'),
    sequence: number(row, 'sequence'),
    id: asId.notification(text(row, 'id')),
    type: typeOf(row),
    orderNo: asId.orderNo(text(row, 'order_no')),
    amountMinor: BigInt(text(row, 'amount_minor')),
    currency: text(row, 'currency'),
  };
}

function digestOf(content: string | Uint8Array | null): string | null {
  return content === null ? null : hash('sha256', content);
}
