import { asId, type FactId, type OrderId } from '../../../domain/ids.ts';
import { discrepancyColumns, discrepancyOf } from '../../discrepancy-mapping.ts';
import type { StoredDiscrepancy, StoredFact, StoredOrder } from '../../kept.ts';
import { madeBetween } from '../../made-between.ts';
import {
  askColumns,
  askOf,
  type CallbackSummary,
  callbackColumns,
  callbackLineColumns,
  callbackOf,
  callbackSummaryOf,
  expectedAmountJson,
  factColumns,
  factOf,
  notificationOf,
  number,
  orderColumns,
  orderOf,
  type Row,
  sightingOf,
  text,
  textOrNull,
} from '../../mapping.ts';
import type { OrderTrail, Reads, Sighting } from '../../reads.ts';
import type { Session } from '../session.ts';
import { deliveriesOf, notificationColumns, notificationTables } from './deliveries.ts';
import { oneOf } from './lists.ts';
import { type Condition, equals, ofMerchants, ofOrderNo, pageOf, visibleIn } from './page.ts';

export async function order(
  session: Session,
  { merchant, orderNo }: Reads['order']['input'],
): Promise<Reads['order']['output']> {
  const [[row], facts, discrepancies] = await Promise.all([
    // orders_number (merchant, order_no)
    session.all(`select ${orderColumns} from paidonce.orders where merchant = $1 and order_no = $2`, merchant, orderNo),
    // orders_number (merchant, order_no), facts_order (order_id)
    session.all(
      `select ${factColumns} from paidonce.facts
       where order_id = (select id from paidonce.orders where merchant = $1 and order_no = $2) order by seq`,
      merchant,
      orderNo,
    ),
    // orders_number (merchant, order_no), discrepancies_order (order_id)
    session.all(
      `select ${discrepancyColumns} from paidonce.discrepancies d
       where d.order_id = (select id from paidonce.orders where merchant = $1 and order_no = $2) order by d.seq`,
      merchant,
      orderNo,
    ),
  ]);
  if (row === undefined) return null;
  return {
    order: orderOf(row),
    facts: await withSightings(session, facts.map(factOf)),
    discrepancies: discrepancies.map(discrepancyOf),
  };
}

export async function orderWithFacts(
  session: Session,
  id: Reads['orderById']['input'],
): Promise<Reads['orderById']['output']> {
  const [found, facts] = await Promise.all([
    orderById(session, id),
    // facts_order (order_id)
    session.all(`select ${factColumns} from paidonce.facts where order_id = $1 order by seq`, id),
  ]);
  return found === null ? null : { order: found, facts: facts.map(factOf) };
}

async function withSightings(session: Session, facts: readonly StoredFact[]) {
  const sightings = await sightingsOf(
    session,
    facts.map((fact) => fact.id),
  );
  return facts.map((fact) => ({ ...fact, sightings: sightings.get(fact.id)?.map(({ sighting }) => sighting) ?? [] }));
}

async function sightingsOf(
  session: Session,
  facts: readonly FactId[],
): Promise<ReadonlyMap<FactId, readonly { sighting: Sighting }[]>> {
  if (facts.length === 0) return new Map();
  // sightings_pkey (fact)
  const rows = await session.all(
    `select fact, source, callback, at, provider_time, note from paidonce.sightings
     where fact = any($1::text[]) order by fact, seq`,
    facts,
  );
  const seen = rows.map((row) => ({ fact: asId.fact(text(row, 'fact')), sighting: sightingOf(row) }));
  return Map.groupBy(seen, ({ fact }) => fact);
}

/** `q` is looked for in the order's number and description, and as a whole reference, payment or operation. */
export async function orders(session: Session, input: Reads['orders']['input']): Promise<Reads['orders']['output']> {
  const conditions = [
    await ofMerchants(session, { merchant: 'merchant', order: 'id' }, input),
    equals('status', input.status),
    ...madeBetween({ table: 'paidonce.orders', prefix: 'ord' }, 'created_at', input),
    input.q === null ? null : ([likeQuestion, input.q, input.q, input.q, input.q, input.q] as const),
    ...withAmount(input.amounts),
  ];
  // orders_seq (seq)
  const list = { columns: orderColumns, from: 'paidonce.orders', seqs: ['seq'], xid: 'xid' };
  return pageOf(session, { ...list, conditions, map: orderOf }, input);
}

// order_references_pkey (merchant, reference), facts_order (order_id)
const likeQuestion = `(strpos(order_no, ?) > 0 or strpos(coalesce(description, ''), ?) > 0
  or exists (select 1 from paidonce.order_references r where r.merchant = orders.merchant and r.reference = ? and r.order_id = orders.id)
  or exists (select 1 from paidonce.facts f where f.order_id = orders.id and (f.payment_id = ? or f.operation_id = ?)))`;

