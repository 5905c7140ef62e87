import { createHash } from 'node:crypto';
import type { Instant } from '../domain/clock.ts';
import { type Fact, factKey, paymentKey, type Source, sources } from '../domain/fact.ts';
import {
  type AccountId,
  bucketOf,
  type CallbackId,
  isOrderNo,
  type MerchantId,
  newId,
  type OrderId,
} from '../domain/ids.ts';
import type { Expectation } from '../domain/order.ts';
import type { Births } from '../notify/fan-out.ts';
import { orderRow } from '../notify/new-order.ts';
import type { Ledger, OrderReference, StoredFact, StoredOrder } from '../stores/ledger.ts';
import { settle } from './settle.ts';

/** Who tells us the facts, and when. */
export interface Telling {
  merchant: MerchantId;
  source: Source;
  callback: CallbackId | null;
  at: Instant;
  withoutOrder: 'park' | 'accept';
  note: string | null;
  /** Who tells it says which order it is for, whatever the reference. */
  order?: OrderId | null;
  /** The same callback told what it tells before: its sightings are there. */
  heardBefore?: boolean;
  /** Set where the same message said something else before: every order named is marked with it. */
  contradictedMessage?: string | null;
}

/** What recording came to. */
export interface Recorded {
  /** Nothing was new: every fact was known, and none brought a link. */
  duplicate: boolean;
  conflict: boolean;
  orders: ReadonlySet<OrderId>;
  /** References of facts whose order is not known yet; null for a fact without one. */
  parked: readonly { account: AccountId; reference: string | null }[];
}

/**
 * Takes facts into effect, whatever source they come from: finds their orders, keeps what is new, and settles every order
 * that this changed. All of it in the caller's transaction.
 */
export function recordFacts(ledger: Ledger, births: Births, facts: readonly Fact[], telling: Telling): Recorded {
  const touched = new Set<OrderId>();
  const orders = new Set<OrderId>();
  const parked: { account: AccountId; reference: string | null }[] = [];
  let duplicate = true;
  let conflict = false;
  for (const fact of facts) {
    const found = findOrder(ledger, fact, telling);
    const kept = keep(ledger, fact, found.order, telling);
    if (found.order === null) parked.push({ account: fact.account, reference: fact.reference });
    else orders.add(found.order);
    if (found.order !== null && (kept.changed || found.linked)) touched.add(found.order);
    for (const order of found.conflicting) touched.add(order);
    conflict ||= found.conflicting.length > 0;
    duplicate &&= kept.known && !found.linked && found.conflicting.length === 0;
  }
  if (telling.contradictedMessage)
    for (const order of markConflict(ledger, [...orders], telling.contradictedMessage)) touched.add(order);
  for (const order of [...touched].sort()) settle(ledger, births, order, telling.callback);
  return { duplicate, conflict, orders, parked };
}

/** What two deliveries of one message must agree on; retries may carry a newer date or text encrypted anew. */
export function digestOfFacts(facts: readonly Fact[]): string {
  const keys = facts
    .map((fact) => JSON.stringify([factKey(fact), fact.paymentId, fact.reference, fact.payee ?? null]))
    .sort();
  return createHash('sha256').update(keys.join('\n')).digest('base64url');
}

/**
 * Takes the payments that named a reference before the order claimed it. One that has found another order meanwhile stays there,
 * and is a conflict on both, as if the reference had been known all along. Gives the other orders that this marked.
 */
export function adoptAwaiting(ledger: Ledger, order: StoredOrder, reference: OrderReference): readonly OrderId[] {
  return ledger.paymentsAwaiting(order.merchant, reference).flatMap((payment) => {
    const linked = ledger.orderOfPayment(payment);
    if (linked !== null && linked !== order.id) return markConflict(ledger, [linked, order.id], payment);
    if (linked === null) linkPayment(ledger, payment, order.id);
    return [];
  });
}

/** Links a payment and what waits under it, and closes the discrepancies that said its order is unknown. */
function linkPayment(ledger: Ledger, payment: string, order: OrderId): void {
  ledger.linkPayment(payment, order);
  const waiting = ledger.parkedFactsOfPayment(payment);
  for (const fact of waiting) ledger.linkFact(fact.id, order);
  for (const discrepancy of ledger.openDiscrepanciesOfParked(waiting.map((fact) => fact.id))) {
    ledger.saveDiscrepancy({ ...discrepancy, order, state: 'resolved', closedAt: ledger.now });
  }
}

