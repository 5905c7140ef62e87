import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { FakeClock } from '../deliver/time.ts';
import { migrated, only } from '../stores/support.ts';
import { eventually } from '../support/eventually.ts';
import { template, testDatabase } from '../support/postgres.ts';
import { moving, openShop, shop } from './shop.ts';

const paid = (orderNo: string, amount = 100) => ({ id: `pay-${orderNo}`, orderNo, kind: 'captured', amount }) as const;

describe('a callback whose signature does not cover the amount', () => {
  it('is answered at once, and believed for what the provider says', async () => {
    const { bank, ...open } = await openShop();
    await open.expect('O-1');
    bank.payments.push(paid('O-1'));
    expect(await open.callback({ is: 'facts', order: 'O-1' })).toBe(200);
    await eventually(async () => (await open.order('O-1')).order.status === 'paid');
    const { facts } = await open.order('O-1');
    expect(only(facts)).toMatchObject({ amountMinor: 100n, source: 'query', operationId: 'pay-O-1' });
    expect(only(await open.callbacks())).toMatchObject({ verdict: 'verified', reason: null });
    expect(bank.asked).toEqual(['query pay-O-1']);
  });

  it('that only says that something changed is read back as well', async () => {
    const { bank, ...open } = await openShop();
    await open.expect('O-1');
    bank.payments.push(paid('O-1'));
    await open.callback({ is: 'ping', order: 'O-1' });
    await eventually(async () => (await open.order('O-1')).order.status === 'paid');
    expect(only(await open.callbacks())).toMatchObject({ verdict: 'verified' });
  });

  it('costs one question where it comes five times in a moment', async () => {
    const { bank, ...open } = await openShop();
    await open.expect('O-1');
    bank.payments.push(paid('O-1'));
    await Promise.all(Array.from({ length: 5 }, () => open.callback({ is: 'facts', order: 'O-1' })));
    await eventually(async () => (await open.callbacks()).every(({ verdict }) => verdict !== 'parked'));
    const verdicts = (await open.callbacks()).map(({ verdict }) => verdict).sort();
    expect(verdicts).toEqual(['duplicate', 'duplicate', 'duplicate', 'duplicate', 'verified']);
    expect(bank.asked.length).toBeLessThan(5);
  });

  it('waits for an order that nobody announced, and is released with it', async () => {
    const { bank, ...open } = await openShop();
    bank.payments.push(paid('O-1'));
    await open.callback({ is: 'facts', order: 'O-1' });
    await eventually(async () => (await open.callbacks())[0]?.reason === 'its order is not known yet');
    await open.expect('O-1');
    expect(only(await open.callbacks())).toMatchObject({ verdict: 'verified' });
    expect((await open.order('O-1')).order.status).toBe('paid');
  });

  it('is asked for again while the provider is away, never given up, and told of', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await openShop({ clock });
    await open.expect('O-1');
    bank.fails = 500;
    await open.callback({ is: 'facts', order: 'O-1' });
    await eventually(async () => bank.asked.length === 1);
    await eventually(async () => (await open.callbacks())[0]?.reason?.includes('after try 1') === true);
    expect(only(await open.callbacks()).reason).toBe(
      'waits to be read back; after try 1: provider.refused: status 500',
    );
    const failures = () => open.signals.filter(({ name }) => name === 'ask.answered').length;
    expect(failures()).toBe(1);
    bank.fails = null;
    bank.payments.push(paid('O-1'));
    clock.advance(5000);
    await moving(clock, async () => (await open.order('O-1')).order.status === 'paid');
  });

  it('waits like one that got no answer where what the provider told cannot be recorded', async () => {
    const { bank, ...open } = await openShop();
    await open.expect('O-1');
    bank.payments.push(paid('O-1', -1));
    await open.callback({ is: 'facts', order: 'O-1' });
    await eventually(async () => (await open.callbacks())[0]?.reason?.includes('cannot be recorded') === true);
    expect(only(await open.callbacks())).toMatchObject({ verdict: 'parked' });
  });

  it('is refused when the provider does not know the payment for an hour, and closes nothing', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await openShop({ clock });
    await open.expect('O-1');
    await open.callback({ is: 'facts', payment: 'pay-forged', order: 'O-1' });
    await eventually(async () => bank.asked.includes('query pay-forged'));
    await eventually(async () => (await open.callbacks())[0]?.reason?.includes('after try 1') === true);
    clock.advance(limits.notFoundMs);
    await moving(clock, async () => (await open.callbacks())[0]?.verdict === 'refused');
    expect(only(await open.callbacks())).toMatchObject({ code: 'callback.not_confirmed', reason: 'not found' });
    expect((await open.order('O-1')).order.status).toBe('pending');
  });

  it('is read back again when a person reads it again', async () => {
    const clock = new FakeClock();
    const { bank, service, ...open } = await openShop({ clock });
    await open.expect('O-1');
    await open.callback({ is: 'facts', payment: 'pay-O-1', order: 'O-1' });
    await eventually(async () => (await open.callbacks())[0]?.reason?.includes('after try 1') === true);
    clock.advance(limits.notFoundMs);
    await moving(clock, async () => (await open.callbacks())[0]?.verdict === 'refused');
    bank.payments.push(paid('O-1'));
    const all = { visible: null, account: null, verdict: null, orderNo: null, merchant: null, from: null, to: null };
    const [kept] = (await service.store.read('callbacks', { ...all, limit: 1, cursor: null })).data;
    if (kept === undefined) throw new Error('no callback');
    await service.callbacks.reprocess(kept.id);
    await moving(clock, async () => (await open.order('O-1')).order.status === 'paid');
  });

  it('that is wrongly signed asks nobody', async () => {
    const { bank, ...open } = await openShop();
    expect(await open.callback({ is: 'facts', order: 'O-1' }, 'wrong')).toBe(401);
    bank.payments.push(paid('O-2'));
    await open.callback({ is: 'facts', order: 'O-2' });
    await eventually(async () => bank.asked.length > 0);
    expect(bank.asked).toEqual(['query pay-O-2']);
  });
});

