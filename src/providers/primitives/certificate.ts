import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { Instant } from '../../domain/clock.ts';
import { rsaPublicKey } from './rsa.ts';

/** Longer chains than any platform's. */
const chainMax = 4;
const charactersMax = 16_384;

/**
 * The certificate in a PEM.
 *
 * @throws TypeError for anything else.
 */
export function certificateOf(text: string): X509Certificate {
  if (text.length > charactersMax || !text.includes('-----BEGIN CERTIFICATE-----'))
    throw new TypeError('this is not a certificate in PEM');
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new TypeError('this is not a certificate in PEM', { cause });
  }
}

/** The certificate that a text is, as PEM or the base64 of its DER; null for any other text. */
export function certificateIn(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'));
  } catch {
    return null; // Keys and other secrets are no certificates.
  }
}

/** A key that counts, and from when until when: the time in which every link of its chain is valid. */
export interface TrustedKey {
  key: KeyObject;
  from: Instant;
  until: Instant;
}

/**
 * The RSA key of a certificate that came with a message, if its chain ends at a pinned certificate and every link of it is valid now;
 * else the reason why not, as a text. A pinned certificate is trusted by itself; where its issuer is pinned too, that one counts as well.
 */
export function trustedKey(
  leaf: X509Certificate,
  pinned: readonly X509Certificate[],
  now: Instant,
): TrustedKey | { why: string } {
  let link = leaf;
  let [from, until] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let depth = 0; depth < chainMax; depth += 1) {
    if (!isValidAt(link, now)) return { why: `certificate ${link.serialNumber} is not valid at this time` };
    [from, until] = [Math.max(from, link.validFromDate.getTime()), Math.min(until, link.validToDate.getTime())];
    const issuer = pinned.find((one) => one.ca && link.checkIssued(one) && link.verify(one.publicKey));
    if (issuer === undefined) {
      if (depth === 0) return { why: `certificate ${link.serialNumber} is issued by none of the pinned ones` };
      break;
    }
    if (issuer.fingerprint256 === link.fingerprint256) break;
    link = issuer;
  }
  const found = keyOf(leaf);
  return 'why' in found ? found : { ...found, from, until };
}

/** The subject's common name; null where there is none, or several. */
export function commonNameOf(certificate: X509Certificate): string | null {
  const names = certificate.subject
    .split('\n')
    .filter((line) => line.startsWith('CN='))
    .map((line) => line.slice(3));
  return names.length === 1 ? (names[0] ?? null) : null;
}

/**
 * A new RSA key with a certificate that it has signed itself, for made-up credentials. Times are whole seconds.
 */
export function selfSigned(
  commonName: string,
  { from, until, serial }: { from: Instant; until: Instant; serial: Uint8Array },
): { certificate: string; privateKey: string } {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = sequence(setOf(sequence(oid(0x55, 0x04, 0x03), utf8String(commonName))));
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), tagged(0x05));
  const isAuthority = sequence(oid(0x55, 0x1d, 0x13), tagged(0x04, sequence(tagged(0x01, Buffer.of(0xff)))));
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    tagged(0x02, Buffer.concat([Buffer.of(1), serial])),
    algorithm,
    name,
    sequence(generalizedTime(from), generalizedTime(until)),
    name,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(isAuthority)),
  );
  const signature = sign('RSA-SHA256', body, keys.privateKey);
  const whole = sequence(body, algorithm, tagged(0x03, Buffer.of(0), signature));
  return {
    certificate: new X509Certificate(whole).toString(),
    privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

export function isValidAt(certificate: X509Certificate, now: Instant): boolean {
  return certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime();
}

function keyOf(certificate: X509Certificate): { key: KeyObject } | { why: string } {
  try {
    return { key: rsaPublicKey(certificate.toString()) };
  } catch {
    return { why: `certificate ${certificate.serialNumber} holds no RSA key of at least 2048 bits` };
  }
}

/** DER: tag, length, content. */
function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const inside = Buffer.concat(content);
  const size = inside.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), inside]);
}

function sequence(...content: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...content);
}

function setOf(...content: readonly Uint8Array[]): Buffer {
  return tagged(0x31, ...content);
}

function oid(...bytes: readonly number[]): Buffer {
  return tagged(0x06, Buffer.from(bytes));
}

function utf8String(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text));
}

function generalizedTime(at: Instant): Buffer {
  const digits = new Date(at).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
  return tagged(0x18, Buffer.from(`${digits}Z`));
}
