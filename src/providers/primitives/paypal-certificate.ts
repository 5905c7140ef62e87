import type { X509Certificate } from 'node:crypto';
import type { Instant } from '../../domain/clock.ts';
import type { ReceiverAccount } from '../provider.ts';
import { certificateOf, commonNameOf, isValidAt, trustedKey } from './certificate.ts';
import { shown } from './refusal.ts';

type Mode = ReceiverAccount['mode'];

export const paypalCertificateName = 'messageverificationcerts.paypal.com';
const sandboxName = 'messageverificationcerts.sandbox.paypal.com';
const url = /^https:\/\/api(?:-m)?(\.sandbox)?\.paypal\.com\/v1\/notifications\/certs\/[\w-]{1,100}$/;

/** Whether a certificate that PayPal signs with may be at this address: nobody else's server is ever asked, nor is PayPal's sandbox for a live account. */
export function isPaypalCertificateUrl(text: string, mode: Mode): boolean {
  const match = url.exec(text);
  return match !== null && (mode === 'test' || match[1] === undefined);
}

/** The reason why a certificate is not one of PayPal's; null: it is named as theirs are. */
export function otherNameIn(certificate: X509Certificate, mode: Mode): string | null {
  const name = commonNameOf(certificate) ?? 'none';
  const names = mode === 'test' ? [paypalCertificateName, sandboxName] : [paypalCertificateName];
  return names.includes(name) ? null : `the name of the certificate is ${shown(name)}, not ${names.join(' or ')}`;
}

/**
 * The certificate in a file that came from PayPal's address, or the reason why it does not count: another name, not valid now, or
 * issued by nobody, or by none of the pinned issuers where there are some.
 */
export function paypalCertificateIn(
  file: string,
  { mode, now, issuers }: { mode: Mode; now: Instant; issuers: readonly X509Certificate[] },
): { certificate: X509Certificate } | { why: string } {
  const certificate = readCertificate(file);
  if (certificate === null) return { why: 'there is no certificate' };
  const otherName = otherNameIn(certificate, mode);
  if (otherName !== null) return { why: otherName };
  if (!isValidAt(certificate, now)) return { why: 'the certificate is not valid at this time' };
  if (certificate.checkIssued(certificate)) return { why: 'the certificate has signed itself' };
  if (certificate.publicKey.asymmetricKeyType !== 'rsa') return { why: 'the certificate holds no RSA key' };
  // The file need not hold its issuers; without pinned ones it is TLS alone that says it is PayPal's.
  const trusted = issuers.length === 0 ? null : trustedKey(certificate, issuers, now);
  return trusted !== null && 'why' in trusted ? trusted : { certificate };
}

/** The first certificate of a file: the issuers may follow it. */
function readCertificate(file: string): X509Certificate | null {
  const [first = ''] = file.split(/(?<=-----END CERTIFICATE-----)/);
  try {
    return certificateOf(first);
  } catch {
    return null; // What came over the network is data.
  }
}
