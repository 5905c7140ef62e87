/**
 * Braintree webhooks (developer.paypal.com/braintree/docs, "Webhooks: parse", "Webhooks: create"; read 2026-11-25; checked against
 * braintree_node).
 *
 * paymentId: the transaction of the sale (of a refund its refunded-transaction-id). operationId: capture = that transaction, single;
 * refund = its own transaction (type `credit`), single; dispute = the dispute's id.
 *
 * Card sales are answered at once and not notified when they are made; what is told here is that a transaction has settled.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import { decimalFromMinor } from '../domain/money.ts';
import type { Notification, NotificationType } from '../domain/notification.ts';
import { define } from './define.ts';
import { readBraintreeNotification } from './events/braintree.ts';
import { fromBase64, fromHex, textOf, toBase64, toHex, utf8 } from './primitives/bytes.ts';
import { idText, secretText } from './primitives/credentials.ts';
import { parseForm, writeForm } from './primitives/form.ts';
import { hmacMatches, hmacSecret } from './primitives/hmac.ts';
import { refused, shown } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy, post } from './primitives/replies.ts';
import { parseXml, xmlText } from './primitives/xml.ts';
import type { Challenge, Opened, RawRequest, Receiver, ReceiverAccount, Sender } from './provider.ts';

const credentials = z.strictObject({
  /** Private keys by their public keys. */
  api_keys: z
    .record(idText, secretText(16))
    .refine((keys) => Object.keys(keys).length > 0 && Object.keys(keys).length <= 8, 'must hold 1 to 8 keys'),
});
type Credentials = z.infer<typeof credentials>;

const hour = 3_600_000;
const kindOfType = {
  'payment.succeeded': 'transaction_settled',
  'payment.failed': 'transaction_settlement_declined',
  'refund.succeeded': 'transaction_settled',
  'refund.bounced': 'refund_failed',
  'dispute.opened': 'dispute_opened',
  'dispute.won': 'dispute_won',
  'dispute.lost': 'dispute_lost',
} as const satisfies Partial<Record<NotificationType, string>>;

export const braintree = define({
  name: 'braintree',
  profile: {
    deadlineMs: 30_000,
    schedule: Array.from({ length: 24 }, () => hour),
    types: Object.keys(kindOfType).filter((type) => isSayable(type)),
    singleHeaders: [],
    rotation: 'all_sign',
    methods: ['POST', 'GET'],
    unconfirmed: [
      'A settled refund is notified as `transaction_settled` with the type `credit`, and names its sale as refunded-transaction-id.',
      'A local payment that has a transaction which is settling has brought its money.',
      'A dispute that was accepted, or expired without an answer, is lost.',
    ],
  },
  accountCredentials: credentials,
  endpointCredentials: credentials,
  receiver,
  sender,
  challenge,
  generate,
  pair(random) {
    const made = generate(random);
    return { account: made, endpoint: made };
  },
});

function generate(random: Random): Credentials {
  return { api_keys: { [toHex(random(8))]: toHex(random(16)) } };
}

/** The key of the digest is the SHA-1 of the private key, as Braintree has it. */
function signersOf({ api_keys }: Credentials) {
  return Object.entries(api_keys).map(([publicKey, privateKey]) => ({
    publicKey,
    secret: hmacSecret(createHash('sha1').update(privateKey).digest(), 'sha1'),
  }));
}
type Signers = ReturnType<typeof signersOf>;

function receiver(ours: Credentials, account: ReceiverAccount): Receiver {
  const signers = signersOf(ours);
  return {
    open: (request) =>
      request.method === 'GET' ? answerChallenge(request, signers) : openForm(request, signers, account),
    acknowledge: acknowledgeReceived,
  };
}

/** Before it sends anything to a URL, Braintree asks whether it knows the key. */
function answerChallenge({ target }: RawRequest, [signer]: Signers): Opened {
  const challenge = /[?&]bt_challenge=([0-9a-f]{20,32})(?:&|$)/.exec(target)?.[1];
  if (challenge === undefined || signer === undefined)
    return refused('callback.malformed', 'a GET without a bt_challenge of 20 to 32 lower-case hex digits');
  const body = utf8(answerOf(signer, challenge));
  return { is: 'challenge', reply: { status: 200, headers: [['content-type', 'text/plain']], body } };
}

function answerOf({ publicKey, secret }: Signers[number], challenge: string): string {
  return `${publicKey}|${toHex(secret.digest(utf8(challenge)))}`;
}

