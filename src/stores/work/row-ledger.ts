import type { Ask } from '../../domain/asking.ts';
import { breakerGate } from '../../domain/breaker.ts';
import type { Callback } from '../../domain/callback.ts';
import type { Instant } from '../../domain/clock.ts';
import type { Step, Target } from '../../domain/delivery.ts';
import { parkedKey } from '../../domain/discrepancy.ts';
import type { Source } from '../../domain/fact.ts';
import { countStep } from '../../domain/funnel.ts';
import {
  type AccountId,
  bucketOf,
  type CallbackId,
  type DeliveryId,
  type DiscrepancyId,
  type EndpointId,
  type FactId,
  type MerchantId,
  type NotificationId,
  newId,
  type OrderId,
  type OrderNo,
  type ReplayId,
} from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import { type Endpoint, hiddenEndpoint } from '../../domain/merchant.ts';
import type { Notification } from '../../domain/notification.ts';
import type { Difference } from '../../domain/reconciliation.ts';
import type { Replay } from '../../domain/replay.ts';
import type { Claimed, NewDelivery, OrderReference, StoredDiscrepancy, StoredFact, StoredOrder } from '../kept.ts';
import type { Ledger } from '../ledger.ts';
import { retryDelivery } from './deliveries.ts';
import { minuteOf, receivingKey } from './funnel-book.ts';
import { laneIdOf } from './lane-book.ts';
import { claimedOf, endpointOfTarget, leaseMsOf } from './leases.ts';
import type { FactRow, Rows } from './rows.ts';
import type { Unit } from './unit.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** The ledger of one decision, over the rows of its unit's transaction. */
export class RowLedger implements Ledger {
  readonly now: Instant;
  readonly random: Ledger['random'];
  readonly #unit: Unit;
  readonly #rows: Rows;
  /** The rows of the facts this decision has met; a fact is only ever changed by a decision that has read it. */
  readonly #factRows = new Map<FactId, number>();
  /** Those that this decision added, as they are now: what it wrote it need not read. */
  readonly #added = new Map<FactId, StoredFact>();
  #firstAdded: number | undefined;
  /** Orders that this decision made, with no facts but those it added. */
  readonly #bare = new Set<OrderId>();
  /** What this decision has looked for and not found, nor made since: it looks once. */
  readonly #absent = { facts: new Set<string>(), links: new Set<string>(), parked: new Set<string>() };
  /** What the decisions before this one made. */
  readonly #madeBefore: number;

  constructor(unit: Unit) {
    this.#unit = unit;
    this.#rows = unit.rows;
    this.now = unit.now;
    this.random = unit.random;
    this.#madeBefore = unit.made.length;
  }

  merchant(id: MerchantId) {
    return this.#unit.directory.merchant(this.#rows, id);
  }

  targets(merchant: MerchantId) {
    return this.#unit.directory.targets(this.#rows, merchant);
  }

  endpoint(id: EndpointId) {
    return this.#unit.directory.endpoint(this.#rows, id);
  }

  hiddenEndpoint(merchant: MerchantId, provider: string, origin: string): Endpoint {
    const known = this.#rows.hiddenEndpoint(merchant, provider, origin);
    if (known !== null) return known;
    const id = newId('end', this.now, bucketOf(merchant), this.random);
    const made: Endpoint = { ...hiddenEndpoint, id, merchant, provider, url: origin, createdAt: this.now };
    this.#rows.insertEndpoint(made);
    this.#unit.lanes.addForEndpoint(made);
    return made;
  }

  callbackByMessage(account: AccountId, messageId: string) {
    return this.#rows.firstCallbackOfMessage(account, messageId);
  }

  addCallback(callback: Callback, factsDigest: string | null): void {
    this.#rows.insertCallback(callback, factsDigest);
    // It is added when all it brought is: those who follow are to see first what came first.
    this.#unit.made.splice(this.#madeBefore, 0, ['callback', callback.id]);
  }

  changeCallback(callback: Parameters<Ledger['changeCallback']>[0], factsDigest: string | null): void {
    this.#rows.updateCallback(callback, factsDigest);
  }

  takeNonce(account: AccountId, nonce: string, bodyDigest: string) {
    const takenBy = this.#rows.takeNonce(account, nonce, { digest: bodyDigest, at: this.now });
    if (takenBy === null) return 'taken';
    return takenBy === bodyDigest ? 'same' : 'other';
  }

  quarantineHasRoom(account: AccountId): boolean {
    const hour = this.now - (this.now % hourMs);
    return this.#rows.countRefusedSince(account, hour, limits.quarantinePerHour) < limits.quarantinePerHour;
  }

  countUnkept({ receivedAt, merchant, provider, account, step }: Callback): void {
    this.#rows.addUnkeptCallback({ minute: minuteOf(receivedAt), merchant, provider, account, step });
  }

  judgeCallback(id: CallbackId, judged: Parameters<Ledger['judgeCallback']>[1]): void {
    this.#rows.setVerdict(id, judged);
  }

  ask(subject: Ask['subject'], account: AccountId) {
    return this.#rows.askOf(subject, account);
  }

