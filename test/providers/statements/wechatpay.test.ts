import { describe, expect, it } from 'vitest';
import { changedFixture, fileOf, fixture, readerOf, refusalOf, rowsOf } from './support.ts';

const read = readerOf('wechatpay');
const first = '4200002026010500000000000001';

describe('the trade bill of WeChat Pay', () => {
  it('tells captures of what was ordered and refunds of what was asked for, coupons included', async () => {
    const rows = await rowsOf(read(fixture('wechatpay-trades.csv')));
    expect(rows.map(({ line, type, feeMinor }) => [line, type, feeMinor])).toEqual([
      [2, 'SUCCESS', 47n],
      // Six hundred-thousandths: no money yet.
      [3, 'SUCCESS', null],
      [4, 'REFUND', -12n],
      [5, 'REFUND', 0n],
      [6, 'REFUND', 0n],
      [7, 'REVOKED', 0n],
    ]);
    expect(rows[0]?.fact).toEqual({
      account: 'acc_test',
      kind: 'captured',
      paymentId: first,
      operationId: first,
      reference: 'ORDER-20260105-0001',
      amountMinor: 8880n,
      currency: 'CNY',
      fromOrder: false,
      measure: 'single',
      providerTime: Date.parse('2026-01-05T02:21:32Z'),
    });
    expect(rows[1]?.fact).toMatchObject({ payee: '1900000110', amountMinor: 1n });
    expect(rows.slice(2).map(({ fact }) => fact)).toMatchObject([
      { kind: 'refunded', paymentId: first, operationId: '50300000002026010500000000001', amountMinor: 3000n },
      { kind: 'refund_pending', operationId: '50300000002026010500000000002', amountMinor: 100n },
      { kind: 'refund_pending', operationId: '50300000002026010500000000003', needsPerson: true },
      { kind: 'refunded', operationId: '50300000002026010500000000004', amountMinor: 500n },
    ]);
  });

  it('of refunds alone gives each the time at which it succeeded', async () => {
    expect(await rowsOf(read(fixture('wechatpay-refunds.csv')))).toMatchObject([
      { fact: { kind: 'refunded', amountMinor: 1n, providerTime: Date.parse('2026-01-05T06:33:24Z') } },
    ]);
  });

  it.each([
    ['`6.0,', '`5,', 'line 9: 总交易单数 is 5, and the file has 6 rows'],
    ['`88.81,`37.00', '`88.82,`37.00', 'line 9: 订单总金额 is 88.82, and the rows add up to 8881 (2 decimals)'],
    ['`88.81,`37.00', '`88.81,`36.99', 'line 9: 申请退款总金额 is 36.99, and the rows add up to 3700 (2 decimals)'],
    ['`0.35006,', '`0.35,', 'line 9: 手续费总金额 is 0.35, and the rows add up to 35006 (5 decimals)'],
    ['`6.0,`78.81,`27.00,`0.00,`0.35006,`88.81,`37.00\n', '', 'line 8: the file ends without its totals'],
    ['37.00\n', '37.00\n`1\n', 'line 10: something follows the totals'],
    ['`1900000109,`1900000110', '`1900000999,`0', 'line 3: 商户号 is 1900000999; the account has 1900000109'],
    ['`OTHERS,`CNY,`78.80', '`OTHERS,`USD,`78.80', 'line 2: a trade in USD; only CNY is read'],
    ['`0.60%,`88.80', '`0.60%,`88.805', 'line 2: 88.805 is no amount of CNY'],
    ['`0.60%,`88.80', '`0.60%,`', 'line 2: nothing is no amount of CNY'],
    ['2026-01-05 10:21:32', '2026-02-30 10:21:32', 'line 2: no time, or one that cannot be read'],
    ['`50300000002026010500000000001', '`0', 'line 4: a refund without 微信退款单号'],
    ['`ORDER-20260105-0002', '`', 'line 3: no 商户订单号'],
    ['交易时间,', '订单金额,', 'line 1: two columns are called 订单金额'],
    ['货币种类', '币种', 'line 1: there is no column 货币种类'],
  ])('is refused where %s is %s', async (before, after, why) => {
    const changed = changedFixture('wechatpay-trades.csv', (text) => text.replace(before, after));
    expect(await refusalOf(read(changed))).toContain(why);
  });

  it('gives the rows before the wrong one first', async () => {
    const seen: number[] = [];
    const changed = changedFixture('wechatpay-trades.csv', (text) => text.replace('12:05:00', 'noon'));
    const reading = (async () => {
      for await (const { line } of read(changed)) seen.push(line);
    })();
    await expect(reading).rejects.toThrow('line 5');
    expect(seen).toEqual([2, 3, 4]);
  });

  it('may have no rows at all', async () => {
    const lines = ['交易时间,商户号,微信订单号,商户订单号,交易状态,货币种类,手续费,订单金额'];
    lines.push('总交易单数,手续费总金额,订单总金额,申请退款总金额', '`0,`0.00000,`0.00,`0.00');
    expect(await rowsOf(read(fileOf(...lines)))).toEqual([]);
  });
});

describe('the fund flow bill of WeChat Pay', () => {
  it('holds no facts, and its totals are checked', async () => {
    expect(await rowsOf(read(fixture('wechatpay-fund-flow.csv')))).toEqual([
      { line: 2, type: '交易', fact: null, feeMinor: null },
      { line: 3, type: '扣除交易手续费', fact: null, feeMinor: null },
    ]);
  });

  it.each([
    ['`2.0,`1.0', '`2.0,`2.0', '收入笔数 is 2.0'],
    ['`1.0,`0.53', '`1.0,`0.54', '支出金额 is 0.54'],
    ['支出,`0.53', '转账,`0.53', '收支类型 is 转账'],
  ])('is refused where %s is %s', async (before, after, why) => {
    const changed = changedFixture('wechatpay-fund-flow.csv', (text) => text.replace(before, after));
    expect(await refusalOf(read(changed))).toContain(why);
  });
});
