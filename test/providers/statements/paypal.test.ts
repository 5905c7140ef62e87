import { describe, expect, it } from 'vitest';
import { orderNoFieldsOf, readPaypalEvent } from '../../../src/providers/events/paypal.ts';
import { account } from '../support.ts';
import { changedFixture, fixture, readerOf, refusalOf, rowsOf } from './support.ts';

const read = readerOf('paypal');
const [capture, other] = ['42311647XV020574X', '42311647XV020575X'];

describe('the settlement report of PayPal', () => {
  it('tells captures, refunds and reversals, with their fees', async () => {
    const rows = await rowsOf(read(fixture('paypal-settlement.csv')));
    expect(rows.map(({ line, type, feeMinor }) => [line, type, feeMinor])).toEqual([
      [5, 'T0006', 225n],
      [6, 'T0006', 30_000n],
      [7, 'T1107', -76n],
      [8, 'T1106', 0n],
      [9, 'T1201', null],
      [10, 'T0400', null],
    ]);
    expect(rows[0]?.fact).toEqual({
      account: 'acc_test',
      kind: 'captured',
      paymentId: capture,
      operationId: capture,
      reference: 'ORDER-20260105-0001',
      amountMinor: 8880n,
      currency: 'USD',
      fromOrder: false,
      measure: 'single',
      providerTime: Date.parse('2026-01-06T08:00:31Z'),
    });
    // PayPal writes Taiwan dollars without decimals; ISO 4217 gives them two.
    expect(rows[1]?.fact).toMatchObject({ reference: 'ORDER-20260105-0002', amountMinor: 888_000n, currency: 'TWD' });
    expect(rows[2]?.fact).toMatchObject({ kind: 'refunded', paymentId: capture, operationId: '8RT0000000000001A' });
    expect(rows[3]?.fact).toMatchObject({ kind: 'refunded', paymentId: other });
    expect(rows[3]?.fact?.operationId).not.toBe(other);
    expect(rows.slice(4).map(({ fact }) => fact)).toEqual([null, null]);
  });

  it.each([
    ['"SF","USD",8880', '"SF","USD",8881', 'credits in USD are 8881, and the rows add up to 8880'],
    ['"SF","TWD",8880,8880', '"SF","TWD",8880,8879', 'debits in TWD are 8879, and the rows add up to 8880'],
    ['"SF","TWD"', '"RF","TWD"', 'a section without a footer for TWD'],
    ['"SC",6\n', '', 'a section without its footers'],
    ['"FF",6\n', '', 'the file ends without its footer'],
    ['"FF",6\n', '"FF",6\n"SB"\n', 'something follows the end of the file'],
    ['"CH"', '"XX"', 'a record of the unknown kind XX'],
    ['"CR",8880,"USD"', '"UP",8880,"USD"', 'line 5: UP is neither CR nor DR'],
    ['"CR",8880,"USD"', '"CR",88.80,"USD"', 'line 5: the amount is not a whole number'],
    ['00:00:31 -0800', '00:00:31', 'line 5: no time, or one that cannot be read'],
    ['"42311647XV020574X","TXN"', '"","TXN"', 'line 7: no PayPal Reference ID'],
  ])('is refused where %s is %s', async (before, after, why) => {
    const changed = changedFixture('paypal-settlement.csv', (text) => text.replace(before, after));
    expect(await refusalOf(read(changed))).toContain(why);
  });

  it.each([
    ['PAYMENT.CAPTURE.COMPLETED', 0, { id: capture, links: [] }],
    ['PAYMENT.CAPTURE.REFUNDED', 2, { id: '8RT0000000000001A', links: [{ rel: 'up', href: `/captures/${capture}` }] }],
    ['PAYMENT.CAPTURE.REVERSED', 3, { id: '8RT0000000000002A', links: [{ rel: 'up', href: `/captures/${other}` }] }],
  ] as const)('tells what the event %s tells, under the same ids', async (type, row, object) => {
    const amount = { value: '1.00', currency_code: 'USD' };
    const resource = { ...object, status: 'COMPLETED', amount, create_time: '2026-01-06T08:00:31Z' };
    const reading = { account: account.id, orderNoFields: orderNoFieldsOf() };
    const opened = readPaypalEvent({ id: 'WH-1', event_type: type, resource: { ...resource } }, reading);
    const [fact] = opened.is === 'facts' ? opened.facts : [];
    const rows = await rowsOf(read(fixture('paypal-settlement.csv')));
    const { kind, paymentId, operationId, measure } = rows[row]?.fact ?? {};
    expect({ kind, paymentId, operationId, measure }).toEqual({
      kind: fact?.kind,
      paymentId: fact?.paymentId,
      operationId: fact?.operationId,
      measure: fact?.measure,
    });
    expect(operationId).toBe(object.id);
  });

  it('with the status of each row tells only of those that are settled, whatever its sums count', async () => {
    const changed = changedFixture('paypal-settlement.csv', (text) =>
      text
        .replace('"Credit Term"\n', '"Transactional Status"\n')
        .replaceAll(/^("SB".*)(,)$/gm, '$1,"S"')
        .replace(',"S"', ',"P"')
        .replace('"SF","USD",8880', '"SF","USD",0'),
    );
    const rows = await rowsOf(read(changed));
    expect(rows.map(({ fact }) => fact?.kind ?? null)).toEqual([null, 'captured', 'refunded', 'refunded', null, null]);
  });
});
