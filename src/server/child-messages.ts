import type { Config } from './config.ts';
import type { StoreRequest } from './remote-store.ts';

/** What the first process asks one that takes requests. */
export type ChildRequest =
  /** Answered once it listens, with null. */
  | { is: 'start'; setup: ChildSetup }
  /** Answered with null once everything in flight is done and its node has stopped. */
  | { is: 'stop' }
  /** Answered with its `Figures`. */
  | { is: 'figures' };

/** What a process that takes requests asks the first one. */
export type ParentRequest =
  | StoreRequest
  /** Answered with the text of /metrics, for all processes. */
  | { is: 'metrics' };

/** Everything such a process needs to know. The first process has read the configuration for all. */
export interface ChildSetup {
  config: Config;
  masterKeys: readonly Uint8Array[];
  adminKey: string | null;
  sandbox: boolean;
  /** What it is to do where it has a connection to the store of its own, as on PostgreSQL. */
  role: 'all' | 'api';
}
