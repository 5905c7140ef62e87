import { fromIso } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { isOrderNo } from '../../domain/ids.ts';
import { minorFromDecimal } from '../../domain/money.ts';
import { at, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { currencyFrom } from '../primitives/money.ts';
import { shown } from '../primitives/refusal.ts';
import type { Opened, ReceiverAccount } from '../provider.ts';

/** A dispute that nobody answers is lost like one that is accepted. */
const kindOfDispute: Readonly<Record<string, FactKind>> = {
  dispute_opened: 'dispute_opened',
  dispute_under_review: 'dispute_opened',
  dispute_disputed: 'dispute_opened',
  dispute_won: 'dispute_won',
  dispute_lost: 'dispute_lost',
  dispute_accepted: 'dispute_lost',
  dispute_auto_accepted: 'dispute_lost',
  dispute_expired: 'dispute_lost',
};
/** A settlement that is declined: the sale brought nothing, the refund came back. */
const kindsOfTransaction: Readonly<Record<string, { sale?: FactKind; credit: FactKind }>> = {
  transaction_settled: { sale: 'captured', credit: 'refunded' },
  transaction_settlement_declined: { sale: 'failed', credit: 'refund_bounced' },
  refund_failed: { credit: 'refund_bounced' },
};
const moneyComes = ['submitted_for_settlement', 'settling', 'settlement_pending', 'settlement_confirmed', 'settled'];

/** What an authentic notification says. */
export function readBraintreeNotification(body: Json, account: ReceiverAccount): Opened {
  const kind = textAt(body, 'notification.kind');
  const providerTime = fromIso(textAt(body, 'notification.timestamp') ?? '');
  if (kind === null || providerTime === null)
    return { is: 'unreadable', why: 'the notification has no kind, or no timestamp in ISO 8601' };
  const said = saidBy(kind, at(body, 'notification.subject'));
  // Notifications have no id.
  const messageId = said === null ? null : shown(`${kind}:${said.operationId ?? ''}:${providerTime}`);
  if (said === null) return { is: 'ignored', messageId, type: shown(kind) };
  const { operationId, paymentId, reference } = said;
  if (operationId === null || paymentId === null) return { is: 'unreadable', why: `${kind}: no id of its transaction` };
  const money = moneyOf(said);
  if (typeof money === 'string') return { is: 'unreadable', why: `${kind}: ${money}` };
  const fact: Fact = {
    account: account.id,
    kind: said.kind,
    paymentId,
    operationId,
    reference,
    ...money,
    fromOrder: false,
    measure: 'single',
    providerTime,
  };
  return { is: 'facts', messageId, facts: [fact], readBack: false };
}

interface Said {
  kind: FactKind;
  paymentId: string | null;
  operationId: string | null;
  reference: string | null;
  amount: string | null;
  currency: string | null;
}

/** Null = no kind for it. */
function saidBy(kind: string, subject: Json | undefined): Said | null {
  if (Object.hasOwn(kindOfDispute, kind)) return ofDispute(kindOfDispute[kind], at(subject, 'dispute'));
  if (kind === 'local_payment_completed') {
    const transaction = at(subject, 'local-payment.transaction');
    const isPaid = moneyComes.includes(textAt(transaction, 'status') ?? '');
    return isPaid && isObject(transaction) ? ofTransaction('captured', transaction) : null;
  }
  const kinds = Object.hasOwn(kindsOfTransaction, kind) ? kindsOfTransaction[kind] : undefined;
  const transaction = at(subject, 'transaction');
  if (kinds === undefined || !isObject(transaction)) return null;
  const isSale = kinds.sale !== undefined && textAt(transaction, 'type') !== 'credit';
  return isSale && kinds.sale ? ofTransaction(kinds.sale, transaction) : ofRefund(kinds.credit, transaction);
}

function ofTransaction(kind: FactKind, transaction: JsonObject): Said {
  const id = idAt(transaction, 'id');
  return { kind, paymentId: id, operationId: id, ...common(transaction), amount: textAt(transaction, 'amount') };
}

function ofRefund(kind: FactKind, transaction: JsonObject): Said {
  const said = ofTransaction(kind, transaction);
  return { ...said, paymentId: idAt(transaction, 'refunded-transaction-id') ?? said.paymentId };
}

function ofDispute(kind: FactKind | undefined, dispute: Json | undefined): Said | null {
  if (kind === undefined || !isObject(dispute)) return null;
  return {
    kind,
    paymentId: idAt(dispute, 'transaction.id'),
    operationId: idAt(dispute, 'id'),
    amount: textAt(dispute, 'amount-disputed') ?? textAt(dispute, 'amount'),
    currency: textAt(dispute, 'currency-iso-code'),
    reference: orderNoOf(idAt(dispute, 'transaction.order-id')),
  };
}

function common(transaction: JsonObject): Pick<Said, 'reference' | 'currency'> {
  return {
    reference: orderNoOf(idAt(transaction, 'order-id')),
    currency: textAt(transaction, 'currency-iso-code'),
  };
}

function orderNoOf(text: string | null): string | null {
  return text !== null && isOrderNo(text) ? text : null;
}

/** A refund that failed may name no currency: its amount is then that of the refund. */
function moneyOf({ kind, amount, currency }: Said): Pick<Fact, 'amountMinor' | 'currency'> | string {
  if (amount === null || (currency === null && kind === 'refund_bounced')) return { amountMinor: null, currency: null };
  const code = currencyFrom(currency ?? undefined);
  if (code === null) return 'the currency is not one of ISO 4217';
  const amountMinor = minorFromDecimal(amount, code, { zerosBeyond: true });
  return amountMinor === null ? 'the amount is not a decimal number of its currency' : { amountMinor, currency: code };
}
