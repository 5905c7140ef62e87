import { fromIso, type Instant, toIso } from '../../domain/clock.ts';

/** Beijing is eight hours ahead of UTC, all year. */
const aheadMs = 8 * 3_600_000;

/** `2026-01-05 10:21:32`, as Alipay writes times. */
export function toBeijing(at: Instant): string {
  return toIso(at + aheadMs)
    .slice(0, 19)
    .replace('T', ' ');
}

/** Reads Beijing time without a zone, with or without a fraction of a second; null for anything else. */
export function fromBeijing(text: string): Instant | null {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?$/.test(text) ? fromIso(`${text.replace(' ', 'T')}+08:00`) : null;
}

/** `2026-01-05T10:21:32+08:00`, as WeChat Pay writes times. */
export function toBeijingIso(at: Instant): string {
  return `${toIso(at + aheadMs).slice(0, 19)}+08:00`;
}

/** `20260105102132`, as UnionPay writes times. */
export function toBeijingDigits(at: Instant): string {
  return toBeijing(at).replaceAll(/\D/g, '');
}

/** Reads fourteen digits of Beijing time; null for anything else. */
export function fromBeijingDigits(digits: string): Instant | null {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  return fromBeijing(`${year}-${month}-${day} ${hour}:${minute}:${second}`);
}
