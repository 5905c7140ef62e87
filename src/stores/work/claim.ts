import { breakerGate } from '../../domain/breaker.ts';
import type { Instant } from '../../domain/clock.ts';
import type { Step } from '../../domain/delivery.ts';
import { bucketOf, type LaneId, newId } from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import type { Notification } from '../../domain/notification.ts';
import type { DeliveryWork, LaneRow } from '../delivery-mapping.ts';
import type { Claimed } from '../kept.ts';
import type { ClaimInput, ClaimOutput } from '../writes.ts';
import { isRated } from './lane-book.ts';
import { claimedOf, endpointOfTarget, leaseMsOf } from './leases.ts';
import type { Unit } from './unit.ts';

/** Lanes looked at in one claim: as many as can be in use at once, and as many again that are to be passed over. */
const lanesMax = 2 * limits.deliveriesInFlight;

/** What is left to give in one claim. */
interface Slots {
  /** For any try. */
  any: number;
  /** For first tries alone. */
  firstOnly: number;
}

interface Claim {
  unit: Unit;
  functionMs: number;
  claimed: Claimed[];
  rescued: number;
  /** A lane was cut off although it has more that is due and could be sent. */
  more: boolean;
}

/**
 * Leases what is due, lane by lane, the longest waiting lane first. Lanes that are passed over for want of slots or room do not
 * count for `nextDueAt`: whoever frees one claims again.
 */
export function claim(unit: Unit, input: ClaimInput): ClaimOutput {
  // Lanes are found by when they are due, so what earlier operations of this transaction changed has to be in their rows.
  unit.lanes.flush();
  const state: Claim = { unit, functionMs: input.functionMs, claimed: [], rescued: 0, more: false };
  const slots = {
    any: Math.max(0, input.slots - input.firstOnlySlots),
    firstOnly: Math.min(input.slots, input.firstOnlySlots),
  };
  if (input.slots > 0) {
    for (const id of unit.rows.dueLanes('endpoint', unit.now, lanesMax)) {
      if (slots.any + slots.firstOnly === 0) break;
      claimLane(state, id, slots, input.room.get(id));
    }
  }
  const functionSlots = {
    handler: { any: input.functionSlots.handler, firstOnly: 0 },
    effect: { any: input.functionSlots.effect, firstOnly: 0 },
  };
  let nextFunctionDue: Instant | null = null;
  for (const id of input.functions) {
    const lane = unit.lanes.find(id);
    if (lane === null || lane.kind === 'endpoint') continue;
    if (lane.nextDue !== null && lane.nextDue <= unit.now)
      claimLane(state, id, functionSlots[lane.kind], input.room.get(id));
    if (lane.nextDue !== null && lane.nextDue > unit.now) nextFunctionDue = earlier(nextFunctionDue, lane.nextDue);
  }
  unit.lanes.flush();
  if (state.rescued > 0) unit.rows.addToCounter('rescued_leases', state.rescued);
  const nextDueAt = state.more ? unit.now : earlier(nextFunctionDue, unit.rows.nextDueAfter('endpoint', unit.now));
  return { claimed: state.claimed, nextDueAt, rescued: state.rescued };
}

