import { Zip, ZipDeflate } from 'fflate';
import { decimalFromMinor } from '../../domain/money.ts';
import { toBeijing } from '../../providers/primitives/beijing-time.ts';
import { gbkEncoder } from './gbk.ts';
import { type BillRow, cannotSay, inPieces, signed } from './text.ts';

const titles =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,' +
  '支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,' +
  '服务费（元）,分润（元）,备注';

/** Who and which day (`2026-01-05`, in Beijing) the bill is about. */
interface About {
  sellerId: string;
  day: string;
}

/**
 * A trade bill of Alipay: a zip with the file of the rows and that of the sums by store.
 *
 * @throws RangeError for facts that it cannot say, as it comes to them.
 */
export function* alipayBill(rows: Iterable<BillRow>, about: About): Generator<Uint8Array> {
  let packed: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error !== null) throw error;
    packed.push(bytes);
  });
  const encode = gbkEncoder();
  for (const [name, lines] of [
    ['DETAILS', detailLines(rows, about)],
    ['SUMMARY', summaryLines(about)],
  ] as const) {
    const file = new ZipDeflate(`${about.sellerId}0156_${about.day.replaceAll('-', '')}_${name}.csv`, { level: 6 });
    zip.add(file);
    for (const piece of inPieces(lines, encode)) {
      file.push(piece);
      yield* packed;
      packed = [];
    }
    file.push(new Uint8Array(), true);
  }
  zip.end();
  yield* packed;
}

function* detailLines(rows: Iterable<BillRow>, about: About): Generator<string> {
  yield* headLines('业务明细', about);
  yield '#-----------------------------------------业务明细列表----------------------------------------';
  yield titles;
  const sums = { captured: { count: 0, minor: 0n }, refunded: { count: 0, minor: 0n } };
  for (const { fact, feeMinor } of rows) {
    const { kind, amountMinor, currency } = fact;
    if ((kind !== 'captured' && kind !== 'refunded') || amountMinor === null || currency !== 'CNY')
      return cannotSay('alipay', fact);
    const minor = kind === 'refunded' ? -amountMinor : amountMinor;
    sums[kind].count += 1;
    sums[kind].minor += minor;
    const at = toBeijing(fact.providerTime);
    const request = kind === 'refunded' ? fact.operationId : '';
    yield [
      ...[`${fact.paymentId}\t`, `${fact.reference}\t`, kind === 'refunded' ? '退款\t' : '交易\t', '商品', at, at],
      ...[
        '\t',
        '\t',
        '\t',
        '\t',
        '*三(138****00)\t',
        yuan(minor),
        yuan(minor),
        '0.00',
        '0.00',
        '0.00',
        '0.00',
        '0.00',
        '',
      ],
      ...['0.00\t', '0.00', `${request}\t`, yuan(-(feeMinor ?? 0n)), '0.00', ''],
    ].join(',');
  }
  const { captured, refunded } = sums;
  yield '#-----------------------------------------业务明细列表结束------------------------------------';
  yield `#交易合计：${captured.count}笔，商家实收共${yuan(captured.minor)}元，商家优惠共0.00元`;
  yield `#退款合计：${refunded.count}笔，商家实收退款共${yuan(refunded.minor)}元，商家优惠退款共0.00元`;
  yield `#导出时间：[${dayText(about.day)} 23:59:59]`;
}

function* summaryLines(about: About): Generator<string> {
  yield* headLines('业务汇总', about);
  yield '#-----------------------------------------业务汇总列表----------------------------------------';
  yield '#-----------------------------------------业务汇总列表结束------------------------------------';
}

function* headLines(name: string, { sellerId, day }: About): Generator<string> {
  yield `#支付宝${name}查询`;
  yield `#账号：[${sellerId}0156]`;
  yield `#起始日期：[${dayText(day)} 00:00:00]   终止日期：[${dayText(day)} 23:59:59]`;
}

function dayText(day: string): string {
  const [year, month, date] = day.split('-');
  return `${year}年${month}月${date}日`;
}

function yuan(amountMinor: bigint): string {
  return signed(amountMinor, (amount) => decimalFromMinor(amount, 'CNY'));
}
