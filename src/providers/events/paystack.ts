import type { Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import type { Money } from '../../domain/money.ts';
import { at, idAt, type Json, textAt } from '../primitives/json.ts';
import { currencyFrom, moneyFromWire, type WireUnits } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factTold, timeAt } from '../primitives/told-fact.ts';

/** The subunit is a hundredth everywhere, also of the franc, which has none in ISO 4217. */
export const paystackUnits: WireUnits = { platform: 'paystack', exponents: { XOF: 2 } };
export const paystackCurrencies = ['EGP', 'GHS', 'KES', 'NGN', 'USD', 'XOF', 'ZAR'];
const chargePaths = ['data.metadata.order_no', 'data.metadata.order_id', 'data.reference'];
const disputePaths = [
  'data.transaction.metadata.order_no',
  'data.transaction.metadata.order_id',
  'data.transaction.reference',
];

const kindOfRefundEvent = new Map<string, FactKind>([
  ['refund.pending', 'refund_pending'],
  ['refund.processing', 'refund_pending'],
  ['refund.needs-attention', 'refund_pending'],
  ['refund.processed', 'refunded'],
  ['refund.failed', 'refund_failed'],
]);
/** Who was right in the end: the merchant, or the customer. */
const kindOfResolution = new Map<string | null, FactKind>([
  ['declined', 'dispute_won'],
  ['merchant-accepted', 'dispute_lost'],
  ['auto-accepted', 'dispute_lost'],
]);

export interface PaystackReading {
  account: AccountId;
  orderNoPath: string | undefined;
  /** Where an event says no time. */
  now: Instant;
}

/** The fact of an event; a text = the reason why it cannot be read; null = no kind for it. */
export function readPaystackEvent(type: string, body: Json, reading: PaystackReading): Fact | string | null {
  const data = at(body, 'data');
  const now = reading.now;
  if (type === 'charge.success') return factOfTransaction('captured', body, reading);
  const ofRefund = kindOfRefundEvent.get(type);
  if (ofRefund !== undefined) return ofRefundEvent(type, ofRefund, body, reading);
  const kind =
    type === 'charge.dispute.create' || type === 'charge.dispute.remind'
      ? 'dispute_opened'
      : type === 'charge.dispute.resolve'
        ? kindOfResolution.get(textAt(data, 'resolution'))
        : undefined;
  if (kind === undefined) return null;
  const amount = at(data, 'refund_amount') ?? at(data, 'transaction.amount');
  const money = moneyOf(amount, at(data, 'currency') ?? at(data, 'transaction.currency'));
  const told = { kind, paymentId: idAt(data, 'transaction.reference'), operationId: idAt(data, 'id'), money };
  const time = timeAt(data, kind === 'dispute_opened' ? 'createdAt' : 'resolvedAt') ?? now;
  return factTold({ ...told, reference: orderNoAt(body, pathsOf(disputePaths, reading)), time }, reading.account);
}

/** Of an event, or of an answer, which has the same form. */
export function factOfTransaction(kind: 'captured' | 'failed', body: Json, reading: PaystackReading): Fact | string {
  const data = at(body, 'data');
  const reference = orderNoAt(body, pathsOf(chargePaths, reading));
  const money = moneyOf(at(data, 'amount'), at(data, 'currency'));
  const time = timeAt(data, 'paid_at') ?? timeAt(data, 'created_at');
  return factTold(
    { kind, paymentId: idAt(data, 'reference'), operationId: idAt(data, 'id'), reference, money, time },
    reading.account,
  );
}

function pathsOf(ours: readonly string[], { orderNoPath }: PaystackReading): readonly string[] {
  return orderNoPath === undefined ? ours : [orderNoPath];
}

/** Refund events carry no time, so that of their receipt stands in; refunds that are asked for have one. */
function ofRefundEvent(type: string, kind: FactKind, body: Json, reading: PaystackReading): Fact | string {
  const data = at(body, 'data');
  const paymentId = idAt(data, 'transaction_reference') ?? idAt(data, 'transaction.reference');
  const operationId = idAt(data, 'id') ?? idAt(data, 'refund_reference');
  const path = reading.orderNoPath;
  return factTold(
    {
      kind,
      paymentId,
      operationId: operationId ?? `${paymentId}:refund`,
      operationIdMissing: operationId === null,
      reference: (path === undefined ? null : orderNoAt(body, [path])) ?? orderNoAt({ paymentId }, ['paymentId']),
      money: moneyOf(at(data, 'amount'), at(data, 'currency')),
      needsPerson: type === 'refund.needs-attention',
      time: timeAt(data, 'refunded_at') ?? timeAt(data, 'createdAt') ?? reading.now,
    },
    reading.account,
  );
}

function moneyOf(amount: Json | undefined, currency: Json | undefined): Money | null | string {
  const code = currencyFrom(currency);
  if (code !== null && !paystackCurrencies.includes(code)) return `the units of ${code} at Paystack are not known`;
  return moneyFromWire(amount, currency, paystackUnits);
}
