import type { Clock, Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId, bucketOf, isId, type MerchantId, newId, type Random, type ReplayId } from '../domain/ids.ts';
import { createLoop, type Loop } from '../domain/loop.ts';
import type { Observe } from '../domain/observe.ts';
import type { Store } from '../stores/store.ts';

export interface Jobs<Job, Request, Change> {
  /** Durable when it resolves; a node works it from then on. @throws AppError `merchant.unknown`. */
  begin(request: Request): Promise<Job>;
  /** @throws AppError `replay.unknown`, `replay.state`. */
  change(id: string, to: Change, by: string): Promise<Job>;
  /** @throws AppError `replay.unknown`. */
  find(id: string): Promise<Job>;
  start(): void;
  /** The steps under way are finished. */
  stop(): Promise<void>;
}

export interface JobsDependencies {
  store: Store;
  clock: Clock;
  random: Random;
  observe: Observe;
}

/** When a job was begun, and goes on. */
type Born = { id: ReplayId } & Record<'nextAt' | 'createdAt' | 'updatedAt', Instant>;

/** What jobs of one kind are, and where they are kept. */
interface Kind<Job, Request, Change> {
  /** What a failure is told as. */
  signal: 'replay.failed' | 'callback_replay.failed';
  born(request: Request, born: Born): Job;
  add(job: Job): Promise<unknown>;
  read(id: ReplayId): Promise<Job | null>;
  change(change: { id: ReplayId; to: Change; by: string }): Promise<'changed' | 'unknown' | 'state'>;
  /** Those that can go on now. */
  running(at: Instant): Promise<readonly Job[]>;
  /** One piece of a job; gives whether anything was done. */
  step(job: Job): Promise<boolean>;
}

/** How soon a job is found that another node left, or whose rate let it wait. */
const pollMs = 500;

/** Jobs that are kept in the store, and go on a piece of each at a time, by whichever node comes first. */
export function createJobs<
  Job extends { id: string; state: string },
  Request extends { filter: { merchant: MerchantId | null } },
  Change,
>(deps: JobsDependencies, kind: Kind<Job, Request, Change>): Jobs<Job, Request, Change> {
  const { store, clock, random } = deps;
  const loop = jobsLoop(deps, kind);
  const find = async (id: string): Promise<Job> => {
    const found = isId('rpl', id) ? await kind.read(asId.replay(id)) : null;
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
      const job = kind.born(request, { id, nextAt: at, createdAt: at, updatedAt: at });
      await kind.add(job);
      loop.wake();
      return job;
    },
    async change(id, to, by) {
      const { state } = await find(id);
      const changed = await kind.change({ id: asId.replay(id), to, by });
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

/** One that fails does not keep the others from it. */
function jobsLoop<Job extends { id: string }>(
  { store, clock, observe }: JobsDependencies,
  { signal, running, step }: Pick<Kind<Job, never, never>, 'signal' | 'running' | 'step'>,
): Loop {
  const failed = (fields: { replay?: string }, error: unknown) => {
    observe(signal, 'error', { ...fields, error: String(error) });
    return false;
  };

  /** Gives whether there was anything to do. */
  const once = async (): Promise<boolean> => {
    const jobs = await running(store.now());
    const worked = await Promise.all(jobs.map((job) => step(job).catch((error) => failed({ replay: job.id }, error))));
    return worked.some((isWorked) => isWorked);
  };

  return createLoop(clock, async () => {
    const worked = await once().catch((error: unknown) => failed({}, error));
    return worked ? 0 : pollMs;
  });
}

function unknown(id: string): AppError {
  return new AppError('replay.unknown', `there is no replay ${id}`);
}
