import type { Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { at, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { moneyFromMajor } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factsAmong, factTold, timeAt } from '../primitives/told-fact.ts';

export interface MercadopagoSource {
  account: AccountId;
  orderNoPath: string | undefined;
}

/** What a status means. `pending` and `in_process` decide nothing; a mediation moves money only as a refund or a chargeback. */
const kindOfStatus = new Map<string | null, FactKind>([
  ['authorized', 'authorized'],
  ['approved', 'captured'],
  ['in_mediation', 'captured'],
  ['refunded', 'captured'],
  ['charged_back', 'captured'],
  ['rejected', 'failed'],
  ['cancelled', 'closed'],
]);

const kindOfRefund = new Map<string | null, FactKind>([
  [null, 'refunded'],
  ['approved', 'refunded'],
  ['in_process', 'refund_pending'],
  ['rejected', 'refund_failed'],
  ['cancelled', 'refund_failed'],
]);

const kindOfChargeback = new Map<string | null, FactKind>([
  ['settled', 'dispute_lost'],
  ['reimbursed', 'dispute_won'],
]);

const orderNoPlaces = ['external_reference', 'metadata.order_no', 'metadata.order_id'];

/** All that a payment has come to; a text = why it cannot be read. */
export function factsOfMercadopagoPayment(payment: JsonObject, source: MercadopagoSource): readonly Fact[] | string {
  const status = textAt(payment, 'status');
  const kind = kindOfStatus.get(status);
  if (kind === undefined) return [];
  const changedAt = timeAt(payment, 'date_last_updated') ?? timeAt(payment, 'date_created');
  const approvedAt = timeAt(payment, 'date_approved') ?? changedAt;
  const { account } = source;
  const reference = orderNoAt(payment, source.orderNoPath === undefined ? orderNoPlaces : [source.orderNoPath]);
  const ofWhole = (told: FactKind, time: Instant | null) => {
    const [id, money] = [idAt(payment, 'id'), moneyOf(payment, payment.transaction_amount)];
    return factTold({ kind: told, paymentId: id, operationId: id, reference, money, time }, account);
  };
  return factsAmong([
    ofWhole(kind, kind === 'captured' ? approvedAt : changedAt),
    ...(status === 'charged_back'
      ? [ofWhole(kindOfChargeback.get(textAt(payment, 'status_detail')) ?? 'dispute_opened', changedAt)]
      : []),
    ...refundsOf(payment, { account, reference, changedAt }),
  ]);
}

/** Null = no kind for its status. The refund says no currency: it is that of its payment. */
export function factOfMercadopagoRefund(
  refund: JsonObject,
  { account, payment, reference }: { account: AccountId; payment: JsonObject; reference: string | null },
): Fact | string | null {
  const kind = kindOfRefund.get(textAt(refund, 'status'));
  if (kind === undefined) return null;
  const [paymentId, operationId] = [idAt(payment, 'id'), idAt(refund, 'id')];
  const told = { kind, paymentId, operationId, reference, money: moneyOf(payment, refund.amount) };
  return factTold({ ...told, time: timeAt(refund, 'date_created') }, account);
}

function refundsOf(
  payment: JsonObject,
  { account, reference, changedAt }: { account: AccountId; reference: string | null; changedAt: Instant | null },
): readonly (Fact | string | null)[] {
  const list = at(payment, 'refunds');
  const refunds: readonly JsonObject[] = Array.isArray(list) ? list.filter((one: Json) => isObject(one)) : [];
  if (refunds.length > 0)
    return refunds.map((refund) => factOfMercadopagoRefund(refund, { account, payment, reference }));
  const id = idAt(payment, 'id');
  const money = moneyOf(payment, payment.transaction_amount_refunded);
  if (money === null || (typeof money !== 'string' && money.amountMinor === 0n)) return [];
  const told = { paymentId: id, operationId: id, reference, money, time: changedAt };
  return [factTold({ kind: 'refunded', ...told, measure: 'cumulative' }, account)];
}

function moneyOf({ currency_id: currency }: JsonObject, amount: Json | undefined) {
  return moneyFromMajor(amount, currency);
}
