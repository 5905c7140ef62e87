import { describe, expect, it } from 'vitest';
import { signed } from './signing.ts';
import { account, context, factOf, headerOf, notificationOf, now, refusalOf, sidesOf, textOf } from './support.ts';

const payment = { id: 'pay_1', amount: 500, currency: 'INR', order_id: 'order_1', notes: { order_no: 'O-1' } };
const refund = { id: 'rfnd_1', payment_id: 'pay_1', amount: 200, currency: 'INR' };
const dispute = { id: 'disp_1', payment_id: 'pay_1', amount: 500, currency: 'INR' };
const event = (type: string, objects: Record<string, object>, more: object = {}) => {
  const payload = Object.fromEntries(Object.entries(objects).map(([name, entity]) => [name, { entity }]));
  return signed(
    'razorpay',
    JSON.stringify({ event: type, account_id: 'acc_1', payload, created_at: now / 1000, ...more }),
  );
};
const opening = (type: string, objects: Record<string, object>, credentials: object = {}) =>
  sidesOf('razorpay', { account: credentials }).receiver.open(event(type, objects), context);

describe('an event of Razorpay', () => {
  it.each([
    [
      'payment.authorized',
      { payment },
      { kind: 'authorized', paymentId: 'pay_1', operationId: 'pay_1', reference: 'O-1' },
    ],
    ['payment.captured', { payment }, { kind: 'captured', operationId: 'pay_1', amountMinor: 500n, measure: 'single' }],
    ['payment.failed', { payment }, { kind: 'failed', operationId: 'pay_1' }],
    [
      'order.paid',
      { payment: { ...payment, notes: [] }, order: { id: 'order_1', receipt: 'O-2' } },
      { kind: 'captured', operationId: 'pay_1', amountMinor: 500n, reference: 'O-2' },
    ],
    ['payment.captured', { payment: { ...payment, notes: [] } }, { kind: 'captured', reference: null }],
    ['payment.captured', { payment: { ...payment, notes: { order_id: 'O-3' } } }, { reference: 'O-3' }],
    [
      'payment.captured',
      { payment: { ...payment, amount: 1234, currency: 'KWD' } },
      { amountMinor: 1234n, currency: 'KWD' },
    ],
    [
      'refund.created',
      { refund: { ...refund, status: 'pending' }, payment },
      { kind: 'refund_pending', operationId: 'rfnd_1' },
    ],
    [
      'refund.created',
      { refund: { ...refund, status: 'processed' }, payment },
      { kind: 'refunded', paymentId: 'pay_1', operationId: 'rfnd_1', amountMinor: 200n, reference: 'O-1' },
    ],
    ['refund.processed', { refund: { ...refund, status: 'processed' } }, { kind: 'refunded', reference: null }],
    ['refund.failed', { refund: { ...refund, status: 'failed' } }, { kind: 'refund_failed' }],
    [
      'refund.processed',
      { refund: { ...refund, status: 'processed' }, payment: { ...payment, captured: false } },
      { kind: 'voided', paymentId: 'pay_1', operationId: 'rfnd_1' },
    ],
    [
      'payment.dispute.created',
      { dispute, payment },
      { kind: 'dispute_opened', paymentId: 'pay_1', operationId: 'disp_1' },
    ],
    ['payment.dispute.under_review', { dispute, payment }, { kind: 'dispute_opened' }],
    ['payment.dispute.action_required', { dispute, payment }, { kind: 'dispute_opened' }],
    ['payment.dispute.won', { dispute, payment }, { kind: 'dispute_won' }],
    ['payment.dispute.lost', { dispute, payment }, { kind: 'dispute_lost', reference: 'O-1' }],
  ])('%s is read: %j', (type, objects, expected) => {
    const opened = opening(type, objects as Record<string, object>);
    expect(factOf(opened)).toMatchObject({ account: account.id, providerTime: now, ...expected });
    expect(opened).toMatchObject({ messageId: null, readBack: false });
  });

  it.each([
    ['payment.dispute.closed', { dispute, payment }],
    ['refund.speed_changed', { refund: { ...refund, status: 'processed' } }],
    ['refund.created', { refund: { ...refund, status: 'something_new' } }],
    ['refund.created', { refund: { ...refund, status: 'pending' }, payment: { ...payment, captured: false } }],
    ['settlement.processed', {}],
    ['constructor', {}],
  ])('%s is ignored: %j', (type, objects) => {
    expect(opening(type, objects)).toEqual({ is: 'ignored', messageId: null, type });
  });

  it.each([
    [{ event: 'payment.captured', created_at: 1 }, 'payment.captured: no id of the operation'],
    [
      { event: 'refund.failed', created_at: 1, payload: { refund: { entity: { id: 'r', status: 'failed' } } } },
      'none of its payment',
    ],
    [{ event: 'payment.failed', payload: { payment: { entity: payment } } }, 'no time'],
    [{ event: '' }, 'the body has no event'],
  ])('that lacks something is unreadable: %j', (body, why) => {
    const opened = sidesOf('razorpay').receiver.open(signed('razorpay', JSON.stringify(body)), context);
    expect(refusalOf(opened)).toMatch(/^unreadable: /);
    expect(refusalOf(opened)).toContain(why);
  });

  it('of another account is refused where the account names its own', () => {
    expect(factOf(opening('payment.captured', { payment }, { account_id: 'acc_1' })).kind).toBe('captured');
    const refusal = refusalOf(opening('payment.captured', { payment }, { account_id: 'acc_2' }));
    expect(refusal).toBe('callback.other_account: account_id is acc_1; this account has acc_2');
  });

  it('has its order number where the account says', () => {
    const objects = { payment: { ...payment, notes: { order_no: 'O-1', cart: 'C-9' } } };
    const fact = factOf(opening('payment.captured', objects, { order_no_path: 'payload.payment.entity.notes.cart' }));
    expect(fact.reference).toBe('C-9');
  });

  it('opens under any current secret', () => {
    const [current = ''] = sidesOf('razorpay').credentials.account.webhook_secrets as string[];
    expect(opening('payment.captured', { payment }, { webhook_secrets: ['another-secret', current] }).is).toBe('facts');
    expect(refusalOf(opening('payment.captured', { payment }, { webhook_secrets: ['another-secret'] }))).toBe(
      "signature.mismatch: none of the account's 1 webhook_secrets fits x-razorpay-signature",
    );
  });
});

describe('what we seal for Razorpay', () => {
  it('names payment and refund as Razorpay does', async () => {
    const { sender } = sidesOf('razorpay', { endpoint: { account_id: 'acc_9' } });
    const request = await sender.seal(notificationOf('refund.succeeded', { amountMinor: 10n ** 16n }), context);
    expect(headerOf(request, 'x-razorpay-event-id')).toBe('ntf_00000000000000000000000000');
    expect(textOf(request.body)).toContain('"amount":10000000000000000,');
    expect(JSON.parse(textOf(request.body))).toMatchObject({
      event: 'refund.processed',
      account_id: 'acc_9',
      payload: {
        refund: { entity: { id: 'op_0001', payment_id: 'pay_0001', status: 'processed' } },
        payment: { entity: { id: 'pay_0001', notes: { order_no: 'ORDER-20260105-0001' } } },
      },
    });
  });
});
