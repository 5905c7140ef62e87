import { createHash } from 'node:crypto';
import { chineseOf } from '../../console/texts/sentences/chinese.ts';
import type { Diagnosis } from '../../src/callbacks/diagnose/diagnose.ts';
import { asId, type Random } from '../../src/domain/ids.ts';
import type { Notification, NotificationType } from '../../src/domain/notification.ts';
import { type Provider, providerByName } from '../../src/providers/index.ts';
import type {
  Context,
  Http,
  HttpRequest,
  Opened,
  RawRequest,
  Receiver,
  ReceiverAccount,
  Sender,
} from '../../src/providers/provider.ts';

/** 2026-01-05T02:21:33Z, the moment of the golden set. */
export const now = 1_767_579_693_000;
export const account: ReceiverAccount = { id: asId.account('acc_test'), mode: 'live' };
export const context: Context = { now, publicUrl: 'https://pay.example.com', random: seededRandom('context') };

/** The same bytes for the same seed: SHA-256 in counter mode. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  return (bytes) => {
    const blocks: Buffer[] = [];
    for (let length = 0; length < bytes; length += 32) {
      counter += 1;
      blocks.push(createHash('sha256').update(`${seed} ${counter}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, bytes);
  };
}

export function notificationOf(type: NotificationType, changes: Partial<Notification> = {}): Notification {
  return {
    id: asId.notification('ntf_00000000000000000000000000'),
    merchant: asId.merchant('shop'),
    type,
    orderNo: asId.orderNo('ORDER-20260105-0001'),
    sequence: 1,
    cause: '1',
    amountMinor: 8880n,
    currency: 'CNY',
    paymentId: 'pay_0001',
    operationId: type.startsWith('payment.') ? 'pay_0001' : 'op_0001',
    orderAmountMinor: 8880n,
    refundedTotalMinor: type === 'refund.succeeded' ? 8880n : null,
    occurredAt: now - 1000,
    createdAt: now,
    data: null,
    ...changes,
  };
}

/** Platforms that tell apart by its id what is a payment. */
export const paymentPrefixes: Readonly<Record<string, string>> = { mollie: 'tr_' };

/** The same in a currency that the format can say, and with an id that is one of a payment there. */
export function sayableBy(
  provider: Provider,
  type: NotificationType,
  changes: Partial<Notification> = {},
): Notification {
  const { currencies } = provider.profile;
  const currency = currencies?.includes('CNY') === false ? (currencies[0] ?? 'CNY') : 'CNY';
  const prefix = paymentPrefixes[provider.name];
  return notificationOf(type, {
    currency,
    ...(prefix === undefined ? {} : { paymentId: `${prefix}0001` }),
    ...changes,
  });
}

/** Both sides of a provider under matching credentials. */
export interface Sides {
  provider: Provider;
  receiver: Receiver;
  sender: Sender;
  credentials: { account: Record<string, unknown>; endpoint: Record<string, unknown> };
}

/** RSA keys take a tenth of a second to make, so each provider's pair is made once. */
const pairs = new Map<string, Sides['credentials']>();

export function sidesOf(name: string, changes: { account?: object; endpoint?: object } = {}): Sides {
  const provider = providerByName(name);
  if (provider?.pair === undefined) throw new Error(`${name} has no pair of credentials`);
  const pair = pairs.get(name) ?? (provider.pair(seededRandom(name)) as Sides['credentials']);
  pairs.set(name, pair);
  const credentials = {
    account: changed(pair.account, changes.account),
    endpoint: changed(pair.endpoint, changes.endpoint),
  };
  return {
    provider,
    receiver: provider.receiver(credentials.account, account),
    sender: provider.sender(credentials.endpoint),
    credentials,
  };
}

/** With the changes; undefined takes a field away. */
function changed(half: object, changes: object = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...half, ...changes }).filter(([, value]) => value !== undefined));
}

export function withHeader(request: RawRequest, name: string, change: (value: string) => string): RawRequest {
  return {
    ...request,
    headers: request.headers.map(([one, value]) => [one, one === name ? change(value) : value] as const),
  };
}

export function withoutHeader(request: RawRequest, name: string): RawRequest {
  return { ...request, headers: request.headers.filter(([one]) => one !== name) };
}

export function withBody(request: RawRequest, body: string | Uint8Array): RawRequest {
  return { ...request, body: typeof body === 'string' ? Buffer.from(body) : body };
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

export function headerOf(request: RawRequest, name: string): string {
  const found = request.headers.find(([one]) => one === name);
  if (found === undefined) throw new Error(`no header ${name}`);
  return found[1];
}

/** The one fact that was opened; anything else fails with what was opened instead. */
export function factOf(opened: Opened) {
  if (opened.is !== 'facts' || opened.facts[0] === undefined || opened.facts.length !== 1) {
    throw new Error(
      `not one fact: ${JSON.stringify(opened, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
    );
  }
  return opened.facts[0];
}

/** How it was refused, in words: `code: why`. The console must be able to say them in Chinese. */
export function refusalOf(opened: Opened): string {
  if ('why' in opened && chineseOf(opened.why) === null) throw new Error(`no Chinese for: ${opened.why}`);
  switch (opened.is) {
    case 'refused':
      return `${opened.code}: ${opened.why}`;
    case 'unknown_key':
      return `signature.unknown_key: ${opened.why}`;
    case 'unreadable':
      return `unreadable: ${opened.why}`;
    default:
      return opened.is;
  }
}

/** What of a diagnosis the console could not say in Chinese. */
export function withoutChinese({ why, facts, cause }: Pick<Diagnosis, 'why' | 'facts' | 'cause'>): readonly string[] {
  const said = [why, ...facts, ...(cause === null ? [] : [cause.what, cause.remaining ?? cause.what])];
  return said.filter((sentence) => chineseOf(sentence) === null);
}

/** What a client throws: by its code, with a detail that the console can say in Chinese. */
export function failureOf(code: string): object {
  const asymmetricMatch = (detail: unknown) => typeof detail === 'string' && chineseOf(detail) !== null;
  return { code, detail: { asymmetricMatch, toString: () => 'what has Chinese' } };
}

/** A platform's API that answers as it is told, and remembers what it was asked. */
export function playedHttp(answer: (request: HttpRequest) => { status: number; body: object | string }) {
  const asked: HttpRequest[] = [];
  const http: Http = {
    send: async (request) => {
      asked.push(request);
      const { status, body } = answer(request);
      return { status, headers: [], body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
    },
    stream: () => {
      throw new Error('nothing streams here');
    },
  };
  return { http, asked };
}
