import type { Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { NotificationType } from '../domain/notification.ts';
import { type Faults, hasFaults } from './faults.ts';
import { type PlatformObject, platformId, refundIdFrom } from './platform-ids.ts';
import { type Payment, type Step, stepsMax } from './records.ts';
import { seeded } from './seeded.ts';

/** What a person, or the merchant, does with a payment at the platform. */
export type Move =
  | { is: 'pay' | 'fail' | 'close' | 'reverse' }
  /** Without an amount: all that is left. The same `key` refunds once. */
  | { is: 'refund'; amountMinor: bigint | null; key?: string }
  | { is: 'dispute'; stage: 'opened' | 'won' | 'lost' };

export interface MoveOptions {
  now: Instant;
  /** For this notification alone, in place of the payment's. */
  faults?: Faults;
}

/**
 * The payment after the move, with the step that tells of it. Pure.
 *
 * @throws AppError `sandbox.state` where the payment is not in a state that has this move, `request.invalid` for an amount that is
 * not there to be refunded.
 */
export function moved(payment: Payment, move: Move, options: MoveOptions): Payment {
  if (payment.steps.length >= stepsMax) throw wrong(payment, `has moved ${stepsMax} times, which is the most`);
  switch (move.is) {
    case 'pay':
      assertState(payment, move.is, ['open', 'failed']);
      return paid(payment, 'paid', 'payment.succeeded', options);
    case 'fail':
      assertState(payment, move.is, ['open', 'failed']);
      return paid(payment, 'failed', 'payment.failed', options);
    case 'close':
      assertState(payment, move.is, ['open', 'failed']);
      return withStep(
        { ...payment, state: 'closed', tries: Math.max(1, payment.tries) },
        'payment.closed',
        payment.amountMinor,
        options,
      );
    case 'reverse':
      assertState(payment, move.is, ['paid']);
      return withStep({ ...payment, state: 'reversed' }, 'payment.reversed', payment.amountMinor, options);
    case 'refund':
      return refunded(payment, move, options);
    case 'dispute':
      return disputed(payment, move.stage, options);
  }
}

/** The id of the buyer's present try at the platform, or null before the first. */
export function paymentIdOf(payment: Payment): string | null {
  return payment.tries === 0 ? null : objectId(payment, 'payment', payment.tries);
}

function paid(payment: Payment, state: 'paid' | 'failed', type: NotificationType, options: MoveOptions): Payment {
  return withStep({ ...payment, state, tries: payment.tries + 1 }, type, payment.amountMinor, options);
}

function refunded(
  payment: Payment,
  { amountMinor: wanted, key }: Extract<Move, { is: 'refund' }>,
  options: MoveOptions,
): Payment {
  if (key !== undefined && payment.steps.some((step) => step.key === key)) return payment;
  assertState(payment, 'refund', ['paid']);
  const left = payment.amountMinor - payment.refundedMinor;
  const amountMinor = wanted ?? left;
  if (left === 0n) throw wrong(payment, 'is refunded in full');
  if (amountMinor < 1n || amountMinor > left) {
    const detail = `${amountMinor} cannot be refunded; ${left} of ${payment.amountMinor} is left`;
    throw new AppError('request.invalid', detail, { errors: [{ pointer: '/amount_minor', detail }] });
  }
  const refundedMinor = payment.refundedMinor + amountMinor;
  const after = { ...payment, refundedMinor, refunds: payment.refunds + 1 };
  return withStep(after, 'refund.succeeded', amountMinor, { ...options, key });
}

function disputed(payment: Payment, stage: 'opened' | 'won' | 'lost', options: MoveOptions): Payment {
  assertState(payment, 'dispute', ['paid']);
  const fits = stage === 'opened' ? payment.dispute === null : payment.dispute === 'opened';
  if (!fits)
    throw wrong(
      payment,
      `has ${payment.dispute === null ? 'no dispute' : `a dispute that is ${payment.dispute}`}; it cannot become ${stage}`,
    );
  return withStep({ ...payment, dispute: stage }, `dispute.${stage}`, payment.amountMinor, options);
}

function withStep(
  payment: Payment,
  type: NotificationType,
  amountMinor: bigint,
  options: MoveOptions & { key?: string | undefined },
): Payment {
  const paymentId = objectId(payment, 'payment', payment.tries);
  const step: Step = {
    index: payment.steps.length,
    type,
    paymentId,
    operationId: refundIdFrom(payment.provider, options.key ?? null) ?? operationOf(payment, type, paymentId),
    amountMinor,
    refundedTotalMinor: type === 'refund.succeeded' ? payment.refundedMinor : null,
    occurredAt: options.now,
    faults: options.faults !== undefined && hasFaults(options.faults) ? options.faults : payment.faults,
    unsent: null,
    key: options.key ?? null,
    notification: null,
  };
  return { ...payment, steps: [...payment.steps, step] };
}

function operationOf(payment: Payment, type: NotificationType, paymentId: string): string {
  if (type.startsWith('refund.')) return objectId(payment, 'refund', payment.refunds);
  return type.startsWith('dispute.') ? objectId(payment, 'dispute', 1) : paymentId;
}

function objectId(payment: Payment, object: PlatformObject, number: number): string {
  return platformId(payment.provider, object, seeded(payment.seed), `${payment.id}:${number}`);
}

function assertState(payment: Payment, move: Move['is'], allowed: readonly Payment['state'][]): void {
  if (!allowed.includes(payment.state))
    throw wrong(payment, `is ${payment.state}; ${move} needs ${allowed.join(' or ')}`);
}

function wrong(payment: Payment, why: string): AppError {
  return new AppError('sandbox.state', `payment ${payment.id} ${why}`);
}
