import type { Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { isOrderNo } from '../../domain/ids.ts';
import type { Notification } from '../../domain/notification.ts';
import { fromBeijing, fromBeijingDigits, toBeijing, toBeijingDigits } from '../primitives/beijing-time.ts';
import { idAt } from '../primitives/json.ts';
import { moneyFrom } from '../primitives/money.ts';
import { refused, shown } from '../primitives/refusal.ts';
import type { XmlFields } from '../primitives/signed-xml.ts';
import { factTold } from '../primitives/told-fact.ts';
import type { ReceiverAccount, Refusal } from '../provider.ts';

/** What decides: such a field must not seem to come twice in a signed text. */
export const decisiveFields = [
  ...['appid', 'mch_id', 'result_code', 'trade_state', 'transaction_id', 'out_trade_no', 'total_fee', 'fee_type'],
  ...['time_end', 'return_code', 'sub_mch_id', 'err_code'],
];

/** `trade_state` of an answer, or `result_code` of a notification. REFUND: paid, with refunds, which are asked for apart. */
const kindOfState: Readonly<Record<string, FactKind>> = {
  SUCCESS: 'captured',
  REFUND: 'captured',
  FAIL: 'failed',
  PAYERROR: 'failed',
  CLOSED: 'closed',
  REVOKED: 'closed',
};

/** CHANGE: the payer's card refused the money, and a person must say where it goes instead. */
const kindOfRefundStatus: Readonly<Record<string, FactKind>> = {
  SUCCESS: 'refunded',
  CHANGE: 'refund_pending',
  PROCESSING: 'refund_pending',
  REFUNDCLOSE: 'refund_failed',
};

/** What a notification or an answer says of a payment; a text = why it cannot be read; null = nothing that counts. */
export function v2PaymentOf(fields: XmlFields, account: ReceiverAccount, otherwiseAt: Instant): Fact | string | null {
  const state = fields.get('trade_state') ?? fields.get('result_code') ?? '';
  const kind = Object.hasOwn(kindOfState, state) ? kindOfState[state] : undefined;
  if (kind === undefined) return null;
  const reference = fields.get('out_trade_no') ?? '';
  if (!isOrderNo(reference)) return 'no out_trade_no';
  const transactionId = idIn(fields.get('transaction_id'));
  if (transactionId === null && kind === 'captured') return 'no transaction_id';
  const id = transactionId ?? `order:${reference}`;
  const payee = idIn(fields.get('sub_mch_id'));
  const ended = fields.get('time_end');
  const fact = factTold(
    {
      kind,
      paymentId: id,
      operationId: id,
      reference,
      // What was closed is the order, also where the answer to closing it says no amount.
      money: kind === 'closed' ? null : moneyFrom(fields.get('total_fee') || null, fields.get('fee_type') || 'CNY'),
      // Other answers that are signed alike say no time_end; none of them may pass for a payment.
      time: ended || kind === 'captured' ? fromBeijingDigits(ended ?? '') : otherwiseAt,
    },
    account.id,
  );
  return typeof fact === 'string' || payee === null ? fact : { ...fact, payee };
}

/** As {@link v2PaymentOf}, of a refund: `said` gives its fields, which an answer numbers. */
export function v2RefundOf(
  said: (name: string) => string | undefined,
  account: ReceiverAccount,
  otherwiseAt: Instant,
): Fact | string | null {
  const status = said('refund_status') ?? '';
  const kind = Object.hasOwn(kindOfRefundStatus, status) ? kindOfRefundStatus[status] : undefined;
  if (kind === undefined) return null;
  const reference = said('out_trade_no') ?? '';
  if (!isOrderNo(reference)) return 'no out_trade_no';
  const refundedAt = said('success_time');
  return factTold(
    {
      kind,
      paymentId: idIn(said('transaction_id')),
      operationId: idIn(said('refund_id')),
      reference,
      money: moneyFrom(said('refund_fee') || null, 'CNY'),
      needsPerson: status === 'CHANGE',
      time: refundedAt ? fromBeijing(refundedAt) : otherwiseAt,
    },
    account.id,
  );
}

/** What is authentic, or was encrypted for us, and is about another merchant or app. */
export function refuseOther(
  fields: XmlFields,
  { mch_id, appids }: { mch_id: string; appids: readonly string[] },
): Refusal | null {
  const [found, appid] = [fields.get('mch_id') ?? '', fields.get('appid') ?? ''];
  if (found !== mch_id)
    return refused('callback.other_account', `mch_id is ${shown(found || 'absent')}; this account has ${mch_id}`);
  if (appids.includes(appid)) return null;
  return refused(
    'callback.other_account',
    `appid is ${shown(appid || 'absent')}; this account has ${appids.join(', ')}`,
  );
}

/** A notification as the fields that say it. A capture is known by its own id, so that several of one payment stay several. */
export function v2Resource(notification: Notification): Readonly<Record<string, string>> {
  const { type, orderNo, amountMinor, orderAmountMinor, refundedTotalMinor, occurredAt } = notification;
  const amount = String(amountMinor);
  if (type.startsWith('refund.')) {
    const total = String(orderAmountMinor ?? refundedTotalMinor ?? amountMinor);
    const succeeded = type === 'refund.succeeded';
    return {
      out_refund_no: notification.operationId,
      out_trade_no: orderNo,
      refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS',
      refund_fee: amount,
      refund_id: notification.operationId,
      refund_recv_accout: '支付用户零钱',
      refund_request_source: 'API',
      refund_status: succeeded ? 'SUCCESS' : 'REFUNDCLOSE',
      settlement_refund_fee: amount,
      settlement_total_fee: total,
      ...(succeeded ? { success_time: toBeijing(occurredAt) } : {}),
      total_fee: total,
      transaction_id: notification.paymentId,
    };
  }
  const failed = type === 'payment.failed';
  return {
    bank_type: 'OTHERS',
    cash_fee: amount,
    fee_type: 'CNY',
    is_subscribe: 'N',
    openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
    out_trade_no: orderNo,
    result_code: failed ? 'FAIL' : 'SUCCESS',
    ...(failed ? { err_code: 'SYSTEMERROR', err_code_des: '支付失败' } : {}),
    time_end: toBeijingDigits(occurredAt),
    total_fee: amount,
    trade_type: 'NATIVE',
    transaction_id: notification.operationId,
  };
}

function idIn(text: string | undefined): string | null {
  return idAt({ text }, 'text');
}
