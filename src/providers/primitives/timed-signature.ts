import type { Instant } from '../../domain/clock.ts';
import type { Headers, RawRequest, Refusal } from '../provider.ts';
import { concat, fromHex, toHex } from './bytes.ts';
import { refuseStale } from './freshness.ts';
import { singleHeader } from './headers.ts';
import { hmacMatches, hmacSecret } from './hmac.ts';
import { mismatchCause } from './likely-cause.ts';
import { isRefused, refused } from './refusal.ts';

/** A header that holds the time and any number of signatures, as Stripe's `t=<seconds>,v1=<hex>` and Paddle's `ts=<seconds>;h1=<hex>`. */
export interface TimedSignature {
  /** In lower case. */
  header: string;
  time: string;
  /** The scheme that counts; signatures of others are skipped. */
  scheme: string;
  separator: ',' | ';';
  /** Between the time and the body in the signed text. */
  joiner: string;
}

const signaturesMax = 16;

/** Signs with every secret, and checks signature and time; built once per version of the credentials. */
export function timedSigner(format: TimedSignature, secretTexts: readonly string[]) {
  const secrets = secretTexts.map((secret) => hmacSecret(secret));
  const read = timedReader(format);
  return {
    /** The header for a body. */
    header(body: Uint8Array, now: Instant): readonly [name: string, value: string] {
      const timestamp = String(Math.floor(now / 1000));
      const text = concat(timestamp, format.joiner, body);
      const signatures = secrets.map((secret) => `${format.scheme}=${toHex(secret.digest(text))}`);
      return [format.header, [`${format.time}=${timestamp}`, ...signatures].join(format.separator)];
    },
    /** The text that was signed, or why it does not count. */
    check({ headers, body }: RawRequest, now: Instant): { text: Uint8Array } | Refusal {
      const signed = read(headers);
      if (isRefused(signed)) return signed;
      const textOver = (other: Uint8Array) => concat(signed.timestamp, format.joiner, other);
      const matches = (other: Uint8Array) => hmacMatches(secrets, textOver(other), signed.candidates);
      const text = textOver(body);
      if (!matches(body)) {
        const otherwise = `none of the account's ${secrets.length} webhook_secrets fits any ${format.scheme} signature`;
        return refused('signature.mismatch', mismatchCause(body, matches, otherwise), text);
      }
      const stale = refuseStale(signed.timestamp, now);
      return stale === null ? { text } : { ...stale, signedText: text };
    },
  };
}

/** Reads the header alone: its time, as it stands there, and what may be signatures of the scheme. */
export function timedReader({ header, time, scheme, separator }: Omit<TimedSignature, 'joiner'>) {
  const grammar = {
    form: new RegExp(`^${time}=\\d{1,13}(${separator}[a-z0-9]+=[^${separator}]*)+$`),
    says: `\`${time}=<seconds>${separator}${scheme}=<hex>\``,
    // Two times are two headers that something joined.
    joined: new RegExp(`^${time}=.*,\\s*${time}=`),
  };
  const prefix = `${scheme}=`;
  return (headers: Headers): { timestamp: string; candidates: Uint8Array[] } | Refusal => {
    const value = singleHeader(headers, header, grammar);
    if (isRefused(value)) return value;
    const [timePart = '', ...all] = value.split(separator);
    if (all.length > signaturesMax) return refused('signature.malformed', `more than ${signaturesMax} signatures`);
    const ours = all.filter((one) => one.startsWith(prefix));
    if (ours.length === 0) return refused('signature.scheme', `header ${header} holds no ${scheme} signature`);
    return {
      timestamp: timePart.slice(time.length + 1),
      candidates: ours.flatMap((one) => fromHex(one.slice(prefix.length)) ?? []),
    };
  };
}
