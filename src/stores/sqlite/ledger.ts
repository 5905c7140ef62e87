import { breakerGate } from '../../domain/breaker.ts';
import type { Callback } from '../../domain/callback.ts';
import type { Instant } from '../../domain/clock.ts';
import type { Step, Target } from '../../domain/delivery.ts';
import type { Source } from '../../domain/fact.ts';
import { countStep } from '../../domain/funnel.ts';
import {
  type AccountId,
  bucketOf,
  type CallbackId,
  type DiscrepancyId,
  type EndpointId,
  type FactId,
  type MerchantId,
  type NotificationId,
  newId,
  type OrderId,
  type OrderNo,
} from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import type { Endpoint } from '../../domain/merchant.ts';
import type { Notification } from '../../domain/notification.ts';
import type { Claimed, NewDelivery, OrderReference, StoredDiscrepancy, StoredFact, StoredOrder } from '../kept.ts';
import type { Ledger } from '../ledger.ts';
import { minuteOf, receivingKey } from './funnel-book.ts';
import { laneIdOf } from './lane-book.ts';
import { claimedOf, endpointOfTarget, leaseMsOf } from './leases.ts';
import { insertAction } from './statements/actions.ts';
import * as callbacks from './statements/callbacks.ts';
import { deliveriesOfNotification, insertDelivery } from './statements/deliveries.ts';
import * as discrepancies from './statements/discrepancies.ts';
import * as facts from './statements/facts.ts';
import { hiddenEndpoint, insertEndpoint } from './statements/merchants.ts';
import * as notifications from './statements/notifications.ts';
import * as orders from './statements/orders.ts';
import { deleteOutboxItem, oldestOutboxItems } from './statements/outbox.ts';
import type { Unit } from './unit.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** The ledger of one decision, on the connection and in the transaction of its unit. */
export class SqliteLedger implements Ledger {
  readonly now: Instant;
  readonly random: Ledger['random'];
  readonly #unit: Unit;
  readonly #db: Unit['db'];
  /** The rows of the facts this decision has met; a fact is only ever changed by a decision that has read it. */
  readonly #factRows = new Map<FactId, number>();

  constructor(unit: Unit) {
    this.#unit = unit;
    this.#db = unit.db;
    this.now = unit.now;
    this.random = unit.random;
  }

  merchant(id: MerchantId) {
    return this.#unit.directory.merchant(this.#db, id);
  }

  targets(merchant: MerchantId) {
    return this.#unit.directory.targets(this.#db, merchant);
  }

  endpoint(id: EndpointId) {
    return this.#unit.directory.endpoint(this.#db, id);
  }

