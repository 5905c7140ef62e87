import { asId } from '../../../domain/ids.ts';
import { limits } from '../../../domain/limits.ts';
import { deliveryRowColumns, deliveryRowOf, functionOf } from '../../delivery-mapping.ts';
import { madeBetween } from '../../made-between.ts';
import { notificationColumns, notificationOf, number, text, textOrNull } from '../../mapping.ts';
import type { DeliveryDetail, Reads } from '../../reads.ts';
import type { Connection } from '../connection.ts';
import { attemptsOfDelivery } from '../statements/attempts.ts';
import { notificationById } from '../statements/notifications.ts';
import { type Condition, countsAtMost, equals, ofMerchants, ofOrderNo, pageOf } from './page.ts';

export const deliveryTables = `paidonce_deliveries d join paidonce_notifications n on n.id = d.notification
  left join paidonce_lanes l on l.id = d.lane left join paidonce_endpoints e on e.id = d.lane`;

export function notifications(
  db: Connection,
  input: Reads['notifications']['input'],
): Reads['notifications']['output'] {
  const select = `select ${notificationColumns} from paidonce_notifications n`;
  const conditions = [
    ofOrderNo('n.order_id', input),
    ofMerchants(db, { merchant: 'n.merchant', order: 'n.order_id' }, input),
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
    ofOrderNo('n.order_id', input),
    ofMerchants(db, { merchant: 'd.merchant', order: 'n.order_id' }, input),
    // The sign keeps the index of what is due out of it, which would sort all that waits.
    equals('+d.lane', input.endpoint),
    ...inState(db, input),
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

const isLive = "state not in ('confirmed', 'canceled')";
/** How what is live or dead is told from the rest of that: by its own state, and by that of its lane. */
const liveStates = {
  held: ["state = 'pending'", "l.state <> 'enabled'"],
  pending: ["state = 'pending'", "l.state = 'enabled'"],
  waiting: ["state <> 'dead'"],
  sending: ["state = 'sending'"],
  dead: ["state = 'dead'"],
} as const;

/** Few that are live or dead are found by their index, which what has ended well is not in; of many the newest are soon met. */
function inState(db: Connection, { state, endpoint }: Reads['deliveries']['input']): readonly Condition[] {
  if (state === null) return [];
  if (state === 'confirmed' || state === 'canceled') return [['d.state = ?', state]];
  const [isSo, ofLane = 'true'] = liveStates[state];
  const ofEndpoint = endpoint === null ? [] : [endpoint];
  const those = `select seq from paidonce_deliveries where ${isLive} and ${isSo}${endpoint === null ? '' : ' and lane = ?'}`;
  const isFew = countsAtMost(db, those, ofEndpoint, limits.fewDeliveries);
  return [isFew ? [`d.seq in (${those})`, ...ofEndpoint] : [`d.${isLive} and d.${isSo}`], [ofLane]];
}

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
