import { type BudgetWarning, breakerAfter, budgetWarningDue } from '../../domain/breaker.ts';
import { toIso } from '../../domain/clock.ts';
import { type AttemptRecord, type DeliveryState, type Step, stepRank } from '../../domain/delivery.ts';
import { asId, type DeliveryId, fractionOf } from '../../domain/ids.ts';
import type { Notification } from '../../domain/notification.ts';
import type { DeliveryWork, LaneRow } from '../delivery-mapping.ts';
import type { Finished, FinishOutput, Writes } from '../writes.ts';
import type { Unit } from './unit.ts';

/** Records what attempts came to. Where the fence no longer holds the attempt is kept and the delivery stays as it is. */
export function finish(unit: Unit, finished: readonly Finished[]): FinishOutput {
  const fencedOut: DeliveryId[] = [];
  const warned: FinishOutput['warned'][number][] = [];
  for (const one of finished) {
    const delivery = unit.rows.deliveryById(one.claimed.delivery);
    if (delivery === null) continue;
    const lane = unit.lanes.ofTarget(delivery.merchant, delivery.target);
    const holds = delivery.state === 'sending' && delivery.attempts === one.attempt.number;
    const step = furthest(one.attempt.step, delivery.step);
    const recorded = recordAttempt(unit, lane, delivery, { attempt: one.attempt, type: one.claimed.notification.type });
    if (holds && recorded) applyVerdict(unit, lane, delivery, { ...one, step });
    else fencedOut.push(delivery.id);
    if (!recorded) continue;
    if (!holds && step !== delivery.step) unit.rows.setDeliveryStep(delivery.row, step);
    const percent = judgeTarget(unit, lane, one);
    if (percent !== null) warned.push({ endpoint: asId.endpoint(lane.id), percent });
  }
  return { fencedOut, warned };
}

/** Keeps the attempt and counts it. `delivery` is as it was before the attempt ended. False: it was reported before. */
export function recordAttempt(
  unit: Unit,
  lane: LaneRow,
  delivery: DeliveryWork,
  made: { attempt: AttemptRecord; type: Notification['type'] },
): boolean {
  const { attempt, type } = made;
  // Only what a newer attempt, or nobody, follows on can have been taken for lost.
  const fresh = delivery.state === 'sending' && delivery.attempts === attempt.number;
  const instead = fresh ? null : unit.rows.lostAttempt(delivery.id, attempt.number);
  if (!unit.rows.insertAttempt(attempt, { lost: false, fresh })) return false;
  unit.unsealed.push([attempt.delivery, attempt.number]);
  unit.made.push(['attempt', attempt.delivery, attempt.number]);
  const counted = { merchant: delivery.merchant, provider: lane.provider, target: delivery.target, type };
  unit.funnel.addAttempt(counted, attempt, instead);
  unit.funnel.addDelivery(counted, delivery.createdAt, furthest(attempt.step, delivery.step), delivery.step);
  return true;
}

function furthest(step: Step, before: Step | null): Step {
  return before !== null && stepRank(before) > stepRank(step) ? before : step;
}

function applyVerdict(
  unit: Unit,
  lane: LaneRow,
  delivery: DeliveryWork,
  { verdict, step }: Finished & { step: Step },
): void {
  const { attempts, tries } = delivery;
  if (verdict.is === 'again') {
    unit.rows.endAttempt(delivery.row, {
      state: 'pending',
      dueAt: verdict.at,
      attempts,
      tries: tries + (verdict.consumesTry ? 1 : 0),
      step,
    });
    unit.lanes.expectWork(lane, verdict.at);
    return;
  }
  const state: DeliveryState = verdict.is;
  unit.rows.endAttempt(delivery.row, { state, dueAt: null, attempts, tries: tries + 1, step });
  freeNextOfOrder(unit, lane, delivery);
}

