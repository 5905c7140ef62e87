import { type Clock, type Instant, systemClock } from '../../domain/clock.ts';
import type { Connections } from './connections.ts';

/** How often the two clocks are compared. A crystal drifts by some milliseconds in a minute. */
const everyMs = 15_000;

/**
 * The database's time as this process reckons it: the monotonic clock and the difference that was measured. What is stored, what
 * is due and when a lease ends does not depend on whether this machine's clock is right.
 */
export class StoreClock {
  readonly #given: Pick<Clock, 'now'> | null;
  /** Until the database has been asked, this machine's. */
  #offsetMs = systemClock.now() - systemClock.monotonicMs();
  #timer: NodeJS.Timeout | undefined;

  /** `given`: for tests and simulations, in place of the database's. */
  constructor(given: Pick<Clock, 'now'> | null) {
    this.#given = given;
  }

  now(): Instant {
    return this.#given?.now() ?? Math.round(systemClock.monotonicMs() + this.#offsetMs);
  }

  async start(connections: Connections): Promise<void> {
    if (this.#given !== null) return;
    await this.#compare(connections);
    const again = () => {
      this.#compare(connections).catch(() => {
        // The database is away; the difference that is known still holds.
      });
    };
    this.#timer = setInterval(again, everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #compare(connections: Connections): Promise<void> {
    await connections.read(async (session) => {
      const sentMs = systemClock.monotonicMs();
      const [row] = await session.all('select (extract(epoch from clock_timestamp()) * 1000)::bigint as now');
      const halfwayMs = (sentMs + systemClock.monotonicMs()) / 2;
      this.#offsetMs = Number(row?.now) - halfwayMs;
    });
  }
}
