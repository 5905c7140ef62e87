import type { Instant } from '../domain/clock.ts';
import type { NodeId, Random } from '../domain/ids.ts';
import type { Decisions } from './decisions.ts';
import type { Reads } from './reads.ts';
import type { Claimed, OutboxItem, Writes } from './writes.ts';

/**
 * Where everything durable lives. What changes joins the running group commit and resolves after that commit; reads never wait for
 * writers. Errors: `store.closed`, `store.overloaded`, `store.unavailable`, and what the operation itself refuses. An operation
 * that fails changes nothing and fails alone.
 */
export interface Store {
  /** Migrates under a lock and starts. Errors: `store.locked`, `store.newer`, `store.migration_changed`. */
  open(options: StoreOptions): Promise<void>;
  /** How long a handler may run here. */
  readonly handlerMs: number;
  /** The store's time, as this process reckons it: what is stored and what is due goes by it, whatever this machine's clock says. */
  now(): Instant;
  /** Commits what was accepted, then refuses everything else. */
  close(): Promise<void>;
  /** One decision of the program (what the orders need to know and remember), in one transaction. */
  decide<K extends keyof Decisions>(name: K, input: Decisions[K]['input']): Promise<Decisions[K]['output']>;
  write<K extends keyof Writes>(name: K, input: Writes[K]['input']): Promise<Writes[K]['output']>;
  read<K extends keyof Reads>(name: K, input: Reads[K]['input']): Promise<Reads[K]['output']>;
  /**
   * Runs a handler: marks the delivery confirmed under its fence, calls `run` with the transaction, records the attempt, commits.
   * Where the fence no longer holds nothing runs. When `run` throws or takes longer than `deadlineMs` everything is rolled back and
   * the caller records the failed attempt with `finish`.
   */
  handle(claim: HandleClaim, run: (tx: Transaction) => Promise<void>): Promise<Handled>;
  /** A transaction for code of the user's own, under the same deadline and rules as a handler's. */
  transact<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
}

export interface StoreOptions {
  /** Module that exports `program: Program`; stores load it where their transactions run. */
  program: URL;
  node: NodeId;
  /** For tests and simulations; otherwise the process clock and the system's randomness. */
  clock?: { now(): Instant };
  random?: Random;
  /** Called when a commit left work that is due now and not leased to this node. */
  onWork?: () => void;
}

export interface HandleClaim {
  claimed: Claimed;
  startedAt: Instant;
  deadlineMs: number;
}

export type Handled =
  | { is: 'committed'; work: boolean }
  | { is: 'fenced_out' }
  | { is: 'failed'; error: unknown; durationMs: number };

/** A value that a transaction takes as a parameter. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/** What a handler gets. It commits with the mark that the handler ran, or not at all; begin, commit and rollback are refused. */
export interface Transaction {
  /** Runs one statement with `$1 …` parameters. 64-bit integers come back as bigint. */
  query(sql: string, parameters?: readonly SqlValue[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number }>;
  /** Leaves something to be applied after this transaction's commit. */
  enqueue(item: OutboxItem): Promise<void>;
}
