import { asId } from '../../../domain/ids.ts';
import { deliveryRowColumns, deliveryRowOf, functionOf } from '../../delivery-mapping.ts';
import { notificationColumns, notificationOf, number, text, textOrNull } from '../../mapping.ts';
import type { DeliveryDetail, Reads } from '../../reads.ts';
import type { Connection } from '../connection.ts';
import { attemptsOfDelivery } from '../statements/attempts.ts';
import { notificationById } from '../statements/notifications.ts';
import { type Condition, equals, madeBetween, pageOf, visibleIn } from './page.ts';

export const deliveryTables = `paidonce_deliveries d join paidonce_notifications n on n.id = d.notification
  left join paidonce_lanes l on l.id = d.lane left join paidonce_endpoints e on e.id = d.lane`;

export function notifications(
  db: Connection,
  input: Reads['notifications']['input'],
): Reads['notifications']['output'] {
  const select = `select ${notificationColumns} from paidonce_notifications n`;
  const conditions = [
    ofOrderNo(input.orderNo),
    visibleIn('n.merchant', input.visible),
    equals('n.merchant', input.merchant),
    equals('n.type', input.type),
    ...madeBetween({ table: 'paidonce_notifications', prefix: 'ntf', alias: 'n.' }, 'created_at', input),
  ];
  return pageOf(db, { select, seq: 'n.seq', conditions, map: notificationOf }, input);
}

export function notification(db: Connection, id: Reads['notification']['input']): Reads['notification']['output'] {
  const found = notificationById(db, id);
  return found === null
    ? null
    : { notification: found.notification, deliveries: deliveriesOf(db, [['d.notification = ?', id]]) };
}

export function deliveries(db: Connection, input: Reads['deliveries']['input']): Reads['deliveries']['output'] {
  const select = `select ${deliveryRowColumns} from ${deliveryTables}`;
  const conditions = [
    ofOrderNo(input.orderNo),
    visibleIn('d.merchant', input.visible),
    equals('d.merchant', input.merchant),
    equals('d.lane', input.endpoint),
    ...inState(input.state),
  ];
  return pageOf(db, { select, seq: 'd.seq', conditions, map: deliveryRowOf }, input);
}

export function delivery(db: Connection, id: Reads['delivery']['input']): Reads['delivery']['output'] {
  return deliveriesOf(db, [['d.id = ?', id]])[0] ?? null;
}

/** Deliveries with their attempts, oldest first. */
export function deliveriesOf(db: Connection, conditions: readonly NonNullable<Condition>[]): DeliveryDetail[] {
  const where = conditions.map(([sql]) => sql).join(' and ');
  const parameters = conditions.flatMap(([, ...values]) => values);
  return db
    .all(`select ${deliveryRowColumns} from ${deliveryTables} where ${where} order by d.seq`, ...parameters)
    .map((row) => ({ ...deliveryRowOf(row), tries: attemptsOfDelivery(db, asId.delivery(text(row, 'id'))) }));
}

function ofOrderNo(orderNo: string | null): Condition {
  return orderNo === null ? null : ['n.order_id in (select id from paidonce_orders where order_no = ?)', orderNo];
}

/** What is live or dead is found by its index, which what has ended well is not in. */
function inState(state: Reads['deliveries']['input']['state']): readonly Condition[] {
  switch (state) {
    case null:
      return [];
    case 'held':
      return [[live], ["d.state = 'pending' and l.state <> 'enabled'"]];
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

const live = "d.state not in ('confirmed', 'canceled')";

export function unhandled(db: Connection, orders: Reads['unhandled']['input']): number {
  const row = db.get(
    `select count(*) as unhandled from paidonce_notifications n join paidonce_deliveries d on d.notification = n.id
     where n.order_id in (select value from json_each(?)) and d.kind = 'handler' and d.state not in ('confirmed', 'canceled')`,
    JSON.stringify(orders),
  );
  return row === undefined ? 0 : number(row, 'unhandled');
}

/** Every function that is registered or has something waiting, with how much. */
export function handlers(db: Connection, { visible }: Reads['handlers']['input']): Reads['handlers']['output'] {
  const rows = db.all(
    `with backlog as (
       select lane, sum(state <> 'dead') as waiting, sum(state = 'dead') as dead from paidonce_deliveries
       where state not in ('confirmed', 'canceled') group by lane
     )
     select l.merchant, l.kind, l.name, h.type, coalesce(b.waiting, 0) as waiting, coalesce(b.dead, 0) as dead
     from paidonce_lanes l
     left join paidonce_handlers h on l.kind = 'handler' and h.merchant = l.merchant and h.name = l.name
     left join backlog b on b.lane = l.id
     where l.kind <> 'endpoint' and (?1 is null or l.merchant in (select value from json_each(?1)))
     order by l.merchant, l.kind, l.name, h.type`,
    visible === null ? null : JSON.stringify(visible),
  );
  return rows.map((row) => ({
    ...functionOf(row),
    type: textOrNull(row, 'type'),
    waiting: number(row, 'waiting'),
    dead: number(row, 'dead'),
  }));
}
