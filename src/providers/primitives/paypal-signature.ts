import type { Headers, ReceiverAccount, Refusal } from '../provider.ts';
import { utf8 } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { grammars, singleHeader } from './headers.ts';
import { isPaypalCertificateUrl } from './paypal-certificate.ts';
import { isRefused, refused, shown } from './refusal.ts';

/** The only one that is spoken. */
export const paypalAlgorithm = 'SHA256withRSA';
/** Headers of which a second copy would let two readers see two signatures. */
export const paypalHeaders = [
  'paypal-auth-algo',
  'paypal-cert-url',
  'paypal-transmission-id',
  'paypal-transmission-time',
  'paypal-transmission-sig',
] as const;

export interface PaypalSigned {
  /** Of the certificate. */
  url: string;
  id: string;
  time: string;
  signature: string;
}

export function readPaypalSignature(headers: Headers, mode: ReceiverAccount['mode']): PaypalSigned | Refusal {
  const scheme = singleHeader(headers, 'paypal-auth-algo', grammars.token);
  if (isRefused(scheme)) return scheme;
  if (scheme !== paypalAlgorithm)
    return refused('signature.scheme', `${shown(scheme)}; only ${paypalAlgorithm} is accepted`);
  const url = singleHeader(headers, 'paypal-cert-url', { form: /^[!-~]{1,300}$/, says: 'an address' });
  if (isRefused(url)) return url;
  if (!isPaypalCertificateUrl(url, mode))
    return refused('signature.malformed', `header paypal-cert-url is not PayPal's for mode ${mode}: ${shown(url)}`);
  const id = singleHeader(headers, 'paypal-transmission-id', { form: /^[\w-]{1,100}$/, says: 'an id' });
  if (isRefused(id)) return id;
  const time = singleHeader(headers, 'paypal-transmission-time', { form: /^[\dTZ:.+-]{10,40}$/, says: 'a time' });
  if (isRefused(time)) return time;
  const signature = singleHeader(headers, 'paypal-transmission-sig', grammars.base64);
  return isRefused(signature) ? signature : { url, id, time, signature };
}

/** What is signed: of the body a sum, which other bodies have too. */
export function paypalText(
  { id, time }: { id: string; time: string },
  webhookId: string,
  body: Uint8Array,
): Uint8Array {
  return utf8(`${id}|${time}|${webhookId}|${crc32(body)}`);
}
