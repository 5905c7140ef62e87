import type { Opened, RawRequest, Receiver } from '../provider.ts';
import { fromHex, toHex } from './bytes.ts';
import { singleHeader } from './headers.ts';
import { hmacMatches, hmacSecret } from './hmac.ts';
import { type Json, parseJson } from './json.ts';
import { mismatchCause } from './likely-cause.ts';
import { isRefused, refused } from './refusal.ts';
import { post } from './replies.ts';

const hexGrammar = { form: /^[0-9a-f]+$/i, says: 'hexadecimal' };

/**
 * Formats in which one header, named in lower case, is the hex HMAC-SHA256 of the body, which is JSON. `read` gets only bodies
 * that are authentic and well-formed.
 */
export function openBodyHmac(
  header: string,
  webhookSecrets: readonly string[],
  read: (body: Json) => Opened,
): Receiver['open'] {
  const secrets = webhookSecrets.map((secret) => hmacSecret(secret));
  return ({ headers, body }) => {
    const signature = singleHeader(headers, header, hexGrammar);
    if (isRefused(signature)) return signature;
    const candidate = fromHex(signature);
    if (candidate === null) return refused('signature.malformed', `header ${header} has half a byte`, body);
    const matches = (other: Uint8Array) => hmacMatches(secrets, other, [candidate]);
    if (!matches(body)) {
      const otherwise = `none of the account's ${secrets.length} webhook_secrets fits header ${header}`;
      return refused('signature.mismatch', mismatchCause(body, matches, otherwise), body);
    }
    const parsed = parseJson(body);
    return 'why' in parsed ? { is: 'unreadable', why: parsed.why } : read(parsed.value);
  };
}

/** Posts a body under the first secret: the header has room for one signature. */
export function sealBodyHmac(header: string, webhookSecrets: readonly string[]): (body: Uint8Array) => RawRequest {
  const [first = ''] = webhookSecrets;
  const secret = hmacSecret(first);
  return (body) => post('application/json', body, [[header, toHex(secret.digest(body))]]);
}
