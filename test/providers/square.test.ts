import { describe, expect, it } from 'vitest';
import { square } from '../../src/providers/index.ts';
import { signed } from './signing.ts';
import { account, context, factOf, headerOf, notificationOf, now, refusalOf, sidesOf, withHeader } from './support.ts';

const money = { amount: 500, currency: 'USD' };
const payment = { id: 'p_1', amount_money: money, order_id: 'sq_order', reference_id: 'O-1' };
const refund = { id: 'r_1', payment_id: 'p_1', order_id: 'sq_order', amount_money: { amount: 200, currency: 'USD' } };
const dispute = { id: 'd_1', disputed_payment: { payment_id: 'p_1' }, amount_money: money };
const event = (type: string, object: object) =>
  signed(
    'square',
    JSON.stringify({
      merchant_id: 'M_1',
      type,
      event_id: 'e_1',
      created_at: '2026-01-05T02:21:33Z',
      data: { object: { [type.split('.')[0] ?? '']: object } },
    }),
  );
const opening = (type: string, object: object, credentials: object = {}) =>
  sidesOf('square', { account: credentials }).receiver.open(event(type, object), context);

describe('an event of Square', () => {
  it.each([
    [
      'payment.updated',
      { ...payment, status: 'COMPLETED', total_money: { amount: 550, currency: 'USD' } },
      {
        kind: 'captured',
        paymentId: 'p_1',
        operationId: 'p_1',
        reference: 'O-1',
        amountMinor: 550n,
        measure: 'cumulative',
      },
    ],
    [
      'payment.created',
      { ...payment, status: 'APPROVED' },
      { kind: 'authorized', amountMinor: 500n, measure: 'cumulative' },
    ],
    ['payment.updated', { ...payment, status: 'CANCELED' }, { kind: 'closed', measure: 'single' }],
    ['payment.updated', { ...payment, status: 'FAILED', reference_id: undefined }, { kind: 'failed', reference: null }],
    [
      'payment.updated',
      { ...payment, status: 'COMPLETED', updated_at: '2026-01-05T02:21:30Z' },
      { providerTime: now - 3000 },
    ],
    [
      'refund.created',
      { ...refund, status: 'PENDING' },
      { kind: 'refund_pending', paymentId: 'p_1', operationId: 'r_1' },
    ],
    ['refund.updated', { ...refund, status: 'COMPLETED' }, { kind: 'refunded', amountMinor: 200n, reference: null }],
    ['refund.updated', { ...refund, status: 'REJECTED' }, { kind: 'refund_failed' }],
    ['refund.updated', { ...refund, status: 'FAILED' }, { kind: 'refund_failed' }],
    [
      'dispute.created',
      { ...dispute, state: 'EVIDENCE_REQUIRED' },
      { kind: 'dispute_opened', paymentId: 'p_1', operationId: 'd_1' },
    ],
    ['dispute.created', { ...dispute, dispute_id: 'd_2', state: 'INQUIRY_PROCESSING' }, { operationId: 'd_2' }],
    ['dispute.state.updated', { ...dispute, state: 'INQUIRY_CLOSED' }, { kind: 'dispute_won' }],
    ['dispute.state.updated', { ...dispute, state: 'WON' }, { kind: 'dispute_won' }],
    ['dispute.state.changed', { ...dispute, state: 'LOST' }, { kind: 'dispute_lost' }],
    ['dispute.state.updated', { ...dispute, state: 'ACCEPTED' }, { kind: 'dispute_lost' }],
  ])('%s is read: %j', (type, object, expected) => {
    const opened = opening(type, object);
    expect(factOf(opened)).toMatchObject({ account: account.id, ...expected });
    expect(opened).toMatchObject({ messageId: 'e_1', readBack: false });
  });

  it.each([
    ['payment.updated', { ...payment, status: 'SOMETHING_NEW' }],
    ['refund.updated', { ...refund, status: 'SOMETHING_NEW' }],
    ['dispute.state.updated', { ...dispute, state: 'SOMETHING_NEW' }],
    ['dispute.evidence.added', { ...dispute, state: 'LOST' }],
    ['order.created', {}],
  ])('%s is ignored: %j', (type, object) => {
    expect(opening(type, object)).toEqual({ is: 'ignored', messageId: 'e_1', type });
  });

  it('of another merchant is refused where the account names its own', () => {
    const refusal = refusalOf(opening('payment.updated', { ...payment, status: 'COMPLETED' }, { merchant_id: 'M_2' }));
    expect(refusal).toBe('callback.other_account: merchant_id is M_1; this account has M_2');
  });

  it('has its order number where the account says', () => {
    const object = { ...payment, status: 'COMPLETED', note: 'C-9' };
    const credentials = { order_no_path: 'data.object.payment.note' };
    expect(factOf(opening('payment.updated', object, credentials)).reference).toBe('C-9');
  });
});

describe('the signature of Square', () => {
  const completed = event('payment.updated', { ...payment, status: 'COMPLETED' });

  it('covers the registered URL, and a wrong one is named', () => {
    const { receiver } = sidesOf('square', { account: { notification_url: 'https://elsewhere.example.com/square' } });
    expect(refusalOf(receiver.open(completed, context))).toBe(
      "signature.mismatch: none of the account's 1 signature_keys, with the URL https://elsewhere.example.com/square, fits x-square-hmacsha256-signature",
    );
  });

  it('is over our own callback URL where none is named', () => {
    const { notification_url: _, ...credentials } = sidesOf('square').credentials.account;
    const receiver = square.receiver(credentials, account);
    const ours = { ...context, publicUrl: 'https://shop.example.com' };
    expect(receiver.open({ ...completed, target: '/callbacks/square' }, ours).is).toBe('facts');
    expect(refusalOf(receiver.open({ ...completed, target: '/callbacks/other' }, ours))).toMatch(
      /^signature\.mismatch/,
    );
  });

  it('with SHA-1 alone is none', async () => {
    const sealed = await sidesOf('square').sender.seal(notificationOf('payment.succeeded'), context);
    const value = headerOf(sealed, 'x-square-hmacsha256-signature');
    const old = withHeader(sealed, 'x-square-hmacsha256-signature', () => value);
    const renamed = {
      ...old,
      headers: old.headers.map(([name, one]) => [name.replace('hmacsha256-', ''), one] as const),
    };
    expect(refusalOf(sidesOf('square').receiver.open(renamed, context))).toMatch(/^signature\.missing/);
  });

  it('opens under any current key', () => {
    const [current = ''] = sidesOf('square').credentials.account.signature_keys as string[];
    const { receiver } = sidesOf('square', { account: { signature_keys: ['another-signature-key', current] } });
    expect(receiver.open(completed, context).is).toBe('facts');
  });
});
