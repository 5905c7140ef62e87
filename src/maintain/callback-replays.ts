import type { Rereading } from '../callbacks/reread.ts';
import {
  type CallbackReplay,
  type CallbackReplayChange,
  type CallbackReplayProgress,
  cameOtherwise,
  nothingLooked,
  type Reread,
} from '../domain/callback-replay.ts';
import { asId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { createJobs, type Jobs, type JobsDependencies } from './jobs.ts';

export type CallbackReplayRequest = Pick<CallbackReplay, 'filter' | 'by' | 'ratePerSecond'>;
export type CallbackReplays = Jobs<CallbackReplay, CallbackReplayRequest, CallbackReplayChange>;

interface CallbackReplaysDependencies extends JobsDependencies {
  rereading: Rereading;
}

/** Callbacks read again through the present code by filter: first what would come of it, then, when a person says so, with effect. */
export function createCallbackReplays(deps: CallbackReplaysDependencies): CallbackReplays {
  const { store } = deps;
  return createJobs(deps, {
    signal: 'callback_replay.failed',
    born: (request: CallbackReplayRequest, born): CallbackReplay => ({
      ...request,
      ...born,
      phase: 'preview',
      state: 'running',
      cursor: null,
      progress: nothingLooked,
    }),
    add: (replay) => store.write('addCallbackReplay', replay),
    read: (id) => store.read('callbackReplay', id),
    change: (change: { id: CallbackReplay['id']; to: CallbackReplayChange; by: string }) =>
      store.write('changeCallbackReplay', change),
    running: (at) => store.read('runningCallbackReplays', { at }),
    step: (replay) => step(deps, replay),
  });
}

/** The next piece, leased: reading callbacks again is done beside the transaction that records what came of it. */
async function step(deps: CallbackReplaysDependencies, replay: CallbackReplay): Promise<boolean> {
  const { store, clock } = deps;
  const { id, cursor, phase } = replay;
  const until = clock.now() + limits.rereadLeaseMs;
  if (!(await store.write('leaseCallbackReplay', { id, cursor, until }))) return false;
  const piece = phase === 'preview' ? await previewPiece(deps, replay) : await applyPiece(deps, replay);
  const { waitMs, ...came } = piece;
  const stepped = { id, cursor, ...came, nextAt: clock.now() + waitMs };
  return (await store.write('stepCallbackReplay', stepped)) === 'stepped';
}

interface Piece {
  next: string | null;
  progress: CallbackReplayProgress;
  rereads: readonly Reread[];
  waitMs: number;
}

/** The list was fixed when its first page was read, and its place travels in the cursor. */
async function previewPiece({ store, rereading }: CallbackReplaysDependencies, replay: CallbackReplay): Promise<Piece> {
  const { id, cursor, filter, progress } = replay;
  const { provider, ...listed } = filter;
  const page = { limit: limits.rereadStep, cursor, visible: null, orderNo: null };
  const { data, nextCursor } = await store.read('callbacks', { ...listed, ...page });
  const wanted = data.filter((callback) => provider === null || callback.provider === provider);
  const previews = await Promise.all(wanted.map((callback) => rereading.preview(id, callback.id)));
  const count = (what: (typeof previews)[number]['is']) => previews.filter(({ is }) => is === what).length;
  const differ = progress.differ + count('differs');
  const cut = differ >= limits.rereadsMax;
  return {
    next: cut ? null : nextCursor,
    progress: {
      ...progress,
      looked: progress.looked + previews.length,
      same: progress.same + count('same'),
      gone: progress.gone + count('gone'),
      failed: progress.failed + count('failed'),
      differ,
      cut,
    },
    rereads: previews.flatMap((preview) => (preview.is === 'differs' ? [preview.reread] : [])),
    waitMs: 0,
  };
}

async function applyPiece({ store, rereading }: CallbackReplaysDependencies, replay: CallbackReplay): Promise<Piece> {
  const { id, cursor, ratePerSecond, progress } = replay;
  const most = ratePerSecond === null ? limits.rereadStep : Math.min(limits.rereadStep, Math.ceil(ratePerSecond));
  const after = cursor === null ? null : asId.callback(cursor);
  const due = await store.read('rereadsAfter', { replay: id, after, most });
  const rereads: Reread[] = [];
  // One after the other: two of them may tell of the same order.
  for (const reread of due) rereads.push({ ...reread, applied: await rereading.apply(reread) });
  return {
    next: due.length < most ? null : (due.at(-1)?.callback ?? null),
    progress: {
      ...progress,
      applied: progress.applied + rereads.length,
      otherwise: progress.otherwise + rereads.filter(cameOtherwise).length,
    },
    rereads,
    waitMs: ratePerSecond === null ? 0 : Math.ceil((rereads.length * 1000) / ratePerSecond),
  };
}
