import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { FakeClock } from '../deliver/time.ts';
import { openShop } from '../reconcile/shop.ts';
import { eventually } from '../support/eventually.ts';

const forged = (order: string) => [{ is: 'facts' as const, order }, 'another secret'] as const;
const paid = (orderNo: string) => ({ id: `pay-${orderNo}`, orderNo, kind: 'captured', amount: 100 }) as const;

describe('a callback that cannot be verified', () => {
  it('has the order that it names asked about at once, and is not believed', async () => {
    const open = await openShop({ clock: new FakeClock() });
    await open.expect('O-1');
    await open.expect('O-2');
    open.bank.payments.push({ ...paid('O-1'), kind: 'failed' });
    expect(await open.callback(...forged('O-1'))).toBe(401);
    await eventually(async () => (await open.order('O-1')).order.status === 'failed');
    expect(open.bank.asked).toEqual(['query O-1']);
    expect((await open.callbacks()).map(({ verdict }) => verdict)).toEqual(['quarantined']);
  });

  it('rings for an account no more often than the limit, whoever sends it', async () => {
    const clock = new FakeClock();
    const open = await openShop({ clock });
    const orders = Array.from({ length: limits.doorbellBurst + 3 }, (_, index) => `O-${index}`);
    for (const orderNo of orders) await open.expect(orderNo);
    for (const orderNo of orders) await open.callback(...forged(orderNo));
    const before = clock.now();
    await eventually(async () => {
      clock.advance(100);
      return open.bank.asked.length >= limits.doorbellBurst && clock.now() - before > 10_000;
    });
    // By themselves they are asked about after 15 seconds.
    expect(clock.now() - before).toBeLessThan(15_000);
    expect(new Set(open.bank.asked)).toEqual(new Set(orders.slice(0, limits.doorbellBurst).map((no) => `query ${no}`)));
  });

  it('asks nobody about orders that are paid, or unknown, or of which it says nothing', async () => {
    const open = await openShop({ clock: new FakeClock() });
    await open.expect('O-1');
    open.bank.payments.push(paid('O-1'));
    await open.callback({ is: 'facts', order: 'O-1', payment: 'pay-O-1' });
    await eventually(async () => (await open.order('O-1')).order.status === 'paid');
    const before = open.bank.asked.length;
    for (const orderNo of ['O-1', 'O-7', '']) await open.callback(...forged(orderNo));
    await open.expect('O-3');
    open.bank.payments.push(paid('O-3'));
    await open.callback(...forged('O-3'));
    await eventually(async () => (await open.order('O-3')).order.status === 'paid');
    expect(open.bank.asked.slice(before)).toEqual(['query O-3']);
  });
});
