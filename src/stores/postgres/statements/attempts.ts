import type { AttemptRecord } from '../../../domain/delivery.ts';
import { bucketOfId } from '../../../domain/ids.ts';
import { number, stepOf } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const attempts = new Table({
  name: 'attempts',
  columns: {
    bucket: 'smallint',
    delivery: 'text',
    number: 'integer',
    id: 'text',
    started_at: 'bigint',
    duration_ms: 'integer',
    step: 'text',
    status: 'integer',
    error: 'text',
    lost: 'boolean',
    peer: 'text',
    request_headers: 'text',
    request_sha256: 'text',
    response_headers: 'text',
    response_body: 'bytea',
    response_truncated: 'boolean',
    certificate: 'text',
    secret: 'text',
  },
  key: ['delivery', 'number'],
  mutable: [
    'id',
    'started_at',
    'duration_ms',
    'step',
    'status',
    'error',
    'lost',
    'peer',
    'request_headers',
    'request_sha256',
    'response_headers',
    'response_body',
    'response_truncated',
    'certificate',
    'secret',
  ],
});

export const attemptsByNumber = attempts.lookup({
  name: 'number',
  columns: ['delivery', 'number'],
  index: 'attempts_pkey',
});

export function attemptRows(image: Image): Pick<Rows, 'insertAttempt' | 'lostAttempt'> {
  return {
    insertAttempt(attempt, { lost, fresh }) {
      const { delivery } = attempt;
      const values = { ...valuesOf(attempt), lost: lost ? 1 : 0 };
      const kept = fresh ? null : image.one(attemptsByNumber, delivery, String(attempt.number));
      if (kept === null) {
        image.add(attempts, { bucket: bucketOfId(delivery) ?? 0, delivery, number: attempt.number, ...values });
        return true;
      }
      if (kept.values.lost !== 1 || lost) return false;
      image.change(kept, values);
      return true;
    },
    lostAttempt(delivery, attempt) {
      const kept = image.one(attemptsByNumber, delivery, String(attempt));
      if (kept?.values.lost !== 1) return null;
      return { startedAt: number(kept.values, 'started_at'), step: stepOf(kept.values) };
    },
  };
}

function valuesOf({ request, response, ...attempt }: AttemptRecord) {
  return {
    id: attempt.id,
    started_at: attempt.startedAt,
    duration_ms: attempt.durationMs,
    step: attempt.step,
    status: attempt.status,
    error: attempt.error,
    peer: attempt.peer,
    request_headers: request === null ? null : JSON.stringify(request.headers),
    request_sha256: request?.bodySha256 ?? null,
    response_headers: response === null ? null : JSON.stringify(response.headers),
    response_body: response?.body ?? null,
    response_truncated: response === null ? null : response.truncated ? 1 : 0,
    certificate: attempt.certificate,
    secret: attempt.secret,
  };
}
