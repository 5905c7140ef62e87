import { bucketOf, type LaneId, type OrderId } from '../../../domain/ids.ts';
import { type DeliveryWork, deliveryShownOf, deliveryWorkOf } from '../../delivery-mapping.ts';
import { number, numberOrNull, text } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image, ImageRow } from '../image.ts';
import { Table } from '../table.ts';
import { laneLock, lanesById } from './lanes.ts';
import { endpointsById } from './merchants.ts';
import { notificationsOfOrder } from './notifications.ts';

export const deliveries = new Table({
  name: 'deliveries',
  columns: {
    bucket: 'smallint',
    id: 'text',
    merchant: 'text',
    notification: 'text',
    lane: 'text',
    kind: 'text',
    name: 'text',
    url: 'text',
    effect_key: 'text',
    effect_payload: 'text',
    state: 'text',
    due_at: 'bigint',
    attempts: 'integer',
    tries: 'integer',
    rescues: 'integer',
    step: 'text',
    leased_at: 'bigint',
    created_at: 'bigint',
  },
  key: ['id'],
  mutable: ['state', 'due_at', 'attempts', 'tries', 'rescues', 'step', 'leased_at'],
  hasSeq: true,
});

export const deliveriesById = deliveries.lookup({
  name: 'id',
  columns: ['id'],
  index: 'deliveries_pkey',
  locks: 'wait',
});

export const deliveriesOfNotification = deliveries.lookup({
  name: 'notification',
  columns: ['notification'],
  index: 'deliveries_notification',
});

const live = "state in ('pending', 'sending', 'dead')";
/** More than one claim can take, so that the first that is left is among them. */
const queueMost = 80;
/** When a lane is looked at again in which others are writing something that cannot be seen yet. */
const settlingMs = 1000;

type DeliveryRows = Pick<
  Rows,
  | 'insertDelivery'
  | 'deliveryById'
  | 'deliveriesOfNotification'
  | 'dueDeliveries'
  | 'nextDueOfLane'
  | 'leaseDelivery'
  | 'endAttempt'
  | 'setDeliveryStep'
  | 'scheduleDelivery'
  | 'cancelDelivery'
  | 'cancelDeliveriesOfLane'
  | 'freeDeliveriesOfLane'
  | 'earlierInLane'
  | 'headOfOrder'
>;

export function deliveryRows(image: Image, now: number): DeliveryRows {
  const change = (row: number, values: Parameters<Image['change']>[1]) => changeLocked(image, image.row(row), values);
  return {
    insertDelivery(delivery, lease) {
      const { id, merchant, notification, target, url, effect } = delivery;
      const name = target.kind === 'endpoint' ? null : target.name;
      // Read under its lane's lock: one that was removed since it was chosen is then not chosen again.
      if (target.kind === 'endpoint') image.find(endpointsById, target.id);
      const about = {
        bucket: bucketOf(merchant),
        id,
        merchant,
        notification,
        lane: lease.lane,
        kind: target.kind,
        name,
      };
      const counts = { attempts: lease.attempts, tries: 0, rescues: 0, step: null };
      const times = { due_at: lease.dueAt, leased_at: lease.leasedAt, created_at: lease.createdAt };
      const work = { url, effect_key: effect?.key ?? null, effect_payload: effect?.payload ?? null };
      image.add(deliveries, { ...about, ...work, state: lease.state, ...counts, ...times });
    },
    deliveryById(id) {
      const found = image.one(deliveriesById, id);
      return found === null ? null : workOf(found);
    },
    deliveriesOfNotification: (notification) =>
      image.find(deliveriesOfNotification, notification).map(({ values }) => {
        const lane = image.one(lanesById, text(values, 'lane'));
        const held = values.state === 'pending' && lane !== null && lane.values.state !== 'enabled';
        return deliveryShownOf({
          ...values,
          state: held ? 'held' : text(values, 'state'),
          own_url: values.url === null ? 0 : 1,
        });
      }),
    dueDeliveries: (lane, due, most) => dueDeliveries(image, lane, due, most),
    nextDueOfLane: (lane, after) => nextDueOfLane(image, lane, after, now),
    leaseDelivery: (row, { leasedAt, leaseEndsAt, number: attempts, ...rest }) =>
      change(row, { state: 'sending', due_at: leaseEndsAt, leased_at: leasedAt, attempts, ...rest }),
    endAttempt: (row, { dueAt, ...end }) => change(row, { due_at: dueAt, ...end }),
    setDeliveryStep: (row, step) => change(row, { step }),
    scheduleDelivery: (row, dueAt, tries) => change(row, { state: 'pending', due_at: dueAt, tries }),
    cancelDelivery: (row) => change(row, { state: 'canceled', due_at: null }),
    ...wholeLaneRows(image),
    earlierInLane(lane, order, sequence) {
      const before = ofOrderInLane(image, lane, order).filter((one) => one.sequence < sequence);
      const has = (...states: string[]) =>
        before.some(({ delivery }) => states.includes(text(delivery.values, 'state')));
      return { live: has('pending', 'sending'), lost: has('dead', 'canceled') };
    },
    headOfOrder(lane, order) {
      const [head] = ofOrderInLane(image, lane, order)
        .filter(({ delivery }) => delivery.values.state === 'pending' || delivery.values.state === 'sending')
        .sort((one, other) => one.sequence - other.sequence);
      if (head === undefined) return null;
      const { row, values } = head.delivery;
      return { row, dueAt: numberOrNull(values, 'due_at'), tries: number(values, 'tries') };
    },
  };
}

