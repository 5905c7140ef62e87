import type { OrderId } from '../../../domain/ids.ts';
import { asId } from '../../../domain/ids.ts';
import { discrepancyColumns, discrepancyOf } from '../../discrepancy-mapping.ts';
import type { StoredOrder } from '../../kept.ts';
import { madeBetween } from '../../made-between.ts';
import {
  type CallbackSummary,
  callbackColumns,
  callbackLineColumns,
  callbackOf,
  callbackSummaryOf,
  expectedAmountJson,
  number,
  orderColumns,
  orderOf,
  sightingOf,
  text,
  textOrNull,
} from '../../mapping.ts';
import type { OrderTrail, Reads } from '../../reads.ts';
import type { Connection } from '../connection.ts';
import { asksOfSubject } from '../statements/asks.ts';
import { discrepanciesOfOrder } from '../statements/discrepancies.ts';
import { factsOfOrder } from '../statements/facts.ts';
import { notificationsOfOrder } from '../statements/notifications.ts';
import { orderById, orderByNo } from '../statements/orders.ts';
import { deliveriesOf } from './deliveries.ts';
import { type Condition, equals, ofMerchants, ofOrderNo, pageOf, visibleIn } from './page.ts';

export function order(db: Connection, { merchant, orderNo }: Reads['order']['input']): Reads['order']['output'] {
  const found = orderByNo(db, merchant, orderNo);
  if (found === null) return null;
  const facts = factsOfOrder(db, found.id).map(({ row, fact }) => ({ ...fact, sightings: sightingsOf(db, row) }));
  return { order: found, facts, discrepancies: discrepanciesOfOrder(db, found.id) };
}

export function orderWithFacts(db: Connection, id: Reads['orderById']['input']): Reads['orderById']['output'] {
  const found = orderById(db, id);
  return found === null ? null : { order: found, facts: factsOfOrder(db, id).map(({ fact }) => fact) };
}

function sightingsOf(db: Connection, fact: number) {
  return db
    .all(
      `-- SEARCH paidonce_sightings USING PRIMARY KEY (fact=?)
       select source, callback, at, provider_time, note from paidonce_sightings where fact = ? order by number`,
      fact,
    )
    .map(sightingOf);
}

/** `q` is looked for in the order's number and description, and as a whole reference, payment or operation. */
export function orders(db: Connection, input: Reads['orders']['input']): Reads['orders']['output'] {
  const select = `select ${orderColumns} from paidonce_orders`;
  const conditions = [
    ofMerchants(db, { merchant: 'merchant', order: 'id' }, input),
    equals('status', input.status),
    ...madeBetween({ table: 'paidonce_orders', prefix: 'ord' }, 'created_at', input),
    input.q === null ? null : ([likeQuestion, input.q, input.q, input.q, input.q, input.q] as const),
    ...withAmount(input.amounts),
  ];
  return pageOf(db, { select, seq: 'seq', conditions, map: orderOf }, input);
}

const likeQuestion = `(instr(order_no, ?) > 0 or instr(coalesce(description, ''), ?) > 0
  or exists (select 1 from paidonce_order_references r where r.merchant = paidonce_orders.merchant and r.reference = ? and r.order_id = paidonce_orders.id)
  or exists (select 1 from paidonce_facts f where f.order_id = paidonce_orders.id and (f.payment_id = ? or f.operation_id = ?)))`;

function withAmount(amounts: readonly bigint[] | null = null): Condition[] {
  if (amounts === null) return [];
  const one = `instr(expectations, ?) > 0
    or exists (select 1 from paidonce_facts f where f.order_id = paidonce_orders.id and f.amount_minor = ?)`;
  const condition = ['false', ...amounts.map(() => one)].join(' or ');
  return [[`(${condition})`, ...amounts.flatMap((amount) => [expectedAmountJson(amount), amount])]];
}

export function history(db: Connection, id: Reads['history']['input']): OrderTrail {
  const found = orderById(db, id);
  const callbacks = callbacksOfOrder(db, id);
  const notifications = notificationsOfOrder(db, id).map((notification) => ({
    notification,
    callback: callbackOfNotification(db, notification.id),
  }));
  const deliveries = deliveriesOf(db, [['n.order_id = ?', id]]);
  const discrepancies = discrepanciesOfOrder(db, id).map(({ id: subject }) => subject);
  const actions = actionsOn(db, [id, ...discrepancies, ...deliveries.map(({ id: subject }) => subject)], found);
  const asks = [id, ...discrepancies].flatMap((subject) => asksOfSubject(db, subject));
  return { callbacks, notifications, deliveries, actions, asks };
}

/** What people did to these things, or, by its number, to the order. */
function actionsOn(db: Connection, subjects: readonly string[], order: StoredOrder | null): OrderTrail['actions'] {
  return db
    .all(
      `select at, by, what, note from paidonce_actions
       where subject in (select value from json_each(?)) or (subject = ? and merchant = ?) order by seq`,
      JSON.stringify(subjects),
      order?.orderNo ?? '',
      order?.merchant ?? '',
    )
    .map((row) => ({
      at: number(row, 'at'),
      by: text(row, 'by'),
      what: text(row, 'what'),
      note: textOrNull(row, 'note'),
    }));
}

