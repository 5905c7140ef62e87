import type { Headers } from '../providers/provider.ts';
import { TargetRefused } from './address-guard.ts';
import { ConnectTimeout } from './connector.ts';

/** What came of a request. `sent`: it was handed to the operating system to the last byte; `why`: one line for a person. */
export type Posted =
  | {
      is: 'answered';
      status: number;
      headers: Headers;
      /** At most `responseBytesMax`; `truncated` says that there was more, which was not read. */
      body: Uint8Array;
      truncated: boolean;
      peer: string | null;
      /** SHA-256 of the certificate shown, in hexadecimal; null without TLS. */
      certificate: string | null;
    }
  | { is: 'timeout'; sent: boolean; why: string; peer: string | null }
  | { is: 'unreachable'; sent: boolean; why: string; peer: string | null }
  | { is: 'refused_target'; why: string };

const whyCharactersMax = 200;

/** What undici's and the system's errors mean to the person who reads them, by code. */
const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name does not resolve',
  ENODATA: 'the host name has no address',
  ENONAME: 'the host name does not resolve',
  EAI_AGAIN: 'the name server did not answer',
  ETIMEOUT: 'the name server did not answer',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused the question',
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ETIMEDOUT: 'the connection timed out',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while the request was being written',
  ECONNABORTED: 'the connection was aborted',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection was closed in the middle of the answer',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the body of the answer stopped coming',
  UND_ERR_ABORTED: 'canceled before an answer came',
  UND_ERR_CLOSED: 'this client is closed',
  UND_ERR_DESTROYED: 'this client is closed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain ends in an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate chain is incomplete or its authority unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate chain is incomplete or its authority unknown',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name',
};

/** Turns the error that ended a request into its value. */
export function postedFromError(
  error: unknown,
  sent: boolean,
  peer: string | null,
): Exclude<Posted, { is: 'answered' }> {
  if (error instanceof TargetRefused) return { is: 'refused_target', why: error.message };
  if (error instanceof ConnectTimeout) return { is: 'timeout', sent, why: error.message, peer };
  return { is: 'unreachable', sent, why: meaningOf(error), peer };
}

function meaningOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = meanings[code];
  if (known !== undefined) return `${known} (${code})`;
  const prefix = code.startsWith('ERR_SSL') || code === 'EPROTO' ? 'the TLS handshake failed: ' : '';
  return oneLine(`${prefix}${error.message || code || error.name}`);
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, whyCharactersMax);
}
