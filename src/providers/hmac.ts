/**
 * Paidonce's own plain format, and that of many in-house platforms: a JSON body under an HMAC-SHA256 in `Authorization`.
 * Its rules stand in docs/reference/providers/hmac.md.
 *
 * paymentId and operationId of capture, refund and dispute: `payment_id` and `operation_id` as sent; where absent, derived
 * (primitives/generic-fact.ts). Both are unique only together with the order.
 */
import { z } from 'zod';
import type { Instant } from '../domain/clock.ts';
import type { AccountId, Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { notificationTypes } from '../domain/notification.ts';
import { defaultSchedule } from '../domain/retry.ts';
import { define } from './define.ts';
import { concat, fromHex, toHex } from './primitives/bytes.ts';
import { encryptionKeys, idText, listOf, secretText } from './primitives/credentials.ts';
import { bodyCipher } from './primitives/encrypted-body.ts';
import { refuseStale } from './primitives/freshness.ts';
import { genericFact, genericFields, kindOfType, publishedData } from './primitives/generic-fact.ts';
import { grammars, header, singleHeader } from './primitives/headers.ts';
import { hmacMatches, hmacSecret } from './primitives/hmac.ts';
import { isObject, type Json, textAt } from './primitives/json.ts';
import { mismatchCause } from './primitives/likely-cause.ts';
import { isRefused, refused, shown } from './primitives/refusal.ts';
import { acknowledgePlainly, isSuccessStatus, judgeBy, post } from './primitives/replies.ts';
import type { Headers, Opened, RawRequest, Receiver, ReceiverAccount, Refusal, Sender } from './provider.ts';

const endpointCredentials = z.strictObject({
  api_key: idText,
  api_secrets: listOf(secretText(16)),
  replay_window_s: z.exactOptional(z.int().min(1).max(86_400)),
  encryption_keys: z.exactOptional(encryptionKeys),
});
const accountCredentials = endpointCredentials.extend({ amount: z.exactOptional(z.enum(['required', 'from_order'])) });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

/** The words for the types, in the order of the type list. */
const statuses: readonly string[] = [
  'authorized',
  'success',
  'failed',
  'closed',
  'reversed',
  'refund_pending',
  'refund',
  'refund_failed',
  'refund_bounced',
  'dispute_opened',
  'dispute_won',
  'dispute_lost',
  'discrepancy_opened',
  'discrepancy_resolved',
];
const authorizationGrammar = { form: /^HMAC [!-+\--~]+:[0-9a-f]+$/i, says: '`HMAC <api_key>:<hex>`' };

export const hmac = define({
  name: 'hmac',
  profile: {
    deadlineMs: limits.endpointTimeoutMs,
    schedule: defaultSchedule,
    types: notificationTypes,
    singleHeaders: ['authorization', 'x-timestamp', 'x-nonce'],
    rotation: 'first',
    methods: ['POST', 'GET'],
    unconfirmed: [],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  generate,
  pair(random) {
    const credentials = generate(random);
    return { account: credentials, endpoint: credentials };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const { api_key: apiKey, replay_window_s: windowSeconds } = credentials;
  const secrets = credentials.api_secrets.map((secret) => hmacSecret(secret));
  const cipher = bodyCipher(credentials.encryption_keys);
  const fromOrder = credentials.amount === 'from_order';

  return {
    open(request, context) {
      const authorization = parseAuthorization(request.headers);
      if (isRefused(authorization)) return authorization;
      const stamp = windowSeconds === undefined ? null : readStamp(request.headers);
      if (isRefused(stamp)) return stamp;
      const text = signedText(stamp, request.body);
      if (authorization.apiKey !== apiKey) {
        const keyId = shown(authorization.apiKey);
        return {
          is: 'unknown_key',
          keyId,
          why: `no secrets for api_key ${keyId}; the account has ${apiKey}`,
          signedText: text,
        };
      }
      const signs = (other: Uint8Array) => hmacMatches(secrets, other, [authorization.signature]);
      if (!signs(text)) return refused('signature.mismatch', causeOf(request, stamp, signs), text);
      const stale = stamp && refuseStale(stamp.timestamp, context.now, windowSeconds);
      if (stale) return { ...stale, signedText: text };

      const nonce = stamp ? { nonce: stamp.nonce } : {};
      const opened = cipher.open(request.body);
      if (isRefused(opened)) return { ...opened, signedText: text };
      if ('why' in opened) return { is: 'unreadable', why: opened.why, ...nonce };
      return {
        ...readBody(opened.value, { account: account.id, now: context.receivedAt ?? context.now, fromOrder }),
        ...nonce,
      };
    },
    acknowledge: acknowledgePlainly,
    confirmation(request) {
      const authorization = parseAuthorization(request.headers);
      if (isRefused(authorization) || authorization.apiKey !== apiKey) return null;
      const stamp = readStamp(request.headers);
      const bodies = new URLSearchParams(request.target.split('?').slice(1).join('?')).getAll('body');
      const texts = bodies.flatMap((body) => [
        concat(body),
        ...(isRefused(stamp) ? [] : [signedText(stamp, concat(body))]),
      ]);
      const signsBody =
        bodies.length === 1 && texts.some((text) => hmacMatches(secrets, text, [authorization.signature]));
      return { authorization: authorization.value, signsBody };
    },
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const [first = ''] = credentials.api_secrets;
  const secret = hmacSecret(first);
  const cipher = bodyCipher(credentials.encryption_keys);
  return {
    seal(notification, { now, random }) {
      const data = publishedData(notification);
      const plain = {
        order_id: notification.orderNo,
        status: statuses[notificationTypes.indexOf(notification.type)],
        ...genericFields(notification),
        ...(Object.keys(data).length > 0 ? { data } : {}),
      };
      const body = cipher.seal(JSON.stringify(plain), random);
      const stamp = credentials.replay_window_s
        ? { timestamp: String(Math.floor(now / 1000)), nonce: toHex(random(16)) }
        : null;
      const signature = toHex(secret.digest(signedText(stamp, body)));
      const stampHeaders: Headers = stamp
        ? [
            ['x-timestamp', stamp.timestamp],
            ['x-nonce', stamp.nonce],
          ]
        : [];
      return post('application/json', body, [
        ['authorization', `HMAC ${credentials.api_key}:${signature}`],
        ...stampHeaders,
      ]);
    },
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx', goneStops: true }),
  };
}

function generate(random: Random): EndpointCredentials {
  return { api_key: `ak_${toHex(random(12))}`, api_secrets: [toHex(random(32))] };
}

function readBody(body: Json, reading: { account: AccountId; now: Instant; fromOrder: boolean }): Opened {
  const status = textAt(body, 'status');
  if (!isObject(body) || status === null) return { is: 'unreadable', why: 'the body has no status' };
  const type = notificationTypes[statuses.indexOf(status)];
  const kind = type && kindOfType[type];
  if (!type || !kind) return { is: 'ignored', messageId: null, type: shown(status) };
  const said = {
    type,
    kind,
    orderNo: body.order_id,
    fields: body,
    amount: body.amount_minor,
    timestamp: body.timestamp,
  };
  const fact = genericFact(said, reading);
  if (typeof fact === 'string') return { is: 'unreadable', why: fact };
  if (fact.reference === null) return { is: 'unreadable', why: 'the body has no order_id' };
  return { is: 'facts', messageId: null, facts: [fact], readBack: false };
}

interface Stamp {
  timestamp: string;
  nonce: string;
}

function readStamp(headers: Headers): Stamp | Refusal {
  const timestamp = singleHeader(headers, 'x-timestamp', grammars.seconds);
  if (isRefused(timestamp)) return timestamp;
  const nonce = singleHeader(headers, 'x-nonce', grammars.token);
  return isRefused(nonce) ? nonce : { timestamp, nonce };
}

function signedText(stamp: Stamp | null, body: Uint8Array): Uint8Array {
  return stamp === null ? body : concat(stamp.timestamp, '\n', stamp.nonce, '\n', body);
}

function parseAuthorization(headers: Headers): { value: string; apiKey: string; signature: Uint8Array } | Refusal {
  const scheme = header(headers, 'authorization')?.split(' ')[0];
  if (scheme && scheme.toUpperCase() !== 'HMAC')
    return refused('signature.scheme', `Authorization is ${shown(scheme)}, not HMAC`);
  const value = singleHeader(headers, 'authorization', authorizationGrammar);
  if (isRefused(value)) return value;
  const colon = value.lastIndexOf(':');
  return {
    value,
    apiKey: value.slice('HMAC '.length, colon),
    signature: fromHex(value.slice(colon + 1)) ?? new Uint8Array(),
  };
}

/** Beside re-serialised bodies: the two sides disagree on whether timestamp and nonce are signed. */
function causeOf(request: RawRequest, stamp: Stamp | null, signs: (text: Uint8Array) => boolean): string {
  if (stamp !== null && signs(request.body))
    return 'the signature is over the body alone; with replay_window_s it must be over timestamp, nonce and body';
  const sent = stamp ?? readStamp(request.headers);
  if (stamp === null && !isRefused(sent) && signs(signedText(sent, request.body))) {
    return 'the signature is over timestamp, nonce and body: set replay_window_s on the account';
  }
  return mismatchCause(
    request.body,
    (body) => signs(signedText(stamp, body)),
    'no api_secret of the account fits the signature over this body',
  );
}
