import { describe, expect, it } from 'vitest';
import { chineseOf, chineseSentences } from '../../console/texts/sentences/chinese.ts';
import { errorsInChinese } from '../../console/texts/sentences/errors.ts';
import { createSentences } from '../../console/texts/sentences.ts';
import { errorCatalogue } from '../../src/domain/errors.ts';

describe('sentences in another language', () => {
  const say = createSentences({
    'a + b (c)? costs {money}.': '{money}。',
    '{money} of {money2} at {time}': '{time}：{money2} 中的 {money}',
    'it failed: {sentence}': '失败：{sentence}',
    '{sentence}; next at {time}': '{sentence}；下次 {time}',
    late: '迟到',
  });

  it('keep what stands in the places, in the order of the other language', () => {
    expect(say('1.00 EUR of 20 JPY at 2026-01-05T12:00:00.000Z')).toBe(
      '2026-01-05T12:00:00.000Z：20 JPY 中的 1.00 EUR',
    );
  });

  it('take characters that expressions give a meaning as they stand', () => {
    expect(say('a + b (c)? costs 1.00 EUR.')).toBe('1.00 EUR。');
    expect(say('aa b c costs 1.00 EUR!')).toBeNull();
  });

  it('say sentences inside others, and nothing where one of them has no words', () => {
    expect(say('it failed: late; next at never')).toBe('失败：迟到；下次 never');
    expect(say('it failed: early')).toBeNull();
    expect(say('it failed: early; next at never')).toBeNull();
  });

  it('fit whole or not at all', () => {
    expect(say('late again')).toBeNull();
    expect(say('constructor')).toBeNull();
    expect(say(`${'it failed: '.repeat(5000)}late`)).toBeNull();
  });
});

describe('the sentences of the server', () => {
  it.each([
    ['88.80 CNY arrived after the merchant closed the order.', '88.80 CNY 在商户关闭订单之后才到账。'],
    ['7 minor units of XYZ of a paid order was reversed.', '已付订单中的 7 个最小单位的 XYZ 被冲正。'],
    ['timestamp 301 s old, window 300 s', '时间戳已过去 301 秒，允许 300 秒'],
    ['HTTP 500; wanted any 2xx', 'HTTP 500；要求：任意 2xx'],
    ['the connection was refused (ECONNREFUSED)', '连接被拒绝（ECONNREFUSED）'],
    ['target refused: 10.0.0.1 is a private address', '目标地址不允许：10.0.0.1 是内网地址'],
    [
      'waits to be read back; after try 2: provider.unreachable: api.example: no answer within 5000 ms',
      '等待向支付平台查询核实；第 2 次查询后：provider.unreachable：api.example：5000 毫秒内没有应答',
    ],
    ['final: captured, refunded (account acc_1)', '已完结：扣款、退款（账户 acc_1）'],
    ['mchid is absent; this account has 1900000109', '缺少 mchid；本账户是 1900000109'],
    ['result_code SUCCESS: no out_trade_no', 'result_code SUCCESS：缺少 out_trade_no'],
    [
      'the signature fits over the body with a space after each comma and colon, with slashes escaped, with sorted names',
      '签名与每个逗号和冒号后加一个空格、转义斜杠、名称排序后的请求体相符',
    ],
    [
      'the signature fits with header a-key, which came as A_Key; a-time, which came as A_Time',
      '把请求头 A_Key 改回 a-key、把请求头 A_Time 改回 a-time 后，签名相符',
    ],
    ['the signature fits over the body as somebody else wrote it', null],
    ['no luck', null],
    ['nobody ever wrote this', null],
  ])('are said in Chinese: %s', (english, chinese) => {
    expect(chineseOf(english)).toBe(chinese);
  });

  it('are looked for in a moment, whatever another program wrote', () => {
    for (const part of ['open: ', 'open, ', 'a says ', 'line 1: ', 'it was closed (A) ', 'a (b)? .* ']) {
      expect(chineseOf(`${part.repeat(60)}?`)).toBeNull();
    }
  });

  it('keep every place of theirs', () => {
    const placesIn = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();
    const uneven = Object.entries(chineseSentences).filter(
      ([english, chinese]) => placesIn(english).join() !== placesIn(chinese).join(),
    );
    expect(uneven).toEqual([]);
  });

  it('are there for each error of the catalogue', () => {
    expect(Object.keys(errorsInChinese)).toEqual(Object.keys(errorCatalogue));
  });
});
