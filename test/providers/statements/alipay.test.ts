import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { gbkEncoder } from '../../../src/sandbox/bills/gbk.ts';
import { fixture, inBytes, readerOf, refusalOf, rowsOf } from './support.ts';

const read = readerOf('alipay');
const trade = '2026010522001412341234123456';

describe('the trade bill of Alipay', () => {
  it('tells captures and refunds, each refund under its own request number', async () => {
    const rows = await rowsOf(read(fixture('alipay-trades.zip')));
    expect(rows.map(({ line, type, feeMinor }) => [line, type, feeMinor])).toEqual([
      [6, '交易', 53n],
      [7, '退款', -18n],
      [8, '交易', 0n],
      [9, '退款', 0n],
      [10, '分账', 0n],
    ]);
    expect(rows[0]?.fact).toEqual({
      account: 'acc_test',
      kind: 'captured',
      paymentId: trade,
      operationId: trade,
      reference: 'ORDER-20260105-0001',
      amountMinor: 8880n,
      currency: 'CNY',
      fromOrder: false,
      measure: 'single',
      providerTime: Date.parse('2026-01-05T02:21:32Z'),
    });
    expect(rows[1]?.fact).toMatchObject({
      kind: 'refunded',
      paymentId: trade,
      operationId: 'R-1',
      amountMinor: 3000n,
      measure: 'single',
      providerTime: Date.parse('2026-01-05T03:00:00Z'),
    });
    expect(rows[3]?.fact).toMatchObject({ kind: 'refunded', operationId: 'ORDER-20260105-0002', amountMinor: 1n });
    expect(rows[4]?.fact).toBeNull();
  });

  it('is refused without the total of refunds', async () => {
    const refusal = await refusalOf(read(fixture('alipay-no-refund-total.zip')));
    expect(refusal).toContain('the file ends without #退款合计');
  });

  const titles =
    '支付宝交易号,商户订单号,业务类型,商品名称,完成时间,订单金额（元）,商家实收（元）,退款批次号/请求号,服务费（元）';
  const lines = [
    '#支付宝业务明细查询',
    titles,
    '2026\t,O-1\t,交易\t,商品,2026-01-05 10:21:32,1.00,1.00,\t,0.00',
    '#----业务明细列表结束----',
    '#交易合计：1笔，商家实收共1.00元，商家优惠共0.00元',
    '#退款合计：0笔，商家实收退款共0.00元，商家优惠退款共0.00元',
  ];
  const encode = gbkEncoder();
  const bill = (text: string) => inBytes([zipSync({ 'bill.csv': encode(text) })]);

  it.each([
    ['#交易合计：1笔', '#交易合计：2笔', 'line 5: 2 交易, and the file has 1'],
    ['共1.00元', '共1.01元', 'line 5: 交易 of 1.01, and the rows add up to 100 fen'],
    [',1.00,1.00,', ',-1.00,1.00,', 'line 3: the sign of 订单金额 does not fit 业务类型'],
    ['商品,2026', '2026', 'line 3: 8 values under 9 titles'],
    ['2026-01-05 10:21:32', 'yesterday', 'line 3: no time, or one that cannot be read'],
    ['2026\t,', '\t,', 'line 3: no 支付宝交易号'],
    ['#----业务明细列表结束----', '#----业务明细列表结束----\n1,2', 'line 5: a row after the end of the list'],
    ['完成时间', '时间', 'line 2: there is no column 完成时间'],
  ])('is refused where %s is %s', async (before, after, why) => {
    expect(await rowsOf(read(bill(lines.join('\n'))))).toHaveLength(1);
    expect(await refusalOf(read(bill(lines.join('\n').replace(before, after))))).toContain(why);
  });
});
