import { randomFillSync } from 'node:crypto';
import type { Instant } from './clock.ts';

/** A text that only this module makes, so that one id cannot be taken for another. The field exists for the compiler alone. */
type Id<Name extends string> = string & { readonly idOf: Name };

export type MerchantId = Id<'merchant'>;
export type AccountId = Id<'account'>;
export type CallbackId = Id<'callback'>;
export type FactId = Id<'fact'>;
export type OrderId = Id<'order'>;
export type DiscrepancyId = Id<'discrepancy'>;
export type NotificationId = Id<'notification'>;
export type EndpointId = Id<'endpoint'>;
export type DeliveryId = Id<'delivery'>;
export type AttemptId = Id<'attempt'>;
export type ApiKeyId = Id<'api_key'>;
export type ReplayId = Id<'replay'>;
export type ReconciliationId = Id<'reconciliation'>;
export type AlertId = Id<'alert'>;
/** An order as its merchant numbers it; unique within the merchant. */
export type OrderNo = Id<'order_no'>;
/** A target's queue: the endpoint's id, `handler:<merchant>:<name>` or `effect:<merchant>:<name>`. */
export type LaneId = Id<'lane'>;
/** One running process that serves. */
export type NodeId = Id<'node'>;

/** The prefix tells a person, and a log line, what an id names. */
interface Prefixes {
  mer: MerchantId;
  acc: AccountId;
  cbk: CallbackId;
  fct: FactId;
  ord: OrderId;
  dsc: DiscrepancyId;
  ntf: NotificationId;
  end: EndpointId;
  dlv: DeliveryId;
  att: AttemptId;
  rpl: ReplayId;
  rec: ReconciliationId;
  key: ApiKeyId;
  alr: AlertId;
  nod: NodeId;
}
export type Prefix = keyof Prefixes;

export type Random = (bytes: number) => Uint8Array;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
/** 48 bits of time + 12 bits of bucket = 12 characters; then random: 75 bits, for accounts (a URL that must not be guessed) 130. */
const randomCharacters: Partial<Record<Prefix, number>> = { acc: 26 };
const defaultRandomCharacters = 15;

/**
 * A new id: prefix, 48-bit milliseconds, 12-bit bucket, random, in ascending base32, so that ids of one table sort by time
 * and name the bucket they live in.
 */
export function newId<P extends Prefix>(
  prefix: P,
  at: Instant,
  bucket: number,
  random: Random = randomBytesOf,
): Prefixes[P] {
  const characters = randomCharacters[prefix] ?? defaultRandomCharacters;
  const bytes = random(characters);
  // Character codes made one text at the end: joining texts took 0.5 µs instead of 0.2, and some callbacks make four ids.
  const codes = timeCodes(at);
  codes.push(alphabet.charCodeAt((bucket >> 7) & 31), alphabet.charCodeAt((bucket >> 2) & 31));
  codes.push(alphabet.charCodeAt(((bucket & 3) << 3) | ((bytes[0] ?? 0) & 7)));
  for (let index = 0; index < characters; index += 1) codes.push(alphabet.charCodeAt((bytes[index] ?? 0) >> 3));
  return `${prefix}_${String.fromCharCode(...codes)}` as Prefixes[P];
}

/** Every id with this prefix that was made at this moment, or later, is not below this text; every earlier one is. */
export function idFloor(prefix: Prefix, at: Instant): string {
  return `${prefix}_${String.fromCharCode(...timeCodes(at))}`;
}

/** 48 bits do not divide by 5: the time takes 9 characters plus the top 3 bits that stay zero until the year 3084. */
function timeCodes(at: Instant): number[] {
  const codes: number[] = [];
  const [early, late] = [Math.floor(at / 2 ** 25), at % 2 ** 25];
  for (let shift = 20; shift >= 0; shift -= 5) codes.push(alphabet.charCodeAt((early >> shift) & 31));
  for (let shift = 20; shift >= 0; shift -= 5) codes.push(alphabet.charCodeAt((late >> shift) & 31));
  return codes;
}