/** In an ordered lane the end of one delivery lets the next of its order go. */
export function freeNextOfOrder(unit: Unit, lane: LaneRow, { notification }: Pick<DeliveryWork, 'notification'>): void {
  if (lane.ordering !== 'order') return;
  // A claim of this lane looks at the same deliveries, to let them wait for one another.
  unit.rows.lockLane(lane.id);
  const ended = unit.rows.notificationById(notification);
  const head = ended === null ? null : unit.rows.headOfOrder(lane.id, ended.order);
  if (head === null || head.dueAt !== null) return;
  unit.rows.scheduleDelivery(head.row, unit.now, head.tries);
  unit.lanes.expectWork(lane, unit.now);
}

/** What the attempt says about the target: its breaker, and the mark of its failure budget that it has passed now, if it has. */
function judgeTarget(unit: Unit, lane: LaneRow, { health, claimed }: Finished): BudgetWarning['percent'] | null {
  const { lanes, now } = unit;
  const wasOpen = lane.breaker.openUntil !== null;
  if (health === 'success' && (lane.breaker.failures > 0 || wasOpen)) {
    lanes.change(lane, { breaker: breakerAfter(lane.breaker, 'success', now, 0), probeUntil: null });
    if (wasOpen && lane.kind === 'endpoint') lanes.drain(lane);
  }
  if (health === 'failure') {
    const breaker = breakerAfter(lane.breaker, 'failure', now, fractionOf(unit.random));
    lanes.change(lane, { breaker, ...(breaker.openUntil === null ? {} : { drainSince: null }) });
  }
  if (claimed.probe && lane.probeUntil !== null) lanes.change(lane, { probeUntil: null });
  if (wasOpen || lane.breaker.openUntil !== null) lanes.reopen(lane);
  const warning = health === 'failure' && lane.state === 'enabled' ? budgetWarningDue(lane.breaker, now) : null;
  return warning === null || lane.kind !== 'endpoint' ? null : warn(unit, lane, warning);
}

/** Under the lane's lock, so that of all nodes one warns. */
function warn(unit: Unit, lane: LaneRow, warning: BudgetWarning): BudgetWarning['percent'] | null {
  const { breaker } = lane;
  const endpoint = unit.directory.endpoint(unit.rows, asId.endpoint(lane.id));
  // Nobody could do something about a `notify_url`, nor enable it again; its deliveries end by their own schedules.
  if (endpoint === null || endpoint.hidden) return null;
  unit.lanes.change(lane, { breaker: { ...breaker, warnings: [...breaker.warnings, warning] } });
  const isSpent = warning.percent === 100;
  if (isSpent) {
    unit.rows.updateEndpoint({ ...endpoint, state: 'disabled' });
    unit.directory.forgetEndpoint(endpoint);
    unit.lanes.change(lane, { state: 'disabled' });
    unit.lanes.reckon(lane);
  }
  const since = toIso(breaker.failingSince ?? unit.now);
  unit.rows.insertAction({
    at: unit.now,
    merchant: lane.merchant,
    by: 'paidonce',
    what: isSpent ? 'endpoint.disable' : 'endpoint.warn',
    subject: lane.id,
    note: `${warning.percent} % of its failure budget: ${breaker.failures} failures in a row, the first at ${since}`,
  });
  return warning.percent;
}

/** The delivery is due again at once, and the attempt never counted. */
export function giveBack(unit: Unit, given: Writes['giveBack']['input']): null {
  for (const { delivery: id, number } of given) {
    const delivery = unit.rows.deliveryById(id);
    if (delivery === null || delivery.state !== 'sending' || delivery.attempts !== number) continue;
    const lane = unit.lanes.ofTarget(delivery.merchant, delivery.target);
    unit.rows.endAttempt(delivery.row, {
      state: 'pending',
      dueAt: unit.now,
      attempts: number - 1,
      tries: delivery.tries,
      step: delivery.step,
    });
    if (lane.probeUntil !== null) unit.lanes.change(lane, { probeUntil: null });
    unit.lanes.takeTokens(lane, -1);
    unit.lanes.expectWork(lane, unit.now);
  }
  return null;
}
