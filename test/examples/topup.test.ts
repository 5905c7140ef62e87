import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTopup } from '../../examples/topup/topup.ts';
import { until } from '../sandbox/harness.ts';
import { openStand, type Stand } from './stand.ts';

interface TopupOrder {
  credited: number;
  debited_minor: number;
  balance_minor: number;
  owed_minor: number;
}

let stand: Stand;
beforeAll(async () => {
  stand = await openStand('topup', createTopup);
});
afterAll(() => stand.stop());

async function place(
  player: string,
  amount: string,
  method = 'wechatpay',
): Promise<{ cashier: string; order: string }> {
  const response = await stand.post(`${stand.url}/topup/orders`, { player, amount, method });
  expect(response.status).toBe(303);
  const cashier = response.headers.get('location') ?? '';
  const page = await (await fetch(cashier)).text();
  return { cashier, order: `${stand.url}/topup/orders/${/TOPUP-[0-9a-f]+/.exec(page)?.[0]}` };
}

const read = (order: string) => stand.read<TopupOrder>(order);

async function credited(player: string, amount: string, duplicate = '1'): Promise<string> {
  const { cashier, order } = await place(player, amount);
  await stand.post(cashier, { do: 'pay', duplicate });
  await until('it is credited', async () => (await read(order)).credited > 0);
  return order;
}

async function givenBack(order: string): Promise<TopupOrder> {
  await stand.post(`${order}/refund`, {});
  return until('it is debited', async () => {
    const now = await read(order);
    return now.debited_minor > 0 ? now : null;
  });
}

describe('the purse', () => {
  it('credits once, although told three times', async () => {
    const order = await credited('once', '3000', '3');
    await until('the platform is content', async () => {
      const all = {
        limit: 50,
        cursor: null,
        visible: null,
        merchant: null,
        endpoint: null,
        state: null,
        orderNo: null,
      };
      const { data } = await stand.service.store.read('deliveries', all);
      return data.every(({ state }) => state === 'confirmed');
    });
    expect(await read(order)).toMatchObject({ credited: 1, balance_minor: 3000, owed_minor: 0 });
  });

  it('debits what is refunded', async () => {
    const order = await credited('refunded', '3000');
    expect(await givenBack(order)).toMatchObject({ debited_minor: 3000, balance_minor: 0, owed_minor: 0 });
  });

  it('never goes below zero: what was spent before it was refunded is owed, and the next money pays it', async () => {
    const order = await credited('spender', '600');
    await stand.post(`${order}/sword`, {});
    expect(await read(order)).toMatchObject({ balance_minor: 100 });
    expect(await givenBack(order)).toMatchObject({ balance_minor: 0, owed_minor: 500 });
    const next = await credited('spender', '3000');
    expect(await read(next)).toMatchObject({ balance_minor: 2500, owed_minor: 0 });
  });

  it('sells nothing for what is not there', async () => {
    const order = await credited('poor', '600');
    await stand.post(`${order}/sword`, {});
    await stand.post(`${order}/sword`, {});
    expect(await read(order)).toMatchObject({ balance_minor: 100, owed_minor: 0 });
  });

  it('refuses amounts that it does not offer', async () => {
    const response = await stand.post(`${stand.url}/topup/orders`, { player: 'x', amount: '1', method: 'hmac' });
    expect(response.status).toBe(422);
  });
});
