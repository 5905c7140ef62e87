import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTickets } from '../../examples/tickets/tickets.ts';
import { until } from '../sandbox/harness.ts';
import { openStand, type Stand } from './stand.ts';

interface TicketOrder {
  no: string;
  seat: string;
  paid: number;
  refunded: number;
  letters: number;
  has_code: boolean;
}

let stand: Stand;
beforeAll(async () => {
  stand = await openStand('tickets', createTickets);
});
afterAll(() => stand.stop());

async function place(seat: string, method: string): Promise<{ cashier: string; order: string }> {
  const response = await stand.post(`${stand.url}/tickets/orders`, { seat, method });
  expect(response.status).toBe(303);
  const cashier = response.headers.get('location') ?? '';
  const page = await (await fetch(cashier)).text();
  return { cashier, order: `${stand.url}/tickets/orders/${/TICKET-[0-9a-f]+/.exec(page)?.[0]}` };
}

const read = (order: string) => stand.read<TicketOrder>(order);

async function seatOf(seat: string): Promise<unknown> {
  const { rows } = await stand.service.store.transact((tx) =>
    tx.query('select order_no from tickets_seats where seat = $1', [seat]),
  );
  return rows[0]?.order_no;
}

describe('the theatre', () => {
  it('shows its seats in English and in Chinese', async () => {
    expect(await (await fetch(`${stand.url}/tickets/`)).text()).toContain('The Small Theatre');
    const chinese = await fetch(`${stand.url}/tickets/`, { headers: { 'accept-language': 'zh-CN' } });
    expect(await chinese.text()).toContain('小剧场');
  });

  it.each(['wechatpay', 'alipay', 'stripe'])(
    'allots a seat and issues its code once, although told three times: %s',
    async (method) => {
      const seat = { wechatpay: 'A1', alipay: 'A2', stripe: 'A3' }[method] ?? '';
      const { cashier, order } = await place(seat, method);
      await stand.post(cashier, { do: 'pay', duplicate: '3' });
      await until('the letter is sent', async () => (await read(order)).letters > 0);
      expect(await read(order)).toMatchObject({ seat, paid: 1, refunded: 0, has_code: true, letters: 1 });
      expect(await seatOf(seat)).toBe((await read(order)).no);
      expect(await (await fetch(order)).text()).toMatch(/The seat is yours[\s\S]+[0-9A-F]{10}/);
    },
  );

  it('takes seat and code back when the ticket is given back, and sells the seat again', async () => {
    const { cashier, order } = await place('B1', 'standard');
    await stand.post(cashier, { do: 'pay' });
    await until('the seat is allotted', async () => (await read(order)).has_code);
    expect((await stand.post(`${order}/refund`, {})).status).toBe(303);
    await until('the refund is known', async () => (await read(order)).refunded > 0);
    expect(await read(order)).toMatchObject({ refunded: 1, has_code: false });
    expect(await seatOf('B1')).toBeNull();
    const second = await place('B1', 'standard');
    await stand.post(second.cashier, { do: 'pay' });
    await until('the seat is allotted again', async () => (await read(second.order)).has_code);
  });

  it('gives a seat to whoever pays first, and the other one the money back', async () => {
    const [first, second] = [await place('C1', 'hmac'), await place('C1', 'hmac')];
    await stand.post(second.cashier, { do: 'pay' });
    await until('the seat is allotted', async () => (await read(second.order)).has_code);
    await stand.post(first.cashier, { do: 'pay' });
    await until('the money is back', async () => (await read(first.order)).refunded > 0);
    expect(await read(first.order)).toMatchObject({ paid: 1, refunded: 1, has_code: false });
    expect(await read(second.order)).toMatchObject({ paid: 1, refunded: 0, has_code: true });
    expect(await seatOf('C1')).toBe((await read(second.order)).no);
  });

  it('sells no seat that is taken, and none that there is not', async () => {
    const { cashier, order } = await place('C2', 'hmac');
    await stand.post(cashier, { do: 'pay' });
    await until('the seat is allotted', async () => (await read(order)).has_code);
    expect((await stand.post(`${stand.url}/tickets/orders`, { seat: 'C2', method: 'hmac' })).status).toBe(422);
    expect((await stand.post(`${stand.url}/tickets/orders`, { seat: 'Z9', method: 'hmac' })).status).toBe(422);
  });
});