describe('an account that cannot be asked', () => {
  it('is refused where no signature covers what matters, with what would help', async () => {
    const { service } = await openShop();
    const add = (credentials: object) => service.accounts.add({ merchant: shop, provider: 'bank', credentials });
    await expect(add({ secret: 's' })).rejects.toMatchObject({
      code: 'account.credentials',
      detail: expect.stringMatching(/does not cover the amount.*api_url.*accept_risk: "amount"/),
    });
    const { id } = await add({ secret: 's', accept_risk: 'amount' });
    await expect(service.accounts.change(id, { credentials: { secret: 's' } }, 'ann')).rejects.toMatchObject({
      code: 'account.credentials',
    });
  });

  it('believes its callbacks where its owner accepts the risk', async () => {
    const { bank, ...open } = await openShop({ credentials: { secret: 's', accept_risk: 'amount' } });
    await open.expect('O-1', { amountMinor: 1n });
    await open.callback({ is: 'facts', order: 'O-1' });
    expect((await open.order('O-1')).order.status).toBe('paid');
    expect(bank.asked).toEqual([]);
  });
});

describe('asking', () => {
  it('is shared by two nodes on PostgreSQL, which ask each thing once', async () => {
    const database = await testDatabase(await template('migrated', migrated));
    onTestFinished(() => database.end());
    const first = await openShop({ store: postgres(database.url) });
    const { bank } = first;
    const second = await openShop({ store: postgres(database.url), bank, again: true });
    expect(second.account).toBe(first.account);
    const orderNos = ['O-1', 'O-2', 'O-3', 'O-4'];
    bank.payments.push(...orderNos.map((orderNo) => paid(orderNo)));
    for (const [index, orderNo] of orderNos.entries()) {
      const open = index % 2 === 0 ? first : second;
      await open.expect(orderNo);
      await open.callback({ is: 'facts', order: orderNo });
    }
    for (const orderNo of orderNos) await eventually(async () => (await first.order(orderNo)).order.status === 'paid');
    expect(bank.asked.toSorted()).toEqual(orderNos.map((orderNo) => `query pay-${orderNo}`));
  });

  it('keeps to two questions of an account at once', async () => {
    const { bank, ...open } = await openShop();
    bank.before = () => new Promise((resolve) => setImmediate(resolve));
    for (let index = 0; index < 4; index += 1) bank.payments.push(paid(`O-${index}`));
    await Promise.all([0, 1, 2, 3].map((index) => open.callback({ is: 'facts', order: `O-${index}` })));
    await eventually(async () => bank.asked.length === 4);
    expect(bank.busiest).toBeLessThanOrEqual(limits.asksUnderWayPerAccount);
  });
});
