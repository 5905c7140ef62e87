import { describe, expect, it } from 'vitest';
import { causeOf } from '../../src/deliver/targets/handler.ts';
import type { FactKind } from '../../src/domain/fact.ts';
import { asId } from '../../src/domain/ids.ts';
import type { Notification, NotificationType } from '../../src/domain/notification.ts';
import type { OrderDetail } from '../../src/stores/reads.ts';

describe('the fact that a handler is given', () => {
  const facts = [
    fact('captured', 'op1', 1000n),
    fact('refunded', 'op1', 300n),
    fact('refunded', 'op1', 500n),
    fact('refund_bounced', 'op2', null),
    fact('captured', 'op3', 70n),
  ];

  it('is the one of the operation and of a kind that causes the type', () => {
    expect(causeOf(notification('payment.succeeded', 'op1', 1000n), detail())?.amountMinor).toBe(1000n);
    expect(causeOf(notification('refund.bounced', 'op2', 5n), detail())?.kind).toBe('refund_bounced');
    expect(causeOf(notification('refund.failed', 'op2', 5n), detail())?.kind).toBe('refund_bounced');
  });

  it('is, of several running totals, the one that the notification tells of', () => {
    const rise = { ...notification('refund.succeeded', 'op1', 200n), refundedTotalMinor: 500n };
    expect(causeOf(rise, detail())?.amountMinor).toBe(500n);
  });

  it('is none where no fact caused it', () => {
    expect(causeOf(notification('payment.succeeded', 'published', 1n), detail())).toBeNull();
    expect(causeOf(notification('discrepancy.opened', 'op1', 1n), detail())).toBeNull();
  });

  function detail(): OrderDetail {
    return { facts } as unknown as OrderDetail;
  }
});

function fact(kind: FactKind, operationId: string, amountMinor: bigint | null) {
  return { kind, operationId, paymentId: 'pay', amountMinor };
}

function notification(type: NotificationType, operationId: string, amountMinor: bigint): Notification {
  return {
    type,
    operationId,
    paymentId: 'pay',
    amountMinor,
    refundedTotalMinor: null,
    id: asId.notification('ntf'),
  } as Notification;
}
