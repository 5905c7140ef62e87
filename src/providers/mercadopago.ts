/**
 * Mercado Pago webhooks of payments (mercadopago.com, developers, "Webhooks", "Payment status", the reference of payments and refunds; the
 * signed text checked against Mercado Pago's own library).
 *
 * paymentId: the payment. operationId: authorisation, capture and chargeback = the payment; refund = the refund's id; all single. Where the
 * single refunds are not listed, the payment's refunded total, cumulative.
 *
 * The signature covers `data.id`, the request's id and a time, and nothing else of the body; so a webhook says which payment to ask about.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import { mercadopagoClient } from './clients/mercadopago.ts';
import { define } from './define.ts';
import { toHex, utf8 } from './primitives/bytes.ts';
import { apiBaseUrl, fieldPath, listOf, secretText } from './primitives/credentials.ts';
import { grammars, singleHeader } from './primitives/headers.ts';
import { hmacMatches, hmacSecret } from './primitives/hmac.ts';
import { idAt, type Json, parseJson, textAt } from './primitives/json.ts';
import { isRefused, refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, judgeBy, post } from './primitives/replies.ts';
import { timedReader } from './primitives/timed-signature.ts';
import type { Opened, RawRequest, Receiver, ReceiverAccount, Sender } from './provider.ts';

const webhookSecrets = listOf(secretText(16));
const accountCredentials = z.strictObject({
  webhook_secrets: webhookSecrets,
  access_token: secretText(16).regex(/^(APP_USR|TEST)-/, 'must start with APP_USR- or TEST-'),
  /** Within the payment. */
  order_no_path: z.exactOptional(fieldPath),
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({ webhook_secrets: webhookSecrets });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signature = { header: 'x-signature', time: 'ts', scheme: 'v1', separator: ',' } as const;
const requestIdHeader = 'x-request-id';
const [minute, hour] = [60_000, 3_600_000] as const;

export const mercadopago = define({
  name: 'mercadopago',
  profile: {
    deadlineMs: 22_000,
    schedule: [15 * minute, 15 * minute, 5.5 * hour, 42 * hour, 48 * hour],
    types: [
      'payment.authorized',
      'payment.succeeded',
      'payment.failed',
      'payment.closed',
      'refund.pending',
      'refund.succeeded',
      'refund.failed',
      'dispute.opened',
      'dispute.won',
      'dispute.lost',
    ],
    singleHeaders: [signature.header, requestIdHeader],
    rotation: 'first',
    methods: ['POST'],
    unsigned: {
      risk: 'everything',
      why: 'the signature covers the id of the payment, and nothing that happened to it',
    },
    unconfirmed: [
      'The tries after the first: some pages say 5 and 45 minutes, others 15 and 30; later ones wait 5 s for an answer.',
      'Amounts have the decimals of ISO 4217 in every currency.',
      'The status_detail of a chargeback: settled where it is lost, reimbursed where it is won.',
      'A refund without a status is paid out.',
    ],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: mercadopagoClient,
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, access_token: `APP_USR-${toHex(random(20))}` }, endpoint };
  },
});

function generate(random: Random): EndpointCredentials {
  return { webhook_secrets: [toHex(random(32))] };
}

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  if (account.mode === 'live' && credentials.access_token.startsWith('TEST-'))
    throw new AppError('account.credentials', 'access_token is a test token, and the account is live');
  const secrets = credentials.webhook_secrets.map((secret) => hmacSecret(secret));
  const read = timedReader(signature);
  return {
    open(request) {
      const signed = read(request.headers);
      if (isRefused(signed)) return signed;
      const requestId = singleHeader(request.headers, requestIdHeader, grammars.token);
      if (isRefused(requestId)) return requestId;
      const query = queryOf(request);
      const parsed = parseJson(request.body);
      const body = 'why' in parsed ? null : parsed.value;
      const inBody = idAt(body, 'data.id');
      const id = query.get('data.id') ?? inBody ?? '';
      const text = manifest(id, requestId, signed.timestamp);
      if (!hmacMatches(secrets, text, signed.candidates)) {
        const why = `none of the account's ${secrets.length} webhook_secrets fits ${signature.header}; data.id is ${shown(id)}`;
        return refused('signature.mismatch', why, text);
      }
      // Nothing else ties the body to what is signed; letters are signed in lower case.
      if (inBody?.toLowerCase() !== id.toLowerCase())
        return refused('signature.mismatch', 'the body names another data.id than the one that is signed', text);
      return opened(query.get('type') ?? textAt(body, 'type'), body, inBody);
    },
    acknowledge: acknowledgeReceived,
  };
}

function opened(type: string | null, body: Json, paymentId: string): Opened {
  const messageId = idAt(body, 'id');
  return type === 'payment'
    ? { is: 'ping', messageId: null, references: [{ reference: null, paymentId }] }
    : { is: 'ignored', messageId, type: shown(type ?? 'without a type') };
}

/** What is signed. */
function manifest(id: string, requestId: string, seconds: string): Uint8Array {
  return utf8(`id:${id.toLowerCase()};request-id:${requestId};ts:${seconds};`);
}

function queryOf({ target }: RawRequest): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : target.slice(at + 1));
}

function sender({ webhook_secrets: [first = ''] }: EndpointCredentials): Sender {
  const secret = hmacSecret(first);
  return {
    seal({ id, paymentId, occurredAt, type }, { now, random }) {
      const requestId = toHex(random(16));
      const timestamp = String(Math.floor(now / 1000));
      const digest = toHex(secret.digest(manifest(paymentId, requestId, timestamp)));
      const body = {
        data: { id: paymentId },
        action: type === 'payment.succeeded' ? 'payment.created' : 'payment.updated',
        api_version: 'v1',
        date_created: toIso(occurredAt),
        id,
        live_mode: true,
        type: 'payment',
      };
      const request = post('application/json', utf8(JSON.stringify(body)), [
        [signature.header, `ts=${timestamp},v1=${digest}`],
        [requestIdHeader, requestId],
      ]);
      return { ...request, target: `/?${new URLSearchParams({ 'data.id': paymentId, type: 'payment' })}` };
    },
    judge: judgeBy(({ status }) => status === 200 || status === 201, { wanted: '200 or 201' }),
  };
}
