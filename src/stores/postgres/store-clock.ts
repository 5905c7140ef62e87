import { type Clock, type Instant, systemClock } from '../../domain/clock.ts';
import type { Connections } from './connections.ts';

/** How often the two clocks are compared. A crystal drifts by some milliseconds in a minute. */
const everyMs = 15_000;

/**
 * The database's time as this process reckons it: the monotonic clock and the difference that was measured. What is stored, what
 * is due and when a lease ends does not depend on whether this machine's clock is right.
 */
export class StoreClock {
  readonly #connections: Connections;
  readonly #given: Pick<Clock, 'now'> | null;
  #offsetMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `given`: for tests and simulations, in place of the database's. */
  constructor(connections: Connections, given: Pick<Clock, 'now'> | null) {
    this.#connections = connections;
    this.#given = given;
  }

  now(): Instant {
    return this.#given?.now() ?? Math.round(systemClock.monotonicMs() + this.#offsetMs);
  }

  async start(): Promise<void> {
    if (this.#given !== null) return;
    await this.#compare();
    const again = () => {
      this.#compare().catch(() => {
        // The database is away; the difference that is known still holds.
      });
    };
    this.#timer = setInterval(again, everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #compare(): Promise<void> {
    await this.#connections.read(async (session) => {
      const sentMs = systemClock.monotonicMs();
      const [row] = await session.all('select (extract(epoch from clock_timestamp()) * 1000)::bigint as now');
      const halfwayMs = (sentMs + systemClock.monotonicMs()) / 2;
      this.#offsetMs = Number(row?.now) - halfwayMs;
    });
  }
}
