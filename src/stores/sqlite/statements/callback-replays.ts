import type { CallbackReplay, Reread } from '../../../domain/callback-replay.ts';
import type { ReplayId } from '../../../domain/ids.ts';
import {
  appliedJson,
  callbackReplayColumns,
  callbackReplayOf,
  callbackReplayRequestJson,
  previewJson,
} from '../../callback-replay-mapping.ts';
import type { Connection } from '../connection.ts';

export function callbackReplayById(db: Connection, id: ReplayId): CallbackReplay | null {
  const row = db.get(
    `-- SEARCH paidonce_callback_replays USING INDEX paidonce_callback_replays_id (id=?)
     select ${callbackReplayColumns} from paidonce_callback_replays where id = ?`,
    id,
  );
  return row === undefined ? null : callbackReplayOf(row);
}

export function insertCallbackReplay(db: Connection, replay: CallbackReplay): void {
  const { id, by, filter, phase, state, cursor, nextAt, progress, createdAt, updatedAt } = replay;
  db.run(
    `insert into paidonce_callback_replays (
       id, merchant, by, request, phase, state, cursor, next_at, progress, created_at, updated_at
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    filter.merchant,
    by,
    callbackReplayRequestJson(replay),
    phase,
    state,
    cursor,
    nextAt,
    JSON.stringify(progress),
    createdAt,
    updatedAt,
  );
}

export function updateCallbackReplay(db: Connection, replay: CallbackReplay): void {
  const { id, phase, state, cursor, nextAt, progress, updatedAt } = replay;
  db.run(
    `-- SEARCH paidonce_callback_replays USING INDEX paidonce_callback_replays_id (id=?)
     update paidonce_callback_replays set phase = ?, state = ?, cursor = ?, next_at = ?, progress = ?, updated_at = ?
     where id = ?`,
    phase,
    state,
    cursor,
    nextAt,
    JSON.stringify(progress),
    updatedAt,
    id,
  );
}

export function insertReread(db: Connection, reread: Reread): void {
  db.run(
    'insert into paidonce_rereads (replay, callback, preview, applied) values (?, ?, ?, ?)',
    reread.replay,
    reread.callback,
    previewJson(reread),
    appliedJson(reread),
  );
}

export function updateReread(db: Connection, reread: Reread): void {
  db.run(
    `-- SEARCH paidonce_rereads USING PRIMARY KEY (replay=? AND callback=?)
     update paidonce_rereads set applied = ? where replay = ? and callback = ?`,
    appliedJson(reread),
    reread.replay,
    reread.callback,
  );
}
