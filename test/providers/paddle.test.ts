import { describe, expect, it } from 'vitest';
import { signed } from './signing.ts';
import { context, factOf, headerOf, notificationOf, refusalOf, sidesOf, textOf, withHeader } from './support.ts';

const event = (type: string, data: object, more: object = {}) =>
  signed(
    'paddle',
    JSON.stringify({ event_id: 'evt_1', event_type: type, occurred_at: '2026-01-05T02:21:33.711Z', data, ...more }),
  );
const opening = (type: string, data: object, credentials: object = {}) =>
  sidesOf('paddle', { account: credentials }).receiver.open(event(type, data), context);
const totals = { total: '600', grand_total: '500' };
const transaction = {
  id: 'txn_1',
  origin: 'web',
  currency_code: 'USD',
  custom_data: { order_id: 'O-1' },
  details: { totals },
};
const adjustment = { id: 'adj_1', transaction_id: 'txn_1', currency_code: 'USD', totals: { total: '300' } };

describe('an event of Paddle', () => {
  it.each([
    [
      'transaction.paid',
      transaction,
      { kind: 'captured', paymentId: 'txn_1', operationId: 'txn_1', amountMinor: 500n, reference: 'O-1' },
    ],
    ['transaction.completed', transaction, { kind: 'captured', operationId: 'txn_1', amountMinor: 500n }],
    ['transaction.canceled', transaction, { kind: 'closed', operationId: 'txn_1' }],
    [
      'transaction.payment_failed',
      { ...transaction, payments: [{ payment_attempt_id: 'a-2' }, { payment_attempt_id: 'a-1' }] },
      { kind: 'failed', paymentId: 'txn_1', operationId: 'a-2' },
    ],
    ['transaction.payment_failed', transaction, { kind: 'failed', operationId: 'txn_1' }],
    [
      'adjustment.created',
      { ...adjustment, action: 'refund', status: 'pending_approval' },
      { kind: 'refund_pending', paymentId: 'txn_1', operationId: 'adj_1', amountMinor: 300n, reference: null },
    ],
    ['adjustment.updated', { ...adjustment, action: 'refund', status: 'approved' }, { kind: 'refunded' }],
    ['adjustment.updated', { ...adjustment, action: 'refund', status: 'rejected' }, { kind: 'refund_failed' }],
    ['adjustment.created', { ...adjustment, action: 'chargeback', status: 'approved' }, { kind: 'dispute_opened' }],
    ['adjustment.updated', { ...adjustment, action: 'chargeback', status: 'reversed' }, { kind: 'dispute_won' }],
    [
      'adjustment.created',
      { ...adjustment, action: 'chargeback_warning', status: 'approved' },
      { kind: 'dispute_opened' },
    ],
  ])('%s of %j is read', (type, data, expected) => {
    expect(factOf(opening(type, data))).toMatchObject({ measure: 'single', ...expected });
  });

  it.each([
    ['subscription.created', {}],
    ['toString', {}],
    ['transaction.updated', transaction],
    ['adjustment.created', { ...adjustment, action: 'credit', status: 'approved' }],
    ['adjustment.created', { ...adjustment, action: 'chargeback_reverse', status: 'approved' }],
    ['adjustment.created', { ...adjustment, action: 'refund', status: 'reversed' }],
    ['adjustment.created', { ...adjustment, action: 'constructor', status: 'name' }],
  ])('%s of %j is ignored', (type, data) => {
    expect(opening(type, data)).toMatchObject({ is: 'ignored', messageId: 'evt_1' });
  });

  it.each([
    ['transaction.paid', { ...transaction, id: null }],
    ['transaction.paid', { ...transaction, currency_code: 'ABC' }],
    ['transaction.paid', { ...transaction, currency_code: null }],
    ['adjustment.created', { ...adjustment, action: 'refund', status: 'approved', transaction_id: null }],
    ['adjustment.created', { ...adjustment, action: 'refund' }],
  ])('%s of %j is unreadable', (type, data) => {
    expect(refusalOf(opening(type, data))).toMatch(/^unreadable: /);
  });

  it('of a renewal does not pay the order of the first purchase, unless the account says where its number is', () => {
    const renewal = {
      ...transaction,
      origin: 'subscription_recurring',
      custom_data: { order_no: 'O-1', cycle: 'O-2' },
    };
    expect(factOf(opening('transaction.paid', renewal)).reference).toBeNull();
    const path = { order_no_path: 'data.custom_data.cycle' };
    expect(factOf(opening('transaction.paid', renewal, path)).reference).toBe('O-2');
  });
});

describe('the signatures of Paddle', () => {
  it('are made with every current secret, and any current one opens, wherever it stands', async () => {
    const webhook_secrets = ['1', '2'].map((digit) => `pdl_ntfset_${`${digit}abcdef`.repeat(4)}`);
    const sealed = await sidesOf('paddle', { endpoint: { webhook_secrets } }).sender.seal(
      notificationOf('payment.succeeded'),
      context,
    );
    expect(headerOf(sealed, 'paddle-signature')).toMatch(/^ts=\d+;h1=[0-9a-f]{64};h1=[0-9a-f]{64}$/);
    for (const secret of webhook_secrets) {
      const { receiver } = sidesOf('paddle', { account: { webhook_secrets: [secret] } });
      expect(receiver.open(sealed, context).is).toBe('facts');
      const broken = withHeader(sealed, 'paddle-signature', (header) => header.replace(';', ';h1=;h1=zz;h2=ab;'));
      expect(receiver.open(broken, context).is).toBe('facts');
    }
  });

  it('are confirmed by 200 alone', () => {
    const { sender } = sidesOf('paddle');
    const confirmed = (status: number) => sender.judge({ status, headers: [], body: new Uint8Array() }).confirmed;
    expect([200, 201, 204, 302, 500].map(confirmed)).toEqual([true, false, false, false, false]);
  });

  it('seal amounts in the lowest unit, as text', async () => {
    const yen = notificationOf('refund.succeeded', { amountMinor: 1000n, currency: 'JPY' });
    const sealed = await sidesOf('paddle').sender.seal(yen, context);
    expect(textOf(sealed.body)).toContain('"total":"1000"');
  });
});
