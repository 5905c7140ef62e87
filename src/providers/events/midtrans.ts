import { createHash } from 'node:crypto';
import { fromIso, type Instant, toIso } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { utf8 } from '../primitives/bytes.ts';
import { at, idAt, type Json, listAt, textAt } from '../primitives/json.ts';
import { moneyFromMajor } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factsTold, type Told } from '../primitives/told-fact.ts';

/** Times are Jakarta's, seven hours ahead of UTC all year. */
const aheadMs = 7 * 3_600_000;

/** `2026-01-05 09:21:33`, as Midtrans writes times. */
export function toJakarta(at: Instant): string {
  return toIso(at + aheadMs)
    .slice(0, 19)
    .replace('T', ' ');
}

function jakartaAt(status: Json, path: string): Instant | null {
  return fromIso(`${textAt(status, path)?.replace(' ', 'T')}+07:00`);
}

/** What is signed, without the key; null where a part is missing, or has a form in which the parts could hardly be told apart. */
export function midtransText(status: Json): Uint8Array | null {
  const [orderNo, code, amount] = ['order_id', 'status_code', 'gross_amount'].map((name) => textAt(status, name));
  if (!orderNo || !/^[2-5]\d\d$/.test(code ?? '') || !/^\d+\.\d\d$/.test(amount ?? '')) return null;
  return utf8(`${orderNo}${code}${amount}`);
}

export function midtransDigest(text: Uint8Array, serverKey: string): Uint8Array {
  return createHash('sha512').update(text).update(serverKey).digest();
}

/** What a status tells; `pending` decides nothing. A cancelled card payment may have been captured before, of which it does not tell. */
const kindsOfStatus = new Map<string, readonly FactKind[]>([
  ['authorize', ['authorized']],
  ['capture', ['captured']],
  ['settlement', ['captured']],
  ['deny', ['failed']],
  ['failure', ['failed']],
  ['expire', ['closed']],
  ['cancel', ['closed', 'reversed']],
  ['refund', ['refunded']],
  ['partial_refund', ['refunded']],
  ['chargeback', ['dispute_lost']],
  ['partial_chargeback', ['dispute_lost']],
]);
const statusesAfterCapture = ['refund', 'partial_refund', 'chargeback', 'partial_chargeback'];

export interface MidtransReading {
  account: AccountId;
  /** The time of what names none. */
  now: Instant;
}

/** What a transaction's present status tells of it; a text with the reason why it cannot be read. None: no kind for it. */
export function midtransFacts(status: Json, reading: MidtransReading): readonly Fact[] | string {
  const word = textAt(status, 'transaction_status') ?? '';
  const kinds = isUndecided(status, word) ? [] : (kindsOfStatus.get(word) ?? []);
  return factsTold(
    kinds.flatMap((kind) => (kind === 'refunded' ? refundsTold(status, reading) : [told(kind, status, reading)])),
    reading.account,
  );
}

/** The same, with the capture that a refund or a chargeback comes after. */
export function midtransHistory(status: Json, reading: MidtransReading): readonly Fact[] | string {
  const facts = midtransFacts(status, reading);
  if (typeof facts === 'string' || !statusesAfterCapture.includes(textAt(status, 'transaction_status') ?? ''))
    return facts;
  const captured = factsTold([told('captured', status, reading)], reading.account);
  return typeof captured === 'string' ? captured : [...captured, ...facts];
}

/** A payment under suspicion is charged, but a person may still deny it. */
function isUndecided(status: Json, word: string): boolean {
  const fraud = textAt(status, 'fraud_status') ?? 'accept';
  return (word === 'capture' || word === 'settlement') && fraud !== 'accept';
}

function told(kind: FactKind, status: Json, { now }: MidtransReading): Told {
  const paymentId = idAt(status, 'transaction_id');
  const isPartial = textAt(status, 'transaction_status')?.startsWith('partial_') && kind !== 'captured';
  return {
    kind,
    paymentId,
    operationId: paymentId,
    reference: orderNoAt(status, ['order_id']),
    money: isPartial ? null : moneyAt(status, 'gross_amount'),
    time: timeOf(kind, status) ?? now,
  };
}

/** When it was paid where money came; of its end only an expiry has a time. */
function timeOf(kind: FactKind, status: Json): Instant | null {
  switch (kind) {
    case 'captured':
      return jakartaAt(status, 'settlement_time') ?? jakartaAt(status, 'transaction_time');
    case 'authorized':
    case 'failed':
      return jakartaAt(status, 'transaction_time');
    default:
      return textAt(status, 'transaction_status') === 'expire' ? jakartaAt(status, 'expiry_time') : null;
  }
}

/** Each refund by its own key; where none is listed, what is refunded in all. */
function refundsTold(status: Json, reading: MidtransReading): readonly Told[] {
  const list = listAt(status, 'refunds');
  const base = told('refunded', status, reading);
  if (list.length === 0) return [{ ...base, measure: 'cumulative', money: moneyAt(status, 'refund_amount') }];
  return list.map((refund) => ({
    ...base,
    operationId: idAt(refund, 'refund_key') ?? `${base.paymentId}:${idAt(refund, 'refund_chargeback_id')}`,
    money: moneyFromMajor(at(refund, 'refund_amount'), currencyOf(status)),
    time: jakartaAt(refund, 'created_at') ?? reading.now,
  }));
}

function moneyAt(status: Json, path: string) {
  return moneyFromMajor(at(status, path), currencyOf(status));
}

/** Not every status names it; Midtrans takes rupiah alone. */
function currencyOf(status: Json): Json {
  return at(status, 'currency') ?? 'IDR';
}
