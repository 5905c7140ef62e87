import type { Ask } from '../domain/asking.ts';
import type { Instant } from '../domain/clock.ts';
import type { DeliveryState, Target } from '../domain/delivery.ts';
import type { DiscrepancyKind } from '../domain/discrepancy.ts';
import type { KnownFact } from '../domain/fact.ts';
import type {
  AccountId,
  DeliveryId,
  DiscrepancyId,
  EndpointId,
  LaneId,
  MerchantId,
  NotificationId,
  OrderId,
  OrderNo,
} from '../domain/ids.ts';
import type { Endpoint, SealedCredentials } from '../domain/merchant.ts';
import type { Notification } from '../domain/notification.ts';
import type { Action, Expectation, OrderStatus, Totals } from '../domain/order.ts';

/** An order as it is kept. */
export interface StoredOrder {
  id: OrderId;
  merchant: MerchantId;
  orderNo: OrderNo;
  status: OrderStatus;
  totals: Totals;
  /** All revisions, oldest first; empty for an order that only has published notifications. */
  expectations: readonly Expectation[];
  references: readonly OrderReference[];
  actions: readonly Action[];
  /** Keys of facts that arrived with a reference of another order. */
  linkConflicts: readonly string[];
  description: string | null;
  /** JSON text of what the caller keeps with the order, or null. */
  metadata: string | null;
  /** Sequence of the newest notification. */
  sequence: number;
  fellShort: boolean;
  /** When time alone may change the fold. */
  refoldAt: Instant | null;
  createdAt: Instant;
  updatedAt: Instant;
}

/** A value that leads a fact to the order; without an account on any of the merchant's. */
export interface OrderReference {
  account: AccountId | null;
  reference: string;
}

export interface StoredFact extends KnownFact {
  merchant: MerchantId;
  /** null = parked. */
  order: OrderId | null;
  recordedAt: Instant;
}

export interface StoredDiscrepancy {
  id: DiscrepancyId;
  merchant: MerchantId;
  /** null for parked money. */
  order: OrderId | null;
  key: string;
  kind: DiscrepancyKind;
  blocks: boolean;
  why: string;
  amountMinor: bigint | null;
  currency: string | null;
  state: 'open' | 'resolved' | 'ignored' | 'accepted';
  openedAt: Instant;
  closedAt: Instant | null;
  /** Whose work it is. */
  assigned: { to: string; at: Instant } | null;
  /** What a person, or the merchant's policy, last said is to become of it; null: nobody has yet. */
  decision: Decision | null;
}

/** What somebody said is to become of a discrepancy. */
export type Decision = Pick<Action, 'amountMinor' | 'at' | 'by' | 'note'> & { is: Exclude<Action['is'], 'close'> };

export interface NewDelivery {
  id: DeliveryId;
  merchant: MerchantId;
  notification: NotificationId;
  order: OrderId;
  sequence: number;
  target: Target;
  /** For a hidden endpoint: where this one goes. */
  url: string | null;
  /** What an effect is given, and the key under which it runs. */
  effect: { key: string; payload: string } | null;
  dueAt: Instant;
  /** Leased to this node from birth, as its first attempt; to a function for as long as those may run. Null: not leased. */
  born: { functionMs?: number } | null;
}

export interface DeliveryShown {
  id: DeliveryId;
  target: Target;
  endpoint: EndpointId | null;
  state: DeliveryState | 'held';
}

/** A delivery leased to this node, with all that its attempt needs. */
export interface Claimed {
  delivery: DeliveryId;
  merchant: MerchantId;
  lane: LaneId;
  target: Target;
  /** Attempt number, and the fence. */
  number: number;
  /** Tries that counted against the schedule before this one. */
  triesBefore: number;
  /** Milliseconds of lease, from the moment of the claim. */
  leaseMs: number;
  notification: Notification;
  /** Where the target is a URL. */
  endpoint: Endpoint | null;
  /** Who signs for a hidden endpoint. */
  merchantCredentials: SealedCredentials | null;
  /** A hidden endpoint's own URL of this delivery. */
  url: string | null;
  effect: { key: string; payload: string } | null;
  /** Notifications of this order with a lower sequence ended without confirmation on this lane (`ordering: order`). */
  sequenceGap: boolean;
  /** The attempt is the half-open probe of a breaker. */
  probe: boolean;
}

/** An account's due asks, leased to this node together: nobody else asks anything of the account meanwhile. */
export interface ClaimedAsks {
  account: AccountId;
  /** The fence. */
  lease: number;
  /** Milliseconds of lease, from the moment of the claim. */
  leaseMs: number;
  asks: readonly Ask[];
}

/** Something written in a user's transaction, applied after its commit. */
export type OutboxItem =
  | { is: 'effect'; merchant: MerchantId; notification: NotificationId; handler: string; name: string; payload: string }
  | { is: 'publish'; input: string }
  | { is: 'expect'; input: string };

/** Something that a person did, or the program in their place (`paidonce`). */
export interface RecordedAction {
  at: Instant;
  /** Null for what belongs to no merchant. */
  merchant: MerchantId | null;
  by: string;
  /** `endpoint.pause` and the like. */
  what: string;
  subject: string;
  note: string | null;
}

/** A payment at the simulated platform. */
export interface SandboxPayment {
  id: string;
  provider: string;
  orderNo: OrderNo;
  amountMinor: bigint;
  currency: string;
  notifyUrl: string;
  state: 'open' | 'paid' | 'failed' | 'closed' | 'reversed';
  refundedMinor: bigint;
  /** Where the buyer goes back to; null = nowhere. */
  returnUrl: string | null;
  /** JSON text of what the sandbox keeps beside. */
  detail: string;
  createdAt: Instant;
  /** When something last happened to it. */
  movedAt: Instant;
}
