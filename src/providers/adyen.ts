/**
 * Adyen webhooks: standard ones in JSON and as a form, and those of platforms (docs.adyen.com/development-resources/webhooks, "Verify HMAC
 * signatures", "Handle webhook events", "Troubleshoot"; checked against Adyen's own library).
 *
 * paymentId: the pspReference of the AUTHORISATION, which is the originalReference of all that follows. operationId: capture = the same with
 * automatic capture, else the pspReference of the CAPTURE; refund and dispute = their own pspReference; all single.
 *
 * Each item of a batch is signed by itself, over eight fields: a batch with one bad item is refused whole. Not covered are `live`, the date,
 * the reason and all additional data. Values are joined by `:` unescaped, so one with a `:` is refused, but for the merchant's reference,
 * between which and the rest no other split is possible. Events of platforms tell how money is spread over balance accounts, not of orders.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import { adyenClient } from './clients/adyen.ts';
import { define } from './define.ts';
import { adyenUnits, readItem, type Said, saidByJson, signedFields } from './events/adyen.ts';
import { equalBytes, fromBase64, fromHex, toBase64, toHex, utf8 } from './primitives/bytes.ts';
import { apiBaseUrl, idText, listOf, secretText } from './primitives/credentials.ts';
import { parseForm } from './primitives/form.ts';
import { header, singleHeader } from './primitives/headers.ts';
import { type HmacSecret, hmacMatches, hmacSecret } from './primitives/hmac.ts';
import { at, exactInteger, type JsonObject, parseJson, textAt } from './primitives/json.ts';
import { wireFromMinor } from './primitives/money.ts';
import { isRefused, refused, shown } from './primitives/refusal.ts';
import { acknowledgeWith, isSuccessStatus, judgeBy, post } from './primitives/replies.ts';
import { noted } from './primitives/secret-fields.ts';
import { type BodySignature, openSigned } from './primitives/signed-body.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Headers, Opened, Receiver, ReceiverAccount, Refusal, Sender } from './provider.ts';
import { readAdyenStatement } from './statements/adyen.ts';

const hmacKeys = listOf(
  noted(
    secretText(64).regex(/^[0-9a-f]{64}$/i, 'must be the 64 hex digits that Adyen shows'),
    'secret',
    'the 32 bytes of the 64 hex digits',
  ),
);
const basicAuth = secretText(8).regex(/^[^:]+:.+$/, 'must be a user name and a password, joined by a colon');
const accountCredentials = z.strictObject({
  hmac_keys: hmacKeys,
  basic_auth: z.exactOptional(basicAuth),
  merchant_accounts: z.exactOptional(z.array(idText).min(1).max(100)),
  /** Default: `automatic`. */
  capture: z.exactOptional(z.enum(['automatic', 'manual'])),
  api_key: z.exactOptional(secretText(16)),
  /** Of the Checkout API, with its version; compulsory on a live account, whose host begins with a prefix of its own. */
  api_base_url: z.exactOptional(apiBaseUrl),
});
const endpointCredentials = z.strictObject({
  hmac_keys: hmacKeys,
  basic_auth: z.exactOptional(basicAuth),
  merchant_account: idText,
  live: z.exactOptional(z.boolean()),
});
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const [second, minute, hour] = [1000, 60_000, 3_600_000] as const;
const itemsMax = 100;
const platformSignature: BodySignature = { header: 'hmacsignature', encoding: 'base64' };
const authorizationGrammar = { form: /^Basic [A-Za-z0-9+/=]+$/i, says: '`Basic <base64>`' };

/** The event and its success that say each type. */
const words = wordsOf<readonly [eventCode: string, success: 'true' | 'false']>({
  'payment.succeeded': ['AUTHORISATION', 'true'],
  'payment.failed': ['AUTHORISATION', 'false'],
  'payment.closed': ['CANCELLATION', 'true'],
  'payment.reversed': ['CAPTURE_FAILED', 'true'],
  'refund.succeeded': ['REFUND', 'true'],
  'refund.failed': ['REFUND', 'false'],
  'refund.bounced': ['REFUND_FAILED', 'true'],
  'dispute.opened': ['CHARGEBACK', 'true'],
  'dispute.won': ['CHARGEBACK_REVERSED', 'true'],
  'dispute.lost': ['SECOND_CHARGEBACK', 'true'],
});