function challenge(ours: Credentials, challenge: string): Challenge {
  const answers = signersOf(ours).map((signer) => answerOf(signer, challenge));
  return {
    request: { method: 'GET', target: `/?bt_challenge=${challenge}`, headers: [], body: new Uint8Array() },
    isAnsweredBy: ({ status, body }) => status === 200 && answers.includes(textOf(body)?.trim() ?? ''),
  };
}

function openForm({ body }: RawRequest, signers: Signers, account: ReceiverAccount): Opened {
  const form = parseForm(body);
  if ('why' in form) return refused('callback.malformed', form.why);
  const [signature, payload] = ['bt_signature', 'bt_payload'].map((name) => form.fields.get(name)?.value ?? '');
  if (!signature || !payload) return refused('signature.missing', 'field bt_signature or bt_payload is missing');
  const text = utf8(payload);
  const signed = signature.split('&').map((pair) => pair.split('|'));
  if (signed.length > 16 || signed.some((pair) => pair.length !== 2))
    return refused('signature.malformed', 'bt_signature is not `<public key>|<hex>`, joined by `&`', text);
  const known = signed.filter(([id]) => signers.some(({ publicKey }) => publicKey === id));
  if (known.length === 0) {
    const keyId = shown(signed.map(([id]) => id).join(', '));
    const why = `no key for public key ${keyId}; the account has ${signers.map(({ publicKey }) => publicKey).join(', ')}`;
    return { is: 'unknown_key', keyId, why, signedText: text };
  }
  const fits = known.some(([id, hex = '']) => {
    // Braintree writes lower case, and its own libraries compare the text.
    const candidate = /^[0-9a-f]+$/.test(hex) ? fromHex(hex) : null;
    const secrets = signers.filter(({ publicKey }) => publicKey === id).map(({ secret }) => secret);
    // A form may lose the newline that the payload ends with.
    return candidate !== null && [text, utf8(`${payload}\n`)].some((one) => hmacMatches(secrets, one, [candidate]));
  });
  if (!fits) return refused('signature.mismatch', 'none of the api_keys fits bt_signature over bt_payload', text);
  const bytes = fromBase64(payload.replaceAll(/\s/g, ''));
  if (bytes === null) return { is: 'unreadable', why: 'bt_payload is not base64' };
  const xml = parseXml(bytes);
  return 'why' in xml ? { is: 'unreadable', why: xml.why } : readBraintreeNotification(xml.value, account);
}

function sender(ours: Credentials): Sender {
  const signers = signersOf(ours);
  return {
    seal(notification) {
      const bt_payload = toBase64(utf8(xmlFor(notification)));
      const digest = (secret: Signers[number]['secret']) => toHex(secret.digest(utf8(bt_payload)));
      const bt_signature = signers.map(({ publicKey, secret }) => `${publicKey}|${digest(secret)}`).join('&');
      return post('application/x-www-form-urlencoded', writeForm({ bt_payload, bt_signature }));
    },
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function xmlFor(notification: Notification): string {
  const { type, orderNo, amountMinor, currency, paymentId, operationId, occurredAt } = notification;
  if (!isSayable(type)) throw new RangeError(`braintree cannot say ${type}`);
  const kind = kindOfType[type];
  const money = {
    'currency-iso-code': currency,
    amount: decimalFromMinor(amountMinor, currency),
  };
  const isRefund = type.startsWith('refund.');
  const subject = type.startsWith('dispute.')
    ? element('dispute', {
        id: operationId,
        'amount-disputed': money.amount,
        'currency-iso-code': currency,
        transaction: { id: paymentId, 'order-id': orderNo },
      })
    : element('transaction', {
        id: operationId,
        type: isRefund ? 'credit' : 'sale',
        ...money,
        'order-id': orderNo,
        ...(isRefund ? { 'refunded-transaction-id': paymentId } : {}),
      });
  const timestamp = `<timestamp type="datetime">${toIso(occurredAt)}</timestamp>`;
  return `<notification>${timestamp}<kind>${kind}</kind><subject>${subject}</subject></notification>`;
}

interface Fields {
  readonly [name: string]: string | Fields;
}

function element(name: string, content: string | Fields): string {
  const inside =
    typeof content === 'string'
      ? xmlText(content)
      : Object.entries(content)
          .map(([field, value]) => element(field, value))
          .join('');
  return `<${name}>${inside}</${name}>`;
}

function isSayable(type: string): type is keyof typeof kindOfType {
  return Object.hasOwn(kindOfType, type);
}