// facts_order (order_id)
function withAmount(amounts: readonly bigint[] | null = null): Condition[] {
  if (amounts === null) return [];
  const one = `strpos(expectations, ?) > 0
    or exists (select 1 from paidonce.facts f where f.order_id = orders.id and f.amount_minor = ?::bigint)`;
  const condition = ['false', ...amounts.map(() => one)].join(' or ');
  return [[`(${condition})`, ...amounts.flatMap((amount) => [expectedAmountJson(amount), String(amount)])]];
}

export async function history(session: Session, id: Reads['history']['input']): Promise<OrderTrail> {
  const [found, callbacks, notifications, deliveries, discrepancies] = await Promise.all([
    orderById(session, id),
    callbacksOfOrder(session, id),
    notificationsOfOrder(session, id),
    deliveriesOf(session, ['n.order_id = ?', id]),
    discrepanciesOfOrder(session, id),
  ]);
  const asked = [id, ...discrepancies.map((discrepancy) => discrepancy.id)];
  const [actions, asks] = await Promise.all([
    actionsOn(session, [...asked, ...deliveries.map((one) => one.id)], found),
    asksOfSubjects(session, asked),
  ]);
  return { callbacks, notifications, deliveries, actions, asks };
}

async function asksOfSubjects(session: Session, subjects: readonly string[]): Promise<OrderTrail['asks']> {
  // asks_pkey (name), which begins with the subject
  const rows = await session.all(
    `select ask.* from unnest($1::text[]) k (subject) cross join lateral (
       select ${askColumns} from paidonce.asks where name > k.subject || ' ' and name < k.subject || '!' order by name
     ) ask`,
    subjects,
  );
  return rows.map(askOf);
}

async function orderById(session: Session, id: OrderId): Promise<StoredOrder | null> {
  // orders_pkey (id)
  return oneOf(session.all(`select ${orderColumns} from paidonce.orders where id = $1`, id), orderOf);
}

async function notificationsOfOrder(session: Session, id: OrderId): Promise<OrderTrail['notifications']> {
  // notifications_cause (order_id), payloads_pkey (notification)
  const rows = await session.all(
    `select ${notificationColumns}, n.callback from ${notificationTables} where n.order_id = $1 order by n.seq`,
    id,
  );
  return rows.map((row) => {
    const callback = textOrNull(row, 'callback');
    return { notification: notificationOf(row), callback: callback === null ? null : asId.callback(callback) };
  });
}

/** What people did to these things, or, by its number, to the order. */
async function actionsOn(
  session: Session,
  subjects: readonly string[],
  order: StoredOrder | null,
): Promise<OrderTrail['actions']> {
  // actions_subject (subject)
  const rows = await session.all(
    `select at, by, what, note from paidonce.actions
     where subject = any($1::text[]) or (subject = $2 and merchant = $3) order by seq`,
    subjects,
    order?.orderNo ?? '',
    order?.merchant ?? '',
  );
  return rows.map((row) => ({
    at: number(row, 'at'),
    by: text(row, 'by'),
    what: text(row, 'what'),
    note: textOrNull(row, 'note'),
  }));
}

/** The bytes of a callback are dropped before the callback is: what they held is then shown as empty. */
export const callbackTables = `paidonce.callbacks c
  left join paidonce.callback_bytes b on b.callback = c.id and b.bucket = c.bucket`;
const callbackByteColumns = `coalesce(b.headers, '[]') as headers, coalesce(b.body, '') as body`;

/** The callbacks that told facts of an order, those that brought them again included. */
async function callbacksOfOrder(session: Session, id: OrderId): Promise<CallbackSummary[]> {
  // facts_order (order_id), sightings_pkey (fact), callbacks_pkey (id), callback_bytes_pkey (callback)
  const rows = await session.all(
    `select ${callbackColumns}, ${callbackLineColumns} from ${callbackTables}
     where c.id in (
       select s.callback from paidonce.facts f join paidonce.sightings s on s.fact = f.id
       where f.order_id = $1 and s.callback is not null
     ) order by c.seq`,
    id,
  );
  return rows.map(callbackSummaryOf);
}

export async function callbacks(
  session: Session,
  input: Reads['callbacks']['input'],
): Promise<Reads['callbacks']['output']> {
  const conditions = [
    tellingOf(ofOrderNo('f.order_id', input)),
    visibleIn('c.merchant', input.visible),
    equals('c.merchant', input.merchant),
    equals('c.account', input.account),
    equals('c.verdict', input.verdict),
    ...madeBetween({ table: 'paidonce.callbacks', prefix: 'cbk', alias: 'c.' }, 'received_at', input),
  ];
  // callbacks_seq (seq); what was refused of one account: callbacks_refused (account)
  const columns = `${callbackColumns}, ${callbackLineColumns}`;
  const list = { columns, from: callbackTables, seqs: ['c.seq'], xid: 'c.xid' };
  return pageOf(session, { ...list, conditions, map: callbackSummaryOf }, input);
}

