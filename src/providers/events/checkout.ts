import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { at, idAt, type Json } from '../primitives/json.ts';
import { moneyFromWire, type WireUnits } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factTold, timeAt } from '../primitives/told-fact.ts';

export const checkoutUnits: WireUnits = { platform: 'checkout', exponents: { CLP: 2 } };
const orderNoPaths = ['data.metadata.order_no', 'data.metadata.order_id', 'data.reference', 'data.payment_reference'];

const kindOfPaymentEvent = new Map<string, FactKind>([
  ['payment_approved', 'authorized'],
  ['payment_captured', 'captured'],
  ['payment_declined', 'failed'],
  ['payment_capture_declined', 'failed'],
  ['payment_canceled', 'closed'],
  ['payment_expired', 'closed'],
  ['payment_voided', 'voided'],
  ['payment_refund_pending', 'refund_pending'],
  ['payment_refunded', 'refunded'],
  ['payment_refund_declined', 'refund_failed'],
]);
/** A cancelled dispute was withdrawn by the bank; a resolved one was refunded before, and decides nothing more. */
const kindOfDisputeEvent = new Map<string, FactKind>([
  ['dispute_received', 'dispute_opened'],
  ['dispute_evidence_required', 'dispute_opened'],
  ['dispute_evidence_submitted', 'dispute_opened'],
  ['dispute_won', 'dispute_won'],
  ['dispute_canceled', 'dispute_won'],
  ['dispute_lost', 'dispute_lost'],
  ['dispute_accepted', 'dispute_lost'],
]);
/** The fact of an event; a text = the reason why it cannot be read; null = no kind for it. */
export function readCheckoutEvent(
  type: string,
  body: Json,
  account: AccountId,
  orderNoPath: string | undefined,
): Fact | string | null {
  const data = at(body, 'data');
  const ofDispute = kindOfDisputeEvent.get(type);
  const kind = ofDispute ?? kindOfPaymentEvent.get(type);
  if (kind === undefined) return null;
  return factTold(
    {
      kind,
      paymentId: idAt(data, ofDispute === undefined ? 'id' : 'payment_id'),
      operationId: ofDispute === undefined ? (idAt(data, 'action_id') ?? idAt(data, 'id')) : idAt(data, 'id'),
      reference: orderNoAt(body, orderNoPath === undefined ? orderNoPaths : [orderNoPath]),
      money: moneyFromWire(at(data, 'amount'), at(data, 'currency'), checkoutUnits),
      time:
        timeAt(data, 'processed_on') ?? timeAt(data, 'date') ?? timeAt(body, 'created_on') ?? timeAt(body, 'timestamp'),
    },
    account,
  );
}
