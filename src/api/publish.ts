import { z } from '@hono/zod-openapi';
import { AppError } from '../domain/errors.ts';
import { invalidFields } from '../domain/field-errors.ts';
import { limits } from '../domain/limits.ts';
import { notificationTypes } from '../domain/notification.ts';
import type { PublishAnswer, PublishRequest, Service } from '../service.ts';
import type { DeliveryShown } from '../stores/kept.ts';
import type { Caller } from './auth.ts';
import { amountMinor, currency, freeObject, merchant, orderNo, text, time } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import { camelFields } from './names.ts';
import { expectedError, problemOf } from './problem.ts';
import type { Routes } from './route.ts';

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'must be visible ASCII')
  .max(limits.idempotencyCharactersMax, `must have at most ${limits.idempotencyCharactersMax} characters`)
  .openapi({
    description: 'The same key with the same body gets the same answer for 7 days.',
    example: 'order-1-paid',
  });

const idempotencyKeyHeader = idempotencyKey.refine(
  (key) => !key.includes(','),
  'must come once, and hold no comma; in the body it may',
);
const operationId = text(1, 128);

const newNotification = z
  .strictObject({
    merchant,
    type: z.enum(notificationTypes),
    order_no: orderNo,
    amount_minor: amountMinor,
    currency,
    operation_id: operationId
      .optional()
      .openapi({ description: "Default: the payment's id for payments, else the notification's." }),
    payment_id: operationId.optional(),
    order_amount_minor: amountMinor.optional(),
    refunded_total_minor: amountMinor.optional(),
    data: freeObject.optional(),
    notify_url: z
      .string()
      .min(1)
      .max(2048)
      .optional()
      .openapi({ description: "One delivery to this URL, in `provider`'s format." }),
    also_endpoints: z
      .boolean()
      .optional()
      .openapi({ description: "With `notify_url`: also to the merchant's endpoints." }),
    provider: text(1, 64).optional().openapi({ description: 'Format of `notify_url`; default: `standard`.' }),
    occurred_at: time.optional(),
    idempotency_key: idempotencyKey.optional(),
  })
  .openapi('NewNotification');
type NewNotification = z.output<typeof newNotification>;

const example = {
  merchant: 'shop',
  type: 'payment.succeeded',
  order_no: 'ORDER-1',
  amount_minor: 8880,
  currency: 'CNY',
};

const target = z
  .object({ kind: z.enum(['endpoint', 'handler', 'effect']), id: z.string().optional(), name: z.string().optional() })
  .openapi('Target');

export const publishAnswer = z
  .object({
    id: z.string(),
    sequence: z.int().openapi({ description: 'Counts the notifications of this order from 1.' }),
    deliveries: z.array(z.object({ id: z.string(), target, endpoint: z.string().nullable(), state: z.string() })),
    skipped: z
      .array(z.object({ endpoint: z.string(), reason: z.string() }))
      .openapi({ description: 'Endpoints that want this type, but whose format cannot say it.' }),
  })
  .openapi('Published');

const batchResult = z
  .looseObject({ status: z.int() })
  .openapi('BatchResult', { description: '`status` 202 with the fields of an accepted notification, or a problem.' });

const refusals = [
  'merchant.unknown',
  'provider.unknown',
  'provider.cannot_say',
  'endpoint.url',
  'publish.no_secrets',
  'publish.idempotency_mismatch',
] as const;

export function addPublish(routes: Routes): void {
  const tag = 'Notifications';
  routes.add({
    method: 'post',
    path: '/v1/notifications',
    tag,
    summary: 'Publish a notification',
    description: 'Accepted means durable: it is delivered, or visibly not.',
    need: ['publish'],
    headers: z.object({ 'idempotency-key': idempotencyKeyHeader.optional() }),
    body: newNotification,
    example,
    statuses: [202],
    answer: publishAnswer,
    refusals,
    async run({ service, caller, body, headers }) {
      return { status: 202, body: await publish(service, caller, withKey(body, headers.get('idempotency-key'))) };
    },
  });
  routes.add({
    method: 'post',
    path: '/v1/notifications/batch',
    tag,
    summary: 'Publish up to 1000 notifications',
    description: 'Each has its own `idempotency_key`, and is accepted or refused on its own.',
    need: ['publish'],
    // Each is parsed by itself, so that one that is wrong does not refuse the others.
    body: z
      .strictObject({
        notifications: z
          .array(z.unknown())
          .min(1)
          .max(limits.publishBatchMax)
          .openapi({ type: 'array', items: { $ref: '#/components/schemas/NewNotification' } }),
      })
      .openapi('Batch'),
    example: { notifications: [{ ...example, idempotency_key: 'order-1-paid' }] },
    statuses: [202],
    answer: z.object({ results: z.array(batchResult) }),
    refusals: [],
    async run({ service, caller, body, headers }) {
      if (headers.get('idempotency-key') !== null) {
        throw new AppError(
          'request.invalid',
          'a batch takes no header idempotency-key; give each notification its own idempotency_key',
        );
      }
      const results = await Promise.all(
        body.notifications.map((given, index) => publishOne(service, caller, given, index)),
      );
      return { status: 202, body: { results } };
    },
  });
}

export function publishAnswerView({ id, sequence, deliveries, skipped }: PublishAnswer): z.input<typeof publishAnswer> {
  return { id, sequence, deliveries: deliveries.map(deliveryShownView), skipped: [...skipped] };
}

async function publish(
  service: Service,
  caller: Caller,
  body: NewNotification,
): Promise<z.input<typeof publishAnswer>> {
  requireMerchant(caller, body.merchant);
  const request: PublishRequest = camelFields(body);
  return publishAnswerView(await service.publish(request));
}

async function publishOne(
  service: Service,
  caller: Caller,
  given: unknown,
  index: number,
): Promise<z.input<typeof batchResult>> {
  try {
    const parsed = newNotification.safeParse(given, { reportInput: true });
    if (!parsed.success)
      throw invalidFields(parsed.error.issues, 'the notification is not valid', `/notifications/${index}`);
    return { status: 202, ...(await publish(service, caller, parsed.data)) };
  } catch (error) {
    const expected = expectedError(error);
    // A fault of ours is this one's alone as well: the others are accepted and must be answered as such.
    if (expected === null)
      service.observe('api.failed', 'error', { path: '/v1/notifications/batch', index, error: String(error) });
    return { ...problemOf(expected ?? new AppError('server.internal', 'this notification could not be taken')) };
  }
}

/** The idempotency key may come in the header or in the body; both must agree. */
function withKey(body: NewNotification, header: string | null): NewNotification {
  if (header === null) return body;
  // Copies of a header arrive joined by a comma, and two keys must not pass for a third one.
  const key = idempotencyKeyHeader.safeParse(header);
  if (!key.success)
    throw invalidFields(key.error.issues, 'the header idempotency-key is not valid', '/idempotency_key');
  if (body.idempotency_key !== undefined && body.idempotency_key !== key.data) {
    throw new AppError('request.invalid', 'the header idempotency-key and the field idempotency_key differ');
  }
  return { ...body, idempotency_key: key.data };
}

function deliveryShownView({ id, target, endpoint, state }: DeliveryShown) {
  return { id, target: { ...target }, endpoint, state };
}