function tellingOf(facts: Condition): Condition {
  if (facts === null) return null;
  const [ofFacts, ...parameters] = facts;
  return [
    `c.id in (select s.callback from paidonce.facts f join paidonce.sightings s on s.fact = f.id
       where s.callback is not null and ${ofFacts})`,
    ...parameters,
  ];
}

export async function callback(session: Session, id: Reads['callback']['input']): Promise<Reads['callback']['output']> {
  // callbacks_pkey (id), callback_bytes_pkey (callback)
  const rows = session.all(
    `select ${callbackColumns}, ${callbackLineColumns}, ${callbackByteColumns} from ${callbackTables} where c.id = $1`,
    id,
  );
  return oneOf(rows, callbackOf);
}

/** The newest first: it is asked for what arrived just now. JSON is read only where the text holds the value at all. */
export async function bore(
  session: Session,
  { account, authorization }: Reads['bore']['input'],
): Promise<Reads['bore']['output']> {
  // callbacks_seq (seq), callback_bytes_pkey (callback)
  const rows = await session.all(
    `select 1 as found from paidonce.callbacks c join paidonce.callback_bytes b on b.callback = c.id and b.bucket = c.bucket
     where c.account = $1 and c.verdict in ('verified', 'parked', 'duplicate', 'conflict', 'ignored')
       and case when strpos(b.headers, $2) = 0 then false else exists (
         select 1 from json_array_elements(b.headers::json) h where lower(h ->> 0) = 'authorization' and h ->> 1 = $3
       ) end
     order by c.seq desc limit 1`,
    account,
    JSON.stringify(authorization),
    authorization,
  );
  return rows.length > 0;
}

export const discrepancyTables = 'paidonce.discrepancies d left join paidonce.orders o on o.id = d.order_id';

export async function discrepancies(
  session: Session,
  input: Reads['discrepancies']['input'],
): Promise<Reads['discrepancies']['output']> {
  const conditions = [
    visibleIn('d.merchant', input.visible),
    equals('d.merchant', input.merchant),
    equals('d.state', input.state),
    equals('d.kind', input.kind),
    equals('d.assigned_to', input.assignee),
  ];
  // discrepancies_seq (seq) or discrepancies_assigned (assigned_to), orders_pkey (id)
  const columns = `${discrepancyColumns}, o.order_no`;
  const list = { columns, from: discrepancyTables, seqs: ['d.seq'], xid: 'd.xid' };
  return pageOf(session, { ...list, conditions, map: namedDiscrepancyOf }, input);
}

export async function discrepancy(
  session: Session,
  id: Reads['discrepancy']['input'],
): Promise<Reads['discrepancy']['output']> {
  // discrepancies_pkey (id), orders_pkey (id)
  const rows = session.all(`select ${discrepancyColumns}, o.order_no from ${discrepancyTables} where d.id = $1`, id);
  return oneOf(rows, namedDiscrepancyOf);
}

function namedDiscrepancyOf(row: Row) {
  const orderNo = textOrNull(row, 'order_no');
  return { ...discrepancyOf(row), orderNo: orderNo === null ? null : asId.orderNo(orderNo) };
}

async function discrepanciesOfOrder(session: Session, id: OrderId): Promise<StoredDiscrepancy[]> {
  // discrepancies_order (order_id)
  const rows = await session.all(
    `select ${discrepancyColumns} from paidonce.discrepancies d where d.order_id = $1 order by d.seq`,
    id,
  );
  return rows.map(discrepancyOf);
}

/** The newest first: what waits longest has been asked for most often. */
export async function parkedReferences(
  session: Session,
  { most }: Reads['parkedReferences']['input'],
): Promise<Reads['parkedReferences']['output']> {
  // All that are awaited, each looked for in payment_links_pkey (payment_key)
  const rows = await session.all(
    `select merchant, account, reference, min(since) as parked_at from paidonce.awaited_references awaited
     where not exists (select 1 from paidonce.payment_links link where link.payment_key = awaited.payment_key)
     group by merchant, account, reference order by max(since) desc limit $1`,
    most,
  );
  return rows.map((row) => ({
    merchant: asId.merchant(text(row, 'merchant')),
    account: asId.account(text(row, 'account')),
    reference: text(row, 'reference'),
    parkedAt: number(row, 'parked_at'),
  }));
}
