import { describe, expect, it } from 'vitest';
import { changedFixture, fixture, readerOf, refusalOf, rowsOf } from './support.ts';

const read = readerOf('stripe');

describe('an itemised report of Stripe', () => {
  it('tells what customers paid and got, in their own currency', async () => {
    const rows = await rowsOf(read(fixture('stripe-payouts.csv')));
    expect(rows.map(({ line, type, feeMinor }) => [line, type, feeMinor])).toEqual([
      [2, 'charge', 288n],
      // The fee is in dollars, the order in euros.
      [4, 'charge', null],
      [5, 'partial_capture_reversal', null],
      [6, 'refund', 0n],
      [7, 'refund_failure', 0n],
      [8, 'dispute', null],
      [9, 'fee', null],
    ]);
    expect(rows[0]?.fact).toEqual({
      account: 'acc_test',
      kind: 'captured',
      paymentId: 'pi_1',
      operationId: 'pi_1',
      reference: 'ORDER-20260105-0001',
      amountMinor: 8880n,
      currency: 'USD',
      fromOrder: false,
      measure: 'cumulative',
      providerTime: Date.parse('2026-01-05T02:21:33Z'),
    });
    expect(rows[3]?.fact).toMatchObject({
      kind: 'refunded',
      operationId: 're_1',
      amountMinor: 3000n,
      measure: 'single',
    });
    expect(rows[4]?.fact).toMatchObject({ kind: 'refund_bounced', operationId: 're_1', amountMinor: 3000n });
    expect(rows[5]?.fact).toMatchObject({ kind: 'dispute_opened', operationId: 'du_1', amountMinor: null });
    expect(rows[6]?.fact).toBeNull();
  });

  it('tells of a partial capture only what was captured', async () => {
    const rows = await rowsOf(read(fixture('stripe-payouts.csv')));
    expect(rows[1]?.fact).toMatchObject({ kind: 'captured', paymentId: 'pi_2', amountMinor: 6000n, currency: 'EUR' });
    expect(rows[2]?.fact).toBeNull();
  });

  it.each([
    ['txn_3,2026-01-05 02:30:00', 'txn_3,2026-01-05 02:30:01', 'apart from its charge'],
    [
      'po_1,txn_4,2026-01-05 03:00:00',
      `po_1,txn_3,2026-01-05 02:30:00,,,usd,-1,0,-1,partial_capture_reversal,ch_2,,-1,eur,ch_2,pi_2,\npo_1,txn_4,2026-01-05 03:00:00`,
      'a second partial_capture_reversal',
    ],
    ['-40.00,eur', '-140.00,eur', 'takes back more than the charge'],
    ['-40.00,eur', '-40.00,usd', 'takes back more than the charge'],
    ['customer_facing_amount', 'customer_amount', 'line 1: there is no column customer_facing_amount'],
    ['88.80,usd,ch_1', '88.80,xxx,ch_1', 'line 2: xxx is no currency of ISO 4217'],
    ['88.80,usd,ch_1', '88.801,usd,ch_1', 'line 2: 88.801 is no amount of USD'],
    ['refund,re_1', 'refund,', 'line 6: no source_id'],
    [',ORDER-20260105-0002\n', '\n', 'line 4: 16 values under 17 titles'],
  ])('is refused where %s is %s', async (before, after, why) => {
    const changed = changedFixture('stripe-payouts.csv', (text) => text.replace(before, after));
    expect(await refusalOf(read(changed))).toContain(why);
  });
});
