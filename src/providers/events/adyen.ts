import { fromIso } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { isObject, type Json, at as valueAt } from '../primitives/json.ts';
import { moneyFromWire, type WireUnits } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { factTold } from '../primitives/told-fact.ts';

/** docs.adyen.com/development-resources/currency-codes; as general knowledge has it. */
export const adyenUnits: WireUnits = { platform: 'adyen', exponents: { CLP: 2, CVE: 0, IDR: 0, ISK: 2 } };

/** The value of a field of one item, by its name in a form; null where it is absent or empty. */
export type Said = (name: string) => string | null;

/** What the signature of an item covers, in this order. */
export const signedFields = [
  'pspReference',
  'originalReference',
  'merchantAccountCode',
  'merchantReference',
  'value',
  'currency',
  'eventCode',
  'success',
] as const;

export interface ItemSettings {
  account: AccountId;
  /** Whether an authorisation is money at once, or only its own CAPTURE is. */
  capture: 'automatic' | 'manual';
}

/** The fields of an item in JSON, under the names that the form has for them. */
export function saidByJson(item: Json | undefined): Said {
  return (name) => {
    if (name === 'value' || name === 'currency') return plainText(valueAt(item, `amount.${name}`));
    const prefix = 'additionalData.';
    if (!name.startsWith(prefix)) return plainText(valueAt(item, name));
    const more = valueAt(item, 'additionalData');
    const own = name.slice(prefix.length);
    return isObject(more) && Object.hasOwn(more, own) ? plainText(more[own]) : null;
  };
}

/** The fact of an item, the reason why it cannot be read, or null where its event has no kind. */
export function readItem(said: Said, { account, capture }: ItemSettings): Fact | string | null {
  const [code, psp, original] = [said('eventCode'), said('pspReference'), said('originalReference')];
  const kind = kindOf(said, capture);
  if (kind === null) return null;
  const isPayment = code === 'AUTHORISATION' || code === 'OFFER_CLOSED';
  const paymentId = isPayment ? psp : original;
  // With automatic capture the capture goes by the payment's own reference, whoever tells of it.
  const isOfCapture = capture === 'automatic' && (kind === 'captured' || kind === 'reversed');
  const reference = orderNoAt({ reference: said('merchantReference') }, ['reference']);
  const money = moneyFromWire(said('value'), said('currency'), adyenUnits);
  const operationId = isOfCapture ? paymentId : psp;
  return factTold({ kind, paymentId, operationId, reference, money, time: fromIso(said('eventDate') ?? '') }, account);
}

/** Events that mean one thing where they succeeded; where they did not, nothing has changed. */
const kindOfSuccess = new Map<string | null, FactKind>([
  ['CANCELLATION', 'closed'],
  ['TECHNICAL_CANCEL', 'closed'],
  ['EXPIRE', 'closed'],
  ['OFFER_CLOSED', 'closed'],
  ['CAPTURE_FAILED', 'reversed'],
  ['REFUND_FAILED', 'refund_bounced'],
  ['REFUNDED_REVERSED', 'refund_bounced'],
  ['NOTIFICATION_OF_CHARGEBACK', 'dispute_opened'],
  ['REQUEST_FOR_INFORMATION', 'dispute_opened'],
  ['CHARGEBACK', 'dispute_opened'],
  ['CHARGEBACK_REVERSED', 'dispute_won'],
  ['PREARBITRATION_WON', 'dispute_won'],
  ['SECOND_CHARGEBACK', 'dispute_lost'],
  ['PREARBITRATION_LOST', 'dispute_lost'],
]);

function kindOf(said: Said, capture: ItemSettings['capture']): FactKind | null {
  const code = said('eventCode');
  const succeeded = said('success') === 'true';
  if (!succeeded && said('success') !== 'false') return null;
  switch (code) {
    case 'AUTHORISATION':
      return succeeded ? (capture === 'automatic' ? 'captured' : 'authorized') : 'failed';
    case 'CAPTURE':
      return succeeded ? 'captured' : 'failed';
    case 'REFUND':
      return succeeded ? 'refunded' : 'refund_failed';
    case 'CANCEL_OR_REFUND': {
      const action = said('additionalData.modification.action');
      if (action === 'refund') return succeeded ? 'refunded' : 'refund_failed';
      return succeeded && action === 'cancel' ? 'closed' : null;
    }
    default:
      return succeeded ? (kindOfSuccess.get(code) ?? null) : null;
  }
}

/** A text, a number as it was written, or true and false; else null. */
function plainText(value: Json | undefined): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' && JSON.isRawJSON(value) ? value.rawJSON : null;
}
