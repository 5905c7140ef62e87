import type { Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { isOrderNo } from '../../domain/ids.ts';
import { type Money, minorFromDecimal } from '../../domain/money.ts';
import { at, idAt, type Json, listAt, textAt } from '../primitives/json.ts';
import { currencyFrom } from '../primitives/money.ts';
import { factTold, timeAt } from '../primitives/told-fact.ts';
import type { Opened, ReceiverAccount } from '../provider.ts';

/** An order that is refunded says nothing of captures; `pending` and `unpaid` decide nothing. */
const kindOfOrder = new Map<string | null, FactKind>([
  ['authorized', 'authorized'],
  ['partially_paid', 'captured'],
  ['paid', 'captured'],
  ['voided', 'closed'],
  ['expired', 'closed'],
]);
const kindOfRefund = new Map<string | null, FactKind>([
  ['success', 'refunded'],
  ['pending', 'refund_pending'],
  ['failure', 'refund_failed'],
  ['error', 'refund_failed'],
]);
/** `charge_refunded` was ended by a refund, of which its own transaction tells. */
const kindOfDispute = new Map<string | null, FactKind>([
  ['needs_response', 'dispute_opened'],
  ['under_review', 'dispute_opened'],
  ['won', 'dispute_won'],
  ['lost', 'dispute_lost'],
  ['accepted', 'dispute_lost'],
]);

export interface Reading {
  account: ReceiverAccount;
  /** The topic, for those who read; it is not signed. */
  type: string;
  /** Where the body says no time. */
  now: Instant;
  /** The note attributes that may hold our number, the best first. */
  attributes: readonly string[];
}

/** What an authentic body says; those of the other mode are ignored. */
export function readShopifyBody(body: Json, reading: Reading): Opened {
  const { account, type } = reading;
  if (idAt(body, 'id') === null) return { is: 'unreadable', why: 'the body has no id' };
  const tests = [at(body, 'test'), ...listAt(body, 'transactions').map((one) => at(one, 'test'))];
  if (tests.includes(account.mode === 'live'))
    return { is: 'ignored', messageId: null, type: `${type} (not ${account.mode})` };
  const read = factsOf(body, reading);
  const broken = read.find((one) => typeof one === 'string');
  if (typeof broken === 'string') return { is: 'unreadable', why: `${type}: ${broken}` };
  const facts = read.filter((one) => typeof one !== 'string');
  return facts.length === 0
    ? { is: 'ignored', messageId: null, type }
    : { is: 'facts', messageId: null, facts, readBack: false };
}

/** By shape: an order has a financial status, a refund an order and transactions, a dispute an order and a type. */
function factsOf(body: Json, reading: Reading): readonly (Fact | string)[] {
  const account = reading.account.id;
  if (at(body, 'financial_status') !== undefined) return ofOrder(body, reading);
  const paymentId = idAt(body, 'order_id');
  if (paymentId === null) return [];
  if (Array.isArray(at(body, 'transactions'))) return ofRefund(body, { paymentId, reference: null, reading });
  const kind = kindOfDispute.get(textAt(body, 'status'));
  if (kind === undefined || !['chargeback', 'inquiry'].includes(textAt(body, 'type') ?? '')) return [];
  const money = shopifyMoney(at(body, 'amount'), at(body, 'currency'));
  const time = timeAt(body, 'finalized_on') ?? timeAt(body, 'initiated_at') ?? reading.now;
  return [factTold({ kind, paymentId, operationId: idAt(body, 'id'), reference: null, money, time }, account)];
}

function ofOrder(order: Json, reading: Reading): readonly (Fact | string)[] {
  const id = idAt(order, 'id') ?? '';
  const reference = shopifyReference(order, reading.attributes);
  const refunds = listAt(order, 'refunds').flatMap((one) => ofRefund(one, { paymentId: id, reference, reading }));
  const status = textAt(order, 'financial_status');
  const kind = kindOfOrder.get(status);
  if (kind === undefined) return refunds;
  const money =
    status === 'partially_paid' ? paidSoFar(order) : shopifyMoney(at(order, 'total_price'), at(order, 'currency'));
  const measure = kind === 'closed' ? 'single' : 'cumulative';
  const time = timeAt(order, 'updated_at') ?? reading.now;
  const told = { kind, paymentId: id, operationId: id, reference, money, measure, time } as const;
  return [factTold(told, reading.account.id), ...refunds];
}

/** Our order number: the first of these note attributes that holds one. */
export function shopifyReference(order: Json, attributes: readonly string[]): string | null {
  const notes = listAt(order, 'note_attributes');
  const found = attributes.flatMap((name) => notes.filter((one) => textAt(one, 'name') === name));
  return found.map((one) => idAt(one, 'value')).find((text) => text !== null && isOrderNo(text)) ?? null;
}

interface OfRefund {
  paymentId: string;
  reference: string | null;
  reading: Reading;
}

function ofRefund(refund: Json, { paymentId, reference, reading }: OfRefund): readonly (Fact | string)[] {
  return listAt(refund, 'transactions').flatMap((one) => {
    const kind = textAt(one, 'kind') === 'refund' ? kindOfRefund.get(textAt(one, 'status')) : undefined;
    if (kind === undefined) return [];
    const money = shopifyMoney(at(one, 'amount'), at(one, 'currency'));
    const time = timeAt(one, 'processed_at') ?? timeAt(refund, 'created_at') ?? reading.now;
    return [factTold({ kind, paymentId, operationId: idAt(one, 'id'), reference, money, time }, reading.account.id)];
  });
}

function paidSoFar(order: Json): Money | null | string {
  const total = shopifyMoney(at(order, 'total_price'), at(order, 'currency'));
  const open = shopifyMoney(at(order, 'total_outstanding'), at(order, 'currency'));
  if (total === null || open === null || typeof total === 'string' || typeof open === 'string')
    return typeof total === 'string' ? total : open;
  if (open.amountMinor > total.amountMinor) return 'more is outstanding than the order costs';
  return { ...total, amountMinor: total.amountMinor - open.amountMinor };
}

export function shopifyMoney(amount: Json | undefined, currency: Json | undefined): Money | null | string {
  if (amount === undefined || amount === null) return null;
  const code = currencyFrom(currency);
  if (code === null) return 'the currency is not one of ISO 4217';
  const amountMinor = typeof amount === 'string' ? minorFromDecimal(amount, code, { zerosBeyond: true }) : null;
  return amountMinor === null ? `the amount is not a decimal text of ${code}` : { amountMinor, currency: code };
}
