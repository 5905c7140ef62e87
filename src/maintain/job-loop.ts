import type { Clock } from '../domain/clock.ts';
import type { Observe } from '../domain/observe.ts';

export interface JobLoop {
  start(): void;
  /** The steps under way are finished. */
  stop(): Promise<void>;
  /** There is something to do now. */
  wake(): void;
}

interface JobLoopOptions<Job> {
  clock: Clock;
  /** How soon a job is found that another node left, or whose rate let it wait. */
  pollMs: number;
  /** What a failure is told as. */
  signal: 'replay.failed' | 'callback_replay.failed';
  observe: Observe;
  /** The jobs that can go on now. */
  running(): Promise<readonly Job[]>;
  /** One piece of a job; gives whether anything was done. */
  step(job: Job): Promise<boolean>;
}

/** Works jobs that are kept in the store, a piece of each at a time. One that fails does not keep the others from it. */
export function createJobLoop<Job extends { id: string }>(options: JobLoopOptions<Job>): JobLoop {
  const { clock, pollMs, signal, observe, running, step } = options;
  const over = new AbortController();
  let waking = new AbortController();
  let looping: Promise<void> = Promise.resolve();
  const failed = (fields: { replay?: string }, error: unknown) => {
    observe(signal, 'error', { ...fields, error: String(error) });
    return false;
  };

  /** Gives whether there was anything to do. */
  const once = async (): Promise<boolean> => {
    const jobs = await running();
    const worked = await Promise.all(jobs.map((job) => step(job).catch((error) => failed({ replay: job.id }, error))));
    return worked.some((isWorked) => isWorked);
  };

  const loop = async (): Promise<void> => {
    while (!over.signal.aborted) {
      waking = new AbortController();
      const worked = await once().catch((error: unknown) => failed({}, error));
      if (!worked) await clock.sleep(pollMs, AbortSignal.any([over.signal, waking.signal]));
    }
  };

  return {
    start() {
      looping = loop();
    },
    async stop() {
      over.abort();
      await looping;
    },
    wake: () => waking.abort(),
  };
}
