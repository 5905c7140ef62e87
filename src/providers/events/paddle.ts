import { fromIso, type Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { at, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { moneyFrom } from '../primitives/money.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { openedAs } from '../primitives/told-fact.ts';
import type { Opened, ReceiverAccount } from '../provider.ts';

/** `transaction.completed` follows `transaction.paid` with the same money: both are one fact. */
const kindOfTransaction: Readonly<Record<string, FactKind>> = {
  'transaction.paid': 'captured',
  'transaction.completed': 'captured',
  'transaction.payment_failed': 'failed',
  'transaction.canceled': 'closed',
};

/** What an adjustment's status means, by its action. A reversal is told by the status of what it reverses; a credit moves no money. */
const kindOfAdjustment: Readonly<Record<string, Readonly<Record<string, FactKind>>>> = {
  refund: { pending_approval: 'refund_pending', approved: 'refunded', rejected: 'refund_failed' },
  chargeback: { approved: 'dispute_opened', reversed: 'dispute_won' },
  chargeback_warning: { approved: 'dispute_opened', reversed: 'dispute_won' },
};
const orderNoPlaces = ['data.custom_data.order_no', 'data.custom_data.order_id'];

/** What an authentic event says. */
export function readPaddleEvent(body: Json, account: ReceiverAccount, orderNoPath: string | undefined): Opened {
  const type = textAt(body, 'event_type');
  const messageId = idAt(body, 'event_id');
  const occurredAt = fromIso(textAt(body, 'occurred_at') ?? '');
  if (type === null || messageId === null || occurredAt === null)
    return { is: 'unreadable', why: 'the event has no event_id, no event_type or no occurred_at' };
  const data = at(body, 'data');
  const fact = isObject(data)
    ? factOfPaddle(type, data, { account, orderNoPath, occurredAt })
    : 'the event has no data';
  return openedAs({ id: messageId, type }, fact);
}

export interface PaddleReading {
  account: ReceiverAccount;
  orderNoPath: string | undefined;
  occurredAt: Instant | null;
}

/** The fact of an event's object, or of one that the API shows. Null = no kind for it; a text = the reason why it cannot be read. */
export function factOfPaddle(type: string, data: JsonObject, reading: PaddleReading): Fact | string | null {
  const said = saidBy(type, data);
  if (said === null || typeof said === 'string') return said;
  if (reading.occurredAt === null) return 'no time, or one that cannot be read';
  return {
    account: reading.account.id,
    ...said,
    reference: paddleReference({ data }, reading.orderNoPath),
    fromOrder: false,
    measure: 'single',
    providerTime: reading.occurredAt,
  };
}

/** Our order number. Renewals carry the custom_data of the first purchase, whose order they do not pay. */
export function paddleReference(event: Json, orderNoPath: string | undefined): string | null {
  const isRenewal = textAt(event, 'data.origin')?.startsWith('subscription_') === true;
  return orderNoAt(event, orderNoPath === undefined ? (isRenewal ? [] : orderNoPlaces) : [orderNoPath]);
}

type Said = Pick<Fact, 'kind' | 'paymentId' | 'operationId' | 'amountMinor' | 'currency'>;

/** Null = no kind for it; a text = the reason why it cannot be read. */
function saidBy(type: string, data: JsonObject): Said | null | string {
  if (type === 'adjustment.created' || type === 'adjustment.updated') return ofAdjustment(data);
  const kind = Object.hasOwn(kindOfTransaction, type) ? kindOfTransaction[type] : undefined;
  if (kind === undefined) return null;
  const paymentId = idAt(data, 'id');
  // Of several attempts the newest stands first.
  const attempt =
    kind === 'failed' && Array.isArray(data.payments) ? idAt(data.payments[0], 'payment_attempt_id') : null;
  // What the customer pays: after tax, discount and credits, before payments.
  const amount = at(data, 'details.totals.grand_total');
  return ofMoney(kind, { paymentId, operationId: attempt ?? paymentId }, { amount, currency: data.currency_code });
}

function ofAdjustment(data: JsonObject): Said | null | string {
  const [action, status] = [textAt(data, 'action'), textAt(data, 'status')];
  if (action === null || status === null) return 'the adjustment has no action or no status';
  const kinds = Object.hasOwn(kindOfAdjustment, action) ? kindOfAdjustment[action] : undefined;
  const kind = kinds !== undefined && Object.hasOwn(kinds, status) ? kinds[status] : undefined;
  if (kind === undefined) return null;
  const ids = { paymentId: idAt(data, 'transaction_id'), operationId: idAt(data, 'id') };
  return ofMoney(kind, ids, { amount: at(data, 'totals.total'), currency: data.currency_code });
}

function ofMoney(
  kind: FactKind,
  { paymentId, operationId }: { paymentId: string | null; operationId: string | null },
  { amount, currency }: { amount: Json | undefined; currency: Json | undefined },
): Said | string {
  if (paymentId === null || operationId === null) return 'no id, or no transaction_id';
  const money = moneyFrom(amount, currency);
  if (typeof money === 'string') return money;
  return {
    kind,
    paymentId,
    operationId,
    amountMinor: money?.amountMinor ?? null,
    currency: money?.currency ?? null,
  };
}
