import type { Instant } from '../../domain/clock.ts';

/** What became of a piece of history: how much went, and which parts stay because something in them is still live. */
export interface Retained {
  removed: number;
  kept: readonly string[];
}

/** Old rows, of which each statement deletes at most `most`. */
export interface RetentionRows {
  /** Of callbacks that nothing waits for. */
  deleteBytes(before: Instant, most: number): Retained;
  /** Of notifications whose deliveries have all ended. */
  deletePayloads(before: Instant, most: number): Retained;
  /** Of deliveries that have ended. */
  deleteAttempts(before: Instant, most: number): Retained;
  deleteNonces(before: Instant, most: number): Retained;
  /** Callbacks that were refused, with their bytes. */
  deleteRefused(before: Instant, most: number): Retained;
  deleteIdempotency(before: Instant, most: number): Retained;
  /** What commits have made, of which the newest stays. */
  deleteCommits(before: Instant, most: number): Retained;
  /** With their differences, at most `most` of those. */
  deleteReconciliations(before: Instant, most: number): Retained;
  /** Those that expired before. */
  deleteSessions(before: Instant, most: number): Retained;
  /** Orders that were final before, with facts, links, notifications, deliveries and the rest; not those with anything open or live. */
  deleteOrders(before: Instant, most: number): Retained;
}
