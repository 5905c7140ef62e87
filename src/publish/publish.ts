import { bucketOf, newId } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
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
    skipped: [],
  };
}

function refusalOf(ledger: Ledger, input: Omit<PublishInput, 'born'>) {
  const merchant = ledger.merchant(input.merchant);
  if (merchant === null) return { code: 'merchant.unknown', detail: `there is no merchant ${input.merchant}` } as const;
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
    cause: `published:${id}`,
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
