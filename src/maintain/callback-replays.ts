import type { Rereading } from '../callbacks/reread.ts';
import {
  type CallbackReplay,
  type CallbackReplayChange,
  type CallbackReplayProgress,
  cameOtherwise,
  nothingLooked,
  type Reread,
} from '../domain/callback-replay.ts';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId, bucketOf, isId, newId, type Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import type { Store } from '../stores/store.ts';
import { createJobLoop } from './job-loop.ts';

export type CallbackReplayRequest = Pick<CallbackReplay, 'filter' | 'by' | 'ratePerSecond'>;

export interface CallbackReplays {
  /** Durable when it resolves; a node reads the callbacks from then on, without effect. @throws AppError `merchant.unknown`. */
  begin(request: CallbackReplayRequest): Promise<CallbackReplay>;
  /** @throws AppError `replay.unknown`, `replay.state`. */
  change(id: string, to: CallbackReplayChange, by: string): Promise<CallbackReplay>;
  /** @throws AppError `replay.unknown`. */
  find(id: string): Promise<CallbackReplay>;
  start(): void;
  /** The step under way is finished. */
  stop(): Promise<void>;
}

interface CallbackReplaysDependencies {
  store: Store;
  clock: Clock;
  random: Random;
  observe: Observe;
  rereading: Rereading;
}

const pollMs = 500;

/** Callbacks read again through the present code by filter: first what would come of it, then, when a person says so, with effect. */
export function createCallbackReplays(deps: CallbackReplaysDependencies): CallbackReplays {
  const { store, clock, random, observe } = deps;
  const loop = createJobLoop({
    clock,
    pollMs,
    signal: 'callback_replay.failed',
    observe,
    running: () => store.read('runningCallbackReplays', { at: store.now() }),
    step: (replay) => step(deps, replay),
  });
  const find = async (id: string): Promise<CallbackReplay> => {
    const found = isId('rpl', id) ? await store.read('callbackReplay', asId.replay(id)) : null;
    if (found === null) throw unknown(id);
    return found;
  };
  return {
    find,
    async begin(request) {
      const { merchant } = request.filter;
      if (merchant !== null && (await store.read('merchant', merchant)) === null)
        throw new AppError('merchant.unknown', `there is no merchant ${merchant}`);
      const at = clock.now();
      const id = newId('rpl', at, merchant === null ? 0 : bucketOf(merchant), random);
      const times = { nextAt: at, createdAt: at, updatedAt: at };
      const stand = { phase: 'preview', state: 'running', cursor: null, progress: nothingLooked } as const;
      const replay: CallbackReplay = { ...request, id, ...stand, ...times };
      await store.write('addCallbackReplay', replay);
      loop.wake();
      return replay;
    },
    async change(id, to, by) {
      const { state } = await find(id);
      const changed = await store.write('changeCallbackReplay', { id: asId.replay(id), to, by });
      if (changed === 'unknown') throw unknown(id);
      if (changed === 'state')
        throw new AppError('replay.state', `replay ${id} is ${state}, which does not allow that`);
      loop.wake();
      return find(id);
    },
    start: loop.start,
    stop: loop.stop,
  };
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

function unknown(id: string): AppError {
  return new AppError('replay.unknown', `there is no replay ${id}`);
}
