import { asId } from '../domain/ids.ts';
import { type Replay, type ReplayProgress, replayStates } from '../domain/replay.ts';
import { number, type Row, text, textOrNull } from './mapping.ts';

type KeptRequest = Pick<Replay, 'filter' | 'isDryRun' | 'forceNote' | 'ratePerSecond'>;
type KeptProgress = Omit<ReplayProgress, 'sums'> & {
  sums: readonly (Omit<ReplayProgress['sums'][number], 'amountMinor'> & { amountMinor: string })[];
};

export const replayColumns = 'id, by, request, state, cursor, next_at, progress, created_at, updated_at';

export function replayOf(row: Row): Replay {
  const request: KeptRequest = JSON.parse(text(row, 'request'));
  const progress: KeptProgress = JSON.parse(text(row, 'progress'));
  const kept = text(row, 'state');
  return {
    id: asId.replay(text(row, 'id')),
    by: text(row, 'by'),
    ...request,
    state: replayStates.find((state) => state === kept) ?? 'canceled',
    cursor: textOrNull(row, 'cursor'),
    nextAt: number(row, 'next_at'),
    progress: { ...progress, sums: progress.sums.map((sum) => ({ ...sum, amountMinor: BigInt(sum.amountMinor) })) },
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
  };
}

/** What of it never changes, as JSON text. */
export function replayRequestJson({ filter, isDryRun, forceNote, ratePerSecond }: Replay): string {
  return JSON.stringify({ filter, isDryRun, forceNote, ratePerSecond });
}

export function replayProgressJson({ progress }: Replay): string {
  const sums = progress.sums.map((sum) => ({ ...sum, amountMinor: String(sum.amountMinor) }));
  return JSON.stringify({ ...progress, sums });
}
