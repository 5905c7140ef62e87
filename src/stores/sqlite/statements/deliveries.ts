import type { Instant } from '../../../domain/clock.ts';
import type { DeliveryState, Step } from '../../../domain/delivery.ts';
import type { DeliveryId, LaneId, NotificationId, OrderId } from '../../../domain/ids.ts';
import { type DeliveryWork, deliveryShownOf, deliveryWorkColumns, deliveryWorkOf } from '../../delivery-mapping.ts';
import type { DeliveryShown, NewDelivery } from '../../kept.ts';
import { number, numberOrNull } from '../../mapping.ts';
import type { Connection } from '../connection.ts';

export function insertDelivery(
  db: Connection,
  delivery: NewDelivery,
  lease: {
    lane: LaneId;
    state: DeliveryState;
    dueAt: Instant;
    attempts: number;
    leasedAt: Instant | null;
    createdAt: Instant;
  },
): void {
  const { target, effect } = delivery;
  db.run(
    `insert into paidonce_deliveries (
       id, merchant, notification, lane, kind, name, url, effect_key, effect_payload, state, due_at, attempts, tries, rescues, step, leased_at, created_at
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, null, ?, ?)`,
    delivery.id,
    delivery.merchant,
    delivery.notification,
    lease.lane,
    target.kind,
    target.kind === 'endpoint' ? null : target.name,
    delivery.url,
    effect?.key ?? null,
    effect?.payload ?? null,
    lease.state,
    lease.dueAt,
    lease.attempts,
    lease.leasedAt,
    lease.createdAt,
  );
}

const deliveryByIdSql = `-- SEARCH paidonce_deliveries USING INDEX paidonce_deliveries_id (id=?)
  select ${deliveryWorkColumns} from paidonce_deliveries where id = ?`;

export function deliveryById(db: Connection, id: DeliveryId): DeliveryWork | null {
  const row = db.get(deliveryByIdSql, id);
  return row === undefined ? null : deliveryWorkOf(row);
}

const dueDeliveriesSql = `-- SEARCH paidonce_deliveries USING INDEX paidonce_deliveries_due (lane=? AND due_at>? AND due_at<?)
  select ${deliveryWorkColumns} from paidonce_deliveries
  where lane = ? and state not in ('confirmed', 'canceled') and due_at > ? and due_at <= ? order by due_at limit ?`;

/** What came due in a lane, leases that ran out included, earliest first. */
export function dueDeliveries(
  db: Connection,
  lane: LaneId,
  due: { after: Instant; until: Instant },
  most: number,
): DeliveryWork[] {
  return db.all(dueDeliveriesSql, lane, due.after, due.until, most).map(deliveryWorkOf);
}

/** When the next thing in a lane is due that is due after this moment: a try, or the end of a lease. */
export function nextDueOfLane(db: Connection, lane: LaneId, after: Instant): Instant | null {
  const row = db.get(
    `-- SEARCH paidonce_deliveries USING COVERING INDEX paidonce_deliveries_due (lane=? AND due_at>?)
     select due_at from paidonce_deliveries
     where lane = ? and state not in ('confirmed', 'canceled') and due_at > ? order by due_at limit 1`,
    lane,
    after,
  );
  return row === undefined ? null : numberOrNull(row, 'due_at');
}

export function leaseDelivery(
  db: Connection,
  seq: number,
  lease: { leasedAt: Instant; leaseEndsAt: Instant; number: number; tries: number; rescues: number; step: Step | null },
): void {
  db.run(
    `-- SEARCH paidonce_deliveries USING INTEGER PRIMARY KEY (rowid=?)
     update paidonce_deliveries
     set state = 'sending', due_at = ?, leased_at = ?, attempts = ?, tries = ?, rescues = ?, step = ? where seq = ?`,
    lease.leaseEndsAt,
    lease.leasedAt,
    lease.number,
    lease.tries,
    lease.rescues,
    lease.step,
    seq,
  );
}

/** What an attempt leaves behind in its delivery. */
export function endAttempt(
  db: Connection,
  seq: number,
  end: { state: DeliveryState; dueAt: Instant | null; attempts: number; tries: number; step: Step | null },
): void {
  db.run(
    `-- SEARCH paidonce_deliveries USING INTEGER PRIMARY KEY (rowid=?)
     update paidonce_deliveries set state = ?, due_at = ?, attempts = ?, tries = ?, step = ? where seq = ?`,
    end.state,
    end.dueAt,
    end.attempts,
    end.tries,
    end.step,
    seq,
  );
}

export function setDeliveryStep(db: Connection, seq: number, step: Step): void {
  db.run(
    `-- SEARCH paidonce_deliveries USING INTEGER PRIMARY KEY (rowid=?)
     update paidonce_deliveries set step = ? where seq = ?`,
    step,
    seq,
  );
}

