/**
 * PayPal webhooks (developer.paypal.com/api/rest/webhooks, "Integrate webhooks", "Webhook event names"; the signed text checked against
 * genuine notifications).
 *
 * paymentId: the capture (of what is only authorised: the authorisation). operationId: capture and authorisation = the same; refund and
 * what PayPal reverses = the refund; dispute = dispute_id; all single.
 *
 * What is signed holds the CRC-32 of the body, and other bodies with the same sum are easily made: what an event says is asked for
 * before it is believed. The certificate that signs is named by its address; only PayPal's own addresses count.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Notification } from '../domain/notification.ts';
import { paypalClient } from './clients/paypal.ts';
import { define } from './define.ts';
import { orderNoFieldsOf, paypalAmount, readPaypalEvent } from './events/paypal.ts';
import { toHex, utf8 } from './primitives/bytes.ts';
import { certificateOf, selfSigned } from './primitives/certificate.ts';
import {
  acceptRisk,
  apiBaseUrl,
  certificateText,
  idText,
  listOf,
  privateKeyText,
  publicKeyText,
  secretText,
} from './primitives/credentials.ts';
import { type JsonObject, parseJson } from './primitives/json.ts';
import { mismatchCause } from './primitives/likely-cause.ts';
import { isPaypalCertificateUrl, otherNameIn, paypalCertificateName } from './primitives/paypal-certificate.ts';
import { paypalAlgorithm, paypalHeaders, paypalText, readPaypalSignature } from './primitives/paypal-signature.ts';
import { isRefused, refused } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy, post } from './primitives/replies.ts';
import { rsaMatches, rsaPrivateKey, rsaPublicKey, rsaSignature } from './primitives/rsa.ts';
import { noted } from './primitives/secret-fields.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';
import { readPaypalStatement } from './statements/paypal.ts';

const unsigned = {
  risk: 'crc32_body',
  why: 'the signature covers a CRC-32 of the body, which another body can have too',
} as const;
const certificateUrl = z
  .string()
  .refine((text) => isPaypalCertificateUrl(text, 'test'), "must be the address of a certificate at PayPal's API");
const rsaCertificate = noted(certificateText.pipe(publicKeyText), 'certificate', 'X.509 in PEM, of an RSA key');
const accountFields = z.strictObject({
  webhook_id: idText,
  /** By address; what is missing is fetched. */
  certificates: z.exactOptional(z.record(certificateUrl, rsaCertificate)),
  /** Who must have issued a certificate that is fetched. */
  ca_certificates: z.exactOptional(listOf(certificateText)),
  client_id: z.exactOptional(idText),
  client_secret: z.exactOptional(secretText(16)),
  order_no_field: z.exactOptional(z.enum(['invoice_id', 'custom_id'])),
  api_base_url: z.exactOptional(apiBaseUrl),
  accept_risk: acceptRisk(unsigned.risk),
});
const accountCredentials = accountFields.refine(
  ({ client_id: id, client_secret: secret }) => (id === undefined) === (secret === undefined),
  { path: ['client_secret'], error: 'client_id and client_secret go together' },
);
const endpointCredentials = z.strictObject({
  webhook_id: idText,
  certificate_url: certificateUrl,
  sign_key: privateKeyText,
});
type AccountCredentials = z.infer<typeof accountFields>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const [minute, hour, year] = [60_000, 3_600_000, 365 * 86_400_000] as const;

const words = wordsOf<readonly [event: string, status: string]>({
  'payment.authorized': ['PAYMENT.AUTHORIZATION.CREATED', 'CREATED'],
  'payment.succeeded': ['PAYMENT.CAPTURE.COMPLETED', 'COMPLETED'],
  'payment.failed': ['PAYMENT.CAPTURE.DECLINED', 'DECLINED'],
  'refund.pending': ['PAYMENT.REFUND.PENDING', 'PENDING'],
  'refund.succeeded': ['PAYMENT.CAPTURE.REFUNDED', 'COMPLETED'],
  'refund.failed': ['PAYMENT.REFUND.FAILED', 'FAILED'],
  'dispute.opened': ['CUSTOMER.DISPUTE.CREATED', 'OPEN'],
  'dispute.won': ['CUSTOMER.DISPUTE.RESOLVED', 'RESOLVED_SELLER_FAVOUR'],
  'dispute.lost': ['CUSTOMER.DISPUTE.RESOLVED', 'RESOLVED_BUYER_FAVOUR'],
});

