import type { Alert } from '../../domain/alert.ts';
import type { Ask } from '../../domain/asking.ts';
import type { Callback, CallbackVerdict } from '../../domain/callback.ts';
import type { CallbackReplay, Reread } from '../../domain/callback-replay.ts';
import type { Instant } from '../../domain/clock.ts';
import type { AttemptRecord, DeliveryState, Step, TargetKind } from '../../domain/delivery.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { Source } from '../../domain/fact.ts';
import type { FunnelCounts } from '../../domain/funnel.ts';
import type {
  AccountId,
  ApiKeyId,
  CallbackId,
  DeliveryId,
  DiscrepancyId,
  EndpointId,
  FactId,
  LaneId,
  MerchantId,
  NodeId,
  NotificationId,
  OrderId,
  OrderNo,
  ReconciliationId,
  ReplayId,
} from '../../domain/ids.ts';
import type { Account, ApiKey, Endpoint, Merchant, Session } from '../../domain/merchant.ts';
import type { Notification } from '../../domain/notification.ts';
import type { Difference, Reconciliation } from '../../domain/reconciliation.ts';
import type { Replay } from '../../domain/replay.ts';
import type { Seal } from '../../domain/seal.ts';
import type { MadeKey } from '../commit-mapping.ts';
import type { DeliveryWork, LaneRow } from '../delivery-mapping.ts';
import type {
  DeliveryShown,
  NewDelivery,
  OutboxItem,
  RecordedAction,
  SandboxPayment,
  StoredDiscrepancy,
  StoredFact,
  StoredOrder,
} from '../kept.ts';
import type { BacklogMinute } from '../reads.ts';
import type { RetentionRows } from './retention-rows.ts';

/**
 * The rows that work inside a transaction reads and writes, the same for every store. Synchronous: the embedded store runs a
 * statement for each call; a remote one answers from what it has loaded, and where something is missing loads it and lets the
 * work run again. `row` is the number by which a row read in this transaction is written again; it means nothing outside of it.
 */
export interface Rows
  extends MerchantRows,
    CallbackRows,
    FactRows,
    OrderRows,
    NotificationRows,
    DeliveryRows,
    LaneRows,
    RetentionRows,
    AskRows,
    SealRows,
    CommitRows,
    OtherRows {}

interface MerchantRows {
  merchantById(id: MerchantId): Merchant | null;
  /** False: the id is taken. */
  insertMerchant(merchant: Omit<Merchant, 'askedAccounts'>): boolean;
  updateMerchant(merchant: Merchant): void;
  /** Whether the account is among those that can be asked. */
  setAsked(merchant: MerchantId, account: AccountId, asked: boolean): void;
  accountById(id: AccountId): Account | null;
  insertAccount(account: Account): void;
  updateAccount(account: Account): void;
  deleteAccount(id: AccountId): void;
  /** Of an endpoint that was not removed. */
  endpointById(id: EndpointId): Endpoint | null;
  /** Those that are neither hidden nor removed. */
  endpointsOfMerchant(merchant: MerchantId): readonly Endpoint[];
  hiddenEndpoint(merchant: MerchantId, provider: string, origin: string): Endpoint | null;
  insertEndpoint(endpoint: Endpoint): void;
  updateEndpoint(endpoint: Endpoint): void;
  /** The row stays, without its secrets, because deliveries still name it. */
  retireEndpoint(id: EndpointId, now: Instant): void;
  handlersOfMerchant(merchant: MerchantId): readonly { type: string; name: string }[];
  /** Does nothing where it is there. */
  insertHandler(merchant: MerchantId, type: string, name: string): void;
  insertApiKey(apiKey: ApiKey, digest: string): void;
  deleteApiKey(id: ApiKeyId): boolean;
  insertSession(session: Session): void;
  deleteSession(digest: string): void;
}

