import { toIso } from '../domain/clock.ts';
import type { NotificationType } from '../domain/notification.ts';
import { wechatpayProbe } from '../providers/primitives/wechatpay-signature.ts';
import type { Context, RawRequest, Sender } from '../providers/provider.ts';

export const oddityNames = ['bad_item', 'newer_repeat', 'invalid_json', 'signature_probe', 'late_pending'] as const;
export type OddityName = (typeof oddityNames)[number];

/** What a platform is known to send beside its good notifications, and no ordinary notification gives. */
export interface Oddity {
  provider: string;
  /** The notifications that it befalls; absent: all of them. */
  types?: readonly NotificationType[];
  /** `before`: in place of the first try, whatever is answered. `after`: once the good one is acknowledged; refusing it ends the delivery. */
  when: 'before' | 'after';
  /** The odd request, made from the good one. */
  request(good: RawRequest, sender: Sender, context: Context): RawRequest;
}

export const oddities: Readonly<Record<OddityName, Oddity>> = {
  // One bad item makes the whole batch worth nothing, also the items that are good.
  bad_item: { provider: 'adyen', when: 'before', request: withBadItem },
  // Neither the date nor the reason is signed, and both may have changed when an item comes again.
  newer_repeat: { provider: 'adyen', when: 'after', request: withNewerDate },
  // What is told has happened, but not even the platform can read how it tells it.
  invalid_json: { provider: 'checkout', types: ['payment.failed'], when: 'before', request: invalidJson },
  // Whoever takes this for good checks no signatures.
  signature_probe: { provider: 'wechatpay', when: 'before', request: asProbe },
  // The platform's notifications overtake each other: what was before the payment is told after it.
  late_pending: { provider: 'midtrans', types: ['payment.succeeded'], when: 'after', request: asPending },
};

/** The oddity that befalls a notification; null: none does. */
export function oddityOf(name: OddityName | undefined, provider: string, type: NotificationType): Oddity | null {
  const oddity = name === undefined ? null : oddities[name];
  return oddity?.provider === provider && oddity.types?.includes(type) !== false ? oddity : null;
}

/** The item of the batch, and again with more money under the same signature. */
function withBadItem(good: RawRequest): RawRequest {
  const text = Buffer.from(good.body).toString();
  const [, before = '', item = '', after = ''] = /^(.*"notificationItems":\[)(.*)(\].*)$/s.exec(text) ?? [];
  const bad = item.replace(/"value":(\d+)/, (_, value: string) => `"value":${BigInt(value) + 1n}`);
  return { ...good, body: Buffer.from(`${before}${item},${bad}${after}`) };
}

function withNewerDate(good: RawRequest): RawRequest {
  const text = Buffer.from(good.body).toString();
  const newer = text
    .replace(/"eventDate":"([^"]+)"/, (_, date: string) => `"eventDate":"${toIso(Date.parse(date) + 60_000)}"`)
    .replace(/"reason":"[^"]*"/, '"reason":"sent again"');
  return { ...good, body: Buffer.from(newer) };
}

function asProbe(good: RawRequest): RawRequest {
  const headers = good.headers.map(
    ([name, value]) => [name, name === 'wechatpay-signature' ? wechatpayProbe + value : value] as const,
  );
  return { ...good, headers };
}

function asPending(good: RawRequest, sender: Sender, context: Context): RawRequest {
  const body = Buffer.from(good.body)
    .toString()
    .replace('"transaction_status":"settlement"', '"transaction_status":"pending"')
    .replace('"status_code":"200"', '"status_code":"201"')
    .replace(/"settlement_time":"[^"]+","fraud_status":"accept",/, '');
  return sender.signBody?.(Buffer.from(body), context) ?? good;
}

/** A response code without its quotes, as `authentication_failed` had it, signed as it is. */
function invalidJson(good: RawRequest, sender: Sender, context: Context): RawRequest {
  const body = Buffer.from(good.body)
    .toString()
    .replace('"payment_declined"', '"authentication_failed"')
    .replace('"data":{', '"data":{"response_code":20087,"response_summary":Bad Track Data,');
  return sender.signBody?.(Buffer.from(body), context) ?? good;
}
