import { fromIso, type Instant, toIso } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { type AccountId, isOrderNo } from '../../domain/ids.ts';
import { minorToJson } from '../../domain/money.ts';
import type { Notification, NotificationType } from '../../domain/notification.ts';
import { utf8 } from './bytes.ts';
import { idAt, isObject, type Json, type JsonObject, parseJson } from './json.ts';
import { moneyFrom } from './money.ts';

/** The kind of fact that each type of notification tells of; discrepancies are about our books, not about money that moved. */
export const kindOfType: Readonly<Record<NotificationType, FactKind | null>> = {
  'payment.authorized': 'authorized',
  'payment.succeeded': 'captured',
  'payment.failed': 'failed',
  'payment.closed': 'closed',
  'payment.reversed': 'reversed',
  'refund.pending': 'refund_pending',
  'refund.succeeded': 'refunded',
  'refund.failed': 'refund_failed',
  'refund.bounced': 'refund_bounced',
  'dispute.opened': 'dispute_opened',
  'dispute.won': 'dispute_won',
  'dispute.lost': 'dispute_lost',
  'discrepancy.opened': null,
  'discrepancy.resolved': null,
};

/** What a body of `hmac` or `standard` says, where it says it. */
export interface Said {
  type: NotificationType;
  kind: FactKind;
  orderNo: Json | undefined;
  /** The object that holds `payment_id`, `operation_id`, `currency` and `occurred_at`. */
  fields: JsonObject;
  amount: Json | undefined;
  timestamp: Json | undefined;
}

/** Kinds that an absent amount would leave uncounted, so that the order's own amount may stand in for it. */
const kindsWithAmount: readonly FactKind[] = ['authorized', 'captured', 'refunded'];

/**
 * The fact that a generic body tells, or the reason why it tells none. Absent fields follow docs/reference/providers/hmac.md: an
 * absent `operation_id` is `payment_id` for `payment.*`, else derived from the order and what happened (for a refund also from its
 * time; without one it is missing); an absent `payment_id` is the operation for a success or an authorisation, else the order as a
 * whole; an absent time is `timestamp`, else now.
 */
export function genericFact(
  said: Said,
  options: { account: AccountId; now: Instant; fromOrder: boolean },
): Fact | string {
  const { type, kind, fields } = said;
  const money = moneyFrom(said.amount, fields.currency);
  if (typeof money === 'string') return money;
  const time = timeFrom(fields.occurred_at) ?? timeFrom(said.timestamp);
  if (typeof time === 'string') return time;
  const reference = saidId(said.orderNo);
  const payment = saidId(fields.payment_id);
  const ownOperation = saidId(fields.operation_id);
  if (reference === undefined || payment === undefined || ownOperation === undefined)
    return 'an id is neither a text nor an integer';
  if (reference !== null && !isOrderNo(reference)) return 'the order number is longer than 128 characters';
  const operation = ownOperation ?? (type.startsWith('payment.') ? payment : null);
  const isWholePayment = type === 'payment.succeeded' || type === 'payment.authorized';
  const namesEnough = reference !== null || (operation !== null && (payment !== null || isWholePayment));
  if (!namesEnough) return 'no order number, and not both a payment_id and an operation_id';

  const operationId = operation ?? derivedOperation(type, { reference, time });
  return {
    account: options.account,
    kind,
    paymentId: payment ?? (isWholePayment ? operationId : `order:${reference}`),
    operationId,
    reference,
    amountMinor: money?.amountMinor ?? null,
    currency: money?.currency ?? null,
    fromOrder: money === null && options.fromOrder && kindsWithAmount.includes(kind),
    measure: 'single',
    ...(operation === null && type === 'refund.succeeded' && time === null ? { operationIdMissing: true } : {}),
    scopedByReference: true,
    providerTime: time ?? options.now,
  };
}

/** The fields that both formats send, in one order, amounts exact. The publisher's own `data` never overrides them. */
export function genericFields(notification: Notification): JsonObject {
  const { amountMinor, currency, orderAmountMinor, refundedTotalMinor } = notification;
  return {
    operation_id: notification.operationId,
    payment_id: notification.paymentId,
    amount_minor: minorToJson(amountMinor),
    currency,
    ...(orderAmountMinor === null ? {} : { order_amount_minor: minorToJson(orderAmountMinor) }),
    ...(refundedTotalMinor === null ? {} : { refunded_total_minor: minorToJson(refundedTotalMinor) }),
    occurred_at: toIso(notification.occurredAt),
    sequence: notification.sequence,
  };
}

/** What the publisher added, its numbers unchanged; empty where there is nothing. */
export function publishedData(notification: Notification): JsonObject {
  const read = notification.data === null ? null : parseJson(utf8(notification.data));
  return read !== null && 'value' in read && isObject(read.value) ? read.value : {};
}

/** Null = not said; undefined = not an id. */
function saidId(value: Json | undefined): string | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  return idAt({ value }, 'value') ?? undefined;
}

/** Null = not said; a text = the reason why it is no time. */
function timeFrom(value: Json | undefined): Instant | null | string {
  if (value === undefined || value === null) return null;
  return (typeof value === 'string' ? fromIso(value) : null) ?? 'a time is not ISO 8601 with its offset';
}

/** Authorisation, success and reversal of one unnamed payment share an operation, and so do the stages of one unnamed dispute. */
function derivedOperation(type: NotificationType, from: { reference: string | null; time: Instant | null }): string {
  const isOfPayment = type === 'payment.authorized' || type === 'payment.succeeded' || type === 'payment.reversed';
  const subject = isOfPayment ? 'payment' : type.startsWith('dispute.') ? 'dispute' : type;
  const time = type === 'refund.succeeded' && from.time !== null ? `:${toIso(from.time)}` : '';
  return `${from.reference}:${subject}${time}`;
}
