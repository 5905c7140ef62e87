import type { Instant } from './clock.ts';
import type { DeliveryState } from './delivery.ts';
import type { EndpointId, MerchantId, ReplayId } from './ids.ts';
import type { NotificationType } from './notification.ts';

/** `done` and `canceled` are final. */
export const replayStates = ['running', 'paused', 'done', 'canceled'] as const;
export type ReplayState = (typeof replayStates)[number];

/** Which deliveries are sent again; null = whatever it is. */
export interface ReplayFilter {
  merchant: MerchantId | null;
  endpoint: EndpointId | null;
  /** State of the newest delivery to a target; `missing`: the target exists now, and has none. */
  state: DeliveryState | 'held' | 'missing' | null;
  type: NotificationType | null;
  /** When the notification was made; from ≤ at < to. */
  from: Instant | null;
  to: Instant | null;
}

/** Why a delivery that the filter takes is left as it is. */
export const replayLeft = ['under_way', 'waits_for_order', 'handler_confirmed', 'effect_ended', 'target_gone'] as const;
export type ReplayLeft = (typeof replayLeft)[number];

export interface ReplayProgress {
  /** Notifications looked at. */
  looked: number;
  /** New deliveries beside ones that were final, or where there was none. */
  added: number;
  /** Dead and waiting deliveries that are due again. */
  retried: number;
  left: Readonly<Partial<Record<ReplayLeft, number>>>;
  /** The notifications that went out again, each counted once. */
  sums: readonly { type: NotificationType; currency: string; notifications: number; amountMinor: bigint }[];
}

/** Notifications sent again by filter: a job that any node goes on with where the last one stopped. */
export interface Replay {
  id: ReplayId;
  by: string;
  filter: ReplayFilter;
  /** Counts only; nothing is sent. */
  isDryRun: boolean;
  /** A person's note that has confirmed handlers run again. Null: those are left. */
  forceNote: string | null;
  /** Deliveries a second, over all nodes. Null: as fast as they are found. */
  ratePerSecond: number | null;
  state: ReplayState;
  /** Where the list of its notifications goes on, and the fence: a step that began elsewhere changes nothing. Null: at its beginning. */
  cursor: string | null;
  /** Not before then does it go on. */
  nextAt: Instant;
  progress: ReplayProgress;
  createdAt: Instant;
  updatedAt: Instant;
}

export const noProgress: ReplayProgress = { looked: 0, added: 0, retried: 0, left: {}, sums: [] };

/** What a person may do with it in this state; null: nothing comes of it. */
export function replayStateAfter(state: ReplayState, change: ReplayChange): ReplayState | null {
  if (state === 'done' || state === 'canceled') return null;
  if (change === 'cancel') return 'canceled';
  return change === 'pause' ? 'paused' : 'running';
}
export const replayChanges = ['pause', 'resume', 'cancel'] as const;
export type ReplayChange = (typeof replayChanges)[number];
