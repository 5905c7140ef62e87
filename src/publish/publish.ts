import { isInstant } from '../domain/clock.ts';
import { exponentOf } from '../domain/currencies.ts';
import { asId, bucketOf, isOrderNo, newId } from '../domain/ids.ts';
import { isAmount } from '../domain/money.ts';
import { isNotificationType, type Notification, publishedCause } from '../domain/notification.ts';
import { type Births, type Destination, destinationsOf, fanOut, toEndpoint } from '../notify/fan-out.ts';
import { orderRow } from '../notify/new-order.ts';
import type { PublishInput, PublishOutput } from '../stores/decisions.ts';
import type { Ledger, StoredOrder } from '../stores/ledger.ts';

/** Takes one notification of a merchant's own: numbers it within its order, and makes its deliveries. */
export function publish(ledger: Ledger, input: Omit<PublishInput, 'born'>, births: Births): PublishOutput {
  const known = input.idempotency === null ? null : ledger.idempotent(input.merchant, input.idempotency.key);
  if (known !== null) return repeated(ledger, input, known, births);
  const refusal = refusalOf(ledger, input);
  if (refusal !== null) return { ...births.effects, is: 'refused', ...refusal };

  const order = orderRow(ledger, input.merchant, input.orderNo);
  const notification = notificationOf(ledger, input, order);
  ledger.saveOrder({ ...order, sequence: notification.sequence, updatedAt: ledger.now });
  ledger.addNotification(notification, order.id, null);
  if (input.idempotency !== null)
    ledger.addIdempotent(input.merchant, input.idempotency.key, input.idempotency.bodyDigest, notification.id);
  const { destinations, skipped } = whereTo(ledger, input, notification);
  const deliveries = fanOut(ledger, births, notification, {
    order: order.id,
    destinations,
    notBefore: input.notBefore,
  });
  return {
    ...births.effects,
    is: 'accepted',
    id: notification.id,
    sequence: notification.sequence,
    deliveries,
    skipped,
  };
}

function repeated(
  ledger: Ledger,
  input: Omit<PublishInput, 'born'>,
  known: NonNullable<ReturnType<Ledger['idempotent']>>,
  births: Births,
): PublishOutput {
  const kept = ledger.notification(known.notification);
  if (known.bodyDigest !== input.idempotency?.bodyDigest || kept === null) {
    const detail = `idempotency key ${input.idempotency?.key ?? ''} belongs to notification ${known.notification}`;
    return { ...births.effects, is: 'refused', code: 'publish.idempotency_mismatch', detail };
  }
  const { notification, deliveries } = kept;
  return {
    ...births.effects,
    is: 'repeated',
    id: notification.id,
    sequence: notification.sequence,
    deliveries,
    skipped: skippedAtFirst(ledger, input, notification),
  };
}

/** Worked out again, as nothing is kept of it: what was skipped then, of the endpoints that are still there. */
function skippedAtFirst(ledger: Ledger, input: Omit<PublishInput, 'born'>, notification: Notification) {
  if (!reachesAll(input)) return [];
  const isOlder = (id: string) =>
    (ledger.endpoint(asId.endpoint(id))?.createdAt ?? Number.POSITIVE_INFINITY) <= notification.createdAt;
  return destinationsOf(ledger, notification).skipped.filter(({ endpoint }) => isOlder(endpoint));
}

/** Whether it goes to the merchant's endpoints and handlers, and not only to the one place it names. */
function reachesAll({ onlyEndpoint, notifyUrl, alsoEndpoints }: Omit<PublishInput, 'born'>): boolean {
  return onlyEndpoint === null && (notifyUrl === null || alsoEndpoints);
}

function refusalOf(ledger: Ledger, input: Omit<PublishInput, 'born'>) {
  const merchant = ledger.merchant(input.merchant);
  if (merchant === null) return { code: 'merchant.unknown', detail: `there is no merchant ${input.merchant}` } as const;
  const wrong = wrongField(input);
  if (wrong !== null) return { code: 'request.invalid', detail: `${wrong} is not one that can be published` } as const;
  if (input.notifyUrl !== null && merchant.credentials[input.notifyUrl.provider] === undefined) {
    return {
      code: 'publish.no_secrets',
      detail: `merchant ${input.merchant} has no credentials for ${input.notifyUrl.provider}`,
    } as const;
  }
  if (input.onlyEndpoint !== null && ledger.endpoint(input.onlyEndpoint)?.merchant !== input.merchant) {
    return {
      code: 'endpoint.unknown',
      detail: `merchant ${input.merchant} has no endpoint ${input.onlyEndpoint}`,
    } as const;
  }
  return null;
}

/** What no notification can have. The HTTP API has checked it; code without types, and what waited in an outbox, has not. */
function wrongField(input: Omit<PublishInput, 'born'>): string | null {
  const amounts = [input.amountMinor, input.orderAmountMinor ?? 0n, input.refundedTotalMinor ?? 0n];
  if (!amounts.every(isAmount)) return 'an amount';
  if (exponentOf(input.currency) === null) return `the currency ${input.currency}`;
  if (!isNotificationType(input.type)) return `the type ${input.type}`;
  if (!isOrderNo(input.orderNo)) return 'the order number';
  return [input.occurredAt, input.notBefore].every((at) => at === null || isInstant(at)) ? null : 'a time';
}

function notificationOf(ledger: Ledger, input: Omit<PublishInput, 'born'>, order: StoredOrder): Notification {
  const id = newId('ntf', ledger.now, bucketOf(input.merchant), ledger.random);
  const isPayment = input.type.startsWith('payment.');
  const operationId = input.operationId ?? (isPayment ? input.paymentId : null) ?? id;
  const isOwnPayment = input.type === 'payment.succeeded' || input.type === 'payment.authorized';
  return {
    id,
    merchant: input.merchant,
    type: input.type,
    orderNo: input.orderNo,
    sequence: order.sequence + 1,
    cause: publishedCause(id),
    amountMinor: input.amountMinor,
    currency: input.currency,
    paymentId: input.paymentId ?? (isOwnPayment ? operationId : `order:${input.orderNo}`),
    operationId,
    orderAmountMinor: input.orderAmountMinor,
    refundedTotalMinor: input.refundedTotalMinor,
    occurredAt: input.occurredAt ?? ledger.now,
    createdAt: ledger.now,
    data: input.data,
  };
}

function whereTo(
  ledger: Ledger,
  input: Omit<PublishInput, 'born'>,
  notification: Notification,
): ReturnType<typeof destinationsOf> {
  if (input.onlyEndpoint !== null) {
    const endpoint = ledger.endpoint(input.onlyEndpoint);
    return { destinations: endpoint === null ? [] : [toEndpoint(endpoint)], skipped: [] };
  }
  const named: Destination[] = [];
  if (input.notifyUrl !== null) {
    const { url, provider } = input.notifyUrl;
    named.push(toEndpoint(ledger.hiddenEndpoint(input.merchant, provider, new URL(url).origin), url));
    if (!input.alsoEndpoints) return { destinations: named, skipped: [] };
  }
  const { destinations, skipped } = destinationsOf(ledger, notification);
  return { destinations: [...named, ...destinations], skipped };
}
