import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { languageOf, moneyText } from '../../src/sandbox/cashier-texts.ts';
import { type Json, type Platform, startPlatform } from './harness.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());

let orders = 0;
async function openPayment(changes: object = {}): Promise<{ payment: Json; path: string }> {
  orders += 1;
  const request = {
    provider: 'wechatpay',
    order_no: `<b>O-${orders}`,
    amount_minor: 123456,
    currency: 'CNY',
    notify_url: 'http://127.0.0.1:1/callback',
    ...changes,
  };
  const { json: payment } = await platform.call('POST', '/sandbox/payments', request);
  return { payment, path: new URL(String(payment.cashier_url)).pathname };
}
const submit = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  platform.page(path, {
    method: 'POST',
    headers: { host: 'localhost', ...headers },
    body: new URLSearchParams(fields),
  });

describe('the cashier', () => {
  it('shows order and amount, escaped, in English and in Chinese', async () => {
    const { path } = await openPayment();
    const english = await (await platform.page(path)).text();
    expect(english).toContain('CN¥1,234.56');
    expect(english).toContain('WeChat Pay');
    expect(english).not.toContain('<b>');
    const chinese = await (
      await platform.page(path, { headers: { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' } })
    ).text();
    expect(chinese).toContain('¥1,234.56');
    expect(chinese).toContain('微信支付');
    expect(chinese).toContain('lang="zh-CN"');
  });

  it('lets no script, frame or foreign form in', async () => {
    const { path } = await openPayment({ return_url: 'https://shop.example/orders/1' });
    const { headers } = await platform.page(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self' https://shop.example;");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('pays, and sends the buyer back', async () => {
    const { payment, path } = await openPayment({ return_url: 'https://shop.example/orders/1' });
    const response = await submit(path, { do: 'pay' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('https://shop.example/orders/1');
    expect((await platform.call('GET', `/sandbox/payments/${payment.id}`)).json).toMatchObject({ state: 'paid' });
    expect(await (await platform.page(path)).text()).not.toContain('<form');
  });

  it('lets the buyer leave without paying', async () => {
    const { payment, path } = await openPayment({ return_url: 'https://shop.example/orders/1?a=1&b=2' });
    const page = await (await platform.page(path)).text();
    expect(page).toContain(
      '<a class="leave" href="https://shop.example/orders/1?a=1&#38;b=2">Leave without paying</a>',
    );
    expect((await platform.call('GET', `/sandbox/payments/${payment.id}`)).json).toMatchObject({ state: 'open' });
  });

  it('fails, and lets the buyer try again', async () => {
    const { payment, path } = await openPayment();
    expect((await submit(path, { do: 'fail' })).headers.get('location')).toBe(path);
    expect(await (await platform.page(path)).text()).toContain('<form');
    await submit(path, { do: 'pay', duplicate: '2' });
    expect((await platform.call('GET', `/sandbox/payments/${payment.id}`)).json).toMatchObject({ state: 'paid' });
  });

  it('says what is so when it is too late, and does nothing', async () => {
    const { path } = await openPayment();
    await submit(path, { do: 'pay' });
    const again = await submit(path, { do: 'pay' });
    expect(again.status).toBe(409);
    expect(await again.text()).toContain('is paid');
  });

  it.each<readonly [string, Record<string, string>, Record<string, string>, number]>([
    ['from another site, as the browser says', { do: 'pay' }, { 'sec-fetch-site': 'cross-site' }, 403],
    ['from another origin', { do: 'pay' }, { origin: 'https://evil.example' }, 403],
    ['without a button', {}, {}, 422],
    ['with a button that is not there', { do: 'refund' }, {}, 422],
    ['with faults that cannot be', { do: 'pay', duplicate: '99' }, {}, 422],
  ])('does nothing with a form %s', async (_, fields, headers, status) => {
    const { payment, path } = await openPayment();
    expect((await submit(path, fields, headers)).status).toBe(status);
    expect((await platform.call('GET', `/sandbox/payments/${payment.id}`)).json).toMatchObject({ state: 'open' });
  });

  it('has a page for what does not exist', async () => {
    const response = await platform.page('/sandbox/cashier/pay_0');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('no such payment');
  });
});

describe('languages and money', () => {
  it.each([
    ['', 'en'],
    ['de', 'en'],
    ['zh', 'zh'],
    ['zh-TW;q=0.5, en;q=0.4', 'zh'],
    ['en-GB, zh', 'en'],
    ['de, fr;q=0.9, zh;q=0.1', 'zh'],
    ['zh;q=0', 'en'],
  ])('%j is read as %s', (header, language) => {
    expect(languageOf(header)).toBe(language);
  });

  it('writes every currency with its own decimals, however large', () => {
    expect(moneyText(1234n, 'JPY', 'en')).toBe('¥1,234');
    expect(moneyText(1234n, 'KWD', 'en').replace(/\s/g, ' ')).toBe('KWD 1.234');
    expect(moneyText(5n, 'USD', 'en')).toBe('$0.05');
    expect(moneyText(900_719_925_474_099_312n, 'USD', 'en')).toBe('$9,007,199,254,740,993.12');
  });
});
