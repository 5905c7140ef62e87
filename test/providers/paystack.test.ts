import { describe, expect, it } from 'vitest';
import { paystack } from '../../src/providers/index.ts';
import { signed } from './signing.ts';
import { account, context, factOf, notificationOf, now, refusalOf, sidesOf, textOf } from './support.ts';

const charge = {
  id: 302961,
  domain: 'live',
  reference: 'T-1',
  amount: 500,
  currency: 'NGN',
  paid_at: '2026-01-05T02:21:30.000Z',
  metadata: 0,
};
const refund = {
  transaction_reference: 'T-1',
  refund_reference: 'TRF_1',
  amount: '200',
  currency: 'NGN',
  domain: 'live',
};
const dispute = {
  id: 2867,
  domain: 'live',
  currency: 'NGN',
  refund_amount: 300,
  transaction: { id: 302961, reference: 'T-1', amount: 500, currency: 'NGN', metadata: { order_no: 'O-1' } },
  createdAt: '2026-01-05T02:21:31.000Z',
  resolvedAt: '2026-01-05T02:21:32.000Z',
};
const opening = (event: string, data: object, credentials: object = {}) =>
  sidesOf('paystack', { account: credentials }).receiver.open(
    signed('paystack', JSON.stringify({ event, data })),
    context,
  );

describe('an event of Paystack', () => {
  it.each([
    [
      'charge.success',
      charge,
      {
        kind: 'captured',
        paymentId: 'T-1',
        operationId: '302961',
        reference: 'T-1',
        amountMinor: 500n,
        measure: 'single',
        providerTime: now - 3000,
      },
    ],
    ['charge.success', { ...charge, metadata: { order_no: 'O-1' } }, { paymentId: 'T-1', reference: 'O-1' }],
    ['charge.success', { ...charge, metadata: { order_id: 'O-2' } }, { reference: 'O-2' }],
    ['charge.success', { ...charge, amount: 50_000, currency: 'XOF' }, { amountMinor: 500n, currency: 'XOF' }],
    ['refund.pending', refund, { kind: 'refund_pending', paymentId: 'T-1', operationId: 'TRF_1', providerTime: now }],
    ['refund.processing', refund, { kind: 'refund_pending' }],
    ['refund.needs-attention', refund, { kind: 'refund_pending', needsPerson: true }],
    ['refund.processed', refund, { kind: 'refunded', operationId: 'TRF_1', reference: 'T-1', amountMinor: 200n }],
    ['refund.processed', { ...refund, id: 77 }, { operationId: '77' }],
    [
      'refund.processed',
      { ...refund, refund_reference: null },
      { operationId: 'T-1:refund', operationIdMissing: true },
    ],
    ['refund.failed', refund, { kind: 'refund_failed' }],
    [
      'charge.dispute.create',
      dispute,
      {
        kind: 'dispute_opened',
        paymentId: 'T-1',
        operationId: '2867',
        reference: 'O-1',
        amountMinor: 300n,
        providerTime: now - 2000,
      },
    ],
    ['charge.dispute.remind', { ...dispute, refund_amount: null }, { kind: 'dispute_opened', amountMinor: 500n }],
    [
      'charge.dispute.resolve',
      { ...dispute, resolution: 'declined' },
      { kind: 'dispute_won', providerTime: now - 1000 },
    ],
    ['charge.dispute.resolve', { ...dispute, resolution: 'merchant-accepted' }, { kind: 'dispute_lost' }],
    ['charge.dispute.resolve', { ...dispute, resolution: 'auto-accepted' }, { kind: 'dispute_lost' }],
  ])('%s is read: %j', (event, data, expected) => {
    expect(factOf(opening(event, data))).toMatchObject({ account: account.id, ...expected });
  });

  it.each([
    ['charge.dispute.resolve', { ...dispute, resolution: null }],
    ['transfer.success', { id: 1, reference: 'T-1', domain: 'live' }],
    ['toString', {}],
  ])('%s is ignored: %j', (event, data) => {
    expect(opening(event, data)).toEqual({ is: 'ignored', messageId: null, type: event });
  });

  it('of the other domain is ignored', () => {
    expect(opening('charge.success', { ...charge, domain: 'test' })).toMatchObject({
      is: 'ignored',
      type: 'charge.success (not live)',
    });
  });

  it.each([
    [{ ...charge, currency: 'JPY' }, 'the units of JPY at Paystack are not known'],
    [{ ...charge, amount: 150, currency: 'XOF' }, '150 is no whole amount of XOF'],
    [{ ...charge, reference: null }, 'no id of the operation, or none of its payment'],
    [{ ...charge, paid_at: 'today' }, 'no time'],
  ])('that cannot be read is unreadable: %j', (data, why) => {
    expect(refusalOf(opening('charge.success', data))).toMatch(/^unreadable: charge\.success: /);
    expect(refusalOf(opening('charge.success', data))).toContain(why);
  });

  it('has its order number where the account says', () => {
    const data = { ...charge, metadata: { order_no: 'O-1', cart: 'C-9' } };
    expect(factOf(opening('charge.success', data, { order_no_path: 'data.metadata.cart' })).reference).toBe('C-9');
    expect(factOf(opening('refund.processed', refund, { order_no_path: 'data.metadata.cart' })).reference).toBe('T-1');
  });
});

describe('the keys of Paystack', () => {
  const key = (mode: string) => ['sk', mode, '0123456789abcdef0123456789abcdef01234567'].join('_');

  it('of the test mode are refused on a live account, and seal test events', async () => {
    const credentials = { secret_keys: [key('test')] };
    expect(() => paystack.receiver(credentials, account)).toThrow('secret_keys holds a test key');
    const sealed = await paystack
      .sender(credentials)
      .seal(notificationOf('payment.succeeded', { currency: 'NGN' }), context);
    expect(JSON.parse(textOf(sealed.body))).toMatchObject({ data: { domain: 'test', amount: 8880 } });
    expect(paystack.receiver(credentials, { ...account, mode: 'test' }).open(sealed, context).is).toBe('facts');
  });

  it('must be keys', () => {
    for (const secret of ['pk_live_0123456789abcdef', 'sk_live_', 'sk_live_xxxxxxxxxxxxxxxx'])
      expect(paystack.accountCredentials.safeParse({ secret_keys: [secret] }).success).toBe(false);
  });

  it('sign with SHA-512, and any current one opens', () => {
    const [current = ''] = sidesOf('paystack').credentials.account.secret_keys as string[];
    expect(opening('charge.success', charge, { secret_keys: [key('live'), current] }).is).toBe('facts');
    expect(refusalOf(opening('charge.success', charge, { secret_keys: [key('live')] }))).toMatch(
      /^signature\.mismatch/,
    );
  });
});
