import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { at, idAt, type Json, textAt } from '../primitives/json.ts';
import { moneyFrom } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factTold, timeAt } from '../primitives/told-fact.ts';

const kindOfPayment = new Map<string | null, FactKind>([
  ['APPROVED', 'authorized'],
  ['COMPLETED', 'captured'],
  ['FAILED', 'failed'],
  ['CANCELED', 'closed'],
]);
const kindOfRefund = new Map<string | null, FactKind>([
  ['PENDING', 'refund_pending'],
  ['COMPLETED', 'refunded'],
  ['REJECTED', 'refund_failed'],
  ['FAILED', 'refund_failed'],
]);
/** An inquiry is a dispute before money moves; one that is closed was not lost. */
const kindOfDispute = new Map<string | null, FactKind>([
  ['INQUIRY_EVIDENCE_REQUIRED', 'dispute_opened'],
  ['INQUIRY_PROCESSING', 'dispute_opened'],
  ['INQUIRY_CLOSED', 'dispute_won'],
  ['EVIDENCE_REQUIRED', 'dispute_opened'],
  ['PROCESSING', 'dispute_opened'],
  ['WON', 'dispute_won'],
  ['LOST', 'dispute_lost'],
  ['ACCEPTED', 'dispute_lost'],
]);

/** The fact of an event; a text = the reason why it cannot be read; null = no kind for it. */
export function readSquareEvent(
  type: string,
  body: Json,
  account: AccountId,
  orderNoPath: string | undefined,
): Fact | string | null {
  const time = timeAt(body, 'data.object.payment.updated_at') ?? timeAt(body, 'created_at');
  const [payment, refund, dispute] = ['payment', 'refund', 'dispute'].map((name) => at(body, `data.object.${name}`));
  if (type === 'payment.created' || type === 'payment.updated') {
    const kind = kindOfPayment.get(textAt(payment, 'status'));
    if (kind === undefined) return null;
    const id = idAt(payment, 'id');
    const money = moneyAt(payment, 'total_money') ?? moneyAt(payment, 'amount_money');
    const reference = squareReference(body, orderNoPath);
    const measure = kind === 'captured' || kind === 'authorized' ? 'cumulative' : 'single';
    return factTold({ kind, paymentId: id, operationId: id, reference, money, measure, time }, account);
  }
  const about = (kind: FactKind | undefined, object: Json | undefined, paymentId: string | null, id: string | null) =>
    kind === undefined
      ? null
      : factTold(
          {
            kind,
            paymentId,
            operationId: id,
            reference: null,
            money: moneyAt(object, 'amount_money'),
            time: timeAt(object, 'updated_at') ?? time,
          },
          account,
        );
  if (type === 'refund.created' || type === 'refund.updated') {
    return about(kindOfRefund.get(textAt(refund, 'status')), refund, idAt(refund, 'payment_id'), idAt(refund, 'id'));
  }
  if (!/^dispute\.(created|state\.(updated|changed))$/.test(type)) return null;
  const id = idAt(dispute, 'dispute_id') ?? idAt(dispute, 'id');
  return about(kindOfDispute.get(textAt(dispute, 'state')), dispute, idAt(dispute, 'disputed_payment.payment_id'), id);
}

/** Our order number in an event, or in what is wrapped as one. */
export function squareReference(event: Json, orderNoPath: string | undefined): string | null {
  return orderNoAt(event, [orderNoPath ?? 'data.object.payment.reference_id']);
}

function moneyAt(object: Json | undefined, name: string) {
  return moneyFrom(at(object, `${name}.amount`), at(object, `${name}.currency`));
}
