import type { Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { isOrderNo } from '../../domain/ids.ts';
import { minorFromDecimal } from '../../domain/money.ts';
import { fromBeijing } from '../primitives/beijing-time.ts';
import { shown } from '../primitives/refusal.ts';
import type { Opened, ReceiverAccount } from '../provider.ts';

/** The value of a field; null where it is absent or empty. */
export type AlipaySaid = (name: string) => string | null;

/** What an authentic notification says. */
export function readAlipayTrade(said: AlipaySaid, account: ReceiverAccount): Opened {
  const messageId = said('notify_id');
  const status = said('trade_status');
  const type = status ?? said('notify_type') ?? said('msg_method') ?? 'unknown';
  const move = status === null ? null : moveOf(status, said);
  if (move === null) return { is: 'ignored', messageId, type: shown(type) };
  const fact = alipayFact(move, said, account);
  return typeof fact === 'string'
    ? { is: 'unreadable', why: fact }
    : { is: 'facts', messageId, facts: [fact], readBack: false };
}

/** What happened to a trade, with its own amount and time. */
export interface AlipayMove {
  kind: FactKind;
  amount: string | null;
  at: string | null;
}

/** Only the refund fields tell a refund from a payment, and a trade closed by a full refund from one that nobody paid. */
function moveOf(status: string, said: AlipaySaid): AlipayMove | null {
  const isTrade = status === 'TRADE_SUCCESS' || status === 'TRADE_FINISHED' || status === 'TRADE_CLOSED';
  const refunded = said('refund_fee');
  const hasRefund = refunded === null ? said('gmt_refund') !== null : !/^[0.]+$/.test(refunded);
  if (isTrade && hasRefund) return { kind: 'refunded', amount: refunded, at: said('gmt_refund') };
  const total = said('total_amount');
  if (status === 'TRADE_CLOSED') return { kind: 'closed', amount: total, at: said('gmt_close') };
  return isTrade ? { kind: 'captured', amount: total, at: said('gmt_payment') } : null;
}

/** The fact, or the reason why it cannot be read. A refund's amount is the total so far. */
export function alipayFact(move: AlipayMove, said: AlipaySaid, account: ReceiverAccount): Fact | string {
  const [tradeNo, orderNo] = [said('trade_no'), said('out_trade_no')];
  if (tradeNo === null || orderNo === null || !isOrderNo(orderNo)) return 'no trade_no or no out_trade_no';
  const currency = said('trans_currency') ?? 'CNY';
  if (currency !== 'CNY') return `a trade in ${shown(currency)}; only CNY is read`;
  const amountMinor = move.amount === null ? null : minorFromDecimal(move.amount, currency, { zerosBeyond: true });
  if (move.amount !== null && amountMinor === null) return 'an amount is not a decimal number of yuan';
  const time = move.at ?? said('notify_time');
  const providerTime: Instant | null = time === null ? null : fromBeijing(time);
  if (providerTime === null) return 'no time, or one that is not yyyy-MM-dd HH:mm:ss';
  return {
    account: account.id,
    kind: move.kind,
    paymentId: tradeNo,
    operationId: tradeNo,
    reference: orderNo,
    amountMinor,
    currency: amountMinor === null ? null : currency,
    fromOrder: false,
    measure: move.kind === 'refunded' ? 'cumulative' : 'single',
    providerTime,
  };
}
