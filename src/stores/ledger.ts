import type { Ask } from '../domain/asking.ts';
import type { Callback, CallbackVerdict } from '../domain/callback.ts';
import type { Instant } from '../domain/clock.ts';
import type { Step, Target } from '../domain/delivery.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Source } from '../domain/fact.ts';
import type {
  AccountId,
  CallbackId,
  DeliveryId,
  DiscrepancyId,
  EndpointId,
  FactId,
  MerchantId,
  NotificationId,
  OrderId,
  OrderNo,
  Random,
  ReconciliationId,
  ReplayId,
} from '../domain/ids.ts';
import type { Endpoint, Merchant } from '../domain/merchant.ts';
import type { Notification } from '../domain/notification.ts';
import type { SentNotification } from '../domain/order.ts';
import type { Difference } from '../domain/reconciliation.ts';
import type { Replay } from '../domain/replay.ts';
import type {
  Claimed,
  DeliveryShown,
  NewDelivery,
  OrderReference,
  OutboxItem,
  StoredDiscrepancy,
  StoredFact,
  StoredOrder,
} from './kept.ts';

export type { DeliveryShown, NewDelivery, OrderReference, StoredDiscrepancy, StoredFact, StoredOrder } from './kept.ts';

/**
 * Everything a decision may read and write, inside one transaction. Synchronous, so that a decision is plain code: the embedded
 * store answers at once; a remote one loads what the input names before, and writes in bulk after.
 */
export interface Ledger {
  readonly now: Instant;
  readonly random: Random;

  merchant(id: MerchantId): Merchant | null;
  /** Endpoints of the merchant that are not hidden, and the handlers registered for it. */
  targets(merchant: MerchantId): {
    endpoints: readonly Endpoint[];
    handlers: readonly { type: string; name: string }[];
  };
  /** The hidden endpoint for this provider and origin, made if absent. */
  hiddenEndpoint(merchant: MerchantId, provider: string, origin: string): Endpoint;
  endpoint(id: EndpointId): Endpoint | null;

  callbackByMessage(
    account: AccountId,
    messageId: string,
  ): { id: CallbackId; verdict: CallbackVerdict; factsDigest: string | null } | null;
  addCallback(callback: Callback, factsDigest: string | null): void;
  /** Another verdict for a kept callback that was read again. */
  changeCallback(
    callback: Pick<Callback, 'id' | 'messageId' | 'verdict' | 'code' | 'reason' | 'step'>,
    factsDigest: string | null,
  ): void;
  /** Takes a nonce for good; `same` or `other` says whose body took it before. */
  takeNonce(account: AccountId, nonce: string, bodyDigest: string): 'taken' | 'same' | 'other';
  /** Kept in the bounded quarantine (true), or only counted because this account's hour is full. */
  quarantineHasRoom(account: AccountId): boolean;
  countUnkept(callback: Callback): void;

  /** Another verdict for a callback that was read back; how far it got stays as it is. */
  judgeCallback(
    id: CallbackId,
    judged: { verdict: CallbackVerdict; code: ErrorCode | null; reason: string | null },
  ): void;

  ask(subject: Ask['subject'], account: AccountId): Ask | null;
  /** Keeps it, whether it was there or not. */
  saveAsk(ask: Ask): void;
  endAsk(ask: Pick<Ask, 'subject' | 'account'>): void;

  /**
   * False: not all of these could be read yet, and this decision is made again when they were. Many facts are read at once so,
   * before what looks new for that reason alone is decided as news.
   */
  hasReadFacts(keys: readonly string[]): boolean;
  factByKey(key: string): StoredFact | null;
  addFact(fact: StoredFact, key: string, paymentKey: string): void;
  /** `isFirst`: of a fact that was added just now. */
  addSighting(sighting: {
    isFirst: boolean;
    fact: FactId;
    source: Source;
    callback: CallbackId | null;
    at: Instant;
    providerTime: Instant;
    note: string | null;
  }): void;
  /** A better source, or an earlier time of the same source. */
  improveFact(fact: FactId, source: Source, providerTime: Instant): void;
  /** A callback waits because this fact of it does. */
  parkCallback(callback: CallbackId, fact: FactId): void;
  /** Also turns the verdict of each callback that waited for this fact alone from `parked` to `verified`. */
  linkFact(fact: FactId, order: OrderId): void;
  /** Which source told it first. */
  firstSource(fact: FactId): Source | null;
  parkedFactsOfPayment(paymentKey: string): readonly StoredFact[];
  factsOfOrder(order: OrderId): readonly StoredFact[];
  /** Parked facts recorded before this moment for which no discrepancy is open. */
  overdueParkedFacts(recordedBefore: Instant, most: number): readonly StoredFact[];