export const adyen = define<AccountCredentials, EndpointCredentials>({
  name: 'adyen',
  profile: {
    deadlineMs: 10_000,
    schedule: [9, 18, 27]
      .map((seconds) => seconds * second)
      .concat([2, 5, 10, 15, 30].map((minutes) => minutes * minute))
      .concat([1, 2, 4, 8, 8, 8].map((hours) => hours * hour)),
    types: words.types,
    singleHeaders: ['hmacsignature', 'authorization'],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'Retries go on every 8 hours, for up to 30 days; only the first day of them is kept here.',
      'Amounts of CLP and ISK have two decimals, those of CVE and IDR none.',
      'A new HMAC key takes a while to spread: keep the old one beside it.',
      'CAPTURE_FAILED and REFUND_FAILED carry the pspReference of the capture or refund that failed.',
      'All events of one dispute share their pspReference.',
      'The REFUND that tells of a refund carries the pspReference with which it was accepted.',
      'CANCEL_OR_REFUND is what modification.action says, which no signature covers.',
      'The days of settlement reports are those of Amsterdam unless the account says otherwise.',
      'Net amounts of the settlement report lack exactly what Adyen kept of the gross ones.',
    ],
    statementZone: 'Europe/Amsterdam',
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: adyenClient,
  readStatement: readAdyenStatement,
  pair(random: Random) {
    const keys = { hmac_keys: [toHex(random(32))] };
    const api = { merchant_accounts: ['TestMerchant'], api_key: `AQE${toBase64(random(24))}` };
    return { account: { ...keys, ...api }, endpoint: { ...keys, merchant_account: 'TestMerchant' } };
  },
});

function receiver(credentials: AccountCredentials, account: ReceiverAccount): Receiver {
  const secrets = credentials.hmac_keys.map(secretOf);
  const settings = { account: account.id, capture: credentials.capture ?? 'automatic' } as const;
  return {
    open(request) {
      const refusal = refuseAuthorization(request.headers, credentials.basic_auth);
      if (refusal) return refusal;
      if (header(request.headers, platformSignature.header) !== null) {
        return openSigned(request, { ...platformSignature, secrets, field: 'hmac_keys' }, (body) => {
          const type = textAt(body, 'type');
          if (type === null) return { is: 'unreadable', why: 'the body has no type' };
          return { is: 'ignored', messageId: null, type: shown(type) };
        });
      }
      const batch = readBatch(request.body);
      if (isRefused(batch)) return batch;
      for (const [index, said] of batch.items.entries()) {
        const bad = refuseItem(said, secrets) ?? refuseOther(said, credentials.merchant_accounts);
        if (bad) return { ...bad, why: `item ${index + 1} of ${batch.items.length}: ${bad.why}` };
      }
      return openBatch(batch, settings, account.mode);
    },
    acknowledge: acknowledgeWith({ contentType: 'text/plain', success: '[accepted]', failure: (title) => title }),
  };
}

