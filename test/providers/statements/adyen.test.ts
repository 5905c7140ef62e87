import { describe, expect, it } from 'vitest';
import { changedFixture, fixture, readerOf, refusalOf, rowsOf } from './support.ts';

const ours = { merchant_accounts: ['TestMerchant'] };
const read = readerOf('adyen', ours);
const payment = '7914073381342284';

describe('the settlement details report of Adyen', () => {
  it('tells captures, refunds and chargebacks, with what was kept of them', async () => {
    const rows = await rowsOf(read(fixture('adyen-settlement.csv')));
    expect(rows.map(({ line, type, feeMinor }) => [line, type, feeMinor])).toEqual([
      [2, 'Settled', 70n],
      [3, 'Refunded', 10n],
      // Settled in euros, ordered in yen.
      [4, 'Settled', null],
      [5, 'Chargeback', 1500n],
      [6, 'Settled', null],
      [7, 'MerchantPayout', null],
    ]);
    expect(rows[0]?.fact).toEqual({
      account: 'acc_test',
      kind: 'captured',
      paymentId: payment,
      operationId: payment,
      reference: 'ORDER-20260105-0001',
      amountMinor: 8880n,
      currency: 'EUR',
      fromOrder: false,
      measure: 'single',
      providerTime: Date.parse('2026-01-05T02:21:33Z'),
    });
    expect(rows[1]?.fact).toMatchObject({
      kind: 'refunded',
      paymentId: payment,
      operationId: '8825408195409505',
      amountMinor: 3000n,
      providerTime: Date.parse('2026-07-05T01:21:33Z'),
    });
    expect(rows[2]?.fact).toMatchObject({ kind: 'captured', amountMinor: 8880n, currency: 'JPY' });
    expect(rows[3]?.fact).toMatchObject({ kind: 'dispute_opened', operationId: '8825408195409506' });
  });

  it('leaves out the rows of other merchant accounts', async () => {
    const rows = await rowsOf(read(fixture('adyen-settlement.csv')));
    expect(rows[4]?.fact).toBeNull();
  });

  it('gives a capture of an account with manual capture its own id', async () => {
    const [first] = await rowsOf(readerOf('adyen', { ...ours, capture: 'manual' })(fixture('adyen-settlement.csv')));
    expect(first?.fact).toMatchObject({ paymentId: payment, operationId: '8825408195409501' });
  });

  it.each([
    [',CET,Settled', ',CST,Settled', 'line 2: the time zone CST is not known'],
    ['8825408195409505', '', 'line 3: no Modification Reference'],
    ['EUR,,88.80', 'XXXX,,88.80', 'line 2: XXXX is no currency'],
    ['EUR,,88.80', 'EUR,,88.8.0', 'line 2: 88.8.0 is no amount of EUR'],
    ['EUR,,88.80', 'EUR,,', 'line 2: neither a debit nor a credit'],
    ['TimeZone', 'Zone', 'line 1: there is no column TimeZone'],
  ])('is refused where %s is %s', async (before, after, why) => {
    const changed = read(changedFixture('adyen-settlement.csv', (text) => text.replace(before, after)));
    expect(await refusalOf(changed)).toContain(why);
  });
});
