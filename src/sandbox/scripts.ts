import type { Instant } from '../domain/clock.ts';
import type { NotificationType } from '../domain/notification.ts';
import type { Faults } from './faults.ts';
import { platformId } from './platform-ids.ts';
import { type Step, stepGapMs } from './records.ts';
import type { Seeded } from './seeded.ts';

/** One line of a script. `payment`: which try of the buyer; `percent`: how much of the order it is about. */
interface Line {
  type: NotificationType;
  payment?: 2;
  percent?: number;
}

/** What can be played to a callback URL, in the order in which it happens. */
export const scripts = {
  paid: [{ type: 'payment.succeeded' }],
  paid_then_refunded: [{ type: 'payment.succeeded' }, { type: 'refund.succeeded' }],
  partial_refunds: [
    { type: 'payment.succeeded' },
    { type: 'refund.succeeded', percent: 30 },
    { type: 'refund.succeeded', percent: 20 },
    { type: 'refund.succeeded', percent: 50 },
  ],
  failed_then_paid: [{ type: 'payment.failed' }, { type: 'payment.succeeded', payment: 2 }],
  paid_twice: [{ type: 'payment.succeeded' }, { type: 'payment.succeeded', payment: 2 }],
  late_after_close: [{ type: 'payment.closed' }, { type: 'payment.succeeded' }],
  authorized_then_paid: [{ type: 'payment.authorized' }, { type: 'payment.succeeded' }],
  reversed: [{ type: 'payment.succeeded' }, { type: 'payment.reversed' }],
  refund_bounced: [{ type: 'payment.succeeded' }, { type: 'refund.succeeded' }, { type: 'refund.bounced' }],
  disputed: [{ type: 'payment.succeeded' }, { type: 'dispute.opened' }, { type: 'dispute.lost' }],
  dispute_won: [{ type: 'payment.succeeded' }, { type: 'dispute.opened' }, { type: 'dispute.won' }],
} as const satisfies Record<string, readonly Line[]>;
export type Script = keyof typeof scripts;
export const scriptNames = [
  'paid',
  'paid_then_refunded',
  'partial_refunds',
  'failed_then_paid',
  'paid_twice',
  'late_after_close',
  'authorized_then_paid',
  'reversed',
  'refund_bounced',
  'disputed',
  'dispute_won',
] as const satisfies readonly Script[];

export interface PlanInput {
  script: Script;
  provider: string;
  /** The types that this provider's format can say. */
  says: readonly NotificationType[];
  orderNo: string;
  amountMinor: bigint;
  /** When the first thing happened. */
  startAt: Instant;
  faults: Faults;
  seed: Seeded;
}

/** What happens, and the order in which it is told. The same input gives the same plan. */
export function planned(input: PlanInput): { steps: readonly Step[]; order: readonly number[] } {
  let refunded = 0n;
  const lines: readonly Line[] = scripts[input.script];
  const steps = lines.map((line, index): Step => {
    const amountMinor = amountOf(line, {
      rest: input.amountMinor - refunded,
      whole: input.amountMinor,
      isLast: !lines.slice(index + 1).some(isRefund),
    });
    if (isRefund(line)) refunded += amountMinor;
    const paymentId = platformId(input.provider, 'payment', input.seed, `${input.orderNo}:${line.payment ?? 1}`);
    return {
      index,
      type: line.type,
      paymentId,
      operationId: operationOf(line, { input, index, paymentId, lines }),
      amountMinor,
      refundedTotalMinor: isRefund(line) ? refunded : null,
      occurredAt: input.startAt + index * stepGapMs,
      faults: input.faults,
      unsent: unsentOf(line, index, input),
      key: null,
      notification: null,
    };
  });
  const indexes = steps.map((step) => step.index);
  return { steps, order: input.faults.reorder ? reordered(indexes, input.seed) : indexes };
}

function unsentOf(line: Line, index: number, input: PlanInput): string | null {
  if (!input.says.includes(line.type)) return cannotSay(input.provider, line.type);
  return input.seed.share(`drop:${index}`) < input.faults.drop ? 'dropped, as the faults and the seed say' : null;
}

/** Why a real platform of this kind would send nothing either. */
export function cannotSay(provider: string, type: NotificationType): string {
  return `${provider} notifications cannot say ${type}; the real platform sends nothing either`;
}

function amountOf(line: Line, amounts: { rest: bigint; whole: bigint; isLast: boolean }): bigint {
  if (line.percent === undefined || (isRefund(line) && amounts.isLast))
    return isRefund(line) ? amounts.rest : amounts.whole;
  const part = (amounts.whole * BigInt(line.percent)) / 100n;
  return part === 0n ? 1n : part;
}

function isRefund(line: Line): boolean {
  return line.type === 'refund.succeeded';
}

function operationOf(
  line: Line,
  place: { input: PlanInput; index: number; paymentId: string; lines: readonly Line[] },
): string {
  const { input, index, paymentId, lines } = place;
  if (line.type.startsWith('dispute.')) return platformId(input.provider, 'dispute', input.seed, input.orderNo);
  if (!line.type.startsWith('refund.')) return paymentId;
  // A refund that bounces is the refund before it.
  const number = lines.slice(0, index + 1).filter(isRefund).length;
  return platformId(input.provider, 'refund', input.seed, `${input.orderNo}:${number}`);
}

/** Another order than the real one, whatever the seed, where there is more than one thing to tell. */
function reordered(indexes: readonly number[], seed: Seeded): readonly number[] {
  const shuffled = seed.shuffle('reorder', indexes);
  return shuffled.every((index, position) => index === indexes[position]) ? [...shuffled].reverse() : shuffled;
}
