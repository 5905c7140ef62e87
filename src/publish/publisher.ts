import { createHash } from 'node:crypto';
import type { Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { EndpointId, MerchantId, OrderNo } from '../domain/ids.ts';
import { type NotificationType, unsayable } from '../domain/notification.ts';
import type { Profile } from '../providers/profile.ts';
import type { PublishInput, WithBirth } from '../stores/decisions.ts';
import type { DeliveryShown } from '../stores/kept.ts';
import type { Store } from '../stores/store.ts';
import { toOutboxText } from './outbox-text.ts';

/** A notification as its publisher hands it over. */
export interface PublishRequest {
  merchant: MerchantId;
  type: NotificationType;
  orderNo: OrderNo;
  amountMinor: bigint;
  currency: string;
  /** Default: the payment's id for payments, else the notification's. */
  operationId?: string;
  paymentId?: string;
  orderAmountMinor?: bigint;
  refundedTotalMinor?: bigint;
  /** Sent along, in formats that have room for it. */
  data?: Readonly<Record<string, unknown>>;
  /** One delivery to this URL in `provider`'s format, with the merchant's own secrets. */
  notifyUrl?: string;
  /** With `notifyUrl`: also to the merchant's endpoints and handlers. */
  alsoEndpoints?: boolean;
  /** Default: `standard`. */
  provider?: string;
  /** Default: now. */
  occurredAt?: Instant;
  /** The same key with the same request gives the same answer, for `limits.idempotencyDays`. */
  idempotencyKey?: string;
  /** Not before this moment. */
  notBefore?: Instant;
  /** To this endpoint alone. */
  onlyEndpoint?: EndpointId;
}

export interface PublishAnswer {
  id: string;
  sequence: number;
  /** The idempotency key was used before; nothing new was made. */
  repeated: boolean;
  deliveries: readonly DeliveryShown[];
  /** Endpoints that want this type but whose format cannot say it. */
  skipped: readonly { endpoint: string; reason: string }[];
}

export interface Publisher {
  /** Accepted means committed. @throws AppError with the codes of `PublishOutput`, `provider.unknown`, `endpoint.url`. */
  publish(request: PublishRequest): Promise<PublishAnswer>;
  /** The request as the decision takes it; throws like `publish` where it can tell without the store. */
  inputOf(request: PublishRequest): Omit<PublishInput, 'born'>;
}

const defaultProvider = 'standard';

export function createPublisher(deps: {
  store: Store;
  withBirth: WithBirth;
  profileOf(provider: string): Profile;
  /** Throws `endpoint.url` for a URL that may not be delivered to. */
  refuseUrl(url: string): void;
}): Publisher {
  const inputOf = (request: PublishRequest): Omit<PublishInput, 'born'> => {
    const { notifyUrl, provider = defaultProvider, idempotencyKey, data } = request;
    if (notifyUrl !== undefined) deps.refuseUrl(notifyUrl);
    // A format that is named is checked, also where the endpoints' own formats will be used.
    if (notifyUrl !== undefined || request.provider !== undefined) {
      const { types, currencies = null } = deps.profileOf(provider);
      const missing = unsayable({ types, currencies }, request);
      if (missing !== null) throw new AppError('provider.cannot_say', `${provider} has no word for ${missing}`);
    }
    return {
      merchant: request.merchant,
      type: request.type,
      orderNo: request.orderNo,
      amountMinor: request.amountMinor,
      currency: request.currency,
      operationId: request.operationId ?? null,
      paymentId: request.paymentId ?? null,
      orderAmountMinor: request.orderAmountMinor ?? null,
      refundedTotalMinor: request.refundedTotalMinor ?? null,
      data: data === undefined ? null : JSON.stringify(data),
      occurredAt: request.occurredAt ?? null,
      notifyUrl: notifyUrl === undefined ? null : { url: notifyUrl, provider },
      alsoEndpoints: request.alsoEndpoints ?? false,
      idempotency: idempotencyKey === undefined ? null : { key: idempotencyKey, bodyDigest: digestOf(request) },
      onlyEndpoint: request.onlyEndpoint ?? null,
      notBefore: request.notBefore ?? null,
    };
  };
  return {
    inputOf,
    async publish(request) {
      const input = inputOf(request);
      const output = await deps.withBirth((born) => deps.store.decide('publish', { ...input, born }));
      if (output.is === 'refused') throw new AppError(output.code, output.detail);
      const { id, sequence, deliveries, skipped } = output;
      return { id, sequence, repeated: output.is === 'repeated', deliveries, skipped };
    },
  };
}

/** What two uses of one idempotency key must agree on: every field, whatever order they came in. */
function digestOf(request: PublishRequest): string {
  const fields = Object.entries(request).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(toOutboxText(fields)).digest('base64url');
}
