import { fromIso } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { amountMinorMax, minorFromDecimal } from '../../domain/money.ts';
import { at, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { currencyFrom } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { shown } from '../primitives/refusal.ts';
import type { Opened, ReceiverAccount } from '../provider.ts';

const orderNoPlaces = ['event.data.metadata.order_no', 'event.data.metadata.order_id'];

/** Our order number in a delivery, or in what is wrapped as one. */
export function coinbaseReference(body: Json, orderNoPath: string | undefined): string | null {
  return orderNoAt(body, orderNoPath === undefined ? orderNoPlaces : [orderNoPath]);
}

/** What an authentic delivery says of its charge. */
export function readCoinbaseCharge(body: Json, account: ReceiverAccount, orderNoPath: string | undefined): Opened {
  const [messageId, type] = [idAt(body, 'event.id'), textAt(body, 'event.type')];
  const charge = at(body, 'event.data');
  if (messageId === null || type === null || !isObject(charge))
    return { is: 'unreadable', why: 'the body has no event with id, type and data' };
  const move = moveOf(type, charge);
  if (move === null) return { is: 'ignored', messageId, type: shown(type) };
  const [code, providerTime] = [idAt(charge, 'code'), fromIso(textAt(body, 'event.created_at') ?? '')];
  if (code === null || providerTime === null)
    return { is: 'unreadable', why: 'the charge has no code, or the event no created_at in ISO 8601' };
  const money = move.paid ? paidMoney(charge) : pricedMoney(charge);
  if (typeof money === 'string') return { is: 'unreadable', why: money };
  const fact: Fact = {
    account: account.id,
    kind: move.kind,
    paymentId: code,
    operationId: code,
    reference: coinbaseReference(body, orderNoPath),
    ...money,
    fromOrder: false,
    measure: move.kind === 'captured' ? 'cumulative' : 'single',
    providerTime,
  };
  return { is: 'facts', messageId, facts: [fact], readBack: false };
}

interface Move {
  kind: FactKind;
  /** What was paid counts, not the price. */
  paid: boolean;
}

/**
 * `charge:pending` is not final. A confirmed charge was paid in full, as Coinbase sees it; one that failed may hold money all the same:
 * too little, too much or too late. That counts as what it is, and the order says what it lacks.
 */
function moveOf(type: string, charge: JsonObject): Move | null {
  switch (type) {
    case 'charge:confirmed':
      return { kind: 'captured', paid: false };
    case 'charge:resolved':
    case 'charge:delayed':
      return { kind: 'captured', paid: true };
    case 'charge:failed': {
      const status = lastStatus(charge);
      if (status === 'UNRESOLVED') return { kind: 'captured', paid: true };
      return { kind: status === 'EXPIRED' || status === 'CANCELED' ? 'closed' : 'failed', paid: false };
    }
    default:
      return null;
  }
}

function lastStatus(charge: JsonObject): string | null {
  return textAt(lastOfTimeline(charge), 'status');
}

/** The newest change of a charge: its status and its time. */
export function lastOfTimeline(charge: JsonObject): Json | undefined {
  return Array.isArray(charge.timeline) ? charge.timeline.at(-1) : undefined;
}

type Amount = Pick<Fact, 'amountMinor' | 'currency'>;
const notSaid: Amount = { amountMinor: null, currency: null };

/** The price in the merchant's currency; charges without a fixed price have none, so what was paid counts. */
function pricedMoney(charge: JsonObject): Amount | string {
  const local = at(charge, 'pricing.local');
  return local === undefined || local === null ? paidMoney(charge) : localMoney(local);
}

/** The sum of the payments, in the merchant's currency; not said where one of them is not a whole amount of it. */
function paidMoney(charge: JsonObject): Amount | string {
  const payments = Array.isArray(charge.payments) ? charge.payments : [];
  const amounts = payments.map((payment) => localMoney(at(payment, 'value.local')));
  const [first] = amounts;
  if (first === undefined || typeof first === 'string') return notSaid;
  let sum = 0n;
  for (const amount of amounts) {
    if (typeof amount === 'string' || amount.amountMinor === null || amount.currency !== first.currency) return notSaid;
    sum += amount.amountMinor;
  }
  return sum <= amountMinorMax ? { amountMinor: sum, currency: first.currency } : notSaid;
}

function localMoney(local: Json | undefined): Amount | string {
  const currency = currencyFrom(at(local, 'currency'));
  if (currency === null) return 'the currency of the price is not one of ISO 4217';
  const amountMinor = minorFromDecimal(textAt(local, 'amount') ?? '', currency, { zerosBeyond: true });
  return amountMinor === null
    ? 'the price is not a decimal number: the amount is not a whole number of minor units'
    : { amountMinor, currency };
}
