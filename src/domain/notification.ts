import type { Instant } from './clock.ts';
import type { MerchantId, NotificationId, OrderNo } from './ids.ts';

/** Every type a notification can have, in the order that `hmac`'s status words follow. */
export const notificationTypes = [
  'payment.authorized',
  'payment.succeeded',
  'payment.failed',
  'payment.closed',
  'payment.reversed',
  'refund.pending',
  'refund.succeeded',
  'refund.failed',
  'refund.bounced',
  'dispute.opened',
  'dispute.won',
  'dispute.lost',
  'discrepancy.opened',
  'discrepancy.resolved',
] as const;
export type NotificationType = (typeof notificationTypes)[number];

export function isNotificationType(text: string): text is NotificationType {
  return notificationTypes.some((type) => type === text);
}

/** One result message addressed to a merchant, made from facts or published. What is in it is what every target receives. */
export interface Notification {
  id: NotificationId;
  merchant: MerchantId;
  type: NotificationType;
  orderNo: OrderNo;
  /** Counts the notifications of this order from 1. */
  sequence: number;
  /** What it is about; with the type unique within the order. */
  cause: string;
  amountMinor: bigint;
  currency: string;
  paymentId: string;
  operationId: string;
  /** What the order as a whole was to cost, where the sender knows it. */
  orderAmountMinor: bigint | null;
  /** Refunds only: everything refunded of this payment so far, this refund included. */
  refundedTotalMinor: bigint | null;
  occurredAt: Instant;
  createdAt: Instant;
  /** What the publisher added; JSON text of an object, or null. */
  data: string | null;
}

const publishedPrefix = 'published:';

/** The cause of a notification that somebody published, by which it is told apart from those the fold makes. */
export function publishedCause(id: NotificationId): string {
  return publishedPrefix + id;
}

export function isPublished({ cause }: Pick<Notification, 'cause'>): boolean {
  return cause.startsWith(publishedPrefix);
}

/** What a wire format has words for. */
export interface Vocabulary {
  types: readonly NotificationType[];
  /** null = every currency. */
  currencies: readonly string[] | null;
}

/** What of a notification a format has no word for, or null where it can say all of it. */
export function unsayable(
  { types, currencies }: Vocabulary,
  { type, currency }: Pick<Notification, 'type' | 'currency'>,
): string | null {
  if (!types.includes(type)) return type;
  return currencies === null || currencies.includes(currency) ? null : currency;
}

/** `type` matches a target's filter: `*`, a whole type, or a group such as `payment.*`. */
export function matchesTypes(types: readonly string[], type: NotificationType): boolean {
  return types.some(
    (wanted) => wanted === '*' || wanted === type || (wanted.endsWith('.*') && type.startsWith(wanted.slice(0, -1))),
  );
}
