import type { Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { decimalFromMinor, type Money } from '../../domain/money.ts';
import { at, idAt, type Json, listAt, textAt } from '../primitives/json.ts';
import { moneyFromMajor, type WireUnits, wireFromMinor } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { shown } from '../primitives/refusal.ts';
import { factTold, openedAs, timeAt } from '../primitives/told-fact.ts';
import type { Opened } from '../provider.ts';

/** Amounts of these have no decimals (developer.paypal.com, "Currency codes"). */
export const paypalUnits: WireUnits = { platform: 'paypal', exponents: { HUF: 0, TWD: 0 } };

/**
 * An amount as PayPal writes it.
 *
 * @throws RangeError where PayPal's units are too coarse for it.
 */
export function paypalAmount({ amountMinor, currency }: Money): { currency_code: string; value: string } {
  const amount = wireFromMinor(amountMinor, currency, paypalUnits);
  return { currency_code: currency, value: decimalFromMinor(amount, currency, paypalUnits.exponents[currency]) };
}

/** What is known beside the object itself. */
export interface PaypalReading {
  account: AccountId;
  /** Where our order number is, the best place first. */
  orderNoFields: readonly string[];
  /** Of what an object is part: it bears the number where the object does not. */
  unit?: Json;
}

/** `field`: where the account says that the number is; null: wherever there is one. */
export function orderNoFieldsOf(field: string | null = null): readonly string[] {
  return field === null ? ['invoice_id', 'custom_id'] : [field];
}

/** A fact; a text with the reason why it cannot be read; null = no kind for it. */
type Reader = (object: Json, reading: PaypalReading) => Fact | string | null;

const kindOfCapture = new Map<string | null, FactKind>([
  ['COMPLETED', 'captured'],
  // What was given back is told by the refunds.
  ['PARTIALLY_REFUNDED', 'captured'],
  ['REFUNDED', 'captured'],
  ['DECLINED', 'failed'],
  ['DENIED', 'failed'],
  ['FAILED', 'failed'],
]);
/** One that is captured is told by its captures. */
const kindOfAuthorization = new Map<string | null, FactKind>([
  ['CREATED', 'authorized'],
  ['DENIED', 'failed'],
  ['VOIDED', 'voided'],
  ['EXPIRED', 'voided'],
]);
const kindOfRefund = new Map<string | null, FactKind>([
  ['PENDING', 'refund_pending'],
  ['COMPLETED', 'refunded'],
  ['FAILED', 'refund_failed'],
  ['CANCELLED', 'refund_failed'],
]);
const kindOfOutcome = new Map<string | null, FactKind>([
  ['RESOLVED_SELLER_FAVOUR', 'dispute_won'],
  ['RESOLVED_WITH_PAYOUT', 'dispute_won'],
  ['CANCELED_BY_BUYER', 'dispute_won'],
  ['DENIED', 'dispute_won'],
  ['RESOLVED_BUYER_FAVOUR', 'dispute_lost'],
  ['ACCEPTED', 'dispute_lost'],
]);

const readers = new Map<string, Reader>([
  ['PAYMENT.AUTHORIZATION.CREATED', factOfAuthorization],
  ['PAYMENT.AUTHORIZATION.VOIDED', factOfAuthorization],
  ['PAYMENT.CAPTURE.COMPLETED', factOfCapture],
  ['PAYMENT.CAPTURE.PENDING', factOfCapture],
  ['PAYMENT.CAPTURE.DECLINED', factOfCapture],
  ['PAYMENT.CAPTURE.DENIED', factOfCapture],
  ['PAYMENT.CAPTURE.REFUNDED', factOfRefund],
  ['PAYMENT.CAPTURE.REVERSED', factOfRefund],
  ['PAYMENT.REFUND.PENDING', factOfRefund],
  ['PAYMENT.REFUND.FAILED', factOfRefund],
  ['CUSTOMER.DISPUTE.CREATED', factOfDispute],
  ['CUSTOMER.DISPUTE.UPDATED', factOfDispute],
  ['CUSTOMER.DISPUTE.RESOLVED', factOfDispute],
]);

/** What an event says whose signature fits; the object decides, and not the event's name. */
export function readPaypalEvent(event: Json, reading: PaypalReading): Opened {
  const [type, id] = [textAt(event, 'event_type'), idAt(event, 'id')];
  if (type === null || id === null) return { is: 'unreadable', why: 'the event has no event_type or no id' };
  const reader = readers.get(type);
  const resource = at(event, 'resource');
  if (reader === undefined) return { is: 'ignored', messageId: id, type: shown(type) };
  const opened = openedAs({ id, type }, reader(resource ?? null, reading));
  return opened.is === 'facts' ? { ...opened, readBack: true } : opened;
}

export function factOfCapture(capture: Json, reading: PaypalReading): Fact | string | null {
  return ofPayment(kindOfCapture.get(textAt(capture, 'status')), capture, reading);
}

/** An authorisation is a payment of its own: refunds and disputes name only the capture. */
export function factOfAuthorization(authorization: Json, reading: PaypalReading): Fact | string | null {
  return ofPayment(kindOfAuthorization.get(textAt(authorization, 'status')), authorization, reading);
}

function ofPayment(kind: FactKind | undefined, object: Json, reading: PaypalReading): Fact | string | null {
  const id = idAt(object, 'id');
  return kind === undefined ? null : factIn(object, reading, { kind, paymentId: id, operationId: id });
}

/** Also what PayPal itself takes back, which it keeps as a refund. */
export function factOfRefund(refund: Json, reading: PaypalReading): Fact | string | null {
  const kind = kindOfRefund.get(textAt(refund, 'status'));
  if (kind === undefined) return null;
  return factIn(refund, reading, { kind, paymentId: captureOf(refund), operationId: idAt(refund, 'id') });
}

/** A dispute is about one payment; of several only the first is named. */
export function factOfDispute(dispute: Json, reading: PaypalReading): Fact | string | null {
  const isResolved = textAt(dispute, 'status') === 'RESOLVED';
  const kind = isResolved ? kindOfOutcome.get(textAt(dispute, 'dispute_outcome.outcome_code')) : 'dispute_opened';
  if (kind === undefined) return null;
  const [transaction = null] = listAt(dispute, 'disputed_transactions');
  return factTold(
    {
      kind,
      paymentId: idAt(transaction, 'seller_transaction_id'),
      operationId: idAt(dispute, 'dispute_id'),
      reference: orderNoAt(
        transaction,
        reading.orderNoFields.map((field) => (field === 'invoice_id' ? 'invoice_number' : 'custom')),
      ),
      money: moneyAt(dispute, 'dispute_amount'),
      time: (isResolved ? timeAt(dispute, 'update_time') : null) ?? timeAt(dispute, 'create_time'),
    },
    reading.account,
  );
}

function factIn(
  object: Json,
  { account, orderNoFields, unit = null }: PaypalReading,
  what: { kind: FactKind; paymentId: string | null; operationId: string | null },
): Fact | string {
  const reference = orderNoAt(object, orderNoFields) ?? orderNoAt(unit, orderNoFields);
  return factTold({ ...what, reference, money: moneyAt(object, 'amount'), time: timeOf(object) }, account);
}

/** When it was made, which stays; `update_time` changes with every refund. */
function timeOf(object: Json): Instant | null {
  return timeAt(object, 'create_time') ?? timeAt(object, 'update_time');
}

/** A refund names its capture by a link alone. */
function captureOf(refund: Json): string | null {
  const up = listAt(refund, 'links').find((link) => textAt(link, 'rel') === 'up');
  return /\/captures\/([\w-]{1,64})$/.exec(textAt(up, 'href') ?? '')?.[1] ?? null;
}

function moneyAt(object: Json, path: string) {
  return moneyFromMajor(at(object, `${path}.value`), at(object, `${path}.currency_code`));
}
