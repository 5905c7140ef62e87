import { describe, expect, it } from 'vitest';
import { alipay } from '../../src/providers/index.ts';
import { signedForm } from './signing.ts';
import { context, factOf, notificationOf, refusalOf, sidesOf, textOf } from './support.ts';

const trade = {
  app_id: '2021000000000001',
  seller_id: '2088101117955611',
  notify_id: 'n-1',
  notify_type: 'trade_status_sync',
  notify_time: '2026-01-05 10:25:00',
  gmt_payment: '2026-01-05 10:21:32',
  out_trade_no: 'O-1',
  trade_no: '2026',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '88.80',
  sign_type: 'RSA2',
};
const opening = (changes: Readonly<Record<string, string>>, credentials: object = {}) =>
  sidesOf('alipay', { account: credentials }).receiver.open(signedForm({ ...trade, ...changes }), context);

describe('a trade of Alipay', () => {
  it.each([
    [{}, { kind: 'captured', amountMinor: 8880n, measure: 'single', providerTime: Date.parse('2026-01-05T02:21:32Z') }],
    [{ trade_status: 'TRADE_FINISHED' }, { kind: 'captured', amountMinor: 8880n, measure: 'single' }],
    [{ refund_fee: '0.00' }, { kind: 'captured', amountMinor: 8880n }],
    [{ refund_fee: '' }, { kind: 'captured', amountMinor: 8880n }],
    [
      { refund_fee: '30.00', gmt_refund: '2026-01-05 10:22:00.123', out_biz_no: 'R-1' },
      {
        kind: 'refunded',
        amountMinor: 3000n,
        measure: 'cumulative',
        providerTime: Date.parse('2026-01-05T02:22:00.123Z'),
      },
    ],
    [
      { trade_status: 'TRADE_CLOSED', refund_fee: '88.80', gmt_refund: '2026-01-05 10:22:00' },
      { kind: 'refunded', amountMinor: 8880n, measure: 'cumulative' },
    ],
    [
      { trade_status: 'TRADE_FINISHED', refund_fee: '30.00' },
      { kind: 'refunded', amountMinor: 3000n, measure: 'cumulative', providerTime: Date.parse('2026-01-05T02:25:00Z') },
    ],
    [{ gmt_refund: '2026-01-05 10:22:00' }, { kind: 'refunded', amountMinor: null, currency: null }],
    [
      { trade_status: 'TRADE_CLOSED', gmt_close: '2026-01-05 10:23:00' },
      { kind: 'closed', amountMinor: 8880n, providerTime: Date.parse('2026-01-05T02:23:00Z') },
    ],
  ])('with %j is read', (changes, expected) => {
    const opened = opening(changes as Record<string, string>);
    expect(factOf(opened)).toMatchObject({ paymentId: '2026', operationId: '2026', reference: 'O-1', ...expected });
    expect(opened).toMatchObject({ messageId: 'n-1', readBack: false });
  });

  it.each([
    [{ trade_status: 'WAIT_BUYER_PAY' }, 'WAIT_BUYER_PAY'],
    [{ trade_status: '', notify_type: 'dut_user_sign' }, 'dut_user_sign'],
    [{ trade_status: '', notify_type: '', msg_method: 'alipay.open.app' }, 'alipay.open.app'],
  ])('with %j is ignored', (changes, type) => {
    expect(opening(changes as Record<string, string>)).toEqual({ is: 'ignored', messageId: 'n-1', type });
  });

  it.each([
    [{ app_id: '2021000000000002' }, /app_id is 2021000000000002; this account has 2021000000000001/],
    [{ seller_id: '2088' }, /seller_id is 2088/],
    [{ seller_id: '' }, /seller_id is absent/],
  ])('with %j is refused on the account of another', (changes, why) => {
    const refusal = refusalOf(opening(changes as Record<string, string>));
    expect(refusal).toMatch(/^callback\.other_account: /);
    expect(refusal).toMatch(why);
  });

  it('may be of any seller where the account names none', () => {
    const { seller_id: _, ...credentials } = sidesOf('alipay').credentials.account;
    const receiver = alipay.receiver(credentials, { id: factOf(opening({})).account, mode: 'live' });
    expect(receiver.open(signedForm({ ...trade, seller_id: 'another' }), context).is).toBe('facts');
  });

  it('is opened under any current key, and its text is shown where none fits', () => {
    const other = alipay.pair?.((bytes) => new Uint8Array(bytes)).account.alipay_public_keys ?? [];
    const ours = sidesOf('alipay').credentials.account.alipay_public_keys as string[];
    expect(opening({}, { alipay_public_keys: [...other, ...ours] }).is).toBe('facts');
    const refused = opening({}, { alipay_public_keys: other });
    expect(refusalOf(refused)).toMatch(
      /^signature\.mismatch: none of the 1 alipay_public_keys fits; use Alipay's public key/,
    );
    const text = refused.is === 'refused' && refused.signedText ? textOf(refused.signedText) : '';
    expect(text).toMatch(
      /^app_id=2021000000000001&gmt_payment=2026-01-05 10:21:32&notify_id=n-1&.*&trade_status=TRADE_SUCCESS$/,
    );
  });

  it('signed with RSA and SHA-1 is refused without a look at the signature', () => {
    expect(refusalOf(opening({ sign_type: 'RSA' }))).toBe('signature.scheme: sign_type is RSA; only RSA2 is accepted');
    expect(refusalOf(opening({ sign_type: '' }))).toBe('signature.scheme: sign_type is missing; only RSA2 is accepted');
  });
});

describe('what we seal for Alipay', () => {
  const sealing = async (changes: Parameters<typeof notificationOf>[1]) => {
    const sealed = await sidesOf('alipay').sender.seal(notificationOf('refund.succeeded', changes), context);
    return Object.fromEntries(new URLSearchParams(textOf(sealed.body)));
  };

  it('says the total of a partial refund, and closes the trade with a full one', async () => {
    expect(await sealing({ amountMinor: 1000n, refundedTotalMinor: 3000n, orderAmountMinor: 8880n })).toMatchObject({
      trade_status: 'TRADE_SUCCESS',
      refund_fee: '30.00',
      total_amount: '88.80',
      out_biz_no: 'op_0001',
      trade_no: 'pay_0001',
    });
    expect(await sealing({ amountMinor: 1000n, refundedTotalMinor: 8880n, orderAmountMinor: 8880n })).toMatchObject({
      trade_status: 'TRADE_CLOSED',
    });
    expect(await sealing({ amountMinor: 1000n, refundedTotalMinor: null, orderAmountMinor: null })).toMatchObject({
      trade_status: 'TRADE_SUCCESS',
      refund_fee: '10.00',
    });
  });

  it('is confirmed by the body `success` and nothing else', () => {
    const { sender } = sidesOf('alipay');
    const answer = (body: string, status = 200) =>
      sender.judge({ status, headers: [], body: Buffer.from(body) }).confirmed;
    expect(answer('success')).toBe(true);
    expect(
      ['success\n', ' success', 'SUCCESS', '"success"', '\uFEFFsuccess', 'fail', ''].map((body) => answer(body)),
    ).not.toContain(true);
    expect(answer('success', 500)).toBe(false);
  });

  it('is answered with exactly `success` or `fail`', () => {
    const { receiver } = sidesOf('alipay');
    const answer = (outcome: 'accepted' | 'refused' | 'try_later') =>
      textOf(receiver.acknowledge(outcome, signedForm(trade), context).body);
    expect([answer('accepted'), answer('refused'), answer('try_later')]).toEqual(['success', 'fail', 'fail']);
  });
});
