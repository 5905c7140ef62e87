import { createHmac } from 'node:crypto';
import { limits } from '../../domain/limits.ts';
import type { RawRequest } from '../../providers/provider.ts';

/** Past this a text is a key in PEM, which no HMAC takes. */
const secretCharactersMax = 512;
const hashes = ['sha256', 'sha512', 'sha1'] as const;
const digestsMax = 200;
/** A signature in a body is a field of a small form. */
const scannedBytes = 65_536;

/**
 * Whether some HMAC over what should have been signed stands in the request, once a secret is read in another way, another hash is
 * taken, or the digest is written otherwise. Says how, and nothing of the secret; null where none does.
 */
export function otherReading(
  secrets: readonly string[],
  signedTexts: readonly (readonly [over: string, text: Uint8Array])[],
  request: RawRequest,
): string | null {
  const sent = signatureLike(request);
  const left: { digests: number; bytes: number } = { digests: digestsMax, bytes: limits.diagnosisBytes };
  for (const [over, text] of signedTexts) {
    for (const secret of secrets) {
      for (const [how, key] of readings(secret)) {
        for (const hash of hashes) {
          left.digests -= 1;
          left.bytes -= text.length;
          if (left.digests < 0 || left.bytes < 0) return null;
          const written = writtenAs(createHmac(hash, key).update(text).digest(), sent);
          if (written !== null) return `HMAC-${hash.toUpperCase()} in ${written} over ${over}, the secret being ${how}`;
        }
      }
    }
  }
  return null;
}

function readings(secret: string): readonly (readonly [how: string, key: Uint8Array])[] {
  if (secret.length > secretCharactersMax) return [];
  const rest = secret.replace(/^[a-z]+_(?:[a-z]+_)?/, '');
  return [
    ['its whole text', Buffer.from(secret)],
    ...(rest === secret ? [] : [['its text after the prefix', Buffer.from(rest)] as const]),
    ...(/^[A-Za-z0-9+/_-]+=*$/.test(rest) ? [['decoded from base64', Buffer.from(rest, 'base64')] as const] : []),
    ...(/^(?:[0-9a-f]{2})+$/i.test(rest) ? [['decoded from hexadecimal', Buffer.from(rest, 'hex')] as const] : []),
    ['its text with a newline at the end', Buffer.from(`${secret}\n`)],
    ['its text with CRLF at the end', Buffer.from(`${secret}\r\n`)],
  ];
}

/** Everything in a request that may be a digest: in headers, and in the body as it is and with its percent signs decoded. */
function signatureLike({ headers, body }: RawRequest): ReadonlySet<string> {
  const text = Buffer.from(body.subarray(0, scannedBytes)).toString('latin1');
  const decoded = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const texts = [...headers.map(([, value]) => value.slice(0, scannedBytes)), text, decoded];
  return new Set(texts.flatMap((one) => one.match(/[A-Za-z0-9+/_-]{27,128}={0,2}/g) ?? []));
}

function writtenAs(digest: Buffer, sent: ReadonlySet<string>): string | null {
  const forms = [
    ['hexadecimal', digest.toString('hex')],
    ['upper-case hexadecimal', digest.toString('hex').toUpperCase()],
    ['base64', digest.toString('base64')],
    ['base64url', digest.toString('base64url')],
  ] as const;
  return forms.find(([, form]) => sent.has(form))?.[0] ?? null;
}
