/**
 * Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md), as Paidonce speaks it by
 * default, and as PortOne, Dodo, Polar and many new platforms do. The names `svix-*` of the headers are read too.
 *
 * paymentId and operationId of capture, refund and dispute: `data.payment_id` and `data.operation_id` as sent; where absent, derived
 * (primitives/generic-fact.ts). Both are unique only together with the order.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { isNotificationType, notificationTypes } from '../domain/notification.ts';
import { defaultSchedule } from '../domain/retry.ts';
import { define } from './define.ts';
import { concat, fromBase64, toBase64 } from './primitives/bytes.ts';
import { encryptionKeys, fieldPath, listOf, prefixedBytes } from './primitives/credentials.ts';
import {
  ed25519Matches,
  ed25519PrivateKey,
  ed25519PublicBytes,
  ed25519PublicKey,
  ed25519Signature,
} from './primitives/ed25519.ts';
import { bodyCipher } from './primitives/encrypted-body.ts';
import { refuseStale } from './primitives/freshness.ts';
import { genericFact, genericFields, kindOfType, publishedData } from './primitives/generic-fact.ts';
import { grammars, header, singleHeader } from './primitives/headers.ts';
import { hmacMatches, hmacSecret } from './primitives/hmac.ts';
import { at, isObject, type Json, textAt } from './primitives/json.ts';
import { mismatchCause } from './primitives/likely-cause.ts';
import { bytesAfter } from './primitives/prefixed.ts';
import { isRefused, refused, shown } from './primitives/refusal.ts';
import { acknowledgePlainly, isSuccessStatus, judgeBy, post } from './primitives/replies.ts';
import type { Context, Opened, RawRequest, Receiver, ReceiverAccount, Refusal, Sender } from './provider.ts';

const secrets = listOf(
  prefixedBytes('whsec_', 'secret', (bytes) => bytes.length >= 24 && bytes.length <= 64, '24 to 64 bytes'),
);
const publicKeys = listOf(prefixedBytes('whpk_', 'public_key', (bytes) => bytes.length === 32, '32 bytes'));
const privateKeys = listOf(prefixedBytes('whsk_', 'private_key', isPrivateKey, 'an Ed25519 seed and its public key'));

const accountCredentials = z
  .strictObject({
    secrets: z.exactOptional(secrets),
    public_keys: z.exactOptional(publicKeys),
    order_no_path: z.exactOptional(fieldPath),
    encryption_keys: z.exactOptional(encryptionKeys),
  })
  .refine((given) => given.secrets || given.public_keys, { error: 'needs secrets or public_keys', path: ['secrets'] });
const endpointCredentials = z
  .strictObject({
    secrets: z.exactOptional(secrets),
    private_keys: z.exactOptional(privateKeys),
    encryption_keys: z.exactOptional(encryptionKeys),
  })
  .refine((given) => given.secrets || given.private_keys, {
    error: 'needs secrets or private_keys',
    path: ['secrets'],
  });
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const signaturesMax = 16;
const signatureGrammar = {
  form: /^[!-~]+( [!-~]+)*$/,
  says: 'a list of `v1,<base64>` or `v1a,<base64>`',
  joined: /, /,
};
/** No point: `id.timestamp.body` must be split in one way only. */
const idGrammar = { form: /^[!-+\-/-~]{1,255}$/, says: 'up to 255 visible characters without a point' };

