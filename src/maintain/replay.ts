import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId, bucketOf, isId, newId, type Random, type ReplayId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import { noProgress, type Replay, type ReplayChange } from '../domain/replay.ts';
import type { WithBirth } from '../stores/decisions.ts';
import type { Store } from '../stores/store.ts';
import { createJobLoop } from './job-loop.ts';

export type ReplayRequest = Pick<Replay, 'filter' | 'by' | 'isDryRun' | 'forceNote' | 'ratePerSecond'>;

export interface Replays {
  /** Durable when it resolves; a node works it from then on. @throws AppError `endpoint.unknown`, `merchant.unknown`. */
  begin(request: ReplayRequest): Promise<Replay>;
  /** @throws AppError `replay.unknown`, `replay.state`. */
  change(id: string, to: ReplayChange, by: string): Promise<Replay>;
  /** @throws AppError `replay.unknown`. */
  find(id: string): Promise<Replay>;
  start(): void;
  /** The step under way is finished. */
  stop(): Promise<void>;
}

interface ReplaysDependencies {
  store: Store;
  clock: Clock;
  random: Random;
  observe: Observe;
  withBirth: WithBirth;
}

/** How soon a job is found that another node left, or whose rate let it wait. */
const pollMs = 500;

/** Notifications sent again by filter, a piece at a time, by whichever node comes first. */
export function createReplays(deps: ReplaysDependencies): Replays {
  const { store, clock, random, observe } = deps;
  const find = async (id: string): Promise<Replay> => {
    const found = isId('rpl', id) ? await store.read('replay', asId.replay(id)) : null;
    if (found === null) throw unknown(id);
    return found;
  };

  const loop = createJobLoop({
    clock,
    pollMs,
    signal: 'replay.failed',
    observe,
    running: () => store.read('runningReplays', { at: store.now() }),
    step: (replay) => step(deps, replay),
  });

  return {
    find,
    async begin(request) {
      const { merchant } = request.filter;
      if (merchant !== null && (await store.read('merchant', merchant)) === null)
        throw new AppError('merchant.unknown', `there is no merchant ${merchant}`);
      const at = clock.now();
      const id = newId('rpl', at, merchant === null ? 0 : bucketOf(merchant), random);
      const times = { nextAt: at, createdAt: at, updatedAt: at };
      const replay: Replay = { ...request, id, state: 'running', cursor: null, progress: noProgress, ...times };
      await store.write('addReplay', replay);
      loop.wake();
      return replay;
    },
    async change(id, to, by) {
      const { state } = await find(id);
      const changed = await store.write('changeReplay', { id: asId.replay(id), to, by });
      if (changed === 'unknown') throw unknown(id);
      if (changed === 'state') throw new AppError('replay.state', `replay ${id} is ${state}, which is final`);
      loop.wake();
      return find(id);
    },
    start: loop.start,
    stop: loop.stop,
  };
}

/**
 * The next piece. The list was fixed when its first page was read, and its place travels in the cursor: what is published meanwhile
 * is not in it. Two nodes may read the same piece; the store lets one of them take it.
 */
async function step({ store, withBirth }: ReplaysDependencies, replay: Replay): Promise<boolean> {
  const { id, cursor, filter, ratePerSecond, isDryRun } = replay;
  const { merchant, type, from, to } = filter;
  const most = isDryRun || ratePerSecond === null ? limits.replayStep : Math.ceil(ratePerSecond);
  const limit = Math.min(limits.replayStep, most);
  const page = await store.read('notifications', {
    limit,
    cursor,
    visible: null,
    merchant,
    orderNo: null,
    type,
    from,
    to,
  });
  const notifications = page.data.map((notification) => notification.id);
  const input = { id, cursor, next: page.nextCursor, notifications };
  return (await withBirth((born) => store.decide('replay', { ...input, born }))).is === 'stepped';
}

function unknown(id: ReplayId | string): AppError {
  return new AppError('replay.unknown', `there is no replay ${id}`);
}
