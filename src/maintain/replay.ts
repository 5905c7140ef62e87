import { limits } from '../domain/limits.ts';
import { noProgress, type Replay, type ReplayChange } from '../domain/replay.ts';
import type { WithBirth } from '../stores/decisions.ts';
import { createJobs, type Jobs, type JobsDependencies } from './jobs.ts';

export type ReplayRequest = Pick<Replay, 'filter' | 'by' | 'isDryRun' | 'forceNote' | 'ratePerSecond'>;
export type Replays = Jobs<Replay, ReplayRequest, ReplayChange>;

interface ReplaysDependencies extends JobsDependencies {
  withBirth: WithBirth;
}

/** Notifications sent again by filter. */
export function createReplays(deps: ReplaysDependencies): Replays {
  const { store } = deps;
  return createJobs(deps, {
    signal: 'replay.failed',
    born: (request: ReplayRequest, born): Replay => ({
      ...request,
      ...born,
      state: 'running',
      cursor: null,
      progress: noProgress,
    }),
    add: (replay) => store.write('addReplay', replay),
    read: (id) => store.read('replay', id),
    change: (change: { id: Replay['id']; to: ReplayChange; by: string }) => store.write('changeReplay', change),
    running: (at) => store.read('runningReplays', { at }),
    step: (replay) => step(deps, replay),
  });
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