export const paypal = define({
  name: 'paypal',
  profile: {
    deadlineMs: 10_000,
    schedule: [
      minute,
      5 * minute,
      15 * minute,
      hour,
      2 * hour,
      4 * hour,
      8 * hour,
      12 * hour,
      12 * hour,
      12 * hour,
      12 * hour,
    ],
    types: words.types,
    singleHeaders: paypalHeaders,
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The deadline for an answer is not published.',
      'The steps of the retry schedule: PayPal says 25 tries in three days.',
      'Whether a retry is signed anew is not published, so the age of the signature is not limited.',
      'Which authority issues the certificates that sign, and whether their file holds it.',
      'What PayPal reverses is a refund of its own, under the id that the event bears.',
      'An order of PayPal has an id of 17 capital letters and digits; of a dispute it begins with PP-.',
      'A dispute is about one payment.',
      'The Transaction ID of a report is the id of the capture, refund or reversal that events bear.',
      'The days of reports are those of Los Angeles unless the account says otherwise.',
    ],
    unsigned,
    statementZone: 'America/Los_Angeles',
    statementKinds: ['captured', 'refunded'],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: paypalClient,
  readStatement: readPaypalStatement,
  pair(random) {
    const webhook_id = toHex(random(9)).slice(0, 17).toUpperCase();
    const certificate_url = `https://api.paypal.com/v1/notifications/certs/CERT-${toHex(random(4))}`;
    // Far enough either way for every clock that a sandbox or a test may have.
    const made = selfSigned(paypalCertificateName, { from: 0, until: 120 * year, serial: random(15) });
    const access = { client_id: toHex(random(20)), client_secret: toHex(random(20)) };
    return {
      account: { webhook_id, certificates: { [certificate_url]: made.certificate }, ...access },
      endpoint: { webhook_id, certificate_url, sign_key: made.privateKey },
    };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const certificates = new Map(
    Object.entries(credentials.certificates ?? {}).map(([url, pem]) => [url, signerIn(pem, account.mode)]),
  );
  const { webhook_id: webhookId } = credentials;
  const reading = { account: account.id, orderNoFields: orderNoFieldsOf(credentials.order_no_field) };
  return {
    open({ headers, body }, { now }) {
      const said = readPaypalSignature(headers, account.mode);
      if (isRefused(said)) return said;
      const text = paypalText(said, webhookId, body);
      const signer = certificates.get(said.url);
      if (signer === undefined || now > signer.until) {
        const why = `no key for ${said.url}; the account has ${certificates.size} certificates, none of them for it and valid`;
        return { is: 'unknown_key', keyId: said.url, why, signedText: text };
      }
      const matches = (other: Uint8Array) => rsaMatches(signer.key, paypalText(said, webhookId, other), said.signature);
      if (!matches(body)) {
        const otherwise = 'the signature fits neither this body nor this webhook_id';
        return refused('signature.mismatch', mismatchCause(body, matches, otherwise), text);
      }
      const event = parseJson(body);
      return 'why' in event ? { is: 'unreadable', why: event.why } : readPaypalEvent(event.value, reading);
    },
    acknowledge: acknowledgeReceived,
  };
}

/** @throws AppError `account.credentials` for a certificate in another's name. */
function signerIn(pem: string, mode: ReceiverAccount['mode']) {
  const certificate = certificateOf(pem);
  const otherName = otherNameIn(certificate, mode);
  if (otherName !== null) throw new AppError('account.credentials', otherName);
  return { key: rsaPublicKey(pem), until: certificate.validToDate.getTime() };
}

function sender({ webhook_id: webhookId, certificate_url: url, sign_key }: EndpointCredentials): Sender {
  const key = rsaPrivateKey(sign_key);
  return {
    async seal(notification, { now, random }) {
      const body = utf8(JSON.stringify(eventFor(notification, new URL(url).origin)));
      const [id, time] = [toHex(random(16)), `${toIso(now).slice(0, 19)}Z`];
      const signature = await rsaSignature(key, paypalText({ id, time }, webhookId, body));
      return post('application/json', body, [
        ['paypal-auth-algo', paypalAlgorithm],
        ['paypal-cert-url', url],
        ['paypal-transmission-id', id],
        ['paypal-transmission-time', time],
        ['paypal-transmission-sig', signature],
      ]);
    },
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function eventFor(notification: Notification, origin: string): JsonObject {
  const { id, type, occurredAt } = notification;
  const [event_type, status] = words.wordFor(type);
  const [subject] = type.split('.');
  return {
    id: `WH-${id}`,
    event_version: '1.0',
    create_time: toIso(occurredAt),
    resource_type: { payment: 'capture', refund: 'refund', dispute: 'dispute' }[subject ?? ''] ?? 'capture',
    event_type,
    resource: resourceFor(notification, { status, amount: paypalAmount(notification), origin }),
    links: [],
  };
}

/** A payment is known by its operation, so that several captures stay several. */
function resourceFor(
  { type, orderNo, paymentId, operationId, occurredAt }: Notification,
  { status, amount, origin }: { status: string; amount: JsonObject; origin: string },
): JsonObject {
  const times = { create_time: toIso(occurredAt), update_time: toIso(occurredAt) };
  if (type.startsWith('dispute.')) {
    return {
      dispute_id: operationId,
      disputed_transactions: [{ seller_transaction_id: paymentId, invoice_number: orderNo }],
      dispute_amount: amount,
      ...(status === 'OPEN' ? { status } : { status: 'RESOLVED', dispute_outcome: { outcome_code: status } }),
      ...times,
    };
  }
  const up = { rel: 'up', href: `${origin}/v2/payments/captures/${encodeURIComponent(paymentId)}`, method: 'GET' };
  const links = type.startsWith('refund.') ? [up] : [];
  return { id: operationId, status, amount, invoice_id: orderNo, links, ...times };
}
