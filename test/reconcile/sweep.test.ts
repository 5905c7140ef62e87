import { describe, expect, it, onTestFinished } from 'vitest';
import { asId, newId } from '../../src/domain/ids.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import { FakeClock } from '../deliver/time.ts';
import { temporaryFolder } from '../stores/support.ts';
import { eventually } from '../support/eventually.ts';
import { startBank } from './bank.ts';
import { moving, openShop, shop } from './shop.ts';

const paid = (orderNo: string, kind: 'captured' | 'failed' = 'captured') =>
  ({ id: `pay-${orderNo}`, orderNo, kind, amount: 100 }) as const;

describe('an order of which nothing final is known', () => {
  it('is asked about by itself, so that a lost callback is found within one gap', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await openShop({ clock });
    await open.expect('O-1');
    clock.advance(14_000);
    bank.payments.push(paid('O-1'));
    expect(bank.asked).toEqual([]);
    await moving(clock, async () => (await open.order('O-1')).order.status === 'paid');
    const { order, facts } = await open.order('O-1');
    expect(facts.map(({ source }) => source)).toEqual(['query']);
    const { notifications, asks } = await open.service.store.read('history', order.id);
    expect(notifications.map(({ notification }) => notification.type)).toEqual(['payment.succeeded']);
    expect(asks).toEqual([]);
  });

  it('is asked about under an id of the platform’s own, where its number finds nothing there', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await openShop({ clock });
    const references = ['not-ours-1', 'O-1'].map((reference) => ({ account: null, reference }));
    await open.expect('O-1', { references });
    await open.expect('O-2', { references: [{ account: null, reference: 'not-ours-2' }] });
    bank.payments.push(paid('O-1'));
    clock.advance(15_000);
    await moving(clock, async () => (await open.order('O-1')).order.status === 'paid');
    const unaskable = await open.order('O-2');
    await eventually(async () => (await open.service.store.read('history', unaskable.order.id)).asks.length === 0);
    expect(bank.asked).toEqual(['query O-1']);
  });

  it('shows what was asked and said, which never closes it', async () => {
    const clock = new FakeClock();
    const { bank, account, ...open } = await openShop({ clock });
    await open.expect('O-1');
    for (const seconds of [15, 15, 30]) {
      const before = bank.asked.length;
      clock.advance(seconds * 1000);
      await moving(clock, async () => bank.asked.length > before);
      await eventually(async () =>
        (await open.timeline('O-1')).some((line) =>
          line.includes(`${before + 1 === 1 ? 'once' : `${before + 1} times`}: not found`),
        ),
      );
    }
    expect(bank.asked).toEqual(['query O-1', 'query O-1', 'query O-1']);
    expect(await open.timeline('O-1')).toContain(`ask: account ${account}: asked 3 times: not found`);
    expect((await open.order('O-1')).order.status).toBe('pending');
  });

  it('is closed at the provider when it expires, and asked about a last time', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await openShop({ clock });
    await open.expect('O-1', { expiresAt: clock.now() + 10_000 });
    clock.advance(10_000);
    await moving(clock, async () => bank.asked.length === 2);
    expect(bank.asked).toEqual(['close O-1', 'query O-1']);
    await eventually(async () => (await open.order('O-1')).order.status === 'closed');
    expect(await open.timeline('O-1')).toContain('action: order.asked by sweep');
  });

  it('that is paid after all is found when it expires, because a paid one cannot be closed', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await openShop({ clock });
    await open.expect('O-1', { expiresAt: clock.now() + 10_000 });
    bank.payments.push(paid('O-1'));
    clock.advance(10_000);
    await moving(clock, async () => (await open.order('O-1')).order.status === 'paid');
    expect(bank.asked).toEqual(['close O-1', 'query O-1']);
  });

  it('is asked about once more by nobody when a callback has told it meanwhile', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await openShop({ clock });
    await open.expect('O-1');
    bank.payments.push(paid('O-1'));
    await open.callback({ is: 'facts', order: 'O-1' });
    await eventually(async () => (await open.order('O-1')).order.status === 'paid');
    clock.advance(15_000);
    const { id } = (await open.order('O-1')).order;
    await eventually(async () => {
      clock.advance(500);
      return (await open.service.store.read('history', id)).asks.length === 0;
    });
    expect(bank.asked).toEqual(['query pay-O-1']);
  });
});

