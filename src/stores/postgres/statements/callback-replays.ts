import {
  appliedJson,
  callbackReplayOf,
  callbackReplayRequestJson,
  previewJson,
} from '../../callback-replay-mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const callbackReplays = new Table({
  name: 'callback_replays',
  columns: {
    id: 'text',
    merchant: 'text',
    by: 'text',
    request: 'text',
    phase: 'text',
    state: 'text',
    cursor: 'text',
    next_at: 'bigint',
    progress: 'text',
    created_at: 'bigint',
    updated_at: 'bigint',
  },
  key: ['id'],
  mutable: ['phase', 'state', 'cursor', 'next_at', 'progress', 'updated_at'],
  hasSeq: true,
});

export const rereads = new Table({
  name: 'rereads',
  columns: { replay: 'text', callback: 'text', preview: 'text', applied: 'text' },
  key: ['replay', 'callback'],
  mutable: ['applied'],
});

/** Locked: of two nodes that took the same step the second finds another cursor. */
const replaysById = callbackReplays.lookup({
  name: 'id',
  columns: ['id'],
  index: 'callback_replays_pkey',
  locks: 'wait',
});
const rereadsByKey = rereads.lookup({ name: 'key', columns: ['replay', 'callback'], index: 'rereads_pkey' });

export function callbackReplayRows(
  image: Image,
): Pick<
  Rows,
  'callbackReplayById' | 'insertCallbackReplay' | 'updateCallbackReplay' | 'insertReread' | 'updateReread'
> {
  return {
    callbackReplayById(id) {
      const found = image.one(replaysById, id);
      return found === null ? null : callbackReplayOf(found.values);
    },
    insertCallbackReplay(replay) {
      const { id, by, filter, phase, state, cursor, nextAt, createdAt, updatedAt } = replay;
      const request = callbackReplayRequestJson(replay);
      const about = { id, merchant: filter.merchant, by, request, created_at: createdAt, updated_at: updatedAt };
      const progress = JSON.stringify(replay.progress);
      image.add(callbackReplays, { ...about, phase, state, cursor, next_at: nextAt, progress });
    },
    updateCallbackReplay(replay) {
      const { id, phase, state, cursor, nextAt, updatedAt } = replay;
      const kept = image.one(replaysById, id);
      const progress = JSON.stringify(replay.progress);
      if (kept !== null) image.change(kept, { phase, state, cursor, next_at: nextAt, progress, updated_at: updatedAt });
    },
    insertReread(reread) {
      const { replay, callback } = reread;
      image.add(rereads, { replay, callback, preview: previewJson(reread), applied: appliedJson(reread) });
    },
    updateReread(reread) {
      const kept = image.one(rereadsByKey, reread.replay, reread.callback);
      if (kept !== null) image.change(kept, { applied: appliedJson(reread) });
    },
  };
}
