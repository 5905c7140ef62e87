import { limits } from '../../../domain/limits.ts';
import type { Reads } from '../../reads.ts';
import { replayColumns, replayOf } from '../../replay-mapping.ts';
import type { Connection } from '../connection.ts';
import { replayById } from '../statements/replays.ts';
import { pageOf, visibleIn } from './page.ts';

export function replays(db: Connection, input: Reads['replays']['input']): Reads['replays']['output'] {
  const select = `select seq, ${replayColumns} from paidonce_replays`;
  return pageOf(db, { select, seq: 'seq', conditions: [visibleIn('merchant', input.visible)], map: replayOf }, input);
}

export function replay(db: Connection, id: Reads['replay']['input']): Reads['replay']['output'] {
  return replayById(db, id);
}

export function runningReplays(db: Connection, { at }: Reads['runningReplays']['input']) {
  return db
    .all(
      `-- SEARCH paidonce_replays USING INDEX paidonce_replays_running (next_at<?)
       select ${replayColumns} from paidonce_replays where state = 'running' and next_at <= ? order by next_at limit ${limits.replaysAtOnce}`,
      at,
    )
    .map(replayOf);
}
