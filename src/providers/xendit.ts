/**
 * Xendit webhooks (docs.xendit.co, "Webhooks", "Invoice callback", "Payment webhook notification", "Refund webhook notification"; read
 * 2026-11-25).
 *
 * paymentId: the invoice, or the payment request (`pr-…`). operationId: capture = the invoice, single, or the payment (`py-…`),
 * cumulative; end = the invoice or the payment request; refund = its id, single. No disputes.
 *
 * A token that is always the same is all that proves a callback; nothing is signed. What it says is asked for before it is believed.
 */
import { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import { decimalFromMinor } from '../domain/money.ts';
import type { Notification } from '../domain/notification.ts';
import { xenditClient } from './clients/xendit.ts';
import { define } from './define.ts';
import { readXenditBody } from './events/xendit.ts';
import { equalBytes, toHex, utf8 } from './primitives/bytes.ts';
import { acceptRisk, apiBaseUrl, listOf, secretText } from './primitives/credentials.ts';
import { grammars, header, singleHeader } from './primitives/headers.ts';
import { exactDecimal, type JsonObject, parseJson } from './primitives/json.ts';
import { isRefused, refused } from './primitives/refusal.ts';
import { acknowledgeReceived, isSuccessStatus, judgeBy, post } from './primitives/replies.ts';
import { wordsOf } from './primitives/vocabulary.ts';
import type { Receiver, ReceiverAccount, Sender } from './provider.ts';

const unsigned = { risk: 'unsigned_body', why: 'a static token stands beside the body, which nothing signs' } as const;
const endpointCredentials = z.strictObject({ callback_tokens: listOf(secretText(16)) });
const accountCredentials = endpointCredentials.extend({
  api_key: z.exactOptional(secretText(16).startsWith('xnd_', 'must start with xnd_')),
  api_base_url: z.exactOptional(apiBaseUrl),
  accept_risk: acceptRisk(unsigned.risk),
});
type AccountCredentials = z.infer<typeof accountCredentials>;
type EndpointCredentials = z.infer<typeof endpointCredentials>;

const tokenHeader = 'x-callback-token';
const [minute, hour] = [60_000, 3_600_000] as const;

const words = wordsOf<string>({
  'payment.succeeded': 'PAID',
  'payment.closed': 'EXPIRED',
  'refund.succeeded': 'SUCCEEDED',
  'refund.failed': 'FAILED',
});

export const xendit = define({
  name: 'xendit',
  profile: {
    deadlineMs: 30_000,
    schedule: [15 * minute, 45 * minute, 2 * hour, 3 * hour, 6 * hour, 12 * hour],
    givesUpOnTimeout: true,
    types: words.types,
    singleHeaders: [tokenHeader],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [
      'The header webhook-id is the same at every try.',
      'A refund names its invoice in invoice_id, or its payment request in payment_request_id.',
      'The event of a refund may hold its object in data.data, as the example of the documentation does.',
      'Refunds are listed by invoice_id and by payment_request_id.',
      'Amounts have no more decimals than ISO 4217 has for the currency, zeros apart.',
    ],
    unsigned,
  },
  accountCredentials,
  endpointCredentials,
  receiver,
  sender,
  client: ({ api_key, ...rest }, world) => (api_key === undefined ? {} : xenditClient({ api_key, ...rest }, world)),
  generate,
  pair(random) {
    const endpoint = generate(random);
    return { account: { ...endpoint, api_key: `xnd_production_${toHex(random(24))}` }, endpoint };
  },
});

function receiver({ callback_tokens: tokens, api_key }: AccountCredentials, account: ReceiverAccount): Receiver {
  if (account.mode === 'live' && api_key?.startsWith('xnd_development_'))
    throw new AppError('account.credentials', 'api_key is a test key, and the account is live');
  return {
    open({ headers, body }) {
      const token = singleHeader(headers, tokenHeader, grammars.token);
      if (isRefused(token)) return token;
      if (!tokens.map((ours) => equalBytes(utf8(token), utf8(ours))).includes(true))
        return refused(
          'signature.mismatch',
          `${tokenHeader} is none of the account's ${tokens.length} callback_tokens`,
        );
      const parsed = parseJson(body);
      if ('why' in parsed) return { is: 'unreadable', why: parsed.why };
      const id = header(headers, 'webhook-id');
      return readXenditBody(parsed.value, account.id, id !== null && grammars.token.form.test(id) ? id : null);
    },
    acknowledge: acknowledgeReceived,
  };
}

function sender({ callback_tokens: [token = ''] }: EndpointCredentials): Sender {
  return {
    seal: (notification) =>
      post('application/json', utf8(JSON.stringify(bodyFor(notification))), [
        [tokenHeader, token],
        ['webhook-id', notification.id],
      ]),
    judge: judgeBy(isSuccessStatus, { wanted: 'any 2xx' }),
  };
}

function generate(random: Random): { callback_tokens: string[] } {
  return { callback_tokens: [toHex(random(32))] };
}

/** A payment is an invoice, known by its operation, so that several stay several. */
function bodyFor(notification: Notification): JsonObject {
  const { type, paymentId, operationId, orderNo, currency, occurredAt } = notification;
  const status = words.wordFor(type);
  const [time, amount] = [toIso(occurredAt), exactDecimal(decimalFromMinor(notification.amountMinor, currency))];
  const times = { created: time, updated: time };
  if (type.startsWith('refund.')) {
    const data = { id: operationId, invoice_id: paymentId, amount, currency, status, reason: 'OTHERS', ...times };
    return { event: `refund.${status.toLowerCase()}`, created: time, data };
  }
  const paid = type === 'payment.succeeded' ? { paid_amount: amount, paid_at: time } : {};
  return { id: operationId, external_id: orderNo, status, amount, currency, ...paid, ...times };
}
