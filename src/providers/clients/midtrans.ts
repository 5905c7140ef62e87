import { createHash } from 'node:crypto';
import { exponentOf } from '../../domain/currencies.ts';
import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import type { Money } from '../../domain/money.ts';
import {
  type MidtransReading,
  midtransDigest,
  midtransFacts,
  midtransHistory,
  midtransText,
} from '../events/midtrans.ts';
import { equalBytes, fromHex, toBase64, toHex, utf8 } from '../primitives/bytes.ts';
import { isObject, type Json, textAt } from '../primitives/json.ts';
import { rescaled } from '../primitives/money.ts';
import { shown } from '../primitives/refusal.ts';
import type { Client, ClientWorld, Reference } from '../provider.ts';
import { jsonAnswer, readable } from './answers.ts';

export interface MidtransAccess {
  server_keys: readonly string[];
  api_base_url?: string;
}

const hosts = { live: 'https://api.midtrans.com', test: 'https://api.sandbox.midtrans.com' } as const;
/** More may still come by itself: the buyer may try again after a denial. */
const openStatuses = ['pending', 'authorize', 'deny', 'failure'];

/** The API of Midtrans (docs.midtrans.com, "Get Transaction Status", "Refund Transaction", "Expire Transaction"; read 2026-11-25). */
export function midtransClient(access: MidtransAccess, world: ClientWorld): Client {
  const reading = (): MidtransReading => ({ account: world.account.id, now: world.now() });
  return {
    async query(order, signal) {
      const status = await call(access, world, { path: `${pathOf(order)}/status`, signal });
      if (status === null) return { state: 'not_found', facts: [] };
      assertSigned(status, access.server_keys);
      const isOpen =
        openStatuses.includes(textAt(status, 'transaction_status') ?? '') ||
        textAt(status, 'fraud_status') === 'challenge';
      return {
        state: isOpen ? 'open' : 'final',
        facts: readable('midtrans', midtransHistory(status, reading())),
      };
    },
    async refund(order, money, idempotencyKey, signal) {
      const refund = { refund_key: refundKeyOf(idempotencyKey), amount: wholeRupiah(money) };
      const answer = await call(access, world, { path: `${pathOf(order)}/refund`, body: refund, signal });
      // What is refunded in all, or by this request: only the request says which.
      const refunds = [{ refund_key: refund.refund_key, refund_amount: refund.amount }];
      const told = isObject(answer) ? { ...answer, transaction_status: 'refund', refunds } : answer;
      return factIn(told, reading());
    },
    async close(order, signal) {
      // Unlike a cancellation, which would take back a card payment, an expiry is refused for what is paid.
      const answer = await call(access, world, { path: `${pathOf(order)}/expire`, body: {}, signal });
      return answer === null ? null : factIn(answer, reading());
    },
  };
}

interface Call {
  path: string;
  /** Makes it a POST. */
  body?: object;
  signal: AbortSignal;
}

/** The status that is answered; null: there is no such transaction. Errors come under any HTTP status, with their own in the body. */
async function call(
  { api_base_url, server_keys: [key = ''] }: MidtransAccess,
  { http, account }: ClientWorld,
  { path, body, signal }: Call,
): Promise<Json | null> {
  const request = {
    method: body === undefined ? 'GET' : 'POST',
    url: (api_base_url ?? hosts[account.mode]) + path,
    headers: [
      ['authorization', `Basic ${toBase64(utf8(`${key}:`))}`],
      ['accept', 'application/json'],
      ['content-type', 'application/json'],
    ],
    body: utf8(body === undefined ? '' : JSON.stringify(body)),
  } as const;
  const reply = await http.send(request, signal);
  // 407 says "expired", which is an answer.
  const answered = reply.status === 407 ? { ...reply, status: 200 } : reply;
  const answer = jsonAnswer('midtrans', answered, (said) => textAt(said, 'status_message'));
  if (answer === null || textAt(answer, 'status_code') === '404') return null;
  if (textAt(answer, 'transaction_status') !== null) return answer;
  const [code, words] = [textAt(answer, 'status_code'), textAt(answer, 'status_message') ?? ''];
  if (code === null)
    throw new AppError('provider.answer', 'midtrans answered no transaction_status and no status_code');
  if (/^(429|5\d\d)$/.test(code)) throw new AppError('provider.unreachable', `midtrans answered ${code}`);
  throw new AppError('provider.refused', `midtrans answered ${shown(`${code}: ${words}`)}`);
}

/** Not every answer is signed, and TLS says whose it is; one that is signed must be by us both. */
function assertSigned(status: Json, keys: readonly string[]): void {
  const signature = textAt(status, 'signature_key');
  if (signature === null) return;
  const [text, found] = [midtransText(status), fromHex(signature)];
  if (text !== null && found !== null && keys.some((key) => equalBytes(midtransDigest(text, key), found))) return;
  throw new AppError('provider.answer', 'no server_key fits the signature_key of what midtrans answered');
}

function factIn(answer: Json | null, reading: MidtransReading): Fact {
  const [fact] = answer === null ? [] : readable('midtrans', midtransFacts(answer, reading));
  if (fact !== undefined) return fact;
  throw new AppError('provider.answer', 'midtrans answered something else than was asked for');
}

/** Either id finds a transaction; its own is never that of another order. */
function pathOf({ paymentId, reference }: Reference): string {
  const id = paymentId ?? reference;
  if (id !== null) return `/v2/${encodeURIComponent(id)}`;
  throw new AppError('provider.cannot_ask', 'midtrans needs the order number or the id of the payment');
}

/** Letters, digits, dashes and underscores alone are taken. */
function refundKeyOf(idempotencyKey: string): string {
  return /^[\w-]{1,36}$/.test(idempotencyKey)
    ? idempotencyKey
    : toHex(createHash('sha256').update(idempotencyKey).digest()).slice(0, 36);
}

function wholeRupiah({ amountMinor, currency }: Money): number {
  const amount = currency === 'IDR' ? rescaled(amountMinor, exponentOf(currency) ?? 0, 0) : null;
  if (amount !== null) return Number(amount);
  throw new AppError('provider.refused', `midtrans refunds whole rupiah, not ${amountMinor} ${currency}`);
}
