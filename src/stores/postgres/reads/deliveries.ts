import type { AttemptRecord } from '../../../domain/delivery.ts';
import type { DeliveryId } from '../../../domain/ids.ts';
import { attemptOf, deliveryRowColumns, deliveryRowOf, functionOf } from '../../delivery-mapping.ts';
import { madeBetween } from '../../made-between.ts';
import { notificationOf, number, text, textOrNull } from '../../mapping.ts';
import type { DeliveryDetail, Reads } from '../../reads.ts';
import type { Session } from '../session.ts';
import { type Condition, equals, ofMerchants, ofOrderNo, pageOf, visibleIn, whereOf } from './page.ts';

/** Needs the notification as `n` and its payload, which may be gone by now, as `p`. */
export const notificationColumns =
  'n.seq, n.id, n.merchant, n.order_id, n.order_no, n.type, n.cause, n.sequence, n.amount_minor::text as amount_minor, n.currency, n.payment_id, n.operation_id, n.order_amount_minor::text as order_amount_minor, n.refunded_total_minor::text as refunded_total_minor, n.occurred_at, n.created_at, p.data';
export const notificationTables = `paidonce.notifications n
  left join paidonce.payloads p on p.notification = n.id and p.bucket = n.bucket`;

const attemptColumns =
  'delivery, number, id, started_at, duration_ms, step, status, error, peer, request_headers, request_sha256, response_headers, response_body, response_truncated, certificate, secret';

export const deliveryTables = `paidonce.deliveries d join paidonce.notifications n on n.id = d.notification
  left join paidonce.lanes l on l.id = d.lane left join paidonce.endpoints e on e.id = d.lane`;

export async function notifications(
  session: Session,
  input: Reads['notifications']['input'],
): Promise<Reads['notifications']['output']> {
  const conditions = [
    ofOrderNo('n.order_id', input),
    await ofMerchants(session, { merchant: 'n.merchant', order: 'n.order_id' }, input),
    equals('n.type', input.type),
    ...madeBetween({ table: 'paidonce.notifications', prefix: 'ntf', alias: 'n.' }, 'created_at', input),
  ];
  // notifications_seq (seq); of one order: notifications_cause (order_id)
  const list = { columns: notificationColumns, from: notificationTables, seqs: ['n.seq'], xid: 'n.xid' };
  return pageOf(session, { ...list, conditions, map: notificationOf }, input);
}

export async function notification(
  session: Session,
  id: Reads['notification']['input'],
): Promise<Reads['notification']['output']> {
  // notifications_pkey (id), payloads_pkey (notification)
  const [row] = await session.all(`select ${notificationColumns} from ${notificationTables} where n.id = $1`, id);
  if (row === undefined) return null;
  return { notification: notificationOf(row), deliveries: await deliveriesOf(session, ['d.notification = ?', id]) };
}

/** By the notification, and by the delivery within it: deliveries have no index of their own that a list could follow. */
export async function deliveries(
  session: Session,
  input: Reads['deliveries']['input'],
): Promise<Reads['deliveries']['output']> {
  const conditions = [
    ofOrderNo('n.order_id', input),
    await ofMerchants(session, { merchant: 'd.merchant', order: 'n.order_id' }, input),
    equals('d.lane', input.endpoint),
    ...inState(input.state),
    input.state === 'held' ? (['d.lane = any(?::text[])', await heldLanes(session)] as const) : null,
  ];
  // notifications_seq (seq) with deliveries_notification (notification); what is live of one lane: deliveries_due (lane)
  const list = { columns: deliveryRowColumns, from: deliveryTables, seqs: ['n.seq', 'd.seq'], xid: 'd.xid' };
  return pageOf(session, { ...list, conditions, map: deliveryRowOf }, input);
}

export async function delivery(session: Session, id: Reads['delivery']['input']): Promise<Reads['delivery']['output']> {
  const [found] = await deliveriesOf(session, ['d.id = ?', id]);
  return found ?? null;
}