  saveAsk(ask: Ask): void {
    const before = this.#rows.askOf(ask.subject, ask.account);
    if (before === null) this.#rows.insertAsk(ask);
    else this.#rows.updateAsk(ask);
    if (before === null || ask.dueAt < before.dueAt) this.#rows.callAskQueue(ask);
  }

  endAsk(ask: Pick<Ask, 'subject' | 'account'>): void {
    this.#rows.deleteAsk(ask);
  }

  hasReadFacts(keys: readonly string[]): boolean {
    return this.#rows.hasReadFacts(keys);
  }

  factByKey(key: string): StoredFact | null {
    const found = this.#absent.facts.has(key) ? null : this.#rows.factByKey(key);
    if (found === null) this.#absent.facts.add(key);
    return found === null ? null : this.#met(found);
  }

  addFact(fact: StoredFact, key: string, paymentKey: string): void {
    const row = this.#rows.insertFact(fact, key, paymentKey);
    this.#factRows.set(fact.id, row);
    this.#added.set(fact.id, fact);
    this.#firstAdded ??= row;
    this.#absent.facts.delete(key);
    this.#absent.parked.delete(paymentKey);
    this.#unit.made.push(['fact', key]);
  }

  addSighting({ fact, isFirst, ...sighting }: Parameters<Ledger['addSighting']>[0]): void {
    if (isFirst) this.#rows.insertFirstSighting(this.#rowOf(fact), sighting);
    else this.#rows.insertNextSighting(this.#rowOf(fact), sighting);
  }

  improveFact(fact: FactId, source: Source, providerTime: Instant): void {
    this.#rows.setFactSource(this.#rowOf(fact), source, providerTime);
    this.#change(fact, { source, providerTime });
  }

  parkCallback(callback: CallbackId, fact: FactId): void {
    this.#rows.insertParkedCallback(this.#rowOf(fact), callback);
  }

