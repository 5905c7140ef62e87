import type { Clock } from '../../src/domain/clock.ts';

/** Polls until the condition holds; fails with what it was about after the bound. */
export async function until<T>(
  about: string,
  condition: () => T | Promise<T>,
  boundMs = 15_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + boundMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined) return value as NonNullable<T>;
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${about}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A clock that only moves when told. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 5);
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted || ms <= 0) return resolve();
      const sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.until <= this.#now) sleeper.wake();
  }
}