  /** Keeps that a payment named a reference which no order has claimed, so that the order finds it when it comes. */
  awaitReference(payment: string, merchant: MerchantId, account: AccountId, reference: string): void;
  /** Payments that named this reference before an order claimed it, on one account or on any of the merchant's. */
  paymentsAwaiting(merchant: MerchantId, reference: OrderReference): readonly string[];
  /** The order a payment is linked to. */
  orderOfPayment(paymentKey: string): OrderId | null;
  linkPayment(paymentKey: string, order: OrderId): void;
  /** The order that claimed this reference on this account, or on any account of the merchant. */
  orderOfReference(merchant: MerchantId, account: AccountId, reference: string): OrderId | null;
  /** Another order of the merchant that has this reference, on this account, or on any where either side names none. */
  otherWithReference(merchant: MerchantId, reference: OrderReference, than: OrderId | null): OrderId | null;
  claimReference(order: OrderId, merchant: MerchantId, reference: OrderReference): void;

  order(id: OrderId): StoredOrder | null;
  orderByNo(merchant: MerchantId, orderNo: OrderNo): StoredOrder | null;
  addOrder(order: StoredOrder): void;
  saveOrder(order: StoredOrder): void;
  ordersToRefold(most: number): readonly OrderId[];

  discrepanciesOf(order: OrderId): readonly StoredDiscrepancy[];
  discrepancy(id: DiscrepancyId): StoredDiscrepancy | null;
  addDiscrepancy(discrepancy: StoredDiscrepancy): void;
  saveDiscrepancy(discrepancy: StoredDiscrepancy): void;
  /** Closes the `unknown_order` discrepancies of facts that found their order; gives those it closed. */
  openDiscrepanciesOfParked(facts: readonly FactId[]): readonly StoredDiscrepancy[];

  sentNotifications(order: OrderId): readonly SentNotification[];
  addNotification(notification: Notification, order: OrderId, callback: CallbackId | null): void;
  idempotent(merchant: MerchantId, key: string): { bodyDigest: string; notification: NotificationId } | null;
  addIdempotent(merchant: MerchantId, key: string, bodyDigest: string, notification: NotificationId): void;
  notification(id: NotificationId): { notification: Notification; deliveries: readonly DeliveryShown[] } | null;
  /** Born leased where `born` is set: the store starts its first attempt and gives what the worker needs. */
  addDelivery(delivery: NewDelivery, notification: Notification): Claimed | null;
  /** A dead delivery begins its schedule anew, a waiting one is due at once. False: neither, it waits for another or is under way. */
  retryDelivery(id: DeliveryId): boolean;
  /** Its own URL, where it has one. */
  urlOfDelivery(id: DeliveryId): string | null;
  replay(id: ReplayId): Replay | null;
  saveReplay(replay: Replay): void;
  /** All that this decision does is undone when it has answered. */
  undo(): void;
  /** Takes the oldest items out of the outbox, in the order of their commits; at most `most`. */
  takeOutbox(most: number): readonly OutboxItem[];
  /** Whether the target's lane would let a delivery go at once: not paused, not disabled, breaker closed, no rate limit, no order. */
  laneIsOpen(merchant: MerchantId, target: Target): boolean;

  addDifference(of: { reconciliation: ReconciliationId; run: number }, difference: Difference): void;
  addAction(action: {
    merchant: MerchantId | null;
    by: string;
    what: string;
    subject: string;
    note: string | null;
  }): void;
  /** Adds to the receiving funnel. */
  count(
    callback: Pick<Callback, 'merchant' | 'account' | 'provider' | 'receivedAt'>,
    after: Step,
    before: Step | null,
  ): void;
}