  linkFact(fact: FactId, order: OrderId): void {
    this.#rows.setFactOrder(this.#rowOf(fact), order);
    if (!this.#added.has(fact)) this.#bare.delete(order);
    this.#change(fact, { order });
    for (const callback of this.#rows.parkedCallbacksOf(this.#rowOf(fact))) {
      this.#rows.deleteParkedCallback(this.#rowOf(fact), callback);
      this.#rows.releaseCallback(callback);
    }
  }

  firstSource(fact: FactId) {
    return this.#rows.firstSourceOf(this.#rowOf(fact));
  }

  parkedFactsOfPayment(paymentKey: string) {
    if (this.#absent.parked.has(paymentKey)) return [];
    const facts = this.#rows.parkedFactsOfPayment(paymentKey).map((row) => this.#met(row));
    if (facts.length === 0) this.#absent.parked.add(paymentKey);
    return facts;
  }

  awaitReference(payment: string, merchant: MerchantId, account: AccountId, reference: string): void {
    this.#rows.insertAwaitedReference({ payment, merchant, account, reference, since: this.now });
  }

  paymentsAwaiting(merchant: MerchantId, { reference, account }: OrderReference) {
    return this.#rows.paymentsAwaiting(merchant, reference, account);
  }

  factsOfOrder(order: OrderId) {
    const kept = this.#bare.has(order) ? [] : this.#rows.factsOfOrder(order, this.#firstAdded);
    const facts = kept.map((row) => this.#met(row));
    for (const fact of this.#added.values()) {
      if (fact.order === order && !facts.some(({ id }) => id === fact.id)) facts.push(fact);
    }
    return facts;
  }

  overdueParkedFacts(recordedBefore: Instant, most: number) {
    return this.#rows.untoldParkedFacts(recordedBefore, most).map((row) => this.#met(row));
  }

  orderOfPayment(paymentKey: string) {
    const order = this.#absent.links.has(paymentKey) ? null : this.#rows.orderOfPayment(paymentKey);
    if (order === null) this.#absent.links.add(paymentKey);
    return order;
  }

  linkPayment(paymentKey: string, order: OrderId): void {
    this.#rows.insertPaymentLink(paymentKey, order);
    this.#absent.links.delete(paymentKey);
  }

  orderOfReference(merchant: MerchantId, account: AccountId, reference: string) {
    return this.#rows.orderOfReference(merchant, reference, account);
  }

  otherWithReference(merchant: MerchantId, reference: OrderReference, than: OrderId | null) {
    return this.#rows.otherWithReference({ merchant, ...reference }, than);
  }

  claimReference(order: OrderId, merchant: MerchantId, reference: OrderReference): void {
    this.#rows.insertReference(order, { merchant, ...reference });
  }

  order(id: OrderId) {
    return this.#unit.orders.find(id);
  }

  orderByNo(merchant: MerchantId, orderNo: OrderNo) {
    return this.#unit.orders.findByNo(merchant, orderNo);
  }

  addOrder(order: StoredOrder): void {
    this.#unit.orders.add(order);
    this.#bare.add(order.id);
  }

  saveOrder(order: StoredOrder): void {
    this.#unit.orders.save(order);
  }

  ordersToRefold(most: number) {
    this.#unit.orders.flush();
    return this.#rows.ordersToRefold(this.now, most);
  }

  discrepanciesOf(order: OrderId) {
    return this.#rows.discrepanciesOfOrder(order);
  }

  discrepancy(id: DiscrepancyId) {
    return this.#rows.discrepancyById(id);
  }

  addDiscrepancy(discrepancy: StoredDiscrepancy): void {
    this.#rows.insertDiscrepancy(discrepancy);
    this.#unit.made.push(['discrepancy', discrepancy.id]);
    if (discrepancy.order !== null) return;
    for (const [fact, row] of this.#factRows) {
      if (parkedKey(fact) === discrepancy.key) this.#rows.setFactTold(row);
    }
  }

  saveDiscrepancy(discrepancy: StoredDiscrepancy): void {
    this.#rows.updateDiscrepancy(discrepancy);
    this.#unit.made.push(['discrepancy', discrepancy.id]);
  }

  openDiscrepanciesOfParked(parked: readonly FactId[]) {
    return parked.flatMap((fact) => this.#rows.openDiscrepancyOfParked(fact));
  }

  sentNotifications(order: OrderId) {
    return this.#rows.notificationsOfOrder(order);
  }

  addNotification(notification: Notification, order: OrderId, callback: CallbackId | null): void {
    this.#rows.insertNotification(notification, order, callback);
    this.#unit.made.push(['notification', notification.id]);
  }

  idempotent(merchant: MerchantId, key: string) {
    return this.#rows.idempotencyRow(merchant, key, this.now - limits.idempotencyDays * dayMs);
  }

  addIdempotent(merchant: MerchantId, key: string, bodyDigest: string, notification: NotificationId): void {
    this.#rows.insertIdempotency({ merchant, key, bodyDigest, notification, createdAt: this.now });
  }

  notification(id: NotificationId) {
    const found = this.#rows.notificationById(id);
    if (found === null) return null;
    // A lane that was paused in this transaction must show its deliveries as held.
    this.#unit.lanes.flush();
    return { notification: found.notification, deliveries: this.#rows.deliveriesOfNotification(id) };
  }

  addDelivery(delivery: NewDelivery, notification: Notification): Claimed | null {
    const { lanes } = this.#unit;
    const { id, merchant, target, url, effect } = delivery;
    const lane = lanes.ofTarget(merchant, target);
    const made = { lane: lane.id, createdAt: this.now };
    if (delivery.born === null) {
      const { dueAt } = delivery;
      this.#rows.insertDelivery(delivery, { ...made, state: 'pending', dueAt, attempts: 0, leasedAt: null });
      lanes.expectWork(lane, dueAt);
      return null;
    }
    const endpoint = endpointOfTarget(this.#unit, target);
    const leaseMs = leaseMsOf(target, endpoint, delivery.born.functionMs);
    const dueAt = this.now + leaseMs;
    this.#rows.insertDelivery(delivery, { ...made, state: 'sending', dueAt, attempts: 1, leasedAt: this.now });
    lanes.expectLeaseEnd(lane, dueAt);
    const lease = { number: 1, leaseMs, notification, endpoint, sequenceGap: false, probe: false };
    return claimedOf(this.#unit, { id, merchant, lane: lane.id, target, url, effect, tries: 0 }, lease);
  }

  retryDelivery(id: DeliveryId): boolean {
    const delivery = this.#rows.deliveryById(id);
    return delivery !== null && retryDelivery(this.#unit, delivery);
  }

  urlOfDelivery(id: DeliveryId) {
    return this.#rows.deliveryById(id)?.url ?? null;
  }

  replay(id: ReplayId) {
    return this.#rows.replayById(id);
  }

  saveReplay(replay: Replay): void {
    this.#rows.updateReplay(replay);
  }

  undo(): void {
    this.#unit.isUndone = true;
  }

  takeOutbox(most: number) {
    const oldest = this.#rows.oldestOutboxItems(most);
    for (const { row } of oldest) this.#rows.deleteOutboxItem(row);
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

  addDifference({ reconciliation, run }: Parameters<Ledger['addDifference']>[0], difference: Difference): void {
    this.#rows.insertDifference(reconciliation, run, difference);
  }

  addAction(action: Parameters<Ledger['addAction']>[0]): void {
    this.#rows.insertAction({ ...action, at: this.now });
  }

  count(callback: Parameters<Ledger['count']>[0], after: Step, before: Step | null): void {
    this.#unit.funnel.add(receivingKey(callback), countStep(after, before));
  }

  #change(id: FactId, change: Partial<StoredFact>): void {
    const fact = this.#added.get(id);
    if (fact !== undefined) this.#added.set(id, { ...fact, ...change });
  }

  #met({ row, fact }: FactRow): StoredFact {
    this.#factRows.set(fact.id, row);
    return fact;
  }

  #rowOf(fact: FactId): number {
    const row = this.#factRows.get(fact);
    if (row === undefined) throw new Error(`fact ${fact} was not read by this decision`);
    return row;
  }
}
