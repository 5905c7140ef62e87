import { limits } from '../../../domain/limits.ts';
import type { Reads } from '../../reads.ts';
import { replayColumns, replayOf } from '../../replay-mapping.ts';
import type { Session } from '../session.ts';
import { oneOf } from './lists.ts';
import { pageOf, visibleIn } from './page.ts';

export async function replays(session: Session, input: Reads['replays']['input']): Promise<Reads['replays']['output']> {
  const list = { seqs: ['seq'], xid: 'xid', columns: replayColumns, from: 'paidonce.replays', map: replayOf };
  return pageOf(session, { ...list, conditions: [visibleIn('merchant', input.visible)] }, input);
}

export async function replay(session: Session, id: Reads['replay']['input']): Promise<Reads['replay']['output']> {
  // replays_pkey (id)
  return oneOf(session.all(`select ${replayColumns} from paidonce.replays where id = $1`, id), replayOf);
}

export async function runningReplays(
  session: Session,
  { at }: Reads['runningReplays']['input'],
): Promise<Reads['runningReplays']['output']> {
  // replays_running (next_at)
  const rows = await session.all(
    `select ${replayColumns} from paidonce.replays where state = 'running' and next_at <= $1 order by next_at limit ${limits.replaysAtOnce}`,
    at,
  );
  return rows.map(replayOf);
}
