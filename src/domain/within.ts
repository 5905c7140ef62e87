import type { Clock } from './clock.ts';

/** What `promise` resolves to, or `late` where that takes longer; it then goes on, and what comes of it is the caller's. Rejects as it. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const over = new AbortController();
  try {
    return await Promise.race([promise, clock.sleep(ms, over.signal).then(() => 'late' as const)]);
  } finally {
    over.abort('over');
  }
}
