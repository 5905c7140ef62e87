import { describe, expect, it } from 'vitest';
import { checkout } from '../../src/providers/index.ts';
import { signed } from './signing.ts';
import {
  account,
  context,
  factOf,
  headerOf,
  notificationOf,
  now,
  refusalOf,
  sidesOf,
  withHeader,
  withoutHeader,
} from './support.ts';

const payment = { id: 'pay_1', action_id: 'act_1', reference: 'O-1', amount: 500, currency: 'EUR' };
const dispute = { id: 'dsp_1', payment_id: 'pay_1', payment_reference: 'O-1', amount: 500, currency: 'EUR' };
const event = (type: string, data: object, more: object = {}) =>
  signed('checkout', JSON.stringify({ id: 'evt_1', type, created_on: '2026-01-05T02:21:33.1234567Z', data, ...more }));
const opening = (type: string, data: object, more: object = {}) =>
  sidesOf('checkout').receiver.open(event(type, data, more), context);

describe('an event of Checkout.com', () => {
  it.each([
    ['payment_approved', payment, { kind: 'authorized', paymentId: 'pay_1', operationId: 'act_1', reference: 'O-1' }],
    ['payment_captured', payment, { kind: 'captured', operationId: 'act_1', amountMinor: 500n, measure: 'single' }],
    ['payment_captured', { ...payment, metadata: { order_no: 'O-2' } }, { reference: 'O-2' }],
    ['payment_captured', { ...payment, amount: 50_000, currency: 'CLP' }, { amountMinor: 500n, currency: 'CLP' }],
    ['payment_captured', { ...payment, processed_on: '2026-01-05T02:21:30.5Z' }, { providerTime: now - 2500 }],
    ['payment_declined', { ...payment, action_id: undefined }, { kind: 'failed', operationId: 'pay_1' }],
    ['payment_capture_declined', payment, { kind: 'failed' }],
    ['payment_canceled', payment, { kind: 'closed' }],
    ['payment_expired', payment, { kind: 'closed' }],
    ['payment_voided', payment, { kind: 'voided', amountMinor: 500n }],
    ['payment_refund_pending', payment, { kind: 'refund_pending' }],
    ['payment_refunded', payment, { kind: 'refunded', paymentId: 'pay_1', operationId: 'act_1' }],
    ['payment_refund_declined', payment, { kind: 'refund_failed' }],
    [
      'dispute_received',
      dispute,
      { kind: 'dispute_opened', paymentId: 'pay_1', operationId: 'dsp_1', reference: 'O-1' },
    ],
    ['dispute_evidence_required', dispute, { kind: 'dispute_opened' }],
    ['dispute_won', dispute, { kind: 'dispute_won' }],
    ['dispute_canceled', dispute, { kind: 'dispute_won' }],
    ['dispute_lost', dispute, { kind: 'dispute_lost' }],
    ['dispute_accepted', dispute, { kind: 'dispute_lost' }],
  ])('%s is read: %j', (type, data, expected) => {
    const opened = opening(type, data);
    expect(factOf(opened)).toMatchObject({ account: account.id, ...expected });
    expect(opened).toMatchObject({ messageId: 'evt_1', readBack: false });
  });

  it.each(['payment_pending', 'dispute_resolved', 'dispute_expired', 'card_verified', 'toString'])(
    '%s is ignored',
    (type) => {
      expect(opening(type, payment)).toEqual({ is: 'ignored', messageId: 'evt_1', type });
    },
  );

  it('of the sandbox is ignored on a live account, and read on a test one', () => {
    const links = { _links: { self: { href: 'https://abc.api.sandbox.checkout.com/workflows/events/evt_1' } } };
    expect(opening('payment_captured', payment, links)).toMatchObject({
      is: 'ignored',
      type: 'payment_captured (not live)',
    });
    const receiver = checkout.receiver(sidesOf('checkout').credentials.account, { ...account, mode: 'test' });
    expect(receiver.open(event('payment_captured', payment, links), context).is).toBe('facts');
  });

  it('with an amount of pesos and centavos is unreadable', () => {
    const opened = opening('payment_captured', { ...payment, amount: 150, currency: 'CLP' });
    expect(refusalOf(opened)).toBe('unreadable: payment_captured: 150 is no whole amount of CLP');
  });
});

describe('the static header of Checkout.com', () => {
  const extra = { authorization: 'merchant-chosen-key' };
  const sides = sidesOf('checkout', { account: extra, endpoint: extra });
  const sealed = async () => sides.sender.seal(notificationOf('payment.succeeded'), context);

  it('is sent and wanted where it is set', async () => {
    expect(headerOf(await sealed(), 'authorization')).toBe('merchant-chosen-key');
    expect(sides.receiver.open(await sealed(), context).is).toBe('facts');
  });

  it('that is absent, another, or there twice is refused without a word of it', async () => {
    const opened = async (
      change: (request: Awaited<ReturnType<typeof sealed>>) => Awaited<ReturnType<typeof sealed>>,
    ) => refusalOf(sides.receiver.open(change(await sealed()), context));
    expect(await opened((request) => withoutHeader(request, 'authorization'))).toMatch(/^signature\.missing/);
    expect(await opened((request) => withHeader(request, 'authorization', () => 'another-key'))).toBe(
      "signature.mismatch: header authorization is not the account's authorization",
    );
    expect(
      await opened((request) => ({
        ...request,
        headers: [...request.headers, ['Authorization', 'merchant-chosen-key']],
      })),
    ).toMatch(/^signature\.duplicated/);
  });

  it('is no signature', async () => {
    const other = withHeader(await sealed(), 'cko-signature', () => '00'.repeat(32));
    expect(refusalOf(sides.receiver.open(other, context))).toMatch(/^signature\.mismatch: none of the account's 1/);
  });

  it('opens under any current key', () => {
    const [current = ''] = sides.credentials.account.signature_keys as string[];
    const { receiver } = sidesOf('checkout', { account: { signature_keys: ['another-signature-key', current] } });
    expect(receiver.open(event('payment_captured', payment), context).is).toBe('facts');
  });
});
