import { acceptNeedsAmount, actionsOn, discrepancyKinds } from '../domain/discrepancy.ts';
import type { OrderNo } from '../domain/ids.ts';
import { type Action, decide } from '../domain/order.ts';
import type { Births } from '../notify/fan-out.ts';
import type { ActInput } from '../stores/decisions.ts';
import type { Ledger, StoredDiscrepancy } from '../stores/ledger.ts';
import { askProviders } from './asks.ts';
import { isBeingRefunded, refundByPerson } from './refunds.ts';
import { settle } from './settle.ts';

export type Acted = 'done' | 'order_unknown' | 'discrepancy_unknown' | 'does_not_fit';

/** A person closes an order, takes on a discrepancy, or says what is to become of it. It is kept with who, when and why, and the order folded again. */
export function act(ledger: Ledger, input: ActInput, births: Births): Acted {
  const { action } = input;
  switch (action.is) {
    case 'close':
      return close(ledger, input, action.orderNo, births);
    case 'assign':
      return assign(ledger, input, action);
    case 'resolve':
      return resolve(ledger, input, action, births);
  }
}

/** What a person takes on, or leaves. It changes nothing of the order. */
function assign(
  ledger: Ledger,
  { merchant, by, note }: ActInput,
  { discrepancy: id, to }: Extract<ActInput['action'], { is: 'assign' }>,
): Acted {
  const discrepancy = ledger.discrepancy(id);
  if (discrepancy === null || discrepancy.merchant !== merchant) return 'discrepancy_unknown';
  if (discrepancy.state !== 'open') return 'does_not_fit';
  ledger.saveDiscrepancy({ ...discrepancy, assigned: to === null ? null : { to, at: ledger.now } });
  const said = `${discrepancy.kind} to ${to ?? 'nobody'}${note === '' ? '' : `: ${note}`}`;
  const subject = discrepancy.order ?? discrepancy.id;
  ledger.addAction({ merchant, by, what: 'discrepancy.assign', subject, note: said });
  return 'done';
}

function close(ledger: Ledger, input: ActInput, orderNo: OrderNo, births: Births): Acted {
  const order = ledger.orderByNo(input.merchant, orderNo);
  if (order === null || order.expectations.length === 0) return 'order_unknown';
  const action: Action = {
    is: 'close',
    discrepancy: null,
    amountMinor: null,
    at: ledger.now,
    by: input.by,
    note: input.note,
  };
  ledger.addAction({
    merchant: input.merchant,
    by: input.by,
    what: 'order.close',
    subject: order.id,
    note: input.note,
  });
  if (decide(order.actions).closedAt !== null) return 'done';
  ledger.saveOrder({ ...order, actions: [...order.actions, action] });
  settle(ledger, births, order.id, null);
  askProviders(ledger, ledger.order(order.id) ?? order, 'close');
  return 'done';
}

function resolve(
  ledger: Ledger,
  input: ActInput,
  action: Extract<ActInput['action'], { is: 'resolve' }>,
  births: Births,
): Acted {
  const discrepancy = ledger.discrepancy(action.discrepancy);
  if (discrepancy === null || discrepancy.merchant !== input.merchant) return 'discrepancy_unknown';
  if (discrepancy.state !== 'open' || !fits(discrepancy, action)) return 'does_not_fit';
  const order = discrepancy.order === null ? null : ledger.order(discrepancy.order);
  if (action.with === 'refund')
    return order !== null && refundByPerson(ledger, order, discrepancy, { ...input, action }) ? 'done' : 'does_not_fit';
  // Money that may be on its way back can be taken for nothing else.
  if (order !== null && isBeingRefunded(ledger, order, discrepancy)) return 'does_not_fit';
  const state = action.with === 'ignore' ? 'ignored' : 'accepted';
  const decision = {
    is: action.with,
    amountMinor: action.amountMinor ?? amountDecided(discrepancy),
    at: ledger.now,
    by: input.by,
    note: input.note,
  };
  ledger.saveDiscrepancy({ ...discrepancy, state, closedAt: ledger.now, decision });
  ledger.addAction({
    merchant: input.merchant,
    by: input.by,
    what: `discrepancy.${action.with}`,
    subject: discrepancy.order ?? discrepancy.id,
    note: input.note,
  });
  if (order === null) return 'done';
  const taken: Action = { ...decision, discrepancy: discrepancy.key };
  ledger.saveOrder({ ...order, actions: [...order.actions, taken] });
  settle(ledger, births, order.id, null);
  return 'done';
}

/** What was accepted as payment in full is what had arrived, so that a later reversal is not covered by it; a surplus, what it was. */
function amountDecided({ kind, amountMinor }: StoredDiscrepancy): bigint | null {
  return kind === 'underpaid' || discrepancyKinds[kind].grows ? amountMinor : null;
}

function fits(discrepancy: StoredDiscrepancy, action: Extract<ActInput['action'], { is: 'resolve' }>): boolean {
  if (action.with === 'accept' && action.amountMinor === null && acceptNeedsAmount(discrepancy.kind)) return false;
  return actionsOn(discrepancy).includes(action.with);
}
