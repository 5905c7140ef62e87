import { describe, expect, it } from 'vitest';
import { canMove, deliveryStates, isFinal } from '../../src/domain/delivery.ts';
import { isNotificationType, matchesTypes } from '../../src/domain/notification.ts';

describe('a delivery', () => {
  it('moves as its state machine says, and in no other way', () => {
    const moves = deliveryStates.flatMap((from) =>
      deliveryStates.filter((to) => canMove(from, to)).map((to) => `${from} → ${to}`),
    );
    expect(moves).toEqual([
      'pending → sending',
      'pending → canceled',
      'sending → pending',
      'sending → confirmed',
      'sending → dead',
      'sending → canceled',
      'dead → pending',
    ]);
  });

  it('is final once confirmed or canceled; a dead one can be sent again', () => {
    expect(deliveryStates.filter(isFinal)).toEqual(['confirmed', 'canceled']);
  });
});

describe('a filter of types', () => {
  it('is everything, a type, or a group', () => {
    expect(matchesTypes(['*'], 'refund.succeeded')).toBe(true);
    expect(matchesTypes(['refund.succeeded'], 'refund.succeeded')).toBe(true);
    expect(matchesTypes(['payment.*', 'refund.*'], 'refund.succeeded')).toBe(true);
    expect(matchesTypes(['refund.pending', 'payment.*'], 'refund.succeeded')).toBe(false);
    expect(matchesTypes(['ref.*', 'refund'], 'refund.succeeded')).toBe(false);
    expect(matchesTypes([], 'refund.succeeded')).toBe(false);
  });

  it('names types that exist', () => {
    expect(isNotificationType('payment.succeeded')).toBe(true);
    expect(isNotificationType('payment.pending')).toBe(false);
  });
});
