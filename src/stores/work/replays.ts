import { type Replay, replayStateAfter } from '../../domain/replay.ts';
import type { Writes } from '../writes.ts';
import type { Unit } from './unit.ts';

export function addReplay(unit: Unit, replay: Replay): null {
  unit.rows.insertReplay(replay);
  const { filter, isDryRun, ratePerSecond, forceNote } = replay;
  const asked = Object.entries({ ...filter, ratePerSecond }).filter(([, value]) => value !== null);
  const note = [JSON.stringify(Object.fromEntries(asked)), ...(forceNote === null ? [] : [forceNote])].join(' ');
  act(unit, replay, { by: replay.by, what: isDryRun ? 'replay.dry_run' : 'replay.start', note });
  return null;
}

export function changeReplay(
  unit: Unit,
  { id, to, by }: Writes['changeReplay']['input'],
): Writes['changeReplay']['output'] {
  const replay = unit.rows.replayById(id);
  if (replay === null) return 'unknown';
  const state = replayStateAfter(replay.state, to);
  if (state === null) return 'state';
  unit.rows.updateReplay({ ...replay, state, updatedAt: unit.now });
  act(unit, replay, { by, what: `replay.${to}`, note: null });
  return 'changed';
}

function act(
  { rows, now }: Unit,
  { id, filter }: Replay,
  action: { by: string; what: string; note: string | null },
): void {
  rows.insertAction({ ...action, at: now, merchant: filter.merchant, subject: id });
}