export const standard = define({
  name: 'standard',
  profile: {
    deadlineMs: limits.endpointTimeoutMs,
    schedule: defaultSchedule,
    types: notificationTypes,
    singleHeaders: ['webhook', 'svix'].flatMap((family) => [
      `${family}-id`,
      `${family}-timestamp`,
      `${family}-signature`,
    ]),
    rotation: 'all_sign',
    methods: ['POST'],
    unconfirmed: [],
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  generate,
  keyPair,
  pair(random) {
    const endpoint = generate(random);
    return { account: endpoint, endpoint };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const hmacSecrets = (credentials.secrets ?? []).map((text) => hmacSecret(bytesOf('whsec_', text)));
  const keys = (credentials.public_keys ?? []).map((text) => ed25519PublicKey(bytesOf('whpk_', text)));
  const cipher = bodyCipher(credentials.encryption_keys);
  // With a public key the secrets do not count: whoever knows one of them could sign as the sender.
  const version = keys.length > 0 ? 'v1a' : 'v1';

  return {
    open(request, context) {
      const read = readHeaders(request);
      if (isRefused(read)) return read;
      const text = concat(read.id, '.', read.timestamp, '.', request.body);
      const candidates = read.signatures.filter((one) => one.version === version).map((one) => one.bytes);
      if (candidates.length === 0) {
        return refused('signature.scheme', `no ${version} signature, the only scheme this account accepts`, text);
      }
      const matches = (body: Uint8Array) => {
        const signed = concat(read.id, '.', read.timestamp, '.', body);
        return version === 'v1a'
          ? ed25519Matches(keys, signed, candidates)
          : hmacMatches(hmacSecrets, signed, candidates);
      };
      if (!matches(request.body)) {
        const otherwise = `no ${version === 'v1a' ? 'public key' : 'secret'} of the account fits any of the ${candidates.length} ${version} signatures`;
        return refused('signature.mismatch', mismatchCause(request.body, matches, otherwise), text);
      }
      const stale = refuseStale(read.timestamp, context.now);
      if (stale) return { ...stale, signedText: text };
      const opened = cipher.open(request.body);
      if (isRefused(opened)) return { ...opened, signedText: text };
      if ('why' in opened) return { is: 'unreadable', why: opened.why };
      return readBody(opened.value, { account, context, messageId: read.id, orderNoPath: credentials.order_no_path });
    },
    acknowledge: acknowledgePlainly,
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const hmacSecrets = (credentials.secrets ?? []).map((text) => hmacSecret(bytesOf('whsec_', text)));
  const keys = (credentials.private_keys ?? []).map((text) => ed25519PrivateKey(bytesOf('whsk_', text)));
  const cipher = bodyCipher(credentials.encryption_keys);
  return {
    seal(notification, { now, random }) {
      const data = { ...publishedData(notification), order_no: notification.orderNo, ...genericFields(notification) };
      const plain = { type: notification.type, timestamp: toIso(notification.occurredAt), data };
      const body = cipher.seal(JSON.stringify(plain), random);
      const timestamp = String(Math.floor(now / 1000));
      const text = concat(notification.id, '.', timestamp, '.', body);
      const signatures = [
        ...hmacSecrets.map((secret) => `v1,${toBase64(secret.digest(text))}`),
        ...keys.map((key) => `v1a,${toBase64(ed25519Signature(key, text))}`),
      ];
      return post('application/json', body, [
        ['webhook-id', notification.id],
        ['webhook-timestamp', timestamp],
        ['webhook-signature', signatures.join(' ')],
      ]);
    },
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx', goneStops: true }),
  };
}

function generate(random: Random): { secrets: string[] } {
  return { secrets: [`whsec_${toBase64(random(32))}`] };
}

function keyPair(random: Random) {
  const seed = Uint8Array.from(random(32));
  const privateKey = `whsk_${toBase64(concat(seed, ed25519PublicBytes(ed25519PrivateKey(seed))))}`;
  return { seals: { private_keys: [privateKey] }, opens: { public_keys: [publicKeyOf(privateKey)] } };
}

interface Signed {
  id: string;
  timestamp: string;
  signatures: { version: string; bytes: Uint8Array }[];
}

function readHeaders({ headers }: RawRequest): Signed | Refusal {
  const family = header(headers, 'webhook-id') === null && header(headers, 'svix-id') !== null ? 'svix' : 'webhook';
  const id = singleHeader(headers, `${family}-id`, idGrammar);
  if (isRefused(id)) return id;
  const timestamp = singleHeader(headers, `${family}-timestamp`, grammars.seconds);
  if (isRefused(timestamp)) return timestamp;
  const list = singleHeader(headers, `${family}-signature`, signatureGrammar);
  if (isRefused(list)) return list;
  const parts = list.split(' ').map((part) => part.split(','));
  if (parts.length > signaturesMax) return refused('signature.malformed', `more than ${signaturesMax} signatures`);
  const signatures = parts.flatMap(([version = '', base64 = '', ...rest]) => {
    const bytes = rest.length === 0 ? fromBase64(base64) : null;
    return bytes === null ? [] : [{ version, bytes }];
  });
  if (signatures.length > 0) return { id, timestamp, signatures };
  return refused('signature.malformed', `header ${family}-signature is not ${signatureGrammar.says}`);
}

interface Reading {
  account: ReceiverAccount;
  context: Context;
  messageId: string;
  orderNoPath: string | undefined;
}

function readBody(body: Json, { account, context, messageId, orderNoPath }: Reading): Opened {
  const type = textAt(body, 'type');
  if (type === null) return { is: 'unreadable', why: 'the body has no type' };
  const kind = isNotificationType(type) ? kindOfType[type] : null;
  if (!isNotificationType(type) || kind === null) return { is: 'ignored', messageId, type: shown(type) };
  const fields = at(body, 'data');
  if (!isObject(fields)) return { is: 'unreadable', why: 'the body has no data' };
  const orderNo = orderNoPath === undefined ? (fields.order_no ?? fields.order_id) : at(body, orderNoPath);
  const said = {
    type,
    kind,
    orderNo,
    fields,
    amount: fields.amount_minor ?? fields.amount,
    timestamp: at(body, 'timestamp'),
  };
  const fact = genericFact(said, { account: account.id, now: context.receivedAt ?? context.now, fromOrder: false });
  if (typeof fact === 'string') return { is: 'unreadable', why: fact };
  return { is: 'facts', messageId, facts: [fact], readBack: false };
}

/** The public keys (`whpk_…`) that belong to private ones (`whsk_…`), to be given to a consumer. */
export function publicKeyOf(privateKey: string): string {
  return `whpk_${toBase64(ed25519PublicBytes(ed25519PrivateKey(bytesOf('whsk_', privateKey))))}`;
}

function isPrivateKey(bytes: Uint8Array): boolean {
  try {
    ed25519PrivateKey(bytes);
    return true;
  } catch {
    return false; // The schema names the field; key material stays out of messages.
  }
}

function bytesOf(prefix: string, text: string): Uint8Array {
  return bytesAfter(prefix, text) ?? new Uint8Array();
}