  hiddenEndpoint(merchant: MerchantId, provider: string, origin: string): Endpoint {
    const known = hiddenEndpoint(this.#db, merchant, provider, origin);
    if (known !== null) return known;
    const id = newId('end', this.now, bucketOf(merchant), this.random);
    const made: Endpoint = { ...hiddenDefaults, id, merchant, provider, url: origin, createdAt: this.now };
    insertEndpoint(this.#db, made);
    this.#unit.lanes.addForEndpoint(made);
    return made;
  }

  callbackByMessage(account: AccountId, messageId: string) {
    return callbacks.firstCallbackOfMessage(this.#db, account, messageId);
  }

  addCallback(callback: Callback, factsDigest: string | null): void {
    callbacks.insertCallback(this.#db, callback, factsDigest);
  }

  changeCallback(callback: Parameters<Ledger['changeCallback']>[0], factsDigest: string | null): void {
    callbacks.updateCallback(this.#db, callback, factsDigest);
  }

  takeNonce(account: AccountId, nonce: string, bodyDigest: string) {
    const takenBy = callbacks.takeNonce(this.#db, account, nonce, { digest: bodyDigest, at: this.now });
    if (takenBy === null) return 'taken';
    return takenBy === bodyDigest ? 'same' : 'other';
  }

  quarantineHasRoom(account: AccountId): boolean {
    const hour = this.now - (this.now % hourMs);
    return callbacks.countRefusedSince(this.#db, account, hour, limits.quarantinePerHour) < limits.quarantinePerHour;
  }

  countUnkept({ receivedAt, merchant, provider, account, step }: Callback): void {
    callbacks.addUnkeptCallback(this.#db, { minute: minuteOf(receivedAt), merchant, provider, account, step });
  }

  factByKey(key: string): StoredFact | null {
    const found = facts.factByKey(this.#db, key);
    return found === null ? null : this.#met(found);
  }

  addFact(fact: StoredFact, key: string, paymentKey: string): void {
    this.#factRows.set(fact.id, facts.insertFact(this.#db, fact, key, paymentKey));
  }

  addSighting({ fact, isFirst, ...sighting }: Parameters<Ledger['addSighting']>[0]): void {
    const insert = isFirst ? facts.insertFirstSighting : facts.insertNextSighting;
    insert(this.#db, this.#rowOf(fact), sighting);
  }

  improveFact(fact: FactId, source: Source, providerTime: Instant): void {
    facts.setFactSource(this.#db, this.#rowOf(fact), source, providerTime);
  }

  parkCallback(callback: CallbackId, fact: FactId): void {
    callbacks.insertParkedCallback(this.#db, this.#rowOf(fact), callback);
  }

  linkFact(fact: FactId, order: OrderId): void {
    facts.setFactOrder(this.#db, this.#rowOf(fact), order);
    for (const callback of callbacks.parkedCallbacksOf(this.#db, this.#rowOf(fact))) {
      callbacks.deleteParkedCallback(this.#db, this.#rowOf(fact), callback);
      callbacks.releaseCallback(this.#db, callback);
    }
  }

  parkedFactsOfPayment(paymentKey: string) {
    return facts.parkedFactsOfPayment(this.#db, paymentKey).map((row) => this.#met(row));
  }

  awaitReference(payment: string, merchant: MerchantId, account: AccountId, reference: string): void {
    facts.insertAwaitedReference(this.#db, { payment, merchant, account, reference, since: this.now });
  }

  paymentsAwaiting(merchant: MerchantId, { reference, account }: OrderReference) {
    return facts.paymentsAwaiting(this.#db, merchant, reference, account);
  }

  factsOfOrder(order: OrderId) {
    return facts.factsOfOrder(this.#db, order).map((row) => this.#met(row));
  }

  overdueParkedFacts(recordedBefore: Instant, most: number) {
    return facts.untoldParkedFacts(this.#db, recordedBefore, most).map((row) => this.#met(row));
  }

  orderOfPayment(paymentKey: string) {
    return facts.orderOfPayment(this.#db, paymentKey);
  }

  linkPayment(paymentKey: string, order: OrderId): void {
    facts.insertPaymentLink(this.#db, paymentKey, order);
  }

  orderOfReference(merchant: MerchantId, account: AccountId, reference: string) {
    return orders.orderOfReference(this.#db, merchant, reference, account);
  }

  otherWithReference(merchant: MerchantId, reference: OrderReference, than: OrderId | null) {
    return orders.otherWithReference(this.#db, { merchant, ...reference }, than);
  }

  claimReference(order: OrderId, merchant: MerchantId, reference: OrderReference): void {
    orders.insertReference(this.#db, order, { merchant, ...reference });
  }

  order(id: OrderId) {
    return this.#unit.orders.find(id);
  }

  orderByNo(merchant: MerchantId, orderNo: OrderNo) {
    return this.#unit.orders.findByNo(merchant, orderNo);
  }

  addOrder(order: StoredOrder): void {
    this.#unit.orders.add(order);
  }

  saveOrder(order: StoredOrder): void {
    this.#unit.orders.save(order);
  }

  ordersToRefold(most: number) {
    this.#unit.orders.flush();
    return orders.ordersToRefold(this.#db, this.now, most);
  }

  discrepanciesOf(order: OrderId) {
    return discrepancies.discrepanciesOfOrder(this.#db, order);
  }

  discrepancy(id: DiscrepancyId) {
    return discrepancies.discrepancyById(this.#db, id);
  }

  addDiscrepancy(discrepancy: StoredDiscrepancy): void {
    discrepancies.insertDiscrepancy(this.#db, discrepancy);
    if (discrepancy.order !== null) return;
    for (const [fact, row] of this.#factRows) {
      if (discrepancies.parkedKey(fact) === discrepancy.key) facts.setFactTold(this.#db, row);
    }
  }

  saveDiscrepancy(discrepancy: StoredDiscrepancy): void {
    discrepancies.updateDiscrepancy(this.#db, discrepancy);
  }

  openDiscrepanciesOfParked(parked: readonly FactId[]) {
    return parked.flatMap((fact) => discrepancies.openDiscrepancyOfParked(this.#db, fact));
  }

  sentNotifications(order: OrderId) {
    return notifications.notificationsOfOrder(this.#db, order);
  }

  addNotification(notification: Notification, order: OrderId, callback: CallbackId | null): void {
    notifications.insertNotification(this.#db, notification, order, callback);
  }

  idempotent(merchant: MerchantId, key: string) {
    return notifications.idempotencyRow(this.#db, merchant, key, this.now - limits.idempotencyDays * dayMs);
  }

  addIdempotent(merchant: MerchantId, key: string, bodyDigest: string, notification: NotificationId): void {
    notifications.insertIdempotency(this.#db, { merchant, key, bodyDigest, notification, createdAt: this.now });
  }

  notification(id: NotificationId) {
    const found = notifications.notificationById(this.#db, id);
    if (found === null) return null;
    // A lane that was paused in this transaction must show its deliveries as held.
    this.#unit.lanes.flush();
    return { notification: found.notification, deliveries: deliveriesOfNotification(this.#db, id) };
  }

  addDelivery(delivery: NewDelivery, notification: Notification): Claimed | null {
    const { lanes } = this.#unit;
    const { id, merchant, target, url, effect } = delivery;
    const lane = lanes.ofTarget(merchant, target);
    if (!delivery.born) {
      insertDelivery(this.#db, delivery, {
        lane: lane.id,
        state: 'pending',
        dueAt: delivery.dueAt,
        attempts: 0,
        leasedAt: null,
        createdAt: this.now,
      });
      lanes.expectWork(lane, delivery.dueAt);
      return null;
    }
    const endpoint = endpointOfTarget(this.#unit, target);
    const leaseMs = leaseMsOf(target, endpoint);
    const dueAt = this.now + leaseMs;
    insertDelivery(this.#db, delivery, {
      lane: lane.id,
      state: 'sending',
      dueAt,
      attempts: 1,
      leasedAt: this.now,
      createdAt: this.now,
    });
    lanes.expectLeaseEnd(lane, dueAt);
    const lease = { number: 1, leaseMs, notification, endpoint, sequenceGap: false, probe: false };
    return claimedOf(this.#unit, { id, merchant, lane: lane.id, target, url, effect, tries: 0 }, lease);
  }

  takeOutbox(most: number) {
    const oldest = oldestOutboxItems(this.#db, most);
    for (const { seq } of oldest) deleteOutboxItem(this.#db, seq);
    return oldest.map(({ item }) => item);
  }

  laneIsOpen(merchant: MerchantId, target: Target): boolean {
    const lane = this.#unit.lanes.find(laneIdOf(merchant, target));
    if (lane === null) return target.kind !== 'endpoint';
    const { state, ordering, ratePerSecond, breaker } = lane;
    return (
      state === 'enabled' &&
      ordering === 'none' &&
      ratePerSecond === null &&
      breakerGate(breaker, this.now) === 'closed'
    );
  }

  addAction(action: Parameters<Ledger['addAction']>[0]): void {
    insertAction(this.#db, { ...action, at: this.now });
  }

  count(callback: Parameters<Ledger['count']>[0], after: Step, before: Step | null): void {
    this.#unit.funnel.add(receivingKey(callback), countStep(after, before));
  }

  #met({ seq, fact }: facts.FactRow): StoredFact {
    this.#factRows.set(fact.id, seq);
    return fact;
  }

  #rowOf(fact: FactId): number {
    const row = this.#factRows.get(fact);
    if (row === undefined) throw new Error(`fact ${fact} was not read by this decision`);
    return row;
  }
}

/** A hidden endpoint takes only what names it, by its provider's schedule, and with the usual limits. */
const hiddenDefaults = {
  types: [],
  speaks: { types: [], currencies: null },
  schedule: null,
  timeoutMs: limits.endpointTimeoutMs,
  ratePerSecond: null,
  concurrency: limits.endpointConcurrency,
  ordering: 'none',
  state: 'enabled',
  credentials: null,
  hidden: true,
} as const;
