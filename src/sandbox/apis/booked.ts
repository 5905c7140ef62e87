import { AppError } from '../../domain/errors.ts';
import type { RawReply } from '../../providers/provider.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { type ApiCall, headerOf } from './played.ts';

/** A payment that a buyer has tried. */
export type Tried = BookedPayment & { paymentId: string };

/** The tries for an order number, the newest first. */
export async function triesOf({ books }: ApiCall, orderNo: string): Promise<readonly Tried[]> {
  return (await books.ofOrder(orderNo)).filter(isTried);
}

/** The tries since then (ISO 8601; null: since ever), the newest first. */
export async function newestTries({ books }: ApiCall, since: string | null, limit: number): Promise<readonly Tried[]> {
  const found: Tried[] = [];
  for await (const payment of books.since(Date.parse(since ?? '') || 0)) if (isTried(payment)) found.push(payment);
  return found.reverse().slice(0, limit);
}

/** The payment with this id, or with a refund or dispute of this id. */
export async function tryWith({ books }: ApiCall, id: string): Promise<Tried | null> {
  const payment = await books.withId(id);
  return payment !== null && isTried(payment) ? payment : null;
}

/** Refunds, or disputes: each as it stands now. */
export function standing(payment: BookedPayment, of: 'refund' | 'dispute'): readonly BookedOperation[] {
  const latest = new Map(payment.operations.map((operation) => [operation.operationId, operation]));
  return [...latest.values()].filter(({ type }) => type.startsWith(`${of}.`));
}

/**
 * Refunds as the merchant asked, and gives the payment and the refund as they are then; the same key gives the same refund.
 *
 * @throws AppError as {@link Books.move}
 */
export async function refundedOnce(
  { books }: ApiCall,
  payment: BookedPayment,
  { amountMinor, key }: { amountMinor: bigint | null; key: string | undefined },
): Promise<{ payment: BookedPayment; refund: BookedOperation }> {
  const after = await books.move(payment, { is: 'refund', amountMinor, ...(key === undefined ? {} : { key }) });
  const refund = after.operations.findLast(
    (one) => one.type === 'refund.succeeded' && (key === undefined || one.key === key),
  );
  if (refund === undefined) throw new AppError('sandbox.state', 'nothing was refunded');
  return { payment: after, refund };
}

/** What a caller without the right header is answered with; null: it has it. */
export function unlessHeader(call: ApiCall, [name, value]: readonly [string, string], otherwise: RawReply) {
  return headerOf(call, name) === value ? null : otherwise;
}

function isTried(payment: BookedPayment): payment is Tried {
  return payment.paymentId !== null;
}
