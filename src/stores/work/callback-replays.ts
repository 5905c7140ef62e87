import { type CallbackReplay, callbackReplayAfter } from '../../domain/callback-replay.ts';
import type { Writes } from '../writes.ts';
import type { Unit } from './unit.ts';

export function addCallbackReplay(unit: Unit, replay: CallbackReplay): null {
  unit.rows.insertCallbackReplay(replay);
  const { filter, ratePerSecond, by } = replay;
  const asked = Object.entries({ ...filter, ratePerSecond }).filter(([, value]) => value !== null);
  act(unit, replay, { by, what: 'callback_replay.preview', note: JSON.stringify(Object.fromEntries(asked)) });
  return null;
}

export function changeCallbackReplay(
  unit: Unit,
  { id, to, by }: Writes['changeCallbackReplay']['input'],
): Writes['changeCallbackReplay']['output'] {
  const replay = unit.rows.callbackReplayById(id);
  if (replay === null) return 'unknown';
  const after = callbackReplayAfter(replay, to);
  if (after === null) return 'state';
  const { now } = unit;
  const nextAt = to === 'apply' ? now : replay.nextAt;
  unit.rows.updateCallbackReplay({ ...replay, ...after, nextAt, updatedAt: now });
  act(unit, replay, { by, what: `callback_replay.${to}`, note: null });
  return 'changed';
}

export function leaseCallbackReplay(
  { rows, now }: Unit,
  { id, cursor, until }: Writes['leaseCallbackReplay']['input'],
): boolean {
  const replay = rows.callbackReplayById(id);
  const isFree = replay?.state === 'running' && replay.cursor === cursor && replay.nextAt <= now;
  if (isFree) rows.updateCallbackReplay({ ...replay, nextAt: until });
  return isFree;
}

/** All of it commits together, and only where the replay still stands where the step began. */
export function stepCallbackReplay(
  { rows, now }: Unit,
  { id, cursor, next, nextAt, progress, rereads }: Writes['stepCallbackReplay']['input'],
): Writes['stepCallbackReplay']['output'] {
  const replay = rows.callbackReplayById(id);
  // Paused or canceled meanwhile, what was done is recorded all the same.
  const isAtWork = replay !== null && replay.state !== 'previewed' && replay.state !== 'done';
  if (!isAtWork || replay.cursor !== cursor) return 'stale';
  const { phase, state } = replay;
  for (const reread of rereads)
    if (phase === 'preview') rows.insertReread(reread);
    else rows.updateReread(reread);
  const atEnd = phase === 'preview' ? 'previewed' : 'done';
  rows.updateCallbackReplay({
    ...replay,
    state: next === null && state !== 'canceled' ? atEnd : state,
    cursor: next,
    nextAt,
    progress,
    updatedAt: now,
  });
  return 'stepped';
}

function act(
  { rows, now }: Unit,
  { id, filter }: CallbackReplay,
  action: { by: string; what: string; note: string | null },
): void {
  rows.insertAction({ ...action, at: now, merchant: filter.merchant, subject: id });
}
