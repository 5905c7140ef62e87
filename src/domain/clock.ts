/** A moment in UTC, as milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Whether what code without types handed over is a moment that every store keeps and every clock can say. */
export function isInstant(value: unknown): value is Instant {
  return Number.isSafeInteger(value) && Math.abs(Number(value)) <= 8.64e15;
}

/** Where time comes from. Everything that needs time takes one, so that tests and simulations can pass theirs. */
export interface Clock {
  /** The present moment. It may jump; use it for what is stored and for replay windows. */
  now(): Instant;
  /** Milliseconds that only grow, for durations and for how much of a lease is left. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when `signal` is aborted. It never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** ISO 8601 in UTC with milliseconds, the one form in which times leave the program. */
export function toIso(at: Instant): string {
  return new Date(at).toISOString();
}

/** Reads an ISO 8601 time that names its offset. Returns null for anything else, also for dates that do not exist. */
export function fromIso(text: string): Instant | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  // `Date.parse` rolls 31 February over to March; a payment's time must not move by itself.
  const day = Number(text.slice(8, 10));
  if (day >= 1 && day <= 28) return at;
  const daysInMonth = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  return day >= 1 && day <= daysInMonth ? at : null;
}
