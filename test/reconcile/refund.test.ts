import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { FakeClock } from '../deliver/time.ts';
import { eventually } from '../support/eventually.ts';
import { moving, openShop, type Shop, type ShopOptions } from './shop.ts';

/** An order that two payments pay in full, of which the second is one too many. */
async function paidTwice({ clock, ...options }: Omit<ShopOptions, 'clock'> & { clock?: FakeClock } = {}) {
  const open = await openShop(clock === undefined ? options : { ...options, clock });
  const { service, bank } = open;
  await open.expect('O-1');
  const payments = ['pay-1', 'pay-2'].map((id) => ({ id, orderNo: 'O-1', kind: 'captured', amount: 100 }) as const);
  bank.payments.push(...payments);
  for (const { id } of payments) {
    await open.callback({ is: 'facts', order: 'O-1', payment: id });
    const isKnown = async () => (await open.order('O-1')).facts.some(({ paymentId }) => paymentId === id);
    await (clock === undefined ? eventually(isKnown) : moving(clock, isKnown));
    // The account rests for a moment after each question.
    clock?.advance(1000);
  }
  const refund = async (amountMinor: bigint | null = null) => {
    const discrepancy = await only(open);
    const about = { discrepancy: discrepancy.id, amountMinor, note: 'one is enough', by: 'ann' };
    return service.orders.resolve({ with: 'refund', ...about });
  };
  const refunded = async () => (await open.order('O-1')).order.totals.refundedMinor;
  return { ...open, refund, refunded };
}

async function only(open: Pick<Shop, 'order'>) {
  const [discrepancy] = (await open.order('O-1')).discrepancies;
  if (discrepancy === undefined) throw new Error('no discrepancy opened');
  return discrepancy;
}

const refundsOf = ({ bank }: Pick<Shop, 'bank'>) => bank.asked.filter((asked) => asked.startsWith('refund'));

describe('a refund', () => {
  it('is begun by the policy, once, and its fact resolves the discrepancy', async () => {
    const { bank, ...open } = await paidTwice({ policies: { double_payment: 'refund' } });
    await eventually(async () => (await open.refunded()) === 100n);
    const { id, state } = await only(open);
    expect(state).toBe('resolved');
    expect([...bank.refunds]).toEqual([[id, expect.objectContaining({ id: 'pay-2', amount: 100 })]]);
    const lines = await open.timeline('O-1');
    expect(lines).toContain('action: discrepancy.refund by policy');
    await eventually(async () => (await open.timeline('O-1')).includes('action: discrepancy.refund_asked by refund'));
    expect((await open.order('O-1')).facts.find(({ kind }) => kind === 'refunded')?.source).toBe('query');
  });

  it('that a person wants can be of a part; the rest is another refund under another key', async () => {
    const { bank, ...open } = await paidTwice();
    await expect(open.refund(101n)).rejects.toMatchObject({ code: 'discrepancy.action' });
    await expect(open.refund(0n)).rejects.toMatchObject({ code: 'discrepancy.action' });
    await open.refund(30n);
    await eventually(async () => (await open.refunded()) === 30n);
    expect((await only(open)).state).toBe('open');
    await open.refund();
    await eventually(async () => (await open.refunded()) === 100n);
    const { id, state } = await only(open);
    expect(state).toBe('resolved');
    expect([...bank.refunds].map(([key, { amount }]) => [key, amount])).toEqual([
      [id, 30],
      [`${id}-2`, 70],
    ]);
  });

  it('whose answer was lost is asked for again under the same key, and given once', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await paidTwice({ clock });
    // The bank gives the money back, and its answer cannot be read.
    bank.before = async () => {
      bank.fails = refundsOf({ bank }).length === 1 ? 599 : null;
    };
    await open.refund();
    await eventually(async () => refundsOf({ bank }).length === 1);
    await expect(open.refund()).rejects.toMatchObject({ code: 'discrepancy.action' });
    await eventually(async () => (await open.timeline('O-1')).some((line) => line.includes('asked once')));
    await moving(clock, async () => (await open.refunded()) === 100n);
    expect(refundsOf({ bank })).toHaveLength(2);
    expect(bank.refunds.size).toBe(1);
  });

  it('that nobody answers for most of a day is left to a person, before platforms forget its key', async () => {
    const clock = new FakeClock();
    const { bank, ...open } = await paidTwice({ clock });
    bank.fails = 599;
    await open.refund();
    await eventually(async () => (await open.timeline('O-1')).some((line) => line.includes('asked once')));
    clock.advance(limits.refundTriesMs);
    const gaveUp = 'action: discrepancy.refund_given_up by refund';
    await moving(clock, async () => (await open.timeline('O-1')).includes(gaveUp));
    expect(refundsOf({ bank })).toHaveLength(1);
    expect((await only(open)).state).toBe('open');
  });

  it('that the provider refuses ends, and leaves the discrepancy to a person', async () => {
    const { bank, ...open } = await paidTwice();
    bank.fails = 409;
    await open.refund();
    const gaveUp = 'action: discrepancy.refund_given_up by refund';
    await eventually(async () => (await open.timeline('O-1')).includes(gaveUp));
    expect((await only(open)).state).toBe('open');
    bank.fails = null;
    await open.refund();
    await eventually(async () => (await open.refunded()) === 100n);
    expect((await only(open)).state).toBe('resolved');
  });

  it('that is pending keeps the discrepancy open, and nothing else can become of its money meanwhile', async () => {
    const clock = new FakeClock();
    const { bank, service, ...open } = await paidTwice({ clock });
    bank.refundsAs = 'refund_pending';
    await open.refund();
    await eventually(async () => (await open.order('O-1')).facts.some(({ kind }) => kind === 'refund_pending'));
    const { id, state } = await only(open);
    expect(state).toBe('open');
    const about = { discrepancy: id, amountMinor: null, note: 'after all', by: 'ann' };
    for (const action of ['refund', 'accept', 'ignore'] as const)
      await expect(service.orders.resolve({ with: action, ...about })).rejects.toMatchObject({
        code: 'discrepancy.action',
      });
    bank.payments.push({ id: 'pay-2', orderNo: 'O-1', kind: 'refunded', amount: 100, operation: `ref-${id}` });
    await moving(clock, async () => (await open.refunded()) === 100n);
    expect((await only(open)).state).toBe('resolved');
  });
});