/** Marks two orders that one payment names, so that `fact_conflict` opens on both. Gives those that were not marked yet. */
export function markConflict(ledger: Ledger, orders: readonly OrderId[], key: string): readonly OrderId[] {
  return orders.filter((id) => {
    const order = ledger.order(id);
    if (order === null || order.linkConflicts.includes(key)) return false;
    ledger.saveOrder({ ...order, linkConflicts: [...order.linkConflicts, key].sort() });
    return true;
  });
}

interface Found {
  order: OrderId | null;
  /** The payment got its order just now. */
  linked: boolean;
  /** Orders that a payment linked elsewhere names, newly marked. */
  conflicting: readonly OrderId[];
}

/** (a) a known link of the payment, (b) the order that was named, or whose reference it is, (c) none: parked. */
function findOrder(ledger: Ledger, fact: Fact, telling: Telling): Found {
  const payment = paymentKey(fact);
  const byPayment = ledger.orderOfPayment(payment);
  const byReference =
    fact.reference === null ? null : ledger.orderOfReference(telling.merchant, fact.account, fact.reference);
  const named = telling.order ?? byReference;
  const accepted = byPayment === null && named === null ? acceptedOrder(ledger, fact, telling) : null;
  // An order that was made of the reference has claimed it.
  if (byReference === null && accepted === null && fact.reference !== null)
    ledger.awaitReference(payment, telling.merchant, fact.account, fact.reference);
  if (byPayment !== null) {
    const other = named !== null && named !== byPayment;
    const conflicting = other ? markConflict(ledger, [byPayment, named], payment) : [];
    return { order: byPayment, linked: false, conflicting };
  }
  const order = named ?? accepted?.id ?? null;
  if (order === null) return { order: null, linked: false, conflicting: [] };
  linkPayment(ledger, payment, order);
  return { order, linked: true, conflicting: [] };
}

/** `without_order: accept`: the reference becomes an order of its own, to be verified by a person or a later expectation. */
function acceptedOrder(ledger: Ledger, fact: Fact, telling: Telling): StoredOrder | null {
  const { reference, amountMinor, currency } = fact;
  if (telling.withoutOrder !== 'accept' || reference === null || !isOrderNo(reference)) return null;
  if (fact.kind !== 'captured' || !amountMinor || currency === null) return null;
  const row = orderRow(ledger, telling.merchant, reference);
  const unverified: Expectation = {
    amountMinor,
    currency,
    accounts: null,
    payee: null,
    expiresAt: null,
    recordedAt: ledger.now,
    unverified: true,
  };
  const order = row.expectations.length > 0 ? row : { ...row, expectations: [unverified] };
  ledger.saveOrder(order);
  const claimed = { account: fact.account, reference };
  ledger.claimReference(order.id, telling.merchant, claimed);
  adoptAwaiting(ledger, order, claimed);
  return order;
}

function keep(
  ledger: Ledger,
  fact: Fact,
  order: OrderId | null,
  telling: Telling,
): { known: boolean; changed: boolean } {
  const key = factKey(fact);
  const known = ledger.factByKey(key);
  const { source, callback, at, note, merchant } = telling;
  const { providerTime } = fact;
  if (known === null) {
    const id = newId('fct', ledger.now, bucketOf(merchant), ledger.random);
    ledger.addFact({ ...fact, id, merchant, order, source, recordedAt: at }, key, paymentKey(fact));
    ledger.addSighting({ isFirst: true, fact: id, source, callback, at, providerTime, note });
    if (order === null && callback !== null) ledger.parkCallback(callback, id);
    return { known: false, changed: true };
  }
  return { known: true, changed: hearKnown(ledger, known, fact, telling) };
}

/** Keeps that a known fact was told once more. Gives whether by a better source, or earlier by the same. */
export function hearKnown(ledger: Ledger, known: StoredFact, { providerTime }: Fact, telling: Telling): boolean {
  const { source, callback, at, note } = telling;
  const rank = sources.indexOf(source) - sources.indexOf(known.source);
  // A sweep, and a bill that is read again, say the same again and again; what told it first is enough to know.
  const repeats = (source === 'query' || source === 'statement') && callback === null && rank >= 0;
  if (telling.heardBefore !== true && !repeats)
    ledger.addSighting({ isFirst: false, fact: known.id, source, callback, at, providerTime, note });
  const better = rank < 0 || (rank === 0 && providerTime < known.providerTime);
  if (better) ledger.improveFact(known.id, source, providerTime);
  return better;
}
