import { limits } from '../../../domain/limits.ts';
import { callbackReplayColumns, callbackReplayOf, rereadColumns, rereadOf } from '../../callback-replay-mapping.ts';
import { factColumns, factOf } from '../../mapping.ts';
import type { Reads } from '../../reads.ts';
import type { Connection } from '../connection.ts';
import { callbackReplayById } from '../statements/callback-replays.ts';
import { factByKey } from '../statements/facts.ts';
import { pageOf, visibleIn } from './page.ts';

export function callbackReplays(
  db: Connection,
  input: Reads['callbackReplays']['input'],
): Reads['callbackReplays']['output'] {
  const select = `select seq, ${callbackReplayColumns} from paidonce_callback_replays`;
  const conditions = [visibleIn('merchant', input.visible)];
  return pageOf(db, { select, seq: 'seq', conditions, map: callbackReplayOf }, input);
}

export function callbackReplay(
  db: Connection,
  id: Reads['callbackReplay']['input'],
): Reads['callbackReplay']['output'] {
  return callbackReplayById(db, id);
}

export function runningCallbackReplays(db: Connection, { at }: Reads['runningCallbackReplays']['input']) {
  return db
    .all(
      `-- SEARCH paidonce_callback_replays USING INDEX paidonce_callback_replays_running (next_at<?)
       select ${callbackReplayColumns} from paidonce_callback_replays
       where state = 'running' and next_at <= ? order by next_at limit ${limits.replaysAtOnce}`,
      at,
    )
    .map(callbackReplayOf);
}

/** No id is above it. */
const aboveAll = '~';

export function rereads(
  db: Connection,
  { replay, before, most }: Reads['rereads']['input'],
): Reads['rereads']['output'] {
  const rows = db.all(
    `-- SEARCH paidonce_rereads USING PRIMARY KEY (replay=? AND callback<?)
     select ${rereadColumns} from paidonce_rereads where replay = ? and callback < ? order by callback desc limit ?`,
    replay,
    before ?? aboveAll,
    most,
  );
  return rows.map(rereadOf);
}

export function rereadsAfter(
  db: Connection,
  { replay, after, most }: Reads['rereadsAfter']['input'],
): Reads['rereadsAfter']['output'] {
  const rows = db.all(
    `-- SEARCH paidonce_rereads USING PRIMARY KEY (replay=? AND callback>?)
     select ${rereadColumns} from paidonce_rereads where replay = ? and callback > ? order by callback limit ?`,
    replay,
    after ?? '',
    most,
  );
  return rows.map(rereadOf);
}

export function told(db: Connection, { callback, keys }: Reads['told']['input']): Reads['told']['output'] {
  const facts = db.all(
    `-- SEARCH paidonce_facts USING INTEGER PRIMARY KEY (rowid=?)
     -- LIST SUBQUERY 1
     -- SEARCH paidonce_sightings USING INDEX paidonce_sightings_callback (callback=?)
     select ${factColumns} from paidonce_facts
     where seq in (select fact from paidonce_sightings where callback = ? and source = 'callback') order by seq`,
    callback,
  );
  return { facts: facts.map(factOf), known: keys.filter((key) => factByKey(db, key) !== null) };
}
