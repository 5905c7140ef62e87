import { createHash } from 'node:crypto';
import type { Instant } from '../../domain/clock.ts';
import { LruMap } from '../../domain/lru-map.ts';
import type { ReceiverAccount } from '../provider.ts';
import { toHex, utf8 } from './bytes.ts';
import { certificateOf, commonNameOf, type TrustedKey, trustedKey } from './certificate.ts';
import { type Field, sortedText } from './form.ts';
import { shown } from './refusal.ts';

/** The third part of the common name: UnionPay itself, and what its test system signs with. */
export const unionpayName = '中国银联股份有限公司';
const testName = '00040000:SIGN';

/** Whose certificates count. */
export interface UnionpayTrust {
  pinned: readonly ReturnType<typeof certificateOf>[];
  names: readonly string[];
  /** What counted before, by the certificate's text: reading one and walking its chain costs twenty signatures. */
  known: LruMap<string, TrustedKey>;
}

/** A platform signs with one certificate, with two while it changes. */
const knownMax = 4;

export function unionpayTrust(certificates: readonly string[], { mode }: ReceiverAccount): UnionpayTrust {
  const names = mode === 'live' ? [unionpayName] : [unionpayName, testName];
  return { pinned: certificates.map(certificateOf), names, known: new LruMap(knownMax) };
}

/** The key under which a message may be signed, or why its certificate does not count. */
export function unionpaySigner(
  text: string | null,
  { pinned, names, known }: UnionpayTrust,
  now: Instant,
): Pick<TrustedKey, 'key'> | { id: string; why: string } {
  const before = text === null ? undefined : known.get(text);
  if (before !== undefined && before.from <= now && now <= before.until) return before;
  const ours = `the account has ${pinned.map((one) => one.serialNumber).join(', ')}`;
  const leaf = text === null ? null : readCertificate(text);
  if (text === null || leaf === null)
    return { id: 'none', why: `no key for signPubKeyCert, which is no certificate; ${ours}` };
  const id = leaf.serialNumber;
  const trusted = trustedKey(leaf, pinned, now);
  if ('why' in trusted) return { id, why: `no key for ${trusted.why}; ${ours}` };
  const name = commonNameOf(leaf)?.split('@')[2] ?? '';
  if (!names.includes(name))
    return { id, why: `no key for certificate ${id}, whose name is not UnionPay's: ${shown(name)}; ${ours}` };
  known.set(text, trusted);
  return trusted;
}

function readCertificate(text: string): ReturnType<typeof certificateOf> | null {
  try {
    return certificateOf(text);
  } catch {
    return null; // What came in a message is data; only credentials must be certificates.
  }
}

/** Hashed twice: what is signed is the hex SHA-256 of the sorted fields. */
export function unionpayDigest(fields: ReadonlyMap<string, Field>): Uint8Array {
  return utf8(
    toHex(
      createHash('sha256')
        .update(sortedText(fields, ['signature']))
        .digest(),
    ),
  );
}