function earlier(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

function claimLane(state: Claim, id: LaneId, slots: Slots, room: number | undefined): void {
  const { unit } = state;
  const free = Math.min(room ?? Number.MAX_SAFE_INTEGER, slots.any + slots.firstOnly, limits.claimMax);
  const lane = free > 0 ? unit.lanes.take(id) : null;
  if (lane === null) return;
  const underWay = unit.rows.underWayInLane(id, unit.now, lane.concurrency);
  const allowance = Math.min(free, lane.concurrency - underWay, unit.lanes.allowance(lane));
  const probe = breakerGate(lane.breaker, unit.now) === 'half_open';
  const due = allowance > 0 ? dueIn(unit, lane, allowance) : [];
  let taken = 0;
  let rated = 0;
  let waiting = 0;
  for (const delivery of due) {
    const order = lane.ordering === 'order' ? orderOf(state, lane, delivery) : inOrder;
    if (order === 'waits') waiting += 1;
    if (order === 'waits' || !takeSlot(slots, delivery)) continue;
    lease(state, lane, delivery, { probe, sequenceGap: order.sequenceGap });
    taken += 1;
    if (delivery.dueAt !== null && isRated(lane, delivery.dueAt)) rated += 1;
  }
  if (rated > 0) unit.lanes.takeTokens(lane, rated);
  unit.lanes.reckon(lane);
  if ((taken === limits.claimMax || waiting > 0) && lane.nextDue !== null && lane.nextDue <= unit.now)
    state.more = true;
}

/** What of a lane may go: while it drains first what came due since then, but for a share that is kept for what waited before. */
function dueIn({ rows, lanes, now }: Unit, lane: LaneRow, most: number): readonly DeliveryWork[] {
  const { id, drainSince } = lane;
  if (drainSince === null) return rows.dueDeliveries(id, { after: 0, until: now }, most);
  const tokens = lanes.tokens(lane);
  const kept = Math.min(tokens, Math.ceil((most * limits.drainPercent) / 100));
  const fresh = most > kept ? rows.dueDeliveries(id, { after: drainSince, until: now }, most - kept) : [];
  const left = Math.min(tokens, most - fresh.length);
  return left > 0 ? [...fresh, ...rows.dueDeliveries(id, { after: 0, until: drainSince }, left)] : fresh;
}

const inOrder = { sequenceGap: false };

/** In an ordered lane only the earliest live delivery of an order may go; another waits until that one has ended. */
function orderOf(state: Claim, lane: LaneRow, delivery: DeliveryWork): { sequenceGap: boolean } | 'waits' {
  const { unit } = state;
  const found = unit.rows.notificationById(delivery.notification);
  if (found === null) return inOrder;
  const { live, lost } = unit.rows.earlierInLane(lane.id, found.order, found.notification.sequence);
  if (!live) return { sequenceGap: lost };
  const rescue = delivery.state === 'sending';
  if (rescue) takeOver(state, lane, delivery, found.notification);
  const { row, attempts, tries } = delivery;
  unit.rows.endAttempt(row, { state: 'pending', dueAt: null, attempts, tries, step: stepAfter(delivery, rescue) });
  return 'waits';
}

/** First tries use the slots that nobody else may take before the others. */
function takeSlot(slots: Slots, { attempts }: DeliveryWork): boolean {
  if (attempts === 0 && slots.firstOnly > 0) slots.firstOnly -= 1;
  else if (slots.any > 0) slots.any -= 1;
  else return false;
  return true;
}

function lease(
  state: Claim,
  lane: LaneRow,
  delivery: DeliveryWork,
  how: { probe: boolean; sequenceGap: boolean },
): void {
  const { unit } = state;
  const found = unit.rows.notificationById(delivery.notification);
  if (found === null) throw new Error(`delivery ${delivery.id} has no notification`);
  const { notification } = found;
  const rescue = delivery.state === 'sending';
  const rescues = delivery.rescues + (rescue ? 1 : 0);
  const tries = delivery.tries + (rescue && rescues > limits.freeRescues ? 1 : 0);
  if (rescue) takeOver(state, lane, delivery, notification);
  const endpoint = endpointOfTarget(unit, delivery.target);
  const leaseMs = leaseMsOf(delivery.target, endpoint, state.functionMs);
  const number = delivery.attempts + 1;
  const leaseEndsAt = unit.now + leaseMs;
  unit.rows.leaseDelivery(delivery.row, {
    leasedAt: unit.now,
    leaseEndsAt,
    number,
    tries,
    rescues,
    step: stepAfter(delivery, rescue),
  });
  if (how.probe) unit.lanes.change(lane, { probeUntil: leaseEndsAt });
  state.claimed.push(claimedOf(unit, { ...delivery, tries }, { number, leaseMs, notification, endpoint, ...how }));
}

/** How far the delivery got: one that was lost was begun. */
function stepAfter({ step }: DeliveryWork, rescue: boolean): Step | null {
  return step ?? (rescue ? 'total' : null);
}

/** Writes the attempt that whoever held the lease never reported. */
function takeOver(state: Claim, lane: LaneRow, delivery: DeliveryWork, { type }: Notification): void {
  const { unit } = state;
  state.rescued += 1;
  const startedAt = delivery.leasedAt ?? unit.now;
  const attempt = {
    id: newId('att', unit.now, bucketOf(delivery.merchant), unit.random),
    delivery: delivery.id,
    number: delivery.attempts,
    startedAt,
    durationMs: Math.max(0, unit.now - startedAt),
    step: 'total',
    status: null,
    error: 'lease.lost: whoever tried it did not report before its lease ended',
    request: null,
    response: null,
    peer: null,
    certificate: null,
    secret: null,
  } as const;
  if (!unit.rows.insertAttempt(attempt, { lost: true, fresh: true })) return;
  unit.unsealed.push([attempt.delivery, attempt.number]);
  unit.made.push(['attempt', attempt.delivery, attempt.number]);
  const counted = { merchant: delivery.merchant, provider: lane.provider, target: delivery.target, type };
  unit.funnel.addAttempt(counted, attempt, null);
  if (delivery.step === null) unit.funnel.addDelivery(counted, delivery.createdAt, 'total', null);
}
