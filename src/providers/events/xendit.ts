import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import type { Money } from '../../domain/money.ts';
import { at, idAt, type Json, listAt, textAt } from '../primitives/json.ts';
import { moneyFromMajor } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factTold, openedAs, timeAt } from '../primitives/told-fact.ts';
import type { Opened } from '../provider.ts';

/** An invoice that is settled was paid before, and its money has reached the balance. */
const kindOfInvoice = new Map<string | null, FactKind>([
  ['PAID', 'captured'],
  ['SETTLED', 'captured'],
  ['EXPIRED', 'closed'],
]);
const kindOfPayment = new Map<string | null, FactKind>([
  ['AUTHORIZED', 'authorized'],
  ['SUCCEEDED', 'captured'],
  ['FAILED', 'failed'],
  ['CANCELED', 'voided'],
  ['EXPIRED', 'voided'],
]);
const kindOfRefund = new Map<string | null, FactKind>([
  ['PENDING', 'refund_pending'],
  ['SUCCEEDED', 'refunded'],
  ['FAILED', 'refund_failed'],
  ['CANCELLED', 'refund_failed'],
]);

/** A fact; a text with the reason why it cannot be read; null = no kind for it. */
type Read = Fact | string | null;

/** What a callback claims, under the id that Xendit gave its message. By shape: an event names itself, an invoice does not. */
export function readXenditBody(body: Json, account: AccountId, id: string | null): Opened {
  const event = textAt(body, 'event');
  const [type, fact] =
    event === null
      ? [`invoice ${textAt(body, 'status')}`, factOfInvoice(body, account)]
      : [event, factOfEvent(event, at(body, 'data.data') ?? at(body, 'data') ?? null, account)];
  const opened = openedAs({ id, type }, fact);
  return opened.is === 'facts' ? { ...opened, readBack: true } : opened;
}

function factOfEvent(event: string, object: Json, account: AccountId): Read {
  const [subject] = event.split('.');
  switch (subject) {
    case 'payment':
      return factOfPayment(object, account);
    case 'payment_request':
      return factOfPaymentRequest(object, account);
    case 'refund':
      return factOfRefund(object, account);
    default:
      return null;
  }
}

export function factOfInvoice(invoice: Json, account: AccountId): Read {
  const kind = kindOfInvoice.get(textAt(invoice, 'status'));
  const id = idAt(invoice, 'id');
  if (kind === undefined) return id === null ? 'neither an event nor an invoice' : null;
  const paid = kind === 'captured' ? at(invoice, 'paid_amount') : undefined;
  return factTold(
    {
      kind,
      paymentId: id,
      operationId: id,
      reference: orderNoAt(invoice, ['external_id']),
      money: moneyFromMajor(paid ?? at(invoice, 'amount'), at(invoice, 'currency')),
      time: (kind === 'captured' ? timeAt(invoice, 'paid_at') : null) ?? timeAt(invoice, 'updated'),
    },
    account,
  );
}

/** A payment of a payment request, which may be captured in parts. */
export function factOfPayment(payment: Json, account: AccountId): Read {
  const kind = kindOfPayment.get(textAt(payment, 'status'));
  if (kind === undefined) return null;
  return factTold(
    {
      kind,
      paymentId: idAt(payment, 'payment_request_id'),
      operationId: idAt(payment, 'payment_id'),
      reference: orderNoAt(payment, ['reference_id']),
      money: kind === 'captured' ? capturedIn(payment) : moneyAt(payment, 'request_amount'),
      ...(kind === 'captured' ? { measure: 'cumulative' } : {}),
      time: timeAt(payment, 'created'),
    },
    account,
  );
}

/** Of the request itself only its end is told: what was paid is told by its payments. */
export function factOfPaymentRequest(request: Json, account: AccountId): Read {
  const status = textAt(request, 'status');
  if (status !== 'EXPIRED' && status !== 'CANCELED') return null;
  const id = idAt(request, 'payment_request_id');
  const reference = orderNoAt(request, ['reference_id']);
  const money = moneyAt(request, 'request_amount');
  return factTold(
    { kind: 'closed', paymentId: id, operationId: id, reference, money, time: timeAt(request, 'updated') },
    account,
  );
}

/** A refund's own `reference_id` is the refund's number at the merchant, never the order's. */
export function factOfRefund(refund: Json, account: AccountId): Read {
  const kind = kindOfRefund.get(textAt(refund, 'status'));
  if (kind === undefined) return null;
  return factTold(
    {
      kind,
      paymentId: idAt(refund, 'invoice_id') ?? idAt(refund, 'payment_request_id') ?? idAt(refund, 'payment_id'),
      operationId: idAt(refund, 'id'),
      reference: null,
      money: moneyAt(refund, 'amount'),
      time: timeAt(refund, 'updated') ?? timeAt(refund, 'created'),
    },
    account,
  );
}

function capturedIn(payment: Json): Money | null | string {
  const captures = listAt(payment, 'captures');
  if (captures.length === 0) return moneyAt(payment, 'request_amount');
  const parts = captures.map((one) => moneyFromMajor(at(one, 'capture_amount'), at(payment, 'currency')));
  const moneys = parts.filter((part) => part !== null && typeof part !== 'string');
  const [first] = moneys;
  if (first === undefined || moneys.length < parts.length) return 'a capture whose amount cannot be read';
  return { ...first, amountMinor: moneys.reduce((sum, { amountMinor }) => sum + amountMinor, 0n) };
}

function moneyAt(object: Json, path: string): Money | null | string {
  return moneyFromMajor(at(object, path), at(object, 'currency'));
}
