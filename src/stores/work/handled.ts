import { closedBreaker } from '../../domain/breaker.ts';
import { bucketOf, newId } from '../../domain/ids.ts';
import type { DeliveryWork } from '../delivery-mapping.ts';
import type { Claimed } from '../kept.ts';
import { recordAttempt } from './finish.ts';
import type { Unit } from './unit.ts';

/** A delivery that was marked before its handler runs. */
export interface Marked {
  claimed: Claimed;
  /** The delivery as it was while it was under way. */
  before: DeliveryWork;
}

/** Marks a handler's delivery confirmed under its fence, before anything of the handler's own. Null: the fence no longer holds. */
export function markConfirmed({ rows }: Unit, claimed: Claimed): Marked | null {
  const before = rows.deliveryById(claimed.delivery);
  if (before === null || before.state !== 'sending' || before.attempts !== claimed.number) return null;
  const { attempts, tries } = before;
  rows.endAttempt(before.row, { state: 'confirmed', dueAt: null, attempts, tries: tries + 1, step: 'confirmed' });
  return { claimed, before };
}

/** Records the attempt that the mark stands for, in the same transaction. */
export function recordHandled(
  unit: Unit,
  { claimed, before }: Marked,
  times: { startedAt: number; durationMs: number },
): void {
  const attempt = {
    id: newId('att', times.startedAt, bucketOf(claimed.merchant), unit.random),
    delivery: claimed.delivery,
    number: claimed.number,
    ...times,
    step: 'confirmed',
    status: null,
    error: null,
    request: null,
    response: null,
    peer: null,
    certificate: null,
    secret: null,
  } as const;
  const lane = unit.lanes.ofTarget(before.merchant, before.target);
  recordAttempt(unit, lane, before, { attempt, type: claimed.notification.type });
  if (lane.breaker.failures === 0) return;
  unit.lanes.change(lane, { breaker: closedBreaker, probeUntil: null });
  unit.lanes.reopen(lane);
}
