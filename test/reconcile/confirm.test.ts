import { describe, expect, it } from 'vitest';
import { asId } from '../../src/domain/ids.ts';
import { FakeClock } from '../deliver/time.ts';
import { eventually } from '../support/eventually.ts';
import type { BankPayment } from './bank.ts';
import { moving, openShop, type Shop, type ShopOptions, shop } from './shop.ts';

const paid: BankPayment = { id: 'p-1', orderNo: 'O-1', kind: 'captured', amount: 100 };

const confirm = ({ service, account }: Shop, override = false) =>
  service.orders.confirm({
    merchant: shop,
    orderNo: asId.orderNo('O-1'),
    account,
    operationId: 'p-1',
    amountMinor: 100n,
    currency: 'EUR',
    note: 'seen on the portal',
    override,
    by: 'ann',
  });

async function opened(payments: readonly BankPayment[], options: ShopOptions = {}): Promise<Shop> {
  const open = await openShop(options);
  await open.expect('O-1');
  open.bank.payments.push(...payments);
  return open;
}

describe('a payment confirmed by hand', () => {
  it('is the provider’s own fact where the provider says the same', async () => {
    const open = await opened([paid]);
    expect(await confirm(open)).toEqual({ checked: true });
    expect(open.bank.asked).toEqual(['query p-1']);
    const { order, facts } = await open.order('O-1');
    expect(order.status).toBe('paid');
    expect(facts).toMatchObject([
      { source: 'query', sightings: [{ source: 'query' }, { source: 'manual', note: 'seen on the portal' }] },
    ]);
  });

  it('is found by the order number where the platform finds nothing by the id', async () => {
    const open = await opened([{ ...paid, id: 'payment-1', operation: 'p-1' }]);
    expect(await confirm(open)).toEqual({ checked: true });
    expect(open.bank.asked).toEqual(['query p-1', 'query O-1']);
    expect((await open.order('O-1')).facts).toMatchObject([{ paymentId: 'payment-1', operationId: 'p-1' }]);
  });

  it.each<[string, BankPayment[]]>([
    ['not found', []],
    ['failed 1.00 EUR (payment p-1', [{ ...paid, kind: 'failed' }]],
    ['closed 1.00 EUR (payment p-1', [{ ...paid, kind: 'closed' }]],
    ['captured 0.99 EUR (payment p-1', [{ ...paid, amount: 99 }]],
    ['captured 1.00 EUR (payment p-2', [{ ...paid, id: 'p-2' }]],
    ['order number O-2', [{ ...paid, orderNo: 'O-2' }]],
    ['reversed 1.00 EUR', [paid, { ...paid, kind: 'reversed' }]],
  ])('is refused, and changes nothing, where the provider says: %s', async (said, payments) => {
    const open = await opened(payments);
    const detail = expect.stringContaining(said);
    await expect(confirm(open)).rejects.toMatchObject({ code: 'order.confirm_contradicted', detail });
    expect(await open.order('O-1')).toMatchObject({ order: { status: 'pending' }, facts: [], discrepancies: [] });
  });

  it('is recorded all the same where a person overrides it', async () => {
    const open = await opened([]);
    expect(await confirm(open, true)).toEqual({ checked: true });
    const why = 'ann says payment p-1 of 1.00 EUR was made; bank says: not found';
    const about = { kind: 'query_contradicts', amountMinor: 100n, currency: 'EUR', why };
    expect(await open.order('O-1')).toMatchObject({
      order: { status: 'paid' },
      facts: [{ source: 'manual' }],
      discrepancies: [{ ...about, state: 'open' }],
    });
    open.bank.payments.push(paid);
    await open.service.orders.query({ merchant: shop, orderNo: asId.orderNo('O-1'), by: 'ann' });
    await eventually(async () => (await open.order('O-1')).discrepancies[0]?.state === 'resolved');
  });

  it('is refused where the provider does not answer, unless a person overrides it', async () => {
    const open = await opened([paid]);
    open.bank.fails = 599;
    await expect(confirm(open)).rejects.toMatchObject({ code: 'provider.unreachable' });
    expect((await open.order('O-1')).facts).toEqual([]);
    expect(await confirm(open, true)).toEqual({ checked: false });
    expect((await open.order('O-1')).order.status).toBe('paid');
  });

  it('is recorded unchecked where the account cannot be asked', async () => {
    const open = await opened([paid], { credentials: { secret: 's', accept_risk: 'amount' } });
    expect(await confirm(open)).toEqual({ checked: false });
    expect(open.bank.asked).toEqual([]);
    expect((await open.order('O-1')).facts).toMatchObject([{ source: 'manual' }]);
  });

  it('ends what contradicted it when the provider says the same after all', async () => {
    const open = await opened([]);
    await confirm(open, true);
    open.bank.payments.push(paid);
    expect(await confirm(open)).toEqual({ checked: true });
    expect((await open.order('O-1')).discrepancies).toMatchObject([{ state: 'resolved' }]);
  });

  it('waits for its turn at the account, whose limits hold for it too', async () => {
    const open = await opened([paid]);
    expect(await Promise.all([confirm(open), confirm(open), confirm(open)])).toHaveLength(3);
    expect(open.bank.busiest).toBe(1);
  });

  it('does not wait for ever', async () => {
    const clock = new FakeClock();
    const open = await opened([paid], { clock });
    const { account, service } = open;
    await service.store.write('claimAccount', { merchant: shop, account, leaseMs: 60_000 });
    const refused = confirm(open).then(
      () => null,
      (error: unknown) => error,
    );
    let over = false;
    void refused.then(() => {
      over = true;
    });
    await moving(clock, async () => over);
    expect(await refused).toMatchObject({
      code: 'provider.unreachable',
      detail: expect.stringContaining('for others'),
    });
  });
});
