import type { Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { utf8 } from '../primitives/bytes.ts';
import { at, idAt, isObject, type Json, type JsonObject, parseJson, textAt } from '../primitives/json.ts';
import { moneyFromMajor } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factsAmong, factTold, timeAt } from '../primitives/told-fact.ts';

export interface MollieSource {
  account: AccountId;
  orderNoPath: string | undefined;
}

/** What a status means, and where its time stands. `open` and `pending` decide nothing. */
const statuses = new Map<string | null, { kind: FactKind; time: string }>([
  ['authorized', { kind: 'authorized', time: 'authorizedAt' }],
  ['paid', { kind: 'captured', time: 'paidAt' }],
  ['failed', { kind: 'failed', time: 'failedAt' }],
  ['canceled', { kind: 'closed', time: 'canceledAt' }],
  ['expired', { kind: 'closed', time: 'expiredAt' }],
]);

/** A failed refund's money is back at the merchant; a canceled one never left. */
const kindOfRefund = new Map<string | null, FactKind>([
  ['queued', 'refund_pending'],
  ['pending', 'refund_pending'],
  ['processing', 'refund_pending'],
  ['refunded', 'refunded'],
  ['failed', 'refund_bounced'],
  ['canceled', 'refund_failed'],
]);

const orderNoPlaces = ['metadata.order_no', 'metadata.order_id', 'metadata'];

/** All that a payment has come to, with the refunds and chargebacks that it embeds; a text = why it cannot be read. */
export function factsOfMolliePayment(payment: JsonObject, source: MollieSource): readonly Fact[] | string {
  const reference = mollieReference(payment, source.orderNoPath);
  return factsAmong([
    ...factsOfStatus(payment, { ...source, reference }),
    ...listAt(payment, '_embedded.refunds').map((refund) => factOfMollieRefund(refund, source.account, reference)),
    ...listAt(payment, '_embedded.chargebacks').map((one) => factOfChargeback(one, source.account, reference)),
  ]);
}

/** Our order number; metadata may be an object, JSON in a text, or the number itself. */
export function mollieReference(payment: JsonObject, orderNoPath: string | undefined): string | null {
  const text = textAt(payment, 'metadata');
  const parsed = text === null ? null : parseJson(utf8(text));
  const metadata = parsed !== null && 'value' in parsed && isObject(parsed.value) ? parsed.value : payment.metadata;
  return orderNoAt({ ...payment, metadata }, orderNoPath === undefined ? orderNoPlaces : [orderNoPath]);
}

/** Null = no kind for its status. */
export function factOfMollieRefund(refund: JsonObject, account: AccountId, reference: string | null) {
  const kind = kindOfRefund.get(textAt(refund, 'status'));
  return kind === undefined
    ? null
    : factOfPart(kind, refund, { account, reference, time: timeAt(refund, 'createdAt') });
}

/** The money is gone at once, and comes back where the chargeback is reversed. */
function factOfChargeback(chargeback: JsonObject, account: AccountId, reference: string | null): Fact | string {
  const reversedAt = timeAt(chargeback, 'reversedAt');
  const time = reversedAt ?? timeAt(chargeback, 'createdAt');
  return factOfPart(reversedAt === null ? 'dispute_opened' : 'dispute_won', chargeback, { account, reference, time });
}

/** Captures go on while the rest is still authorised, so a payment may be both. */
function factsOfStatus(payment: JsonObject, source: MollieSource & { reference: string | null }): (Fact | string)[] {
  const said = statuses.get(textAt(payment, 'status'));
  const captured = moneyFrom(payment.amountCaptured);
  const hasCaptures = captured !== null && typeof captured !== 'string' && captured.amountMinor > 0n;
  const found: (Fact | string)[] = [];
  const tell = (kind: FactKind, money: typeof captured, time: Instant | null) => {
    const id = idAt(payment, 'id');
    const measure = kind === 'captured' ? 'cumulative' : 'single';
    const { reference } = source;
    found.push(factTold({ kind, paymentId: id, operationId: id, reference, money, measure, time }, source.account));
  };
  const timeOf = (name: string) => timeAt(payment, name) ?? timeAt(payment, 'createdAt');
  if (said !== undefined && said.kind !== 'captured') tell(said.kind, moneyFrom(payment.amount), timeOf(said.time));
  if (said?.kind === 'captured' || hasCaptures) {
    const time = timeAt(payment, 'paidAt') ?? timeOf('authorizedAt');
    tell('captured', hasCaptures ? captured : moneyFrom(payment.amount), time);
  }
  return found;
}

function factOfPart(
  kind: FactKind,
  part: JsonObject,
  { account, reference, time }: { account: AccountId; reference: string | null; time: Instant | null },
): Fact | string {
  const [paymentId, operationId] = [idAt(part, 'paymentId'), idAt(part, 'id')];
  return factTold({ kind, paymentId, operationId, reference, money: moneyFrom(part.amount), time }, account);
}

function moneyFrom(amount: Json | undefined) {
  return moneyFromMajor(at(amount, 'value'), at(amount, 'currency'));
}

function listAt(value: Json, path: string): readonly JsonObject[] {
  const list = at(value, path);
  return Array.isArray(list) ? list.filter((one: Json) => isObject(one)) : [];
}