/** Deliveries with their attempts, oldest first. */
export async function deliveriesOf(
  session: Session,
  condition: NonNullable<Condition>,
): Promise<readonly DeliveryDetail[]> {
  const where = whereOf([condition]);
  // deliveries_pkey (id), or deliveries_notification (notification)
  const rows = await session.all(
    `select ${deliveryRowColumns} from ${deliveryTables} ${where.sql} order by d.seq`,
    ...where.parameters,
  );
  const found = rows.map(deliveryRowOf);
  const attempts = await attemptsOf(
    session,
    found.map(({ id }) => id),
  );
  return found.map((row) => ({ ...row, tries: attempts.get(row.id) ?? [] }));
}

async function attemptsOf(
  session: Session,
  ids: readonly DeliveryId[],
): Promise<ReadonlyMap<DeliveryId, readonly AttemptRecord[]>> {
  // attempts_pkey (delivery)
  const rows = await session.all(
    `select ${attemptColumns} from paidonce.attempts where delivery = any($1::text[]) order by delivery, number`,
    ids,
  );
  return Map.groupBy(rows.map(attemptOf), ({ delivery: of }) => of);
}

/** What is live or dead is in the partial index deliveries_due, which what has ended well is not in. */
function inState(state: Reads['deliveries']['input']['state']): readonly Condition[] {
  switch (state) {
    case null:
      return [];
    case 'held':
      return [[live], ["d.state = 'pending'"]];
    case 'pending':
      return [[live], ["d.state = 'pending' and l.state = 'enabled'"]];
    case 'waiting':
      return [[live], ["d.state <> 'dead'"]];
    case 'sending':
    case 'dead':
      return [[live], ['d.state = ?', state]];
    case 'confirmed':
    case 'canceled':
      return [['d.state = ?', state]];
  }
}

/** Asked before, and not joined: the planner knows how much waits in a lane that is named, and how much on average otherwise. */
async function heldLanes(session: Session): Promise<readonly string[]> {
  // Every lane: there are few.
  const rows = await session.all("select id from paidonce.lanes where state <> 'enabled'");
  return rows.map((row) => text(row, 'id'));
}

const live = "d.state in ('pending', 'sending', 'dead')";

export async function unhandled(session: Session, orders: Reads['unhandled']['input']): Promise<number> {
  // notifications_cause (order_id), deliveries_notification (notification)
  const [row] = await session.all(
    `select count(*) as unhandled from paidonce.notifications n join paidonce.deliveries d on d.notification = n.id
     where n.order_id = any($1::text[]) and d.kind = 'handler' and d.state in ('pending', 'sending', 'dead')`,
    orders,
  );
  return row === undefined ? 0 : number(row, 'unhandled');
}

/** Every function that is registered or has something waiting, with how much. */
export async function handlers(
  session: Session,
  { visible }: Reads['handlers']['input'],
): Promise<Reads['handlers']['output']> {
  const where = whereOf([visibleIn('l.merchant', visible)], { word: 'and' });
  // deliveries_due (lane), for each lane that is a function's: what waits for endpoints is not looked at.
  const rows = await session.all(
    `select l.merchant, l.kind, l.name, h.type, b.waiting, b.dead
     from paidonce.lanes l
     cross join lateral (
       select count(*) filter (where d.state <> 'dead') as waiting, count(*) filter (where d.state = 'dead') as dead
       from paidonce.deliveries d where d.lane = l.id and ${live}
     ) b
     left join paidonce.handlers h on l.kind = 'handler' and h.merchant = l.merchant and h.name = l.name
     where l.kind <> 'endpoint' ${where.sql}
     order by l.merchant, l.kind, l.name collate "C", h.type nulls first`,
    ...where.parameters,
  );
  return rows.map((row) => ({
    ...functionOf(row),
    type: textOrNull(row, 'type'),
    waiting: number(row, 'waiting'),
    dead: number(row, 'dead'),
  }));
}
