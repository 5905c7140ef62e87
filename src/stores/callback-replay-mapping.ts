import {
  type CallbackReplay,
  callbackReplayPhases,
  callbackReplayStates,
  type Reread,
} from '../domain/callback-replay.ts';
import { asId } from '../domain/ids.ts';
import { fromWholeJson, number, type Row, text, textOrNull, toWholeJson } from './mapping.ts';

export const callbackReplayColumns = 'id, by, request, phase, state, cursor, next_at, progress, created_at, updated_at';

export function callbackReplayOf(row: Row): CallbackReplay {
  const request: Pick<CallbackReplay, 'filter' | 'ratePerSecond'> = JSON.parse(text(row, 'request'));
  const kept = { phase: text(row, 'phase'), state: text(row, 'state') };
  return {
    id: asId.replay(text(row, 'id')),
    by: text(row, 'by'),
    ...request,
    phase: callbackReplayPhases.find((phase) => phase === kept.phase) ?? 'preview',
    state: callbackReplayStates.find((state) => state === kept.state) ?? 'canceled',
    cursor: textOrNull(row, 'cursor'),
    nextAt: number(row, 'next_at'),
    progress: JSON.parse(text(row, 'progress')),
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
  };
}

/** What of it never changes, as JSON text. */
export function callbackReplayRequestJson({ filter, ratePerSecond }: CallbackReplay): string {
  return JSON.stringify({ filter, ratePerSecond });
}

export const rereadColumns = 'replay, callback, preview, applied';

export function rereadOf(row: Row): Reread {
  const preview: Pick<Reread, 'before' | 'after' | 'added' | 'untold' | 'told'> = fromWholeJson(text(row, 'preview'));
  const applied = textOrNull(row, 'applied');
  return {
    replay: asId.replay(text(row, 'replay')),
    callback: asId.callback(text(row, 'callback')),
    ...preview,
    applied: applied === null ? null : fromWholeJson<NonNullable<Reread['applied']>>(applied),
  };
}

export function previewJson({ before, after, added, untold, told }: Reread): string {
  return toWholeJson({ before, after, added, untold, told });
}

export function appliedJson({ applied }: Pick<Reread, 'applied'>): string | null {
  return applied === null ? null : toWholeJson(applied);
}