function sender(credentials: EndpointCredentials): Sender {
  const secret = secretOf(credentials.hmac_keys[0] ?? '');
  const { basic_auth: basic, live = true } = credentials;
  const headers: Headers = basic === undefined ? [] : [['authorization', `Basic ${toBase64(utf8(basic))}`]];
  return {
    seal(notification) {
      const item = itemFor(notification, credentials.merchant_account);
      const hmacSignature = toBase64(secret.digest(textOf(saidByJson(item))));
      const items = [{ NotificationRequestItem: { additionalData: { hmacSignature }, ...item } }];
      const body = JSON.stringify({ live: String(live), notificationItems: items });
      return post('application/json', utf8(body), headers);
    },
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function secretOf(hex: string): HmacSecret {
  return hmacSecret(fromHex(hex) ?? new Uint8Array());
}

interface Batch {
  live: string | null;
  items: readonly Said[];
}

/** JSON with its items, or a form that is one. */
function readBatch(body: Uint8Array): Batch | Refusal {
  if (!Buffer.from(body.subarray(0, 64)).toString('latin1').trimStart().startsWith('{')) {
    const form = parseForm(body);
    if ('why' in form) return refused('callback.malformed', form.why);
    const said = (name: string) => form.fields.get(name)?.value || null;
    return { live: said('live'), items: [said] };
  }
  const json = parseJson(body);
  if ('why' in json) return refused('callback.malformed', json.why);
  const items = at(json.value, 'notificationItems');
  if (!Array.isArray(items) || items.length === 0 || items.length > itemsMax)
    return refused('callback.malformed', `the body has no notificationItems, or more than ${itemsMax}`);
  return {
    live: saidByJson(json.value)('live'),
    items: items.map((one) => saidByJson(at(one, 'NotificationRequestItem'))),
  };
}

function openBatch(batch: Batch, settings: Parameters<typeof readItem>[1], mode: ReceiverAccount['mode']): Opened {
  const types = shown(batch.items.map((said) => said('eventCode') ?? 'unknown').join(','));
  if (batch.live !== String(mode === 'live')) return { is: 'ignored', messageId: null, type: `${types} (not ${mode})` };
  const read = batch.items.map((said) => readItem(said, settings));
  const broken = read.find((one) => typeof one === 'string');
  if (typeof broken === 'string') return { is: 'unreadable', why: `${types}: ${broken}` };
  const facts = read.filter((one) => one !== null && typeof one !== 'string');
  return facts.length === 0
    ? { is: 'ignored', messageId: null, type: types }
    : { is: 'facts', messageId: null, facts, readBack: false };
}

function textOf(said: Said): Uint8Array {
  return utf8(signedFields.map((name) => said(name) ?? '').join(':'));
}

function refuseItem(said: Said, secrets: readonly HmacSecret[]): Refusal | null {
  const text = textOf(said);
  const value = said('additionalData.hmacSignature');
  if (value === null) return refused('signature.missing', 'additionalData.hmacSignature is missing', text);
  const signature = fromBase64(value);
  if (!hmacMatches(secrets, text, signature === null ? [] : [signature]))
    return refused('signature.mismatch', `none of the account's ${secrets.length} hmac_keys fits hmacSignature`, text);
  const ambiguous = signedFields.find((name) => name !== 'merchantReference' && said(name)?.includes(':'));
  return ambiguous === undefined
    ? null
    : refused('callback.malformed', `${ambiguous} holds a colon, so the signed text could be read in two ways`, text);
}

function refuseOther(said: Said, ours: readonly string[] | undefined): Refusal | null {
  const found = said('merchantAccountCode');
  if (ours === undefined || (found !== null && ours.includes(found))) return null;
  const why = `merchantAccountCode is ${shown(found ?? 'absent')}; this account has ${ours.join(', ')}`;
  return refused('callback.other_account', why, textOf(said));
}

function refuseAuthorization(headers: Headers, ours: string | undefined): Refusal | null {
  if (ours === undefined) return null;
  const value = singleHeader(headers, 'authorization', authorizationGrammar);
  if (isRefused(value)) return value;
  const sent = fromBase64(value.slice('Basic '.length));
  const fits = sent !== null && equalBytes(sent, utf8(ours));
  return fits ? null : refused('signature.mismatch', "header authorization is not the account's basic_auth");
}

/** A capture goes by its own id, as the payment of a reversal does. */
function itemFor(notification: Notification, merchantAccount: string): JsonObject {
  const { type, paymentId, operationId, orderNo, currency, amountMinor } = notification;
  const [eventCode, success] = words.wordFor(type);
  const original = type === 'payment.reversed' ? operationId : paymentId;
  return {
    amount: { currency, value: exactInteger(wireFromMinor(amountMinor, currency, adyenUnits)) },
    eventCode,
    eventDate: toIso(notification.occurredAt),
    merchantAccountCode: merchantAccount,
    merchantReference: orderNo,
    ...(eventCode === 'AUTHORISATION' ? {} : { originalReference: original }),
    pspReference: operationId,
    reason: '',
    success,
  };
}
