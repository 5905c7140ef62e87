import { countStep } from '../../domain/funnel.ts';
import type { DeliveryWork } from '../delivery-mapping.ts';
import type { Writes } from '../writes.ts';
import { freeNextOfOrder } from './finish.ts';
import { receivingKey } from './funnel-book.ts';
import type { Unit } from './unit.ts';

/**
 * `retry`: a dead delivery begins its schedule anew, a waiting one is due at once. `cancel`: a live one ends; the result of an
 * attempt under way is still recorded.
 */
export function changeDelivery(
  unit: Unit,
  { delivery: id, to, by }: Writes['changeDelivery']['input'],
): Writes['changeDelivery']['output'] {
  const delivery = unit.rows.deliveryById(id);
  if (delivery === null) return 'unknown';
  if (to === 'retry') {
    if (!retryDelivery(unit, delivery)) return 'state';
  } else {
    if (delivery.state !== 'pending' && delivery.state !== 'sending') return 'state';
    unit.rows.cancelDelivery(delivery.row);
    freeNextOfOrder(unit, unit.lanes.ofTarget(delivery.merchant, delivery.target), delivery);
  }
  unit.rows.insertAction({
    at: unit.now,
    merchant: delivery.merchant,
    by,
    what: `delivery.${to}`,
    subject: id,
    note: null,
  });
  return 'changed';
}

/** False where it is neither dead nor waiting for its time, or its target is gone. */
export function retryDelivery({ rows, directory, lanes, now }: Unit, delivery: DeliveryWork): boolean {
  const { target, state, dueAt, tries, row, merchant } = delivery;
  const gone = target.kind === 'endpoint' && directory.endpoint(rows, target.id) === null;
  const waits = state === 'pending' && dueAt !== null;
  if (gone || (state !== 'dead' && !waits)) return false;
  rows.scheduleDelivery(row, now, state === 'dead' ? 0 : tries);
  lanes.expectWork(lanes.ofTarget(merchant, target), now);
  return true;
}

/** A callback's last step: the success that it was answered with was fully written. Refused ones have none. */
export function acknowledged(unit: Unit, answered: Writes['acknowledged']['input']): null {
  for (const callback of answered) {
    if (unit.rows.confirmCallback(callback.id))
      unit.funnel.add(receivingKey(callback), countStep('confirmed', 'handled'), callback.tookMs);
  }
  return null;
}