describe('a person who wants to know now', () => {
  it('has the providers asked at once, also about what is paid', async () => {
    const clock = new FakeClock();
    const { bank, service, ...open } = await openShop({ clock });
    await open.expect('O-1');
    bank.payments.push(paid('O-1'));
    const query = () => service.orders.query({ merchant: shop, orderNo: asId.orderNo('O-1'), by: 'ann' });
    await query();
    await eventually(async () => (await open.order('O-1')).order.status === 'paid');
    bank.payments.push({ id: 'pay-O-1', orderNo: 'O-1', kind: 'refunded', amount: 100, operation: 'ref-1' });
    clock.advance(1000);
    await query();
    await eventually(async () => (await open.order('O-1')).order.totals.refundedMinor === 100n);
  });

  it('is told when the order is not known, or nobody can be asked, and what would help', async () => {
    const { service, ...open } = await openShop({ credentials: { secret: 's', accept_risk: 'amount' } });
    await open.expect('O-1');
    const query = (orderNo: string) =>
      service.orders.query({ merchant: shop, orderNo: asId.orderNo(orderNo), by: 'ann' });
    await expect(query('O-2')).rejects.toMatchObject({ code: 'order.unknown' });
    await expect(query('O-1')).rejects.toMatchObject({
      code: 'provider.cannot_ask',
      detail: expect.stringContaining('need one or more of: api_url'),
    });
  });

  it('and closes an order, closes it at the provider', async () => {
    const { bank, service, ...open } = await openShop();
    await open.expect('O-1');
    await service.orders.close({
      merchant: shop,
      orderNo: asId.orderNo('O-1'),
      reason: 'changed their mind',
      by: 'ann',
    });
    await eventually(async () => (await open.order('O-1')).order.status === 'closed');
    expect(bank.asked).toEqual(['close O-1', 'query O-1']);
  });
});

describe('accounts that can be asked', () => {
  it('are found again at the start, when the program has learnt a provider’s API', async () => {
    const { path, remove } = await temporaryFolder();
    const first = await openShop({ store: sqlite({ folder: path }) });
    const { service, account } = first;
    await service.store.write('markAsked', { merchant: shop, account, asked: false });
    await service.stop();
    const second = await openShop({ store: sqlite({ folder: path }), bank: first.bank, again: true });
    await eventually(async () => (await second.service.store.read('merchant', shop))?.askedAccounts[0] === account);
    await second.service.stop();
    await remove();
  });

  it('are asked for what another process left, as soon as its lease has ended', async () => {
    const clock = new FakeClock();
    const { bank, service, account, ...open } = await openShop({ clock });
    await open.expect('O-1');
    bank.payments.push(paid('O-1'));
    // A process that claims and dies, without a word to anybody.
    const merchant = shop;
    const opened = { is: 'verdict', verdict: 'parked', nonce: null } as const;
    const callback = { id: newId('cbk', clock.now(), 0), merchant, account, provider: 'bank', receivedAt: clock.now() };
    const request = { method: 'POST', target: '/', headers: [['x-secret', 's']] as const, messageId: null };
    const body = Buffer.from(JSON.stringify({ is: 'facts', order: 'O-1' }));
    const kept = { ...callback, ...request, body, code: null, reason: null, step: 'sent' } as const;
    const input = { callback: kept, again: null, opened, bodyDigest: '', expectations: [], born: null };
    const [, { claimed }] = await Promise.all([
      service.store.decide('callback', input),
      service.store.write('claimAsks', { most: 1 }),
    ]);
    const [dead] = claimed;
    if (dead === undefined) throw new Error('nothing was claimed');
    clock.advance(dead.leaseMs - 1);
    expect(bank.asked).toEqual([]);
    clock.advance(1);
    await moving(clock, async () => (await open.order('O-1')).order.status === 'paid');
  });
});

describe('a capture that a callback told', () => {
  it('is a discrepancy while its provider denies it, and no more when that agrees', async () => {
    const bank = await startBank();
    onTestFinished(() => bank.close());
    const credentials = { secret: 's', api_url: bank.url, accept_risk: 'amount' };
    const open = await openShop({ bank, credentials });
    await open.expect('O-1', { amountMinor: 1n });
    await open.callback({ is: 'facts', order: 'O-1' });
    const ask = () => open.service.orders.query({ merchant: shop, orderNo: asId.orderNo('O-1'), by: 'ann' });
    const discrepancy = async () => (await open.order('O-1')).discrepancies[0];
    bank.payments.push({ ...paid('O-1', 'failed'), amount: 1 });
    await ask();
    await eventually(async () => (await discrepancy()) !== undefined);
    expect(await discrepancy()).toMatchObject({
      kind: 'query_contradicts',
      state: 'open',
      why: 'a callback told payment pay-O-1 of 0.01 EUR; asked, its provider says: final: failed',
    });
    expect((await open.order('O-1')).order.status).toBe('paid');
    bank.payments.push({ ...paid('O-1'), amount: 1 });
    await ask();
    await eventually(async () => (await discrepancy())?.state === 'resolved');
  });
});
