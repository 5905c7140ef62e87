import type { Clock } from './clock.ts';

/** Work that is done again and again, from `start` until `stop`. */
export interface Loop {
  start(): void;
  /** Resolves when the turn under way has ended. */
  stop(): Promise<void>;
  /** There may be something to do: the next rest ends at once, also one that has not begun yet. Cheap, and safe at any time. */
  wake(): void;
}

/** `turn` gives for how many milliseconds there is nothing to do, and must not fail; `over` is aborted by `stop`. */
export function createLoop(clock: Clock, turn: (over: AbortSignal) => Promise<number>): Loop {
  const over = new AbortController();
  let rest = new AbortController();
  let running = Promise.resolve();
  // With a reason: without one an error is made each time, with its stack.
  const wake = () => rest.abort('woken');
  const run = async () => {
    while (!over.signal.aborted) {
      rest = new AbortController();
      const restMs = await turn(over.signal);
      if (restMs > 0 && !over.signal.aborted) await clock.sleep(restMs, rest.signal);
    }
  };
  return {
    wake,
    start() {
      running = run();
    },
    async stop() {
      over.abort();
      wake();
      await running;
    },
  };
}