/** Due again from now on; its count of tries begins anew where a person asked. */
export function scheduleDelivery(db: Connection, seq: number, dueAt: Instant | null, tries: number): void {
  db.run(
    `-- SEARCH paidonce_deliveries USING INTEGER PRIMARY KEY (rowid=?)
     update paidonce_deliveries set state = 'pending', due_at = ?, tries = ? where seq = ?`,
    dueAt,
    tries,
    seq,
  );
}

export function cancelDelivery(db: Connection, seq: number): void {
  db.run(
    `-- SEARCH paidonce_deliveries USING INTEGER PRIMARY KEY (rowid=?)
     update paidonce_deliveries set state = 'canceled', due_at = null where seq = ?`,
    seq,
  );
}

/** Gives how many were live. */
export function cancelDeliveriesOfLane(db: Connection, lane: LaneId): number {
  return db.run(
    `-- SEARCH paidonce_deliveries USING INDEX paidonce_deliveries_due (lane=?)
     update paidonce_deliveries set state = 'canceled', due_at = null
     where lane = ? and state not in ('confirmed', 'canceled') and state <> 'dead'`,
    lane,
  );
}

/** What waited for an earlier one of its order is due at once: its lane no longer keeps the order. */
export function freeDeliveriesOfLane(db: Connection, lane: LaneId, now: Instant): void {
  db.run(
    `-- SEARCH paidonce_deliveries USING INDEX paidonce_deliveries_due (lane=? AND due_at=? AND state=?)
     update paidonce_deliveries set due_at = ?
     where lane = ? and due_at is null and state not in ('confirmed', 'canceled') and state = 'pending'`,
    now,
    lane,
  );
}

/** Whether an earlier notification of the order is still live in the lane, or ended there without confirmation. */
export function earlierInLane(
  db: Connection,
  lane: LaneId,
  order: OrderId,
  sequence: number,
): { live: boolean; lost: boolean } {
  const row = db.get(
    `-- SEARCH n USING INDEX paidonce_notifications_cause (order_id=?)
     -- SEARCH d USING INDEX paidonce_deliveries_notification (notification=?)
     select coalesce(max(d.state in ('pending', 'sending')), 0) as live, coalesce(max(d.state in ('dead', 'canceled')), 0) as lost
     from paidonce_notifications n cross join paidonce_deliveries d on d.notification = n.id
     where n.order_id = ? and n.sequence < ? and d.lane = ?`,
    order,
    sequence,
    lane,
  );
  return row === undefined
    ? { live: false, lost: false }
    : { live: number(row, 'live') === 1, lost: number(row, 'lost') === 1 };
}

/** The earliest live delivery of the order in the lane; it may be waiting for nothing any more. */
export function headOfOrder(
  db: Connection,
  lane: LaneId,
  order: OrderId,
): { row: number; dueAt: Instant | null; tries: number } | null {
  const row = db.get(
    `-- SEARCH n USING INDEX paidonce_notifications_cause (order_id=?)
     -- SEARCH d USING INDEX paidonce_deliveries_notification (notification=?)
     select d.seq as seq, d.due_at as due_at, d.tries as tries, min(n.sequence) as sequence
     from paidonce_notifications n cross join paidonce_deliveries d on d.notification = n.id
     where n.order_id = ? and d.lane = ? and d.state in ('pending', 'sending')`,
    order,
    lane,
  );
  if (row === undefined || numberOrNull(row, 'seq') === null) return null;
  return { row: number(row, 'seq'), dueAt: numberOrNull(row, 'due_at'), tries: number(row, 'tries') };
}

export function deliveriesOfNotification(db: Connection, notification: NotificationId): DeliveryShown[] {
  return db
    .all(
      `-- SEARCH d USING INDEX paidonce_deliveries_notification (notification=?)
       -- SEARCH l USING PRIMARY KEY (id=?) LEFT-JOIN
       select d.id, d.kind, d.lane, d.name, d.url is not null as own_url,
         case when d.state = 'pending' and l.state <> 'enabled' then 'held' else d.state end as state
       from paidonce_deliveries d left join paidonce_lanes l on l.id = d.lane where d.notification = ? order by d.seq`,
      notification,
    )
    .map(deliveryShownOf);
}

/** Every lease of an earlier process ends now. Gives the lanes concerned. */
export function endOldLeases(db: Connection, now: Instant): number {
  return db.run(
    `update paidonce_deliveries set due_at = ?1
     where state not in ('confirmed', 'canceled') and state = 'sending' and due_at > ?1`,
    now,
  );
}
