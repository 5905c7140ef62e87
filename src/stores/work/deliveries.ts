import { countStep } from '../../domain/funnel.ts';
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
  const lane = unit.lanes.ofTarget(delivery.merchant, delivery.target);
  if (to === 'retry') {
    const gone = delivery.target.kind === 'endpoint' && unit.directory.endpoint(unit.rows, delivery.target.id) === null;
    const waits = delivery.state === 'pending' && delivery.dueAt !== null;
    if (gone || (delivery.state !== 'dead' && !waits)) return 'state';
    unit.rows.scheduleDelivery(delivery.row, unit.now, delivery.state === 'dead' ? 0 : delivery.tries);
    unit.lanes.expectWork(lane, unit.now);
  } else {
    if (delivery.state !== 'pending' && delivery.state !== 'sending') return 'state';
    unit.rows.cancelDelivery(delivery.row);
    freeNextOfOrder(unit, lane, delivery);
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

/** A callback's last step: the success that it was answered with was fully written. Refused ones have none. */
export function acknowledged(unit: Unit, answered: Writes['acknowledged']['input']): null {
  for (const callback of answered) {
    if (unit.rows.confirmCallback(callback.id))
      unit.funnel.add(receivingKey(callback), countStep('confirmed', 'handled'));
  }
  return null;
}
