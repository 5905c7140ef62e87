import { type DestinationStream, destination } from 'pino';
import type { Observe } from '../domain/observe.ts';

/** What nobody caught is logged and ends the process. */
export function exitWhenBroken(observe: Observe): void {
  const broken = (what: string) => (error: unknown) => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    observe(`process.${what}`, 'error', { error: reason });
    // What state the process is in nobody knows; leases and the store's log bring the next one back to where this one was.
    process.exit(1);
  };
  process.on('uncaughtException', broken('uncaught_exception'));
  process.on('unhandledRejection', broken('unhandled_rejection'));
}

/**
 * Lines are gathered up to `minLength` bytes or for a quarter of a second: at full load a write for each would cost more than its
 * callback.
 */
export function standardOutput({ minLength = 4096 } = {}): DestinationStream {
  const output = destination({ fd: 1, minLength, sync: false, periodicFlush: 250 });
  process.on('exit', () => output.flushSync());
  return output;
}
