import type { AttemptRecord, Step } from '../../../domain/delivery.ts';
import type { DeliveryId } from '../../../domain/ids.ts';
import { attemptColumns, attemptOf } from '../../delivery-mapping.ts';
import { number, stepOf } from '../../mapping.ts';
import type { Connection } from '../connection.ts';

/** Takes the place of what a rescue wrote for the same number (`lost`); anything else that holds it stays. */
export function insertAttempt(db: Connection, attempt: AttemptRecord, { lost }: { lost: boolean }): boolean {
  const { request, response } = attempt;
  const changed = db.run(
    `insert into paidonce_attempts (
       delivery, number, id, started_at, duration_ms, step, status, error, lost, peer, request_headers, request_sha256, response_headers,
       response_body, response_truncated, certificate, secret
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do update set
       id = excluded.id, started_at = excluded.started_at, duration_ms = excluded.duration_ms, step = excluded.step, status = excluded.status,
       error = excluded.error, lost = 0, peer = excluded.peer, request_headers = excluded.request_headers,
       request_sha256 = excluded.request_sha256, response_headers = excluded.response_headers, response_body = excluded.response_body,
       response_truncated = excluded.response_truncated, certificate = excluded.certificate, secret = excluded.secret
     where lost = 1 and excluded.lost = 0`,
    attempt.delivery,
    attempt.number,
    attempt.id,
    attempt.startedAt,
    attempt.durationMs,
    attempt.step,
    attempt.status,
    attempt.error,
    lost ? 1 : 0,
    attempt.peer,
    request === null ? null : JSON.stringify(request.headers),
    request?.bodySha256 ?? null,
    response === null ? null : JSON.stringify(response.headers),
    response?.body ?? null,
    response === null ? null : response.truncated ? 1 : 0,
    attempt.certificate,
    attempt.secret,
  );
  return changed === 1;
}

/** What a rescue wrote in place of an attempt nobody reported. */
export function lostAttempt(
  db: Connection,
  delivery: DeliveryId,
  attempt: number,
): { startedAt: number; step: Step } | null {
  const row = db.get(
    `-- SEARCH paidonce_attempts USING INDEX paidonce_attempts_delivery (delivery=? AND number=?)
     select started_at, step from paidonce_attempts where delivery = ? and number = ? and lost = 1`,
    delivery,
    attempt,
  );
  return row === undefined ? null : { startedAt: number(row, 'started_at'), step: stepOf(row) };
}

const attemptsOfDeliverySql = `-- SEARCH paidonce_attempts USING INDEX paidonce_attempts_delivery (delivery=?)
  select ${attemptColumns} from paidonce_attempts where delivery = ? order by number`;

export function attemptsOfDelivery(db: Connection, delivery: DeliveryId): AttemptRecord[] {
  return db.all(attemptsOfDeliverySql, delivery).map(attemptOf);
}
