import { replayOf, replayProgressJson, replayRequestJson } from '../../replay-mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const replays = new Table({
  name: 'replays',
  columns: {
    id: 'text',
    merchant: 'text',
    by: 'text',
    request: 'text',
    state: 'text',
    cursor: 'text',
    next_at: 'bigint',
    progress: 'text',
    created_at: 'bigint',
    updated_at: 'bigint',
  },
  key: ['id'],
  mutable: ['state', 'cursor', 'next_at', 'progress', 'updated_at'],
  hasSeq: true,
});

/** Locked: of two nodes that took the same step the second finds another cursor. */
const replaysById = replays.lookup({ name: 'id', columns: ['id'], index: 'replays_pkey', locks: 'wait' });

export function replayRows(image: Image): Pick<Rows, 'replayById' | 'insertReplay' | 'updateReplay'> {
  return {
    replayById(id) {
      const found = image.one(replaysById, id);
      return found === null ? null : replayOf(found.values);
    },
    insertReplay(replay) {
      const { id, by, filter, state, cursor, nextAt, createdAt, updatedAt } = replay;
      const about = { id, merchant: filter.merchant, by, request: replayRequestJson(replay), created_at: createdAt };
      const progress = replayProgressJson(replay);
      image.add(replays, { ...about, state, cursor, next_at: nextAt, progress, updated_at: updatedAt });
    },
    updateReplay(replay) {
      const { id, state, cursor, nextAt, updatedAt } = replay;
      const kept = image.one(replaysById, id);
      const progress = replayProgressJson(replay);
      if (kept !== null) image.change(kept, { state, cursor, next_at: nextAt, progress, updated_at: updatedAt });
    },
  };
}
