import type { Instant } from '../domain/clock.ts';
import type { NotificationType } from '../domain/notification.ts';
import type { Move } from './moves.ts';
import type { Payments } from './payments.ts';
import type { Payment, Records, Scenario } from './records.ts';

/** One try of a buyer to pay, as the platform knows it. */
export interface BookedPayment {
  /** What it is moved by. */
  record: string;
  orderNo: string;
  amountMinor: bigint;
  currency: string;
  /** null: nobody has tried to pay yet. */
  paymentId: string | null;
  state: 'open' | 'authorized' | 'paid' | 'failed' | 'closed' | 'reversed';
  createdAt: Instant;
  /** When it came into this state. */
  at: Instant;
  /** Refunds and disputes, each stage by itself, in the order in which they happened. */
  operations: readonly BookedOperation[];
}

export interface BookedOperation {
  type: NotificationType;
  operationId: string;
  amountMinor: bigint;
  at: Instant;
  /** Under which the merchant asked for it by the API. */
  key: string | null;
}

/** What the platform knows of payments in one provider's format, for the provider's own API as the sandbox plays it. */
export interface Books {
  /** The payments of an order number, the newest first. */
  ofOrder(orderNo: string): Promise<readonly BookedPayment[]>;
  /** The payment with this id, or with a refund or dispute of this id or key; null: there is none. */
  withId(id: string): Promise<BookedPayment | null>;
  /** The payments of which anything happened since then, in that order: for bills. */
  since(moment: Instant): AsyncIterable<BookedPayment>;
  /**
   * Moves a payment as a merchant's request does, and gives it as it is then. The platform tells of it on its usual way.
   *
   * @throws AppError `sandbox.state` where it is not in a state for that, `request.invalid` for an amount that is not there,
   * `sandbox.unknown` for what a scenario has played.
   */
  move(payment: BookedPayment, move: { is: 'close' } | Extract<Move, { is: 'refund' }>): Promise<BookedPayment>;
}

const stateOfType: ReadonlyMap<NotificationType, BookedPayment['state']> = new Map([
  ['payment.authorized', 'authorized'],
  ['payment.succeeded', 'paid'],
  ['payment.failed', 'failed'],
  ['payment.closed', 'closed'],
  ['payment.reversed', 'reversed'],
]);

export function createBooks(
  provider: string,
  { records, payments, now }: { records: Records; payments: Pick<Payments, 'move'>; now: () => Instant },
): Books {
  const booked = (record: Payment | Scenario) => bookedIn(record, now());
  return {
    ofOrder: async (orderNo) =>
      (await records.ofOrder(provider, orderNo)).flatMap((record) => booked(record).reverse()),
    async withId(id) {
      const found = (await records.withId(provider, id)).flatMap(booked);
      const has = ({ paymentId, operations }: BookedPayment) =>
        paymentId === id || operations.some(({ operationId, key }) => operationId === id || key === id);
      return found.find(has) ?? null;
    },
    async *since(moment) {
      for await (const record of records.movedSince(provider, moment)) yield* booked(record);
    },
    async move(payment, move) {
      const moved = booked(await payments.move(payment.record, move));
      return moved.find(({ paymentId }) => paymentId === payment.paymentId) ?? moved[0] ?? payment;
    },
  };
}

/** The tries of one record, in their order; what is planned for later has not happened. */
function bookedIn(record: Payment | Scenario, now: Instant): BookedPayment[] {
  const { orderNo, amountMinor, currency, createdAt } = record;
  const happened = record.steps.filter(({ occurredAt }) => occurredAt <= now);
  const tries = new Map<string, BookedPayment>();
  const about = { record: record.id, orderNo, amountMinor, currency, createdAt };
  for (const { type, paymentId, operationId, amountMinor: amount, occurredAt: at, key } of happened) {
    const before = tries.get(paymentId) ?? { ...about, paymentId, state: 'open', at: createdAt, operations: [] };
    const state = stateOfType.get(type);
    const operation = { type, operationId, amountMinor: amount, at, key };
    const operations = state === undefined ? [...before.operations, operation] : before.operations;
    tries.set(paymentId, { ...before, ...(state === undefined ? {} : { state, at }), operations });
  }
  return tries.size > 0
    ? [...tries.values()]
    : [{ ...about, paymentId: null, state: 'open', at: createdAt, operations: [] }];
}
