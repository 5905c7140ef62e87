import { describe, expect, it } from 'vitest';
import { asId } from '../../src/domain/ids.ts';
import { noFaults } from '../../src/sandbox/faults.ts';
import { type Move, moved, paymentIdOf } from '../../src/sandbox/moves.ts';
import type { Payment } from '../../src/sandbox/records.ts';

const open: Payment = {
  is: 'payment',
  id: 'pay_1',
  provider: 'stripe',
  account: null,
  orderNo: asId.orderNo('O-1'),
  amountMinor: 1000n,
  currency: 'CNY',
  notifyUrl: 'https://shop.example/callback',
  returnUrl: null,
  state: 'open',
  refundedMinor: 0n,
  createdAt: 0,
  seed: '7',
  timeScale: 1,
  faults: noFaults,
  tries: 0,
  refunds: 0,
  dispute: null,
  steps: [],
  route: null,
};

const play = (...moves: readonly Move[]): Payment =>
  moves.reduce((payment, move) => moved(payment, move, { now: 5 }), open);
const typesOf = (payment: Payment) => payment.steps.map(({ type }) => type);

describe('a payment at the platform', () => {
  it('is paid, and tells of it', () => {
    const paid = play({ is: 'pay' });
    expect(paid.state).toBe('paid');
    expect(paid.steps).toMatchObject([
      { type: 'payment.succeeded', amountMinor: 1000n, paymentId: paymentIdOf(paid), occurredAt: 5 },
    ]);
  });

  it('fails, and is then paid by another try with an id of its own', () => {
    const paid = play({ is: 'fail' }, { is: 'pay' });
    expect(typesOf(paid)).toEqual(['payment.failed', 'payment.succeeded']);
    expect(new Set(paid.steps.map(({ paymentId }) => paymentId)).size).toBe(2);
  });

  it('is refunded in parts, each with an id of its own and the total so far', () => {
    const refunded = play({ is: 'pay' }, { is: 'refund', amountMinor: 300n }, { is: 'refund', amountMinor: null });
    expect(refunded.refundedMinor).toBe(1000n);
    expect(refunded.steps.slice(1)).toMatchObject([
      { type: 'refund.succeeded', amountMinor: 300n, refundedTotalMinor: 300n },
      { type: 'refund.succeeded', amountMinor: 700n, refundedTotalMinor: 1000n },
    ]);
    expect(refunded.steps[1]?.operationId).not.toBe(refunded.steps[2]?.operationId);
  });

  it('goes through the stages of a dispute', () => {
    const lost = play({ is: 'pay' }, { is: 'dispute', stage: 'opened' }, { is: 'dispute', stage: 'lost' });
    expect(typesOf(lost).slice(1)).toEqual(['dispute.opened', 'dispute.lost']);
    expect(lost.steps[1]?.operationId).toBe(lost.steps[2]?.operationId);
  });

  it('is closed unpaid, or reversed once paid', () => {
    expect(play({ is: 'close' })).toMatchObject({ state: 'closed', steps: [{ type: 'payment.closed' }] });
    expect(play({ is: 'pay' }, { is: 'reverse' })).toMatchObject({ state: 'reversed' });
  });

  it.each<readonly [string, readonly Move[]]>([
    ['paid twice', [{ is: 'pay' }, { is: 'pay' }]],
    ['failed after it was paid', [{ is: 'pay' }, { is: 'fail' }]],
    ['closed after it was paid', [{ is: 'pay' }, { is: 'close' }]],
    ['paid after it was closed', [{ is: 'close' }, { is: 'pay' }]],
    ['refunded before it was paid', [{ is: 'refund', amountMinor: null }]],
    [
      'refunded beyond what is left, in full',
      [{ is: 'pay' }, { is: 'refund', amountMinor: null }, { is: 'refund', amountMinor: null }],
    ],
    ['disputed before it was paid', [{ is: 'dispute', stage: 'opened' }]],
    ['disputed twice', [{ is: 'pay' }, { is: 'dispute', stage: 'opened' }, { is: 'dispute', stage: 'opened' }]],
    ['won without a dispute', [{ is: 'pay' }, { is: 'dispute', stage: 'won' }]],
    ['reversed before it was paid', [{ is: 'reverse' }]],
  ])('cannot be %s', (_, moves) => {
    expect(() => play(...moves)).toThrow(/sandbox\.state/);
  });

  it.each([0n, 1001n])('cannot be refunded by %s', (amountMinor) => {
    expect(() => play({ is: 'pay' }, { is: 'refund', amountMinor })).toThrow(/request\.invalid/);
  });
});
