import { createHash } from 'node:crypto';
import type { Instant } from '../../domain/clock.ts';
import type { ReceiverAccount } from '../provider.ts';
import { toHex, utf8 } from './bytes.ts';
import { certificateOf, commonNameOf, trustedKey } from './certificate.ts';
import { type Field, sortedText } from './form.ts';
import { shown } from './refusal.ts';
import type { rsaMatches } from './rsa.ts';

/** The third part of the common name: UnionPay itself, and what its test system signs with. */
export const unionpayName = '中国银联股份有限公司';
const testName = '00040000:SIGN';

/** Whose certificates count. */
export interface UnionpayTrust {
  pinned: readonly ReturnType<typeof certificateOf>[];
  names: readonly string[];
}

export function unionpayTrust(certificates: readonly string[], { mode }: ReceiverAccount): UnionpayTrust {
  const names = mode === 'live' ? [unionpayName] : [unionpayName, testName];
  return { pinned: certificates.map(certificateOf), names };
}

/** The key under which a message may be signed, or why its certificate does not count. */
export function unionpaySigner(
  text: string | null,
  { pinned, names }: UnionpayTrust,
  now: Instant,
): { key: Parameters<typeof rsaMatches>[0] } | { id: string; why: string } {
  const known = `the account has ${pinned.map((one) => one.serialNumber).join(', ')}`;
  const leaf = text === null ? null : readCertificate(text);
  if (leaf === null) return { id: 'none', why: `no key for signPubKeyCert, which is no certificate; ${known}` };
  const id = leaf.serialNumber;
  const trusted = trustedKey(leaf, pinned, now);
  if ('why' in trusted) return { id, why: `no key for ${trusted.why}; ${known}` };
  const name = commonNameOf(leaf)?.split('@')[2] ?? '';
  return names.includes(name)
    ? trusted
    : { id, why: `no key for certificate ${id}, whose name is not UnionPay's: ${shown(name)}; ${known}` };
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