/** The bucket (0–4095) that all rows of a merchant carry; it routes, and a cluster can distribute by it. */
export function bucketOf(merchant: MerchantId): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < merchant.length; index += 1)
    hash = Math.imul(hash ^ merchant.charCodeAt(index), 0x01000193);
  return ((hash >>> 12) ^ hash) & 0xfff;
}

/** Whether a text has the form of an id with this prefix. It says nothing about whether the thing exists. */
export function isId<P extends Prefix>(prefix: P, text: string): text is Prefixes[P] {
  return text.startsWith(`${prefix}_`) && /^[0-9a-hjkmnp-tv-z]{20,44}$/.test(text.slice(prefix.length + 1));
}

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
/** Whether a text may name a merchant, a handler or an effect: 1–64 characters of `A–Z a–z 0–9 . _ : -`, beginning with a letter or digit. */
export function isName(text: string): boolean {
  return nameForm.test(text);
}

export function merchantId(text: string): MerchantId {
  if (!isName(text)) throw new TypeError(`not a merchant id: ${JSON.stringify(text.slice(0, 80))}`);
  return text as MerchantId;
}

/** Whether a text may be an order number: 1–128 characters, none of them a control character. */
export function isOrderNo(text: string): text is OrderNo {
  return text.length >= 1 && text.length <= 128 && !/\p{Cc}/u.test(text);
}

export function laneOfEndpoint(endpoint: EndpointId): LaneId {
  return endpoint as string as LaneId;
}

export function laneOfFunction(kind: 'handler' | 'effect', merchant: MerchantId, name: string): LaneId {
  return `${kind}:${merchant}:${name}` as LaneId;
}

/** Constructors for texts that come from our own rows or from a checked path parameter. */
export const asId = {
  account: (text: string) => text as AccountId,
  callback: (text: string) => text as CallbackId,
  fact: (text: string) => text as FactId,
  order: (text: string) => text as OrderId,
  discrepancy: (text: string) => text as DiscrepancyId,
  notification: (text: string) => text as NotificationId,
  endpoint: (text: string) => text as EndpointId,
  delivery: (text: string) => text as DeliveryId,
  attempt: (text: string) => text as AttemptId,
  apiKey: (text: string) => text as ApiKeyId,
  replay: (text: string) => text as ReplayId,
  reconciliation: (text: string) => text as ReconciliationId,
  alert: (text: string) => text as AlertId,
  merchant: (text: string) => text as MerchantId,
  orderNo: (text: string) => text as OrderNo,
  lane: (text: string) => text as LaneId,
  node: (text: string) => text as NodeId,
};

/** A number in [0, 1). */
export function fractionOf(random: Random): number {
  const [first = 0, second = 0, third = 0] = random(3);
  return (first * 65_536 + second * 256 + third) / 16_777_216;
}

const pool = { bytes: new Uint8Array(0), used: 0 };
/** Random bytes from the operating system, drawn 4 KiB at a time: a draw per id would cost more than the id. */
export function randomBytesOf(bytes: number): Uint8Array {
  if (bytes > 4096) return randomFillSync(new Uint8Array(bytes));
  if (pool.used + bytes > pool.bytes.length) {
    pool.bytes = randomFillSync(new Uint8Array(4096));
    pool.used = 0;
  }
  pool.used += bytes;
  return pool.bytes.subarray(pool.used - bytes, pool.used);
}

/** The bucket that an id of this form names; null for an id of any other form. */
export function bucketOfId(id: string): number | null {
  const start = id.indexOf('_') + 11;
  const [high, middle, low] = [0, 1, 2].map((place) => alphabet.indexOf(id.charAt(start + place) || '?'));
  if (high === undefined || middle === undefined || low === undefined || Math.min(high, middle, low) < 0) return null;
  return (high << 7) | (middle << 2) | (low >> 3);
}