interface CallbackRows {
  insertCallback(callback: Callback, factsDigest: string | null): void;
  /** The authentic callback that came first with this message id. */
  firstCallbackOfMessage(
    account: AccountId,
    messageId: string,
  ): { id: CallbackId; verdict: CallbackVerdict; factsDigest: string | null } | null;
  /** How many refused callbacks of the account are kept since a moment, counted up to `most`. */
  countRefusedSince(account: AccountId, since: Instant, most: number): number;
  addUnkeptCallback(unkept: {
    minute: Instant;
    merchant: MerchantId;
    provider: string;
    account: AccountId;
    step: Step;
  }): void;
  /** Whether it was this that completed it: only a callback that was handled can be confirmed, and only once. */
  confirmCallback(id: CallbackId): boolean;
  /** Gives whose body took the nonce before; null where it was free. */
  takeNonce(account: AccountId, nonce: string, body: { digest: string; at: Instant }): string | null;
  updateCallback(
    callback: Pick<Callback, 'id' | 'messageId' | 'verdict' | 'code' | 'reason' | 'step'>,
    factsDigest: string | null,
  ): void;
  setVerdict(id: CallbackId, judged: { verdict: CallbackVerdict; code: ErrorCode | null; reason: string | null }): void;
  insertParkedCallback(fact: number, callback: CallbackId): void;
  parkedCallbacksOf(fact: number): readonly CallbackId[];
  deleteParkedCallback(fact: number, callback: CallbackId): void;
  /** From `parked` to `verified`, unless another fact of it still waits. */
  releaseCallback(id: CallbackId): void;
}

/** A fact with its row. */
export interface FactRow {
  row: number;
  fact: StoredFact;
}

export interface SightingRow {
  source: Source;
  callback: CallbackId | null;
  at: Instant;
  providerTime: Instant;
  note: string | null;
}

interface FactRows {
  hasReadFacts(keys: readonly string[]): boolean;
  factByKey(key: string): FactRow | null;
  insertFact(fact: StoredFact, key: string, paymentKey: string): number;
  insertFirstSighting(fact: number, sighting: SightingRow): void;
  insertNextSighting(fact: number, sighting: SightingRow): void;
  /** Of its earliest sighting. */
  firstSourceOf(fact: number): Source | null;
  setFactSource(fact: number, source: Source, providerTime: Instant): void;
  setFactOrder(fact: number, order: OrderId): void;
  /** Somebody has been told that this parked fact waits for its order. */
  setFactTold(fact: number): void;
  parkedFactsOfPayment(paymentKey: string): readonly FactRow[];
  /** Of the rows from `written` on, if given, any may be left out: the caller has written them itself. */
  factsOfOrder(order: OrderId, written?: number): readonly FactRow[];
  /** Parked, recorded before this moment, and nobody has been told. */
  untoldParkedFacts(recordedBefore: Instant, most: number): readonly FactRow[];
  insertAwaitedReference(awaited: {
    merchant: MerchantId;
    reference: string;
    account: AccountId;
    payment: string;
    since: Instant;
  }): void;
  /** Of one account; null = of any of the merchant's. */
  paymentsAwaiting(merchant: MerchantId, reference: string, account: AccountId | null): readonly string[];
  orderOfPayment(paymentKey: string): OrderId | null;
  /** The first link of a payment stays. */
  insertPaymentLink(paymentKey: string, order: OrderId): void;
}

interface OrderRows {
  orderById(id: OrderId): StoredOrder | null;
  orderByNo(merchant: MerchantId, orderNo: OrderNo): StoredOrder | null;
  /** Its id was made just now, and it is inserted later: nothing that is stored names it. */
  orderIsNew(id: OrderId): void;
  insertOrder(order: StoredOrder): void;
  /** `before`: as it was read in this transaction, if it was; what is the same object in both has not changed. */
  updateOrder(order: StoredOrder, before: StoredOrder | null): void;
  ordersToRefold(now: Instant, most: number): readonly OrderId[];
  /** What was claimed for exactly this account goes before what was claimed for any. */
  orderOfReference(merchant: MerchantId, reference: string, account: AccountId): OrderId | null;
  /** Another order with this reference, on this account, or on any where either side names none. */
  otherWithReference(
    key: { merchant: MerchantId; reference: string; account: AccountId | null },
    than: OrderId | null,
  ): OrderId | null;
  /** Does nothing where it is claimed. */
  insertReference(order: OrderId, key: { merchant: MerchantId; reference: string; account: AccountId | null }): void;
  discrepanciesOfOrder(order: OrderId): readonly StoredDiscrepancy[];
  discrepancyById(id: DiscrepancyId): StoredDiscrepancy | null;
  insertDiscrepancy(discrepancy: StoredDiscrepancy): void;
  updateDiscrepancy(discrepancy: StoredDiscrepancy): void;
  openDiscrepancyOfParked(fact: FactId): readonly StoredDiscrepancy[];
}

