import type { Fact, FactKind } from '../../domain/fact.ts';
import { isOrderNo } from '../../domain/ids.ts';
import { minorFromInteger } from '../../domain/money.ts';
import { fromBeijingDigits } from '../primitives/beijing-time.ts';
import { refused, shown } from '../primitives/refusal.ts';
import type { Opened, ReceiverAccount } from '../provider.ts';

/** The value of a field; null where it is absent or empty. */
export type UnionpaySaid = (name: string) => string | null;

/** What a transaction means, by txnType. 03 completes a pre-authorisation; 31 and 33 undo a purchase and a completion on the same day. */
const kindOfTxnType: Readonly<Record<string, FactKind>> = {
  '01': 'captured',
  '02': 'authorized',
  '03': 'captured',
  '04': 'refunded',
  '31': 'reversed',
  '32': 'voided',
  '33': 'reversed',
};
/** Successes only are notified; anything else is left to a query. */
export const unionpaySuccesses = ['00', 'A6'];
const reservedPrefix = 'order_no:';

/** What an authentic notification says. */
export function readUnionpayForm(
  said: UnionpaySaid,
  { account, merId, text }: { account: ReceiverAccount; merId: string; text: Uint8Array },
): Opened {
  const found = said('merId');
  if (found !== merId) {
    const why = `merId is ${shown(found ?? 'absent')}; this account has ${merId}`;
    return refused('callback.other_account', why, text);
  }
  const [txnType, queryId, respCode] = [said('txnType') ?? 'none', said('queryId'), said('respCode')];
  if (queryId === null) return { is: 'unreadable', why: 'no queryId' };
  const messageId = shown(`${txnType}:${queryId}`);
  const kind = Object.hasOwn(kindOfTxnType, txnType) ? kindOfTxnType[txnType] : undefined;
  if (kind === undefined || respCode === null || !unionpaySuccesses.includes(respCode))
    return { is: 'ignored', messageId, type: shown(`txnType ${txnType}, respCode ${respCode ?? 'none'}`) };
  const fact = factOf(kind, said, { account, txnType, queryId });
  return typeof fact === 'string'
    ? { is: 'unreadable', why: fact }
    : { is: 'facts', messageId, facts: [fact], readBack: false };
}

function factOf(
  kind: FactKind,
  said: UnionpaySaid,
  { account, txnType, queryId }: { account: ReceiverAccount; txnType: string; queryId: string },
): Fact | string {
  const isFirst = txnType === '01' || txnType === '02';
  const original = said('origQryId');
  if (!isFirst && original === null) return 'no origQryId';
  // What undoes an operation is about that operation, and not one of its own.
  const undoes = kind === 'reversed' || kind === 'voided';
  const currencyCode = said('currencyCode');
  if (currencyCode !== '156') return `currencyCode is ${shown(currencyCode ?? 'absent')}; only 156 is read`;
  const amountMinor = minorFromInteger(said('txnAmt'));
  if (amountMinor === null) return 'txnAmt: the amount is not a whole number of minor units';
  const providerTime = fromBeijingDigits(said('txnTime') ?? '');
  if (providerTime === null) return 'no txnTime, or one that is not yyyyMMddHHmmss';
  return {
    account: account.id,
    kind,
    paymentId: original ?? queryId,
    operationId: undoes && original !== null ? original : queryId,
    reference: isFirst ? orderNoFrom(said('orderId')) : orderNoFrom(afterPrefix(said('reqReserved'))),
    amountMinor,
    currency: 'CNY',
    fromOrder: false,
    measure: 'single',
    providerTime,
  };
}

/** A refund's orderId is the refund's own; the order stands in what the merchant let be echoed, in a form that is surely ours. */
function afterPrefix(reserved: string | null): string | null {
  return reserved?.startsWith(reservedPrefix) ? reserved.slice(reservedPrefix.length) : null;
}

function orderNoFrom(text: string | null): string | null {
  return text !== null && isOrderNo(text) ? text : null;
}
