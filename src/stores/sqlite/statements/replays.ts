import type { ReplayId } from '../../../domain/ids.ts';
import type { Replay } from '../../../domain/replay.ts';
import { replayColumns, replayOf, replayProgressJson, replayRequestJson } from '../../replay-mapping.ts';
import type { Connection } from '../connection.ts';

export function replayById(db: Connection, id: ReplayId): Replay | null {
  const row = db.get(
    `-- SEARCH paidonce_replays USING INDEX paidonce_replays_id (id=?)
     select ${replayColumns} from paidonce_replays where id = ?`,
    id,
  );
  return row === undefined ? null : replayOf(row);
}

export function insertReplay(db: Connection, replay: Replay): void {
  const { id, by, filter, state, cursor, nextAt, createdAt, updatedAt } = replay;
  db.run(
    `insert into paidonce_replays (id, merchant, by, request, state, cursor, next_at, progress, created_at, updated_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    filter.merchant,
    by,
    replayRequestJson(replay),
    state,
    cursor,
    nextAt,
    replayProgressJson(replay),
    createdAt,
    updatedAt,
  );
}

export function updateReplay(db: Connection, replay: Replay): void {
  const { id, state, cursor, nextAt, updatedAt } = replay;
  db.run(
    `-- SEARCH paidonce_replays USING INDEX paidonce_replays_id (id=?)
     update paidonce_replays set state = ?, cursor = ?, next_at = ?, progress = ?, updated_at = ? where id = ?`,
    state,
    cursor,
    nextAt,
    replayProgressJson(replay),
    updatedAt,
    id,
  );
}
