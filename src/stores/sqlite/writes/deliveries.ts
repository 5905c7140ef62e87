import { countStep } from '../../../domain/funnel.ts';
import type { Writes } from '../../writes.ts';
import { receivingKey } from '../funnel-book.ts';
import { insertAction } from '../statements/actions.ts';
import { confirmCallback } from '../statements/callbacks.ts';
import { cancelDelivery, deliveryById, scheduleDelivery } from '../statements/deliveries.ts';
import type { Unit } from '../unit.ts';
import { freeNextOfOrder } from './finish.ts';

/**
 * `retry`: a dead delivery begins its schedule anew, a waiting one is due at once. `cancel`: a live one ends; the result of an
 * attempt under way is still recorded.
 */
export function changeDelivery(
  unit: Unit,
  { delivery: id, to, by }: Writes['changeDelivery']['input'],
): Writes['changeDelivery']['output'] {
  const delivery = deliveryById(unit.db, id);
  if (delivery === null) return 'unknown';
  const lane = unit.lanes.ofTarget(delivery.merchant, delivery.target);
  if (to === 'retry') {
    const gone = delivery.target.kind === 'endpoint' && unit.directory.endpoint(unit.db, delivery.target.id) === null;
    const waits = delivery.state === 'pending' && delivery.dueAt !== null;
    if (gone || (delivery.state !== 'dead' && !waits)) return 'state';
    scheduleDelivery(unit.db, delivery.seq, unit.now, delivery.state === 'dead' ? 0 : delivery.tries);
    unit.lanes.expectWork(lane, unit.now);
  } else {
    if (delivery.state !== 'pending' && delivery.state !== 'sending') return 'state';
    cancelDelivery(unit.db, delivery.seq);
    freeNextOfOrder(unit, lane, delivery);
  }
  insertAction(unit.db, {
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
    if (confirmCallback(unit.db, callback.id))
      unit.funnel.add(receivingKey(callback), countStep('confirmed', 'handled'));
  }
  return null;
}