function callbackOfNotification(db: Connection, id: string) {
  const row = db.get(
    `-- SEARCH paidonce_notifications USING INDEX paidonce_notifications_id (id=?)
     select callback from paidonce_notifications where id = ?`,
    id,
  );
  const callback = row === undefined ? null : textOrNull(row, 'callback');
  return callback === null ? null : asId.callback(callback);
}

/** The callbacks that told facts of an order, those that brought them again included. */
const callbackIdsOfOrder = `select s.callback from paidonce_facts f join paidonce_sightings s on s.fact = f.seq
  where f.order_id = ? and s.callback is not null`;

function callbacksOfOrder(db: Connection, id: OrderId): CallbackSummary[] {
  return db
    .all(
      `select ${callbackColumns}, ${callbackLineColumns} from paidonce_callbacks c left join paidonce_callback_bytes b on b.callback = c.seq
       where c.id in (${callbackIdsOfOrder}) order by c.seq`,
      id,
    )
    .map(callbackSummaryOf);
}

export function callbacks(db: Connection, input: Reads['callbacks']['input']): Reads['callbacks']['output'] {
  const select = `select ${callbackColumns}, ${callbackLineColumns} from paidonce_callbacks c left join paidonce_callback_bytes b on b.callback = c.seq`;
  const conditions = [
    tellingOf(ofOrderNo('f.order_id', input)),
    visibleIn('c.merchant', input.visible),
    equals('c.merchant', input.merchant),
    equals('c.account', input.account),
    equals('c.verdict', input.verdict),
    ...madeBetween({ table: 'paidonce_callbacks', prefix: 'cbk', alias: 'c.' }, 'received_at', input),
  ];
  return pageOf(db, { select, seq: 'c.seq', conditions, map: callbackSummaryOf }, input);
}

function tellingOf(facts: Condition): Condition {
  if (facts === null) return null;
  const [ofFacts, ...parameters] = facts;
  return [
    `c.id in (select s.callback from paidonce_facts f join paidonce_sightings s on s.fact = f.seq
       where s.callback is not null and ${ofFacts})`,
    ...parameters,
  ];
}

export function callback(db: Connection, id: Reads['callback']['input']): Reads['callback']['output'] {
  const row = db.get(
    `-- SEARCH c USING INDEX paidonce_callbacks_id (id=?)
     -- SEARCH b USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN
     select ${callbackColumns}, ${callbackLineColumns}, coalesce(b.headers, '[]') as headers, coalesce(b.body, x'') as body
     from paidonce_callbacks c left join paidonce_callback_bytes b on b.callback = c.seq where c.id = ?`,
    id,
  );
  return row === undefined ? null : callbackOf(row);
}

export function bore(db: Connection, { account, authorization }: Reads['bore']['input']): boolean {
  const row = db.get(
    `select 1 as found from paidonce_callbacks c join paidonce_callback_bytes b on b.callback = c.seq
     where c.account = ? and c.verdict in ('verified', 'parked', 'duplicate', 'conflict', 'ignored') and exists (
       select 1 from json_each(b.headers) h where lower(h.value ->> 0) = 'authorization' and h.value ->> 1 = ?
     ) limit 1`,
    account,
    authorization,
  );
  return row !== undefined;
}

const discrepancyTables = 'paidonce_discrepancies d left join paidonce_orders o on o.id = d.order_id';

export function discrepancies(
  db: Connection,
  input: Reads['discrepancies']['input'],
): Reads['discrepancies']['output'] {
  const select = `select ${discrepancyColumns}, o.order_no from ${discrepancyTables}`;
  const conditions = [
    visibleIn('d.merchant', input.visible),
    equals('d.merchant', input.merchant),
    equals('d.state', input.state),
    equals('d.kind', input.kind),
    equals('d.assigned_to', input.assignee),
  ];
  return pageOf(db, { select, seq: 'd.seq', conditions, map: namedDiscrepancyOf }, input);
}

export function discrepancy(db: Connection, id: Reads['discrepancy']['input']): Reads['discrepancy']['output'] {
  const row = db.get(
    `-- SEARCH d USING INDEX paidonce_discrepancies_id (id=?)
     -- SEARCH o USING INDEX paidonce_orders_id (id=?) LEFT-JOIN
     select ${discrepancyColumns}, o.order_no from ${discrepancyTables} where d.id = ?`,
    id,
  );
  return row === undefined ? null : namedDiscrepancyOf(row);
}

function namedDiscrepancyOf(row: Parameters<typeof discrepancyOf>[0]) {
  const orderNo = textOrNull(row, 'order_no');
  return { ...discrepancyOf(row), orderNo: orderNo === null ? null : asId.orderNo(orderNo) };
}

/** The newest first: what waits longest has been asked for most often. */
export function parkedReferences(
  db: Connection,
  { most }: Reads['parkedReferences']['input'],
): Reads['parkedReferences']['output'] {
  return db
    .all(
      `select merchant, account, reference, min(since) as parked_at from paidonce_awaited_references as awaited
       where not exists (select 1 from paidonce_payment_links as link where link.payment_key = awaited.payment_key)
       group by merchant, account, reference order by max(since) desc limit ?`,
      most,
    )
    .map((row) => ({
      merchant: asId.merchant(text(row, 'merchant')),
      account: asId.account(text(row, 'account')),
      reference: text(row, 'reference'),
      parkedAt: number(row, 'parked_at'),
    }));
}
