import { z } from 'zod';
import { parseJsonText, writableObject } from '../api/json.ts';
import { pairOf, senderOf } from '../doctor/kit.ts';
import { type Clock, fromIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId, type Random } from '../domain/ids.ts';
import { minorFromInteger } from '../domain/money.ts';
import { type Notification, notificationTypes, publishedCause } from '../domain/notification.ts';
import { createHttp } from '../outbound/http-client.ts';
import type { Posted } from '../outbound/posted.ts';
import { urlWith } from '../outbound/url-with.ts';
import type { Provider, RawRequest, Sender } from '../providers/provider.ts';

/** What came of one request to the URL. */
export interface Forwarded {
  /** Null: there was no answer, or nothing was sent. */
  status: number | null;
  /** Acknowledged, as the format says it; of a callback: answered with 2xx. */
  confirmed: boolean;
  /** Why not. */
  why: string | null;
  durationMs: number;
}

/** Sends on to one URL what a server has told. Nothing is tried again. */
export interface Forwarder {
  /** What the receiver opens the notifications with; null where it is the caller's own. */
  openWith: unknown;
  /** Seals a notification as the stream tells it, and sends it. Never rejects for what the URL does. */
  notification(told: string, signal: AbortSignal): Promise<Forwarded>;
  /** Sends a callback byte for byte. */
  callback(callback: RawRequest, signal: AbortSignal): Promise<Forwarded>;
  close(): Promise<void>;
}

export interface ForwarderOptions {
  url: string;
  provider: Provider;
  /** What an endpoint of the provider seals with; null: made here. */
  credentials: unknown;
  timeoutMs: number;
  clock: Clock;
  random: Random;
}

/** Where it goes is for the person at the keyboard to say. */
const anywhere = ['0.0.0.0/0', '::/0'];

/** @throws AppError `account.credentials`, `provider.unknown` where no credentials can be made. */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { url, provider, clock, timeoutMs } = options;
  const made = options.credentials === null ? pairOf(options) : null;
  const sender = senderOf(provider, made?.endpoint ?? options.credentials);
  const http = createHttp({ allow: anywhere, clock });
  const send = async (request: RawRequest, signal: AbortSignal) => {
    const sinceMs = clock.monotonicMs();
    const { method, headers, body, target } = request;
    const posted = await http.post({ url: urlWith(url, target), method, headers, body, timeoutMs, signal });
    return { posted, durationMs: Math.round(clock.monotonicMs() - sinceMs) };
  };
  return {
    openWith: made?.account ?? null,
    async notification(told, signal) {
      const sealed = await sealedBy(sender, notificationIn(told), { ...options, publicUrl: new URL(url).origin });
      if (typeof sealed === 'string') return { status: null, confirmed: false, why: sealed, durationMs: 0 };
      const { posted, durationMs } = await send(sealed, signal);
      return { ...judged(posted, (answer) => sender.judge(answer)), durationMs };
    },
    async callback(callback, signal) {
      const { posted, durationMs } = await send(callback, signal);
      return { ...judged(posted, statusAlone), durationMs };
    },
    close: () => http.close(),
  };
}

/** The request, or why the format cannot say it. */
async function sealedBy(
  sender: Sender,
  notification: Notification,
  { clock, random, publicUrl }: ForwarderOptions & { publicUrl: string },
): Promise<RawRequest | string> {
  try {
    return await sender.seal(notification, { now: clock.now(), publicUrl, random });
  } catch (error) {
    // The one error there is for what is right and cannot be said.
    if (error instanceof RangeError) return `not sent: ${error.message}`;
    throw error;
  }
}

type Judge = (answer: Parameters<Sender['judge']>[0]) => { confirmed: boolean; why: string | null };

const statusAlone: Judge = (answer) => {
  const confirmed = typeof answer === 'object' && answer.status >= 200 && answer.status <= 299;
  return { confirmed, why: confirmed ? null : 'a provider would send it again' };
};

function judged(posted: Posted, judge: Judge): Omit<Forwarded, 'durationMs'> {
  switch (posted.is) {
    case 'refused_target':
      return { status: null, confirmed: false, why: posted.why };
    case 'timeout':
    case 'unreachable':
      return { status: null, confirmed: false, why: posted.why };
    case 'answered': {
      const { confirmed, why } = judge(posted);
      return { status: posted.status, confirmed, why: confirmed ? null : why };
    }
  }
}

const time = z.string().transform((text, context) => {
  const at = fromIso(text);
  if (at !== null) return at;
  context.addIssue({ code: 'custom', message: 'is no time' });
  return z.NEVER;
});
const amount = z.unknown().transform((value, context) => {
  const minor = minorFromInteger(value);
  if (minor !== null) return minor;
  context.addIssue({ code: 'custom', message: 'is no amount' });
  return z.NEVER;
});
const notification = z.object({
  id: z.string(),
  merchant: z.string(),
  type: z.enum(notificationTypes),
  order_no: z.string(),
  sequence: z.int(),
  amount_minor: amount,
  currency: z.string(),
  payment_id: z.string(),
  operation_id: z.string(),
  order_amount_minor: z.null().or(amount),
  refunded_total_minor: z.null().or(amount),
  data: z.record(z.string(), z.unknown()).nullable(),
  occurred_at: time,
  created_at: time,
});

/** @throws AppError `request.malformed` for what no server of this version tells. */
function notificationIn(told: string): Notification {
  const parsed = notification.safeParse(parseJsonText(told));
  if (!parsed.success)
    throw new AppError('request.malformed', 'the server tells notifications in another form: use the same version');
  const one = parsed.data;
  const id = asId.notification(one.id);
  return {
    id,
    merchant: asId.merchant(one.merchant),
    type: one.type,
    orderNo: asId.orderNo(one.order_no),
    sequence: one.sequence,
    cause: publishedCause(id),
    amountMinor: one.amount_minor,
    currency: one.currency,
    paymentId: one.payment_id,
    operationId: one.operation_id,
    orderAmountMinor: one.order_amount_minor,
    refundedTotalMinor: one.refunded_total_minor,
    occurredAt: one.occurred_at,
    createdAt: one.created_at,
    data: one.data === null ? null : JSON.stringify(writableObject(one.data)),
  };
}