interface NotificationRows {
  insertNotification(notification: Notification, order: OrderId, callback: CallbackId | null): void;
  notificationById(id: NotificationId): { notification: Notification; order: OrderId } | null;
  /** In their sequence; what a publisher sent along need not be with them. */
  notificationsOfOrder(order: OrderId): readonly Notification[];
  idempotencyRow(
    merchant: MerchantId,
    key: string,
    createdAfter: Instant,
  ): { bodyDigest: string; notification: NotificationId } | null;
  /** Takes the place of a row that is too old to count. */
  insertIdempotency(row: {
    merchant: MerchantId;
    key: string;
    bodyDigest: string;
    notification: NotificationId;
    createdAt: Instant;
  }): void;
}

interface DeliveryRows {
  insertDelivery(
    delivery: NewDelivery,
    lease: {
      lane: LaneId;
      state: DeliveryState;
      dueAt: Instant;
      attempts: number;
      leasedAt: Instant | null;
      createdAt: Instant;
    },
  ): void;
  deliveryById(id: DeliveryId): DeliveryWork | null;
  deliveriesOfNotification(notification: NotificationId): readonly DeliveryShown[];
  /**
   * What came due in a lane after a moment and until another, leases that ran out included, earliest first. What another node works on
   * is left out.
   */
  dueDeliveries(lane: LaneId, due: { after: Instant; until: Instant }, most: number): readonly DeliveryWork[];
  /** When the next thing in a lane is due that is due after this moment: a try, or the end of a lease. */
  nextDueOfLane(lane: LaneId, after: Instant): Instant | null;
  leaseDelivery(
    row: number,
    lease: {
      leasedAt: Instant;
      leaseEndsAt: Instant;
      number: number;
      tries: number;
      rescues: number;
      step: Step | null;
    },
  ): void;
  /** What an attempt leaves behind in its delivery. */
  endAttempt(
    row: number,
    end: { state: DeliveryState; dueAt: Instant | null; attempts: number; tries: number; step: Step | null },
  ): void;
  setDeliveryStep(row: number, step: Step): void;
  /** Due again from then on, with this many tries behind it. */
  scheduleDelivery(row: number, dueAt: Instant | null, tries: number): void;
  cancelDelivery(row: number): void;
  /** Gives how many were live. */
  cancelDeliveriesOfLane(lane: LaneId): number;
  /** What waited for an earlier one of its order is due at once: its lane no longer keeps the order. */
  freeDeliveriesOfLane(lane: LaneId, now: Instant): void;
  /** Whether an earlier notification of the order is still live in the lane, or ended there without confirmation. */
  earlierInLane(lane: LaneId, order: OrderId, sequence: number): { live: boolean; lost: boolean };
  /** The earliest live delivery of the order in the lane; it may be waiting for nothing any more. */
  headOfOrder(lane: LaneId, order: OrderId): { row: number; dueAt: Instant | null; tries: number } | null;
  /**
   * Takes the place of what a rescue wrote for the same number (`lost`); anything else that holds it stays, and it gives false.
   * `fresh`: under the delivery's fence nobody can have written this number yet.
   */
  insertAttempt(attempt: AttemptRecord, how: { lost: boolean; fresh: boolean }): boolean;
  /** What a rescue wrote in place of an attempt nobody reported. */
  lostAttempt(delivery: DeliveryId, attempt: number): { startedAt: Instant; step: Step } | null;
}

interface LaneRows {
  laneById(id: LaneId): LaneRow | null;
  /** Makes the lane this transaction's own until its end. Before any change but {@link LaneRows.lowerLane}. */
  lockLane(id: LaneId): void;
  /** The same without waiting; false: another node has it. */
  tryLockLane(id: LaneId): boolean;
  upsertLane(lane: LaneRow): void;
  /** Something in it is due sooner; that may be said without having locked it. */
  lowerLane(id: LaneId, nextDue: Instant): void;
  /** Under way in the lane now, on any node, as far as its own concurrency is to be kept; counted up to `most`. */
  underWayInLane(id: LaneId, now: Instant, most: number): number;
  /** Lanes with something due, the longest waiting first. */
  dueLanes(kind: TargetKind, now: Instant, most: number): readonly LaneId[];
  /** When the next lane comes due after `now`. */
  nextDueAfter(kind: TargetKind, now: Instant): Instant | null;
}

