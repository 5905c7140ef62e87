import { fromIso, type Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { isOrderNo } from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import type { Notification } from '../../domain/notification.ts';
import { toBeijingIso } from '../primitives/beijing-time.ts';
import { at, exactInteger, idAt, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { moneyFrom } from '../primitives/money.ts';
import { refused, shown } from '../primitives/refusal.ts';
import type { ReceiverAccount, Refusal } from '../provider.ts';

/** Who the account is: what a resource must name to be about its money. */
export interface WechatpayIdentity {
  mchid: string;
  appids: readonly string[];
  role?: 'merchant' | 'partner';
  sub_mchids?: readonly string[];
}

interface Source {
  originalType: 'transaction' | 'refund';
  account: ReceiverAccount;
  credentials: WechatpayIdentity;
  /** Of the envelope; stands in where the resource names no time. */
  createTime: string | null;
}

/**
 * What `trade_state` means for money. REFUND says that a paid trade has refunds, which notify for themselves. REVOKED is a payment-code
 * payment taken back before it counted. NOTPAY, USERPAYING and ACCEPT decide nothing.
 */
const kindOfTradeState: Readonly<Record<string, FactKind>> = {
  SUCCESS: 'captured',
  REFUND: 'captured',
  PAYERROR: 'failed',
  CLOSED: 'closed',
  REVOKED: 'closed',
};

/** ABNORMAL: the payer's card refused the money, and a person must say where it goes instead. */
const kindOfRefundStatus: Readonly<Record<string, FactKind>> = {
  SUCCESS: 'refunded',
  CLOSED: 'refund_failed',
  ABNORMAL: 'refund_pending',
  PROCESSING: 'refund_pending',
};

/**
 * The facts in a decrypted resource: one, or one for each sub-order of a combined payment; none where the state decides nothing; a text
 * with the reason where it cannot be read; a refusal where it is about somebody else's money.
 */
export function readWechatpayResource(resource: Json, source: Source): readonly Fact[] | string | Refusal {
  if (source.originalType === 'refund')
    return refuseOther(resource, source.credentials) ?? facts([refundOf(resource, source)]);
  const subOrders = at(resource, 'sub_orders');
  if (!Array.isArray(subOrders))
    return refuseOther(resource, source.credentials) ?? facts([paymentOf(resource, source, null)]);
  if (subOrders.length > limits.factsPerCallbackMax) return `more than ${limits.factsPerCallbackMax} sub_orders`;
  const groupId = idAt(resource, 'combine_out_trade_no');
  if (groupId === null) return 'no combine_out_trade_no';
  return (
    refuseOtherCombined(resource, subOrders, source.credentials) ??
    facts(subOrders.map((one) => paymentOf(one, source, groupId)))
  );
}

/** What a notification is as an event and its resource, before it is encrypted. A capture is known by its own id, so that several of one payment stay several. */
export function wechatpayResource(
  notification: Notification,
  { mchid, appid }: { mchid: string; appid: string },
): { eventType: string; originalType: 'transaction' | 'refund'; resource: JsonObject } {
  const [eventType, originalType] = eventOf(notification);
  return originalType === 'refund'
    ? { eventType, originalType, resource: { mchid, ...refundFor(notification) } }
    : { eventType, originalType, resource: { mchid, appid, ...transactionFor(notification) } };
}

function facts(read: readonly (Fact | string | null)[]): readonly Fact[] | string {
  const found: Fact[] = [];
  for (const one of read) {
    if (typeof one === 'string') return one;
    if (one !== null) found.push(one);
  }
  return found;
}

function paymentOf(resource: Json, source: Source, groupId: string | null): Fact | string | null {
  const state = textAt(resource, 'trade_state');
  if (state === null) return 'no trade_state';
  const kind = Object.hasOwn(kindOfTradeState, state) ? kindOfTradeState[state] : undefined;
  const transactionId = idAt(resource, 'transaction_id');
  if (kind === undefined) return null;
  // Combined payments say total_amount where single ones say total.
  const total =
    groupId === null
      ? at(resource, 'amount.total')
      : (at(resource, 'amount.total_amount') ?? at(resource, 'amount.total'));
  const currency = at(resource, 'amount.currency') ?? 'CNY';
  const fact = factOf(kind, resource, { source, operationId: transactionId, amount: total, currency });
  return typeof fact === 'string' || groupId === null ? fact : { ...fact, groupId };
}

function refundOf(resource: Json, source: Source): Fact | string | null {
  const status = textAt(resource, 'refund_status');
  if (status === null) return 'no refund_status';
  const kind = Object.hasOwn(kindOfRefundStatus, status) ? kindOfRefundStatus[status] : undefined;
  if (kind === undefined) return null;
  const currency = at(resource, 'amount.currency') ?? 'CNY';
  const operationId = idAt(resource, 'refund_id');
  const fact = factOf(kind, resource, { source, operationId, amount: at(resource, 'amount.refund'), currency });
  return typeof fact === 'string' || status !== 'ABNORMAL' ? fact : { ...fact, needsPerson: true };
}

interface Said {
  source: Source;
  operationId: string | null;
  amount: Json | undefined;
  currency: Json | undefined;
}

function factOf(kind: FactKind, resource: Json, { source, operationId, amount, currency }: Said): Fact | string {
  const paymentId = idAt(resource, 'transaction_id');
  const reference = idAt(resource, 'out_trade_no');
  if (paymentId === null || operationId === null) return 'no transaction_id or no refund_id';
  if (reference === null || !isOrderNo(reference)) return 'no out_trade_no';
  const money = moneyFrom(amount, currency);
  if (typeof money === 'string') return money;
  const providerTime = timeOf(textAt(resource, 'success_time') ?? source.createTime);
  if (providerTime === null) return 'success_time is not ISO 8601 with its offset';
  const payee = idAt(resource, 'sub_mchid');
  return {
    account: source.account.id,
    kind,
    paymentId,
    operationId,
    reference,
    ...(payee === null ? {} : { payee }),
    amountMinor: money?.amountMinor ?? null,
    currency: money?.currency ?? null,
    fromOrder: false,
    measure: 'single',
    providerTime,
  };
}

function timeOf(text: string | null): Instant | null {
  return text === null ? null : fromIso(text);
}

/** A notification that is authentic, and meant for another merchant, partner or app. Refunds name no app. */
function refuseOther(resource: Json, identity: WechatpayIdentity): Refusal | null {
  const prefix = identity.role === 'partner' ? 'sp_' : '';
  const mchid = idAt(resource, `${prefix}mchid`);
  const appid = idAt(resource, `${prefix}appid`);
  return (
    refuseUnless(mchid === identity.mchid, `${prefix}mchid`, mchid, identity.mchid) ??
    refuseUnless(
      appid === null || identity.appids.includes(appid),
      `${prefix}appid`,
      appid,
      identity.appids.join(', '),
    ) ??
    refuseSubMerchant(resource, identity)
  );
}

function refuseOtherCombined(resource: Json, subOrders: readonly Json[], identity: WechatpayIdentity): Refusal | null {
  const mchid = idAt(resource, 'combine_mchid');
  const appid = idAt(resource, 'combine_appid');
  const refusal =
    refuseUnless(mchid === identity.mchid, 'combine_mchid', mchid, identity.mchid) ??
    refuseUnless(appid === null || identity.appids.includes(appid), 'combine_appid', appid, identity.appids.join(', '));
  if (refusal !== null || identity.role !== 'partner') return refusal;
  return subOrders.map((one) => refuseSubMerchant(one, identity)).find((one) => one !== null) ?? null;
}

/** A partner without `sub_mchids` takes them all. */
function refuseSubMerchant(resource: Json, identity: WechatpayIdentity): Refusal | null {
  if (identity.role !== 'partner' || identity.sub_mchids === undefined) return null;
  const subMchid = idAt(resource, 'sub_mchid');
  const isOurs = subMchid !== null && identity.sub_mchids.includes(subMchid);
  return refuseUnless(isOurs, 'sub_mchid', subMchid, `${identity.sub_mchids.length} others`);
}

function refuseUnless(isOurs: boolean, field: string, found: string | null, ours: string): Refusal | null {
  return isOurs
    ? null
    : refused(
        'callback.other_account',
        `${field} is ${found === null ? 'absent' : shown(found)}; this account has ${ours}`,
      );
}

function eventOf({ type }: Notification): readonly [eventType: string, originalType: 'transaction' | 'refund'] {
  if (type === 'refund.succeeded') return ['REFUND.SUCCESS', 'refund'];
  if (type === 'refund.failed') return ['REFUND.CLOSED', 'refund'];
  return [type === 'payment.failed' ? 'TRANSACTION.FAIL' : 'TRANSACTION.SUCCESS', 'transaction'];
}

function transactionFor(notification: Notification): JsonObject {
  const total = exactInteger(notification.amountMinor);
  const succeeded = notification.type === 'payment.succeeded';
  return {
    out_trade_no: notification.orderNo,
    transaction_id: notification.operationId,
    trade_type: 'NATIVE',
    trade_state: succeeded ? 'SUCCESS' : 'PAYERROR',
    trade_state_desc: succeeded ? '支付成功' : '支付失败',
    bank_type: 'OTHERS',
    attach: '',
    success_time: toBeijingIso(notification.occurredAt),
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    amount: { total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' },
  };
}

function refundFor(notification: Notification): JsonObject {
  const { amountMinor, refundedTotalMinor, orderAmountMinor } = notification;
  const [refund, total] = [
    exactInteger(amountMinor),
    exactInteger(orderAmountMinor ?? refundedTotalMinor ?? amountMinor),
  ];
  const succeeded = notification.type === 'refund.succeeded';
  return {
    out_trade_no: notification.orderNo,
    transaction_id: notification.paymentId,
    out_refund_no: notification.operationId,
    refund_id: notification.operationId,
    refund_status: succeeded ? 'SUCCESS' : 'CLOSED',
    ...(succeeded ? { success_time: toBeijingIso(notification.occurredAt) } : {}),
    user_received_account: '支付用户零钱',
    amount: { total, refund, payer_total: total, payer_refund: refund },
  };
}
