import type { Fact, FactKind } from '../../domain/fact.ts';
import { at, idAt, integerText, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { moneyFromWire, type WireUnits } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { shown } from '../primitives/refusal.ts';
import type { Opened, ReceiverAccount } from '../provider.ts';

/** docs.stripe.com/currencies, "Special cases". */
export const stripeUnits: WireUnits = { platform: 'stripe', exponents: { ISK: 2, UGX: 2, MGA: 0 } };

/** What one event says of one object: a fact; a text with the reason why it cannot be read; null = no kind for it. */
type Reader = (object: JsonObject, event: StripeEvent) => Fact | string | null;

/** What is known beside the object itself. */
export interface StripeEvent {
  account: ReceiverAccount;
  /** Seconds since 1970. */
  created: number;
  payee: string | null;
  reference: string | null;
}

const readers: Readonly<Record<string, Reader>> = {
  'payment_intent.amount_capturable_updated': ofAuthorized,
  'payment_intent.succeeded': ofCaptured,
  'payment_intent.payment_failed': ofFailed,
  'payment_intent.canceled': ofCanceled,
  'checkout.session.completed': ofPaidSession,
  'checkout.session.async_payment_succeeded': ofPaidSession,
  'checkout.session.async_payment_failed': (session, event) => ofSession('failed', session, event),
  'checkout.session.expired': (session, event) => ofSession('closed', session, event),
  'refund.created': factOfRefund,
  'refund.updated': factOfRefund,
  'refund.failed': factOfRefund,
  'charge.refund.updated': factOfRefund,
  'charge.dispute.created': factOfDispute,
  'charge.dispute.updated': factOfDispute,
  'charge.dispute.closed': factOfDispute,
  'charge.dispute.funds_withdrawn': factOfDispute,
  'charge.dispute.funds_reinstated': factOfDispute,
};

/** What a refund's status means for money; `requires_action` waits for the customer. */
const kindOfRefund: Readonly<Record<string, FactKind>> = {
  pending: 'refund_pending',
  requires_action: 'refund_pending',
  succeeded: 'refunded',
  failed: 'refund_bounced',
  canceled: 'refund_failed',
};

/** An inquiry (`warning_…`) is a dispute before money moves; one that is closed was not lost. */
const kindOfDispute: Readonly<Record<string, FactKind>> = {
  needs_response: 'dispute_opened',
  under_review: 'dispute_opened',
  warning_needs_response: 'dispute_opened',
  warning_under_review: 'dispute_opened',
  warning_closed: 'dispute_won',
  won: 'dispute_won',
  lost: 'dispute_lost',
};

/** What an authentic event says. Thin events (`v2.core.event`) carry no object, events of the other mode are not about this account's money: both ignored. */
export function readStripeEvent(body: Json, account: ReceiverAccount, orderNoPath: string | undefined): Opened {
  const type = textAt(body, 'type');
  const messageId = idAt(body, 'id');
  if (type === null || messageId === null) return { is: 'unreadable', why: 'the event has no id or no type' };
  const isThin = textAt(body, 'object') !== 'event';
  const otherMode = at(body, 'livemode') !== (account.mode === 'live');
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (isThin || otherMode || reader === undefined) {
    return { is: 'ignored', messageId, type: shown(`${type}${otherMode && !isThin ? ` (not ${account.mode})` : ''}`) };
  }
  const object = at(body, 'data.object');
  const created = Number(integerText(at(body, 'created')));
  if (!isObject(object) || !(created > 0 && created < 1e11))
    return { is: 'unreadable', why: 'the event has no data.object or no created' };
  const reference = stripeReference(body, orderNoPath);
  const fact = reader(object, { account, created, payee: idAt(body, 'account'), reference });
  if (fact === null) return { is: 'ignored', messageId, type: shown(type) };
  if (typeof fact === 'string') return { is: 'unreadable', why: `${type}: ${fact}` };
  return { is: 'facts', messageId, facts: [fact], readBack: false };
}

/** Our order number in an event, or in what is wrapped as one. */
export function stripeReference(event: Json, orderNoPath: string | undefined): string | null {
  return orderNoAt(event, orderNoPath === undefined ? orderNoPlaces : [orderNoPath]);
}

const orderNoPlaces = [
  'data.object.metadata.order_no',
  'data.object.metadata.order_id',
  'data.object.client_reference_id',
];

/** What a PaymentIntent has come to, whoever shows it; null: nothing has happened to it. */
export function factOfIntent(intent: JsonObject, event: StripeEvent): Fact | string | null {
  switch (textAt(intent, 'status')) {
    case 'succeeded':
      return ofCaptured(intent, event);
    case 'requires_capture':
      return ofAuthorized(intent, event);
    case 'canceled':
      return ofCanceled(intent, event);
    case 'requires_payment_method':
      return isObject(at(intent, 'last_payment_error')) ? ofFailed(intent, event) : null;
    default:
      return null;
  }
}

/** With what is captured already: a partial capture lowers the capturable rest, not what was authorised. */
function ofAuthorized(intent: JsonObject, event: StripeEvent): Fact | string | null {
  const capturable = integerText(intent.amount_capturable);
  if (capturable === null || capturable === '0')
    return capturable === null ? 'the intent has no amount_capturable' : null;
  const authorised = BigInt(capturable) + BigInt(integerText(intent.amount_received) ?? 0);
  return ofIntent('authorized', intent, { event, amount: String(authorised) });
}

function ofCaptured(intent: JsonObject, event: StripeEvent): Fact | string {
  return ofIntent('captured', intent, { event, amount: intent.amount_received ?? null });
}

function ofFailed(intent: JsonObject, event: StripeEvent): Fact | string {
  const charge = linked(intent, 'latest_charge') ?? linked(intent, 'last_payment_error.charge');
  return ofIntent('failed', intent, { event, amount: intent.amount, operationId: charge });
}

function ofCanceled(intent: JsonObject, event: StripeEvent): Fact | string {
  return ofIntent('closed', intent, { event, amount: intent.amount });
}

interface Said {
  event: StripeEvent;
  amount: Json | undefined;
  operationId?: string | null;
  paymentId?: string | null;
}

/** Of an intent the amounts are totals so far. */
function ofIntent(kind: FactKind, intent: JsonObject, said: Said): Fact | string {
  const id = idAt(intent, 'id');
  if (id === null) return 'the intent has no id';
  const measure = kind === 'captured' || kind === 'authorized' ? 'cumulative' : 'single';
  return factOf(kind, intent, { ...said, paymentId: id, operationId: said.operationId ?? id, measure });
}

/** A session that is paid brings the order number to the capture that its intent tells of. A subscription's money comes with its invoices. */
function ofPaidSession(session: JsonObject, event: StripeEvent): Fact | string | null {
  return textAt(session, 'payment_status') === 'paid' && linked(session, 'payment_intent') !== null
    ? ofSession('captured', session, event)
    : null;
}

/** A session that expired before its buyer chose a way to pay has no intent. */
function ofSession(kind: FactKind, session: JsonObject, event: StripeEvent): Fact | string | null {
  if (textAt(session, 'mode') !== 'payment') return null;
  const id = linked(session, 'payment_intent') ?? idAt(session, 'id');
  if (id === null) return 'the session has no id';
  const measure = kind === 'captured' ? 'cumulative' : 'single';
  return factOf(kind, session, { event, amount: session.amount_total, paymentId: id, operationId: id, measure });
}

export function factOfRefund(refund: JsonObject, event: StripeEvent): Fact | string | null {
  const status = textAt(refund, 'status') ?? 'pending';
  const kind = Object.hasOwn(kindOfRefund, status) ? kindOfRefund[status] : undefined;
  if (kind === undefined) return null;
  const fact = ofMovement(kind, refund, event);
  return typeof fact === 'string' || status !== 'requires_action' ? fact : { ...fact, needsPerson: true };
}

export function factOfDispute(dispute: JsonObject, event: StripeEvent): Fact | string | null {
  const status = textAt(dispute, 'status') ?? '';
  const kind = Object.hasOwn(kindOfDispute, status) ? kindOfDispute[status] : undefined;
  return kind === undefined ? null : ofMovement(kind, dispute, event);
}

/** A refund or a dispute: an object of its own, about a payment. */
function ofMovement(kind: FactKind, object: JsonObject, event: StripeEvent): Fact | string {
  const paymentId = linked(object, 'payment_intent') ?? linked(object, 'charge');
  return factOf(kind, object, {
    event,
    amount: object.amount,
    paymentId,
    operationId: idAt(object, 'id'),
    measure: 'single',
  });
}

function factOf(kind: FactKind, object: JsonObject, said: Said & { measure: Fact['measure'] }): Fact | string {
  const { event, paymentId, operationId } = said;
  if (!paymentId || !operationId) return 'the object has no id, or names no payment';
  const money = moneyFromWire(said.amount, object.currency, stripeUnits);
  if (typeof money === 'string') return money;
  return {
    account: event.account.id,
    kind,
    paymentId,
    operationId,
    reference: event.reference,
    ...(event.payee === null ? {} : { payee: event.payee }),
    amountMinor: money?.amountMinor ?? null,
    currency: money?.currency ?? null,
    fromOrder: false,
    measure: said.measure,
    providerTime: event.created * 1000,
  };
}

/** The id of another object, which Stripe gives as a text, or expanded to the object itself. */
function linked(object: JsonObject, path: string): string | null {
  return idAt(object, path) ?? idAt(object, `${path}.id`);
}
