import { describe, expect, it } from 'vitest';
import { signed, signedForm, signedResource } from './signing.ts';
import { context, refusalOf, sidesOf } from './support.ts';

const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

/** Bodies that are authentic and say nothing that can be read. */
const damaged: readonly (readonly [name: string, body: string | Uint8Array])[] = [
  ['JSON that is cut off', '{"order_id":"O-1","type":"payment.succeeded"'],
  ['no JSON at all', 'order_id=O-1'],
  ['an empty body', ''],
  ['a list', '[1]'],
  ['a number', '1'],
  ['null', 'null'],
  ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
  ['a lone surrogate in CESU-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
  ['a NUL byte', '{"order_id":"O\0"}'],
  ['an escaped NUL', '{"order_id":"O\\u0000","type":"a"}'],
  ['JSON nested 65 levels deep', nested(65)],
  ['JSON nested 100,000 levels deep', nested(100_000)],
  ['the names of JavaScript’s own properties', '{"__proto__":{"type":"payment.succeeded"},"constructor":{"name":"x"}}'],
];

describe.each([
  'adyen',
  'cashfree',
  'checkout',
  'coinbase-commerce',
  'gocardless',
  'hmac',
  'lemonsqueezy',
  'mollie',
  'paddle',
  'paystack',
  'razorpay',
  'shopify',
  'square',
  'standard',
  'stripe',
  'wechatpay',
  'xendit',
])('%s, authentic but unreadable', (name) => {
  const { receiver } = sidesOf(name);

  it.each(damaged)('%s is kept as unreadable', (_name, body) => {
    expect(refusalOf(receiver.open(signed(name, body), context))).toMatch(/^unreadable: /);
  });
});

describe('a byte order mark', () => {
  it('is signed as it came, and skipped when the body is read', () => {
    const body = '\uFEFF{"order_id":"O-1","status":"success","amount_minor":1,"currency":"CNY"}';
    expect(sidesOf('hmac').receiver.open(signed('hmac', body), context).is).toBe('facts');
  });
});

const amounts: readonly (readonly [name: string, amount: string])[] = [
  ['a fraction', '88.80'],
  ['a number with an exponent', '1e3'],
  ['a negative number', '-1'],
  ['a number past 64 bits', '99999999999999999999'],
  ['a number past our largest amount', '100000000000000001'],
  ['a text that is no number', '"12a"'],
  ['a text with a sign', '"+12"'],
  ['an object', '{}'],
  ['true', 'true'],
];

describe.each(amounts)('an amount that is %s', (_name, amount) => {
  const expected = /^unreadable: .*the amount is not a whole number of minor units/;

  it('makes a body of hmac unreadable', () => {
    const body = `{"order_id":"O-1","status":"success","amount_minor":${amount},"currency":"CNY"}`;
    expect(refusalOf(sidesOf('hmac').receiver.open(signed('hmac', body), context))).toMatch(expected);
  });

  it('makes a body of standard unreadable', () => {
    const body = `{"type":"refund.succeeded","data":{"order_no":"O-1","operation_id":"r","amount_minor":${amount},"currency":"CNY"}}`;
    expect(refusalOf(sidesOf('standard').receiver.open(signed('standard', body), context))).toMatch(expected);
  });

  it('makes a charge of Coinbase Commerce unreadable, unless it is a decimal number', () => {
    const charge = `{"code":"A","pricing":{"local":{"amount":${amount},"currency":"USD"}}}`;
    const body = `{"event":{"id":"e","type":"charge:confirmed","created_at":"2026-01-05T02:21:33Z","data":${charge}}}`;
    expect(refusalOf(sidesOf('coinbase-commerce').receiver.open(signed('coinbase-commerce', body), context))).toMatch(
      expected,
    );
  });

  it('makes an event of Lemon Squeezy unreadable', () => {
    const order = `{"status":"paid","total":${amount},"currency":"USD","created_at":"2026-01-05T02:21:33.000000Z"}`;
    const body = `{"meta":{"event_name":"order_created"},"data":{"id":"1","attributes":${order}}}`;
    expect(refusalOf(sidesOf('lemonsqueezy').receiver.open(signed('lemonsqueezy', body), context))).toMatch(expected);
  });

  it('makes an event of Paddle unreadable', () => {
    const data = `{"id":"txn_1","currency_code":"USD","details":{"totals":{"grand_total":${amount}}}}`;
    const body = `{"event_id":"evt_1","event_type":"transaction.paid","occurred_at":"2026-01-05T02:21:33Z","data":${data}}`;
    expect(refusalOf(sidesOf('paddle').receiver.open(signed('paddle', body), context))).toMatch(expected);
  });

  it('makes an event of Stripe unreadable', () => {
    const object = `{"id":"pi_1","amount_received":${amount},"currency":"usd"}`;
    const body = `{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1767579693,"livemode":true,"data":{"object":${object}}}`;
    expect(refusalOf(sidesOf('stripe').receiver.open(signed('stripe', body), context))).toMatch(expected);
  });

  it('makes an event of Paystack unreadable', () => {
    const data = `{"id":1,"reference":"O-1","amount":${amount},"currency":"NGN","paid_at":"2026-01-05T02:21:33.000Z"}`;
    const body = `{"event":"charge.success","data":${data}}`;
    expect(refusalOf(sidesOf('paystack').receiver.open(signed('paystack', body), context))).toMatch(expected);
  });

  it('makes an event of Checkout.com unreadable', () => {
    const data = `{"id":"pay_1","action_id":"act_1","amount":${amount},"currency":"EUR"}`;
    const body = `{"id":"evt_1","type":"payment_captured","created_on":"2026-01-05T02:21:33Z","data":${data}}`;
    expect(refusalOf(sidesOf('checkout').receiver.open(signed('checkout', body), context))).toMatch(expected);
  });

  it('makes an event of Square unreadable', () => {
    const payment = `{"id":"p_1","status":"COMPLETED","amount_money":{"amount":${amount},"currency":"USD"}}`;
    const body = `{"event_id":"e_1","type":"payment.updated","created_at":"2026-01-05T02:21:33Z","data":{"object":{"payment":${payment}}}}`;
    expect(refusalOf(sidesOf('square').receiver.open(signed('square', body), context))).toMatch(expected);
  });

  it('makes an event of Razorpay unreadable', () => {
    const entity = `{"id":"pay_1","amount":${amount},"currency":"INR"}`;
    const body = `{"event":"payment.captured","created_at":1767579693,"payload":{"payment":{"entity":${entity}}}}`;
    expect(refusalOf(sidesOf('razorpay').receiver.open(signed('razorpay', body), context))).toMatch(expected);
  });

  it('makes a resource of WeChat Pay unreadable', () => {
    const resource = `{"mchid":"1900000109","out_trade_no":"O-1","transaction_id":"1","trade_state":"SUCCESS","amount":{"total":${amount},"currency":"CNY"}}`;
    expect(refusalOf(sidesOf('wechatpay').receiver.open(signedResource(resource), context))).toMatch(expected);
  });
});

describe('a form of Alipay', () => {
  const { receiver } = sidesOf('alipay');
  const trade = {
    app_id: '2021000000000001',
    seller_id: '2088101117955611',
    out_trade_no: 'O-1',
    trade_no: '2026',
    trade_status: 'TRADE_SUCCESS',
    total_amount: '0.01',
    gmt_payment: '2026-01-05 10:21:32',
    sign_type: 'RSA2',
  };
  const form = (body: string) => ({ ...signedForm(trade), body: Buffer.from(body, 'latin1') });

  it.each([
    ['a percent sign without hex digits', 'sign=%zz'],
    ['a percent sign at the end', 'sign=%4'],
    ['a field twice', 'sign=a&trade_no=1&trade_no=2'],
    ['a field twice, once percent-encoded', 'sign=a&trade_no=1&trade%5Fno=2'],
    ['bytes that are not UTF-8', 'sign=a&subject=%ff%fe'],
    ['bytes that are not GBK', 'sign=a&charset=gbk&subject=%ff%ff'],
    ['raw bytes outside ASCII', 'sign=a&subject=\xd6\xd0'],
    ['an unknown charset', 'sign=a&charset=utf-7'],
    ['a NUL', 'sign=a&subject=%00'],
    ['too many fields', Array.from({ length: 201 }, (_, index) => `f${index}=1`).join('&')],
  ])('with %s is refused before any signature is checked', (_name, body) => {
    expect(refusalOf(receiver.open(form(body), context))).toMatch(/^callback\.malformed: the (form|field|charset)/);
  });

  it.each([
    ['three decimals', { total_amount: '0.015' }],
    ['a sign', { total_amount: '-1.00' }],
    ['an exponent', { total_amount: '1e3' }],
    ['a time of no day', { gmt_payment: '2026-02-30 10:00:00' }],
    ['a time with a zone', { gmt_payment: '2026-01-05T10:00:00Z' }],
    ['no order', { out_trade_no: '' }],
    ['another currency', { trans_currency: 'USD' }],
  ])('with %s is unreadable', (_name, changes) => {
    expect(refusalOf(receiver.open(signedForm({ ...trade, ...changes }), context))).toMatch(/^unreadable: /);
  });

  it('with zeros past the cents is read', () => {
    expect(receiver.open(signedForm({ ...trade, total_amount: '12.3400' }), context)).toMatchObject({
      facts: [{ amountMinor: 1234n }],
    });
  });
});
