import { limits } from '../../../domain/limits.ts';
import { callbackReplayColumns, callbackReplayOf, rereadColumns, rereadOf } from '../../callback-replay-mapping.ts';
import { factColumns, factOf, text } from '../../mapping.ts';
import type { Reads } from '../../reads.ts';
import type { Session } from '../session.ts';
import { oneOf } from './lists.ts';
import { pageOf, visibleIn } from './page.ts';

export async function callbackReplays(
  session: Session,
  input: Reads['callbackReplays']['input'],
): Promise<Reads['callbackReplays']['output']> {
  const list = { seqs: ['seq'], xid: 'xid', columns: callbackReplayColumns, from: 'paidonce.callback_replays' };
  const conditions = [visibleIn('merchant', input.visible)];
  return pageOf(session, { ...list, map: callbackReplayOf, conditions }, input);
}

export async function callbackReplay(
  session: Session,
  id: Reads['callbackReplay']['input'],
): Promise<Reads['callbackReplay']['output']> {
  // callback_replays_pkey (id)
  const rows = session.all(`select ${callbackReplayColumns} from paidonce.callback_replays where id = $1`, id);
  return oneOf(rows, callbackReplayOf);
}

export async function runningCallbackReplays(
  session: Session,
  { at }: Reads['runningCallbackReplays']['input'],
): Promise<Reads['runningCallbackReplays']['output']> {
  // callback_replays_running (next_at)
  const rows = await session.all(
    `select ${callbackReplayColumns} from paidonce.callback_replays
     where state = 'running' and next_at <= $1 order by next_at limit ${limits.replaysAtOnce}`,
    at,
  );
  return rows.map(callbackReplayOf);
}

/** No id is above it. */
const aboveAll = '~';

export async function rereads(
  session: Session,
  { replay, before, most }: Reads['rereads']['input'],
): Promise<Reads['rereads']['output']> {
  // rereads_pkey (replay, callback)
  const rows = await session.all(
    `select ${rereadColumns} from paidonce.rereads where replay = $1 and callback < $2 order by callback desc limit $3`,
    replay,
    before ?? aboveAll,
    most,
  );
  return rows.map(rereadOf);
}

export async function rereadsAfter(
  session: Session,
  { replay, after, most }: Reads['rereadsAfter']['input'],
): Promise<Reads['rereadsAfter']['output']> {
  // rereads_pkey (replay, callback)
  const rows = await session.all(
    `select ${rereadColumns} from paidonce.rereads where replay = $1 and callback > $2 order by callback limit $3`,
    replay,
    after ?? '',
    most,
  );
  return rows.map(rereadOf);
}

export async function told(
  session: Session,
  { callback, keys }: Reads['told']['input'],
): Promise<Reads['told']['output']> {
  const [facts, known] = await Promise.all([
    // sightings_callback (callback), facts_id (id)
    session.all(
      `select ${factColumns} from paidonce.facts
       where id in (select s.fact from paidonce.sightings s where s.callback = $1 and s.source = 'callback') order by seq`,
      callback,
    ),
    // facts_pkey (key)
    session.all('select key from paidonce.facts where key = any($1::text[])', keys),
  ]);
  return { facts: facts.map(factOf), known: known.map((row) => text(row, 'key')) };
}
