import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { at, idAt, type Json, textAt } from '../primitives/json.ts';
import { moneyFrom } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factTold, secondsAt } from '../primitives/told-fact.ts';

/** Where the receipt of an order stands. */
export const receiptPath = 'payload.order.entity.receipt';
const orderNoPaths = ['payload.payment.entity.notes.order_no', 'payload.payment.entity.notes.order_id', receiptPath];

const kindOfPaymentEvent = new Map<string, FactKind>([
  ['payment.authorized', 'authorized'],
  ['payment.captured', 'captured'],
  ['order.paid', 'captured'],
  ['payment.failed', 'failed'],
]);
const kindOfDisputeEvent = new Map<string, FactKind>([
  ['payment.dispute.created', 'dispute_opened'],
  ['payment.dispute.under_review', 'dispute_opened'],
  ['payment.dispute.action_required', 'dispute_opened'],
  ['payment.dispute.won', 'dispute_won'],
  ['payment.dispute.lost', 'dispute_lost'],
]);
const refundEvents = ['refund.created', 'refund.processed', 'refund.failed'];
/** By status, not by event: `refund.created` of an instant refund is `processed` already. */
const kindOfRefund = new Map<string | null, FactKind>([
  ['pending', 'refund_pending'],
  ['processed', 'refunded'],
  ['failed', 'refund_failed'],
]);

/** The fact of an event; a text = the reason why it cannot be read; null = no kind for it. */
export function readRazorpayEvent(
  type: string,
  body: Json,
  account: AccountId,
  orderNoPath: string | undefined,
): Fact | string | null {
  const payment = at(body, 'payload.payment.entity');
  const about = (kind: FactKind, object: Json | undefined, paymentId: string | null): Fact | string => {
    const money = moneyFrom(at(object, 'amount'), at(object, 'currency'));
    const reference = orderNoAt(body, orderNoPath === undefined ? orderNoPaths : [orderNoPath]);
    const time = secondsAt(body, 'created_at');
    return factTold({ kind, paymentId, operationId: idAt(object, 'id'), reference, money, time }, account);
  };
  const ofPayment = kindOfPaymentEvent.get(type);
  if (ofPayment !== undefined) return about(ofPayment, payment, idAt(payment, 'id'));
  const ofDispute = kindOfDisputeEvent.get(type);
  if (ofDispute !== undefined) {
    const dispute = at(body, 'payload.dispute.entity');
    return about(ofDispute, dispute, idAt(dispute, 'payment_id'));
  }
  if (!refundEvents.includes(type)) return null;
  const refund = at(body, 'payload.refund.entity');
  const kind = kindOfRefund.get(textAt(refund, 'status'));
  if (kind === undefined) return null;
  const isRelease = at(payment, 'captured') === false;
  if (isRelease && kind !== 'refunded') return null;
  return about(isRelease ? 'voided' : kind, refund, idAt(refund, 'payment_id'));
}