/** What one row of the funnel counts. */
export interface FunnelKey {
  minute: Instant;
  side: 'sending' | 'handlers' | 'receiving';
  per: 'attempt' | 'delivery';
  merchant: MerchantId;
  /** Empty for handlers. */
  provider: string;
  /** The endpoint, the account, or the name of the handler. */
  target: string;
  /** The notification's type; empty for receiving. */
  type: string;
}

/** What names an attempt. */
export type AttemptKey = readonly [delivery: DeliveryId, number: number];

interface SealRows {
  /** Says, in one row, which attempts this transaction leaves to be sealed. */
  insertUnsealed(attempts: readonly AttemptKey[]): void;
  /** Appends the seal and takes the rows that it covers; false, and nothing, where it does not follow the newest. */
  addSeal(seal: Seal, leaves: Uint8Array, covered: readonly number[]): boolean;
  /** Whether this node has the name until that moment: nobody had it, or its time was over, or the node had it already. */
  takeLease(name: string, lease: { node: NodeId; now: Instant; until: Instant }): boolean;
}

interface CommitRows {
  /** Says, in one row, what this transaction has made. */
  insertMade(made: readonly MadeKey[], now: Instant): void;
}

/** An account that a node works alone. */
export interface AskLease {
  account: AccountId;
  lease: number;
}

interface AskRows {
  askOf(subject: Ask['subject'], account: AccountId): Ask | null;
  insertAsk(ask: Ask): void;
  updateAsk(ask: Ask): void;
  deleteAsk(ask: Pick<Ask, 'subject' | 'account'>): void;
  /** Something is to be asked of the account from then on; that may be said while others work it. */
  callAskQueue(ask: Pick<Ask, 'merchant' | 'account' | 'dueAt'>): void;
  /** Leases accounts that are due and nobody works, the longest waiting first. */
  leaseAskQueues(now: Instant, most: number, leaseEndsAt: Instant): readonly AskLease[];
  /** The fence, where nobody has this account, or has just had it; null: somebody has. */
  leaseAskQueue(of: Pick<Ask, 'merchant' | 'account'>, now: Instant, leaseEndsAt: Instant): number | null;
  /** What is due of these accounts, so many of each and rank: of an account by rank, and within it the earliest first. */
  dueAsks(accounts: readonly AccountId[], now: Instant, mostOfEach: number): readonly Ask[];
  /** Ends a lease that still holds. */
  freeAskQueue(account: AccountId, lease: number, freeAt: Instant): void;
  nextAskDue(): Instant | null;
}

interface OtherRows {
  insertAction(action: RecordedAction): void;
  /** Keeps the most that the minute has seen. */
  raiseBacklogMinute(minute: BacklogMinute): void;
  addToFunnel(key: FunnelKey, counts: FunnelCounts, tookMs: readonly number[]): void;
  /** The oldest items, which no other node takes meanwhile. */
  oldestOutboxItems(most: number): readonly { row: number; item: OutboxItem }[];
  deleteOutboxItem(row: number): void;
  insertOutboxItem(item: OutboxItem): void;
  /** Keeps a value under a name where there is none yet, and gives what is kept. */
  keepSetting(name: string, value: Uint8Array): Uint8Array;
  reconciliationById(id: ReconciliationId): Reconciliation | null;
  insertReconciliation(reconciliation: Reconciliation): void;
  /** What changes of it. */
  updateReconciliation(reconciliation: Reconciliation): void;
  insertDifference(id: ReconciliationId, run: number, difference: Difference): void;
  insertStatementChunk(id: ReconciliationId, number: number, bytes: Uint8Array): void;
  /** The file that it was uploaded as. */
  deleteStatement(id: ReconciliationId): void;
  replayById(id: ReplayId): Replay | null;
  insertReplay(replay: Replay): void;
  /** What changes of it. */
  updateReplay(replay: Replay): void;
  callbackReplayById(id: ReplayId): CallbackReplay | null;
  insertCallbackReplay(replay: CallbackReplay): void;
  /** What changes of it. */
  updateCallbackReplay(replay: CallbackReplay): void;
  insertReread(reread: Reread): void;
  /** What taking it into effect came to. */
  updateReread(reread: Reread): void;
  /** Takes the place of the one with the same id. */
  upsertAlert(alert: Alert): void;
  addToCounter(name: 'rescued_leases', by: number): void;
  upsertSandboxPayment(payment: SandboxPayment): void;
  nameSandboxPayment(payment: SandboxPayment, name: string): void;
}
