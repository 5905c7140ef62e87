import type { Instant } from '../../../domain/clock.ts';
import type { Source } from '../../../domain/fact.ts';
import { type AccountId, asId, type MerchantId, type OrderId } from '../../../domain/ids.ts';
import type { StoredFact } from '../../kept.ts';
import { factColumns, factOf, number, type Row, sourceOf, text } from '../../mapping.ts';
import type { FactRow, Rows, SightingRow } from '../../work/rows.ts';
import type { Connection } from '../connection.ts';

function factRow(row: Row): FactRow {
  return { row: number(row, 'seq'), fact: factOf(row) };
}

const factByKeySql = `-- SEARCH paidonce_facts USING INDEX paidonce_facts_key (key=?)
  select ${factColumns} from paidonce_facts where key = ?`;

export function factByKey(db: Connection, key: string): FactRow | null {
  const row = db.get(factByKeySql, key);
  return row === undefined ? null : factRow(row);
}

export function insertFact(db: Connection, fact: StoredFact, key: string, paymentKey: string): number {
  return db.insert(
    `insert into paidonce_facts (
       key, id, merchant, order_id, account, kind, payment_id, operation_id, reference, group_id, payee, amount_minor, currency, from_order,
       measure, needs_person, operation_id_missing, scoped_by_reference, provider_time, source, payment_key, recorded_at
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    key,
    fact.id,
    fact.merchant,
    fact.order,
    fact.account,
    fact.kind,
    fact.paymentId,
    fact.operationId,
    fact.reference,
    fact.groupId ?? null,
    fact.payee ?? null,
    fact.amountMinor,
    fact.currency,
    fact.fromOrder ? 1 : 0,
    fact.measure,
    fact.needsPerson ? 1 : 0,
    fact.operationIdMissing ? 1 : 0,
    fact.scopedByReference ? 1 : 0,
    fact.providerTime,
    fact.source,
    paymentKey,
    fact.recordedAt,
  );
}

export function insertFirstSighting(db: Connection, fact: number, sighting: SightingRow): void {
  const { source, callback, at, providerTime, note } = sighting;
  db.run(
    'insert into paidonce_sightings (fact, number, source, callback, at, provider_time, note) values (?, 1, ?, ?, ?, ?, ?)',
    fact,
    source,
    callback,
    at,
    providerTime,
    note,
  );
}

export function insertNextSighting(db: Connection, fact: number, sighting: SightingRow): void {
  const { source, callback, at, providerTime, note } = sighting;
  db.run(
    `-- SCALAR SUBQUERY 1
     -- SEARCH paidonce_sightings USING PRIMARY KEY (fact=?)
     insert into paidonce_sightings (fact, number, source, callback, at, provider_time, note)
     values (?1, (select coalesce(max(number), 0) + 1 from paidonce_sightings where fact = ?1), ?2, ?3, ?4, ?5, ?6)`,
    fact,
    source,
    callback,
    at,
    providerTime,
    note,
  );
}

const firstSourceSql = `-- SEARCH paidonce_sightings USING PRIMARY KEY (fact=? AND number=?)
  select source from paidonce_sightings where fact = ? and number = 1`;

export function firstSourceOf(db: Connection, fact: number): Source | null {
  const row = db.get(firstSourceSql, fact);
  return row === undefined ? null : sourceOf(row);
}

export function setFactSource(db: Connection, seq: number, source: Source, providerTime: Instant): void {
  db.run(
    `-- SEARCH paidonce_facts USING INTEGER PRIMARY KEY (rowid=?)
     update paidonce_facts set source = ?, provider_time = ? where seq = ?`,
    source,
    providerTime,
    seq,
  );
}

export function setFactOrder(db: Connection, seq: number, order: OrderId): void {
  db.run(
    `-- SEARCH paidonce_facts USING INTEGER PRIMARY KEY (rowid=?)
     update paidonce_facts set order_id = ? where seq = ?`,
    order,
    seq,
  );
}

/** Somebody has been told that this parked fact waits for its order. */
export function setFactTold(db: Connection, seq: number): void {
  db.run(
    `-- SEARCH paidonce_facts USING INTEGER PRIMARY KEY (rowid=?)
     update paidonce_facts set told = 1 where seq = ?`,
    seq,
  );
}

const parkedFactsOfPaymentSql = `-- SEARCH paidonce_facts USING INDEX paidonce_facts_parked_payment (payment_key=?)
  select ${factColumns} from paidonce_facts where payment_key = ? and order_id is null order by seq`;

export function parkedFactsOfPayment(db: Connection, paymentKey: string): FactRow[] {
  return db.all(parkedFactsOfPaymentSql, paymentKey).map(factRow);
}

export function insertAwaitedReference(db: Connection, awaited: Parameters<Rows['insertAwaitedReference']>[0]): void {
  db.run(
    `insert into paidonce_awaited_references (merchant, reference, account, payment_key, since) values (?, ?, ?, ?, ?)
     on conflict do nothing`,
    awaited.merchant,
    awaited.reference,
    awaited.account,
    awaited.payment,
    awaited.since,
  );
}

const paymentsAwaitingSql = `-- SEARCH paidonce_awaited_references USING PRIMARY KEY (merchant=? AND reference=?)
  select payment_key from paidonce_awaited_references
  where merchant = ?1 and reference = ?2 and (?3 is null or account = ?3) order by account, payment_key`;

/** Of one account; null = of any of the merchant's. */
export function paymentsAwaiting(
  db: Connection,
  merchant: MerchantId,
  reference: string,
  account: AccountId | null,
): string[] {
  const payments = db.all(paymentsAwaitingSql, merchant, reference, account).map((row) => text(row, 'payment_key'));
  return payments.sort();
}

const factsOfOrderSql = `-- SEARCH paidonce_facts USING INDEX paidonce_facts_order (order_id=? AND rowid<?)
  select ${factColumns} from paidonce_facts where order_id = ? and seq < ? order by seq`;

/** Those from `before` on are left out: the caller has just written them. */
export function factsOfOrder(db: Connection, order: OrderId, before: number = Number.MAX_SAFE_INTEGER): FactRow[] {
  return db.all(factsOfOrderSql, order, before).map(factRow);
}

const untoldParkedFactsSql = `-- SEARCH paidonce_facts USING INDEX paidonce_facts_parked_untold (recorded_at<?)
  select ${factColumns} from paidonce_facts where order_id is null and told = 0 and recorded_at < ? order by recorded_at limit ?`;

export function untoldParkedFacts(db: Connection, recordedBefore: Instant, most: number): FactRow[] {
  return db.all(untoldParkedFactsSql, recordedBefore, most).map(factRow);
}

export function orderOfPayment(db: Connection, paymentKey: string): OrderId | null {
  const row = db.get(
    `-- SEARCH paidonce_payment_links USING PRIMARY KEY (payment_key=?)
     select order_id from paidonce_payment_links where payment_key = ?`,
    paymentKey,
  );
  return row === undefined ? null : asId.order(text(row, 'order_id'));
}

/** The first link of a payment stays. */
export function insertPaymentLink(db: Connection, paymentKey: string, order: OrderId): void {
  db.run(
    'insert into paidonce_payment_links (payment_key, order_id) values (?, ?) on conflict do nothing',
    paymentKey,
    order,
  );
}