/** Statements over a whole lane; the transaction that runs one of them runs nothing else beside. */
function wholeLaneRows(image: Image): Pick<Rows, 'cancelDeliveriesOfLane' | 'freeDeliveriesOfLane'> {
  return {
    cancelDeliveriesOfLane(lane) {
      // Nobody is writing one into it that could not be seen.
      image.lock(laneLock(lane));
      const canceled = image.alone(`cancel ${lane}`, (session) =>
        session.all(
          `/* deliveries_due (lane) */ with canceled as (
             update paidonce.deliveries set state = 'canceled', due_at = null where lane = $1 and ${live} and state <> 'dead' returning 1
           ) select count(*) as canceled from canceled`,
          lane,
        ),
      );
      return Number(canceled?.[0]?.canceled ?? 0);
    },
    freeDeliveriesOfLane(lane, at) {
      image.alone(`free ${lane}`, (session) =>
        session.all(
          `/* deliveries_due (lane, due_at) */ update paidonce.deliveries set due_at = $2 where lane = $1 and ${live} and due_at is null and state = 'pending' returning 1 as freed`,
          lane,
          at,
        ),
      );
    },
  };
}

function workOf({ row, values }: ImageRow): DeliveryWork {
  return { ...deliveryWorkOf(values), row };
}

/** A delivery that was found without being locked is locked first, and read again. */
function changeLocked(image: Image, row: ImageRow, values: Parameters<Image['change']>[1]): void {
  if (!row.locked) image.find(deliveriesById, text(row.values, 'id'));
  image.change(row, values);
}

function dueDeliveries(
  image: Image,
  lane: LaneId,
  { after, until }: { after: number; until: number },
  most: number,
): readonly DeliveryWork[] {
  const found = image.answer(`due ${lane} ${after} ${until} ${most}`, (session) =>
    // In the order of the index; a handler under way, and what others finish at this moment, is left out.
    session.all(
      `/* deliveries_due (lane, due_at) */ select ${deliveries.selected} from paidonce.deliveries t where t.lane = $1 and t.${live} and t.due_at > $2 and t.due_at <= $3
       order by t.due_at limit $4 for no key update skip locked`,
      lane,
      after,
      until,
      most,
    ),
  );
  return (found ?? [])
    .map((values) => image.met(deliveriesById, values))
    .filter((row) => row !== null)
    .filter(({ values: { due_at } }) => due_at !== null && after < Number(due_at) && Number(due_at) <= until)
    .map(workOf);
}

/**
 * Whoever writes something into a lane shares its lock until the commit. Only where nobody does is what can be seen all there is;
 * else the lane is looked at again soon, so that nothing is forgotten in it.
 */
function nextDueOfLane(image: Image, lane: LaneId, after: number, now: number): number | null {
  const mine = [...image.all(deliveries)].filter(({ values }) => values.lane === lane);
  const most = queueMost * 2 ** Math.ceil(Math.log2(1 + mine.length / queueMost));
  const queue = image.answer(`queue ${lane} ${after} ${most}`, async (session) => {
    const [alone] = await session.all(
      'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as got',
      laneLock(lane),
    );
    // In the order of the index.
    const rows = await session.all(
      `/* deliveries_due (lane, due_at) */ select id, due_at from paidonce.deliveries where lane = $1 and ${live} and due_at > $2 order by due_at limit $3`,
      lane,
      after,
      most,
    );
    return [alone ?? { got: 0 }, ...rows];
  });
  const [alone, ...waiting] = queue ?? [];
  const ids = new Set(mine.map(({ values }) => text(values, 'id')));
  const dues = mine.map(({ values }) => numberOrNull(values, 'due_at'));
  const next = waiting.find((row) => !ids.has(text(row, 'id')));
  if (next !== undefined) dues.push(number(next, 'due_at'));
  if (alone?.got === 0) dues.push(now + settlingMs);
  const known = dues.filter((due) => due !== null && due > after).map(Number);
  return known.length === 0 ? null : Math.min(...known);
}

function ofOrderInLane(image: Image, lane: LaneId, order: OrderId): { sequence: number; delivery: ImageRow }[] {
  return image.find(notificationsOfOrder, order).flatMap(({ values }) =>
    image
      .find(deliveriesOfNotification, text(values, 'id'))
      .filter((delivery) => delivery.values.lane === lane)
      .map((delivery) => ({ sequence: number(values, 'sequence'), delivery })),
  );
}
