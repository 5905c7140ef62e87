/**
 * Shopify webhooks (shopify.dev/docs/apps/build/webhooks; the signature checked against @shopify/shopify-api; the shapes of bodies are
 * general knowledge).
 *
 * paymentId: the order's id at Shopify. operationId: capture and authorisation = the order, cumulative; refund = the id of its transaction,
 * single, the same in `refunds/create` and within the order; dispute = its id.
 *
 * Only the body is signed: what it tells of is read from its shape, not from the topic, and copies are told by their facts. Ids are larger
 * than JavaScript's integers. The number that customers see (`#1001`) is Shopify's: ours is in a note attribute of the order.
 */

import { z } from 'zod';
import { fromIso, toIso } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import { decimalFromMinor } from '../domain/money.ts';
import type { Notification } from '../domain/notification.ts';
import { shopifyClient, shopifyUrl } from './clients/shopify.ts';
import { define } from './define.ts';
import { readShopifyBody } from './events/shopify.ts';
import { toHex } from './primitives/bytes.ts';
import { apiBaseUrl, idText, listOf, secretText } from './primitives/credentials.ts';
import { header } from './primitives/headers.ts';
import { hmacSecret } from './primitives/hmac.ts';
import { exactInteger, type JsonObject } from './primitives/json.ts';
import { orderMetadata } from './primitives/order-no.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, judgeBy } from './primitives/replies.ts';
import { type BodySignature, openSigned, postSigned } from './primitives/signed-body.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

const clientSecrets = listOf(secretText(16));
const accountCredentials = z.strictObject({
  client_secrets: clientSecrets,
  shop_domain: z.exactOptional(idText),
  /** The name of the note attribute that holds our number. */
  order_no_attribute: z.exactOptional(z.string().min(1).max(255)),
  /** Of the Admin API; needs `shop_domain`, or `api_base_url`. */
  access_token: z.exactOptional(secretText(16)),
  /** Of the Admin API, with its version. */
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({
  client_secrets: clientSecrets,
  shop_domain: z.exactOptional(idText),
  test: z.exactOptional(z.boolean()),
});
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature: BodySignature = { header: 'x-shopify-hmac-sha256', encoding: 'base64' };
const minute = 60_000;

/** The topic and the order's financial status that say each type. */
const words = wordsOf<readonly [topic: string, status: string]>({
  'payment.authorized': ['orders/create', 'authorized'],
  'payment.succeeded': ['orders/paid', 'paid'],
  'payment.closed': ['orders/cancelled', 'voided'],
  'refund.succeeded': ['orders/updated', 'partially_refunded'],
});

export const shopify = define({
  name: 'shopify',
  profile: {
    deadlineMs: 5000,
    schedule: [1, 2, 5, 10, 20, 42, 60, 100].map((minutes) => minutes * minute),
    types: words.types,
    singleHeaders: [signature.header],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The fields and statuses of orders, refunds, transactions and disputes.',
      'The retry schedule: 8 tries in 4 hours, after which the subscription is removed; older pages say 19 in 48 hours.',
      'The version of the Admin API; Shopify answers for one that has ended with the oldest that has not.',
      'Amounts are decimals with no more digits than ISO 4217 has for the currency, zeros apart.',
      'A rotated client secret signs at once: keep the old one beside the new.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client(credentials, world) {
    const { access_token: accessToken, shop_domain: shop } = credentials;
    const baseUrl = credentials.api_base_url ?? (shop === undefined ? undefined : shopifyUrl(shop));
    if (accessToken === undefined || baseUrl === undefined) return {};
    return shopifyClient({ accessToken, baseUrl, attributes: attributesOf(credentials) }, world);
  },
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, access_token: `shpat_${toHex(random(16))}` }, endpoint };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const secrets = credentials.client_secrets.map((secret) => hmacSecret(secret));
  const ours = credentials.shop_domain;
  const attributes = attributesOf(credentials);
  return {
    open: (request, context) =>
      openSigned(request, { ...signature, secrets, field: 'client_secrets' }, (body) => {
        const shop = header(request.headers, 'x-shopify-shop-domain');
        if (ours !== undefined && shop !== ours) {
          const why = `x-shopify-shop-domain is ${shown(shop ?? 'absent')}; this account has ${ours}`;
          return refused('callback.other_account', why);
        }
        const type = shown(header(request.headers, 'x-shopify-topic') ?? 'unknown');
        const now = fromIso(header(request.headers, 'x-shopify-triggered-at') ?? '') ?? context.now;
        return readShopifyBody(body, { account, type, now, attributes });
      }),
    acknowledge: acknowledgeReceived,
  };
}

/** The note attributes that may hold our number, the best first. */
function attributesOf({ order_no_attribute: attribute }: AccountCredentials): readonly string[] {
  return attribute === undefined ? ['order_no', 'order_id'] : [attribute];
}

function sender(credentials: EndpointCredentials): Sender {
  const secret = hmacSecret(credentials.client_secrets[0] ?? '');
  const { shop_domain: shop, test = false } = credentials;
  return {
    seal: (notification) =>
      postSigned(orderFor(notification, test), { ...signature, secret }, [
        ['x-shopify-topic', words.wordFor(notification.type)[0]],
        ...(shop === undefined ? [] : [['x-shopify-shop-domain', shop] as const]),
        ['x-shopify-webhook-id', notification.id],
        ['x-shopify-event-id', notification.id],
        ['x-shopify-triggered-at', toIso(notification.occurredAt)],
      ]),
    judge: judgeBy((reply) => reply.status === 200, { wanted: '200' }),
  };
}

function generate(random: Random): { client_secrets: string[] } {
  return { client_secrets: [`shpss_${toHex(random(16))}`] };
}

/** An order with what the type tells of; ids that are numbers are written as such. */
function orderFor(notification: Notification, test: boolean): JsonObject {
  const { type, currency, amountMinor, orderAmountMinor, refundedTotalMinor } = notification;
  const idOf = (text: string) => (/^[1-9]\d{0,18}$/.test(text) ? exactInteger(BigInt(text)) : text);
  const isRefund = type === 'refund.succeeded';
  const total = isRefund ? (orderAmountMinor ?? refundedTotalMinor ?? amountMinor) : amountMinor;
  const time = toIso(notification.occurredAt);
  const operation = idOf(notification.operationId);
  const amount = decimalFromMinor(amountMinor, currency);
  const transaction = { id: operation, kind: 'refund', status: 'success', amount, currency, processed_at: time, test };
  const isRefundedInFull = isRefund && refundedTotalMinor !== null && refundedTotalMinor >= total;
  return {
    id: isRefund ? idOf(notification.paymentId) : operation,
    financial_status: isRefundedInFull ? 'refunded' : words.wordFor(type)[1],
    total_price: decimalFromMinor(total, currency),
    currency,
    test,
    updated_at: time,
    note_attributes: Object.entries(orderMetadata(notification)).map(([name, value]) => ({ name, value })),
    refunds: isRefund ? [{ id: operation, created_at: time, transactions: [transaction] }] : [],
  };
}
