import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methods } from '../../examples/parts/language.ts';
import { createShop } from '../../examples/shop/shop.ts';
import { asId } from '../../src/domain/ids.ts';
import type { Service } from '../../src/service.ts';
import { until } from '../sandbox/harness.ts';
import { openStand, type Stand } from './stand.ts';

let url = '';
let service: Service;
let stand: Stand;
beforeAll(async () => {
  stand = await openStand('shop', createShop);
  ({ url, service } = stand);
});
afterAll(() => stand.stop());

const post: Stand['post'] = (...request) => stand.post(...request);

interface ShopOrder {
  no: string;
  paid: number;
  failed: number;
  refunded_minor: number;
  coupons: number;
}

async function place(fields: Record<string, string>): Promise<{ cashier: string; order: string }> {
  const response = await post(`${url}/shop/orders`, { good: 'tea', quantity: '2', ...fields });
  expect(response.status).toBe(303);
  const cashier = response.headers.get('location') ?? '';
  const page = await (await fetch(cashier)).text();
  return { cashier, order: `${url}/shop/orders/${/SHOP-[0-9a-f]+/.exec(page)?.[0]}` };
}

const read = (order: string) => stand.read<ShopOrder>(order);

async function stockOf(good: string): Promise<number> {
  const { rows } = await service.store.transact((tx) => tx.query('select stock from shop_goods where id = $1', [good]));
  return Number(rows[0]?.stock);
}

/** How often the platform has really sent its notifications of this order. */
async function sendings(orderNo: string): Promise<{ state: string; attempts: number }[]> {
  const all = { limit: 50, cursor: null, visible: null, merchant: null, endpoint: null, state: null, orderNo: null };
  const { data } = await service.store.read('deliveries', all);
  return data
    .filter((row) => row.orderNo === orderNo && row.merchant === 'sandbox')
    .map(({ state, attempts }) => ({ state, attempts }));
}

describe('the shop', () => {
  it('shows its goods in English and in Chinese, without scripts', async () => {
    const english = await fetch(`${url}/shop/`);
    expect(await english.text()).toContain('Spring tea');
    expect(english.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await (await fetch(`${url}/shop/`, { headers: { 'accept-language': 'zh-CN' } })).text()).toContain(
      '明前春茶',
    );
  });

  it.each(methods)('marks an order as paid once, takes stock once and grants one coupon: %s', async (method) => {
    const before = await stockOf('tea');
    const { cashier, order } = await place({ method });
    expect(await read(order)).toMatchObject({ paid: 0, coupons: 0 });
    const back = await post(cashier, { do: 'pay' });
    expect(back.headers.get('location')).toBe(order);
    await until('the order is settled', async () => (await read(order)).coupons > 0);
    expect(await read(order)).toMatchObject({ paid: 1, coupons: 1, failed: 0 });
    expect(await stockOf('tea')).toBe(before - 2);
    expect(await (await fetch(order)).text()).toContain('Paid');
  });

  it('does all that once although the notification was sent three times', async () => {
    const before = await stockOf('cup');
    const { cashier, order } = await place({ method: 'wechatpay', good: 'cup' });
    await post(cashier, { do: 'pay', duplicate: '3' });
    const { no } = await read(order);
    await until('the platform is content', async () =>
      (await sendings(no)).every(({ state }) => state === 'confirmed'),
    );
    expect(await sendings(no)).toEqual([{ state: 'confirmed', attempts: 3 }]);
    await until('the coupon is granted', async () => (await read(order)).coupons > 0);
    expect(await read(order)).toMatchObject({ paid: 1, coupons: 1 });
    expect(await stockOf('cup')).toBe(before - 2);
  });

  it('shows a failed payment, and marks the order as paid when the buyer tries again', async () => {
    const { cashier, order } = await place({ method: 'stripe', good: 'book' });
    await post(cashier, { do: 'fail' });
    await until('the failure is known', async () => (await read(order)).failed > 0);
    expect(await (await fetch(order)).text()).toContain('failed');
    await post(cashier, { do: 'pay' });
    await until('the order is settled', async () => (await read(order)).coupons > 0);
    expect(await read(order)).toMatchObject({ paid: 1, failed: 1, coupons: 1 });
  });

  it.each(['wechatpay', 'alipay', 'standard'])(
    'puts the goods back when all of the money went back: %s',
    async (method) => {
      const before = await stockOf('book');
      const { cashier, order } = await place({ method, good: 'book' });
      await post(cashier, { do: 'pay' });
      await until('the order is settled', async () => (await read(order)).coupons > 0);
      expect(await stockOf('book')).toBe(before - 2);
      expect((await post(`${order}/refund`, {})).status).toBe(303);
      await until('the refund is known', async () => (await read(order)).refunded_minor > 0);
      expect(await stockOf('book')).toBe(before);
      expect(await (await fetch(order)).text()).toContain('Refunded');
    },
  );

  it('refuses a notification with a wrong signature, and learns of the payment by asking the platform', async () => {
    const { cashier, order } = await place({ method: 'alipay' });
    await post(cashier, { do: 'pay', wrong_signature: 'on' });
    const { no } = await read(order);
    await until('the order is paid', async () => (await read(order)).paid > 0);
    const { facts } = await service.orders.detail(asId.merchant('shop'), asId.orderNo(no));
    expect(facts.map(({ kind, source }) => `${kind} by ${source}`)).toEqual(['captured by query']);
    expect(await read(order)).toMatchObject({ paid: 1 });
  });

  it.each<readonly [string, Record<string, string>, number]>([
    ['a good that is not there', { good: 'gold' }, 422],
    ['no good', {}, 422],
    ['a number that cannot be', { good: 'tea', quantity: '-1' }, 422],
    ['an unknown way to pay', { good: 'tea', method: 'cash' }, 422],
  ])('refuses %s with a page', async (_, fields, status) => {
    const response = await post(`${url}/shop/orders`, { quantity: '1', method: 'alipay', ...fields });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('text/html');
  });

  it('refuses forms of other sites, and orders it does not know', async () => {
    expect(
      (
        await post(
          `${url}/shop/orders`,
          { good: 'tea', quantity: '1', method: 'alipay' },
          { origin: 'https://evil.example' },
        )
      ).status,
    ).toBe(403);
    expect((await fetch(`${url}/shop/orders/SHOP-0`)).status).toBe(404);
    expect((await post(`${url}/shop/orders/SHOP-0/refund`, {})).status).toBe(404);
  });
});
