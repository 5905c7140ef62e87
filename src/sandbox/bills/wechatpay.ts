import type { FactKind } from '../../domain/fact.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { toBeijing } from '../../providers/primitives/beijing-time.ts';
import { utf8 } from '../../providers/primitives/bytes.ts';
import { type BillRow, cannotSay, inPieces, signed } from './text.ts';

const titles =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,' +
  '微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const totalTitles = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

/** 交易状态 and 退款状态 of what the bill can say. */
const statesOf: Partial<Record<FactKind, readonly [state: string, refundState: string]>> = {
  captured: ['SUCCESS', ''],
  closed: ['REVOKED', ''],
  refunded: ['REFUND', 'SUCCESS'],
  refund_pending: ['REFUND', 'PROCESSING'],
  refund_failed: ['REFUND', 'FAIL'],
};

/**
 * A trade bill of WeChat Pay with all rows.
 *
 * @throws RangeError for facts that it cannot say, as it comes to them.
 */
export function wechatpayBill(
  rows: Iterable<BillRow>,
  identity: { mchid: string; appid: string },
): Generator<Uint8Array> {
  return inPieces(linesOf(rows, identity), utf8);
}

function* linesOf(rows: Iterable<BillRow>, { mchid, appid }: { mchid: string; appid: string }): Generator<string> {
  const sum = { rows: 0, total: 0n, refunded: 0n, fee: 0n };
  // The platform's file begins with a byte order mark.
  yield `\ufeff${titles}`;
  for (const { fact, feeMinor } of rows) {
    const states = statesOf[fact.kind];
    if (states === undefined || fact.amountMinor === null || fact.currency !== 'CNY')
      return cannotSay('wechatpay', fact);
    const isRefund = states[0] === 'REFUND';
    const [total, refunded, fee] = [isRefund ? 0n : fact.amountMinor, isRefund ? fact.amountMinor : 0n, feeMinor ?? 0n];
    sum.rows += 1;
    sum.total += total;
    sum.refunded += refunded;
    sum.fee += fee;
    yield valuesLine([
      ...[toBeijing(fact.providerTime), appid, mchid, fact.payee ?? '0', '', fact.paymentId, fact.reference ?? ''],
      ...['oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', 'NATIVE', states[0], 'OTHERS', 'CNY', yuan(total), '0.00'],
      ...[isRefund ? fact.operationId : '0', isRefund ? `R${fact.operationId}` : '0', yuan(refunded), '0.00'],
      ...[isRefund ? 'ORIGINAL' : '', states[1], '商品', '', feeText(fee), '0.60%', yuan(total), yuan(refunded), ''],
    ]);
  }
  yield totalTitles;
  const { total, refunded, fee } = sum;
  yield valuesLine([`${sum.rows}.0`, yuan(total), yuan(refunded), '0.00', feeText(fee), yuan(total), yuan(refunded)]);
}

function valuesLine(values: readonly string[]): string {
  return `\`${values.join(',`')}`;
}

function yuan(amountMinor: bigint): string {
  return decimalFromMinor(amountMinor, 'CNY');
}

function feeText(feeMinor: bigint): string {
  return `${signed(feeMinor, yuan)}000`;
}
