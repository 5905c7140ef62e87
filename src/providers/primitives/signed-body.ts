import type { Opened, RawRequest } from '../provider.ts';
import { fromBase64, fromHex, toBase64, toHex, utf8 } from './bytes.ts';
import { type Grammar, grammars, singleHeader } from './headers.ts';
import { type HmacSecret, hmacMatches } from './hmac.ts';
import { type Json, type JsonObject, parseJson } from './json.ts';
import { mismatchCause } from './likely-cause.ts';
import { isRefused, refused } from './refusal.ts';
import { post } from './replies.ts';

/** The plainest way to sign a webhook: one header holds the HMAC of the JSON body, without a timestamp. */
export interface BodySignature {
  /** Lower case. */
  header: string;
  encoding: 'hex' | 'base64';
  /** Stands before the signature. */
  prefix?: string;
  /** What is signed, where that is more than the body. */
  textOver?(body: Uint8Array): Uint8Array;
}

/**
 * What `read` makes of the body, once its signature fits under any of the secrets. `field` is what the secrets are called in the
 * credentials. An authentic body that is no JSON is unreadable.
 */
export function openSigned(
  request: RawRequest,
  signature: BodySignature & { secrets: readonly HmacSecret[]; field: string },
  read: (body: Json) => Opened,
): Opened {
  const { header, encoding, prefix = '', secrets, field, textOver = (body) => body } = signature;
  const value = singleHeader(request.headers, header, prefix === '' ? grammars[encoding] : prefixed(prefix, encoding));
  if (isRefused(value)) return value;
  const bare = value.slice(prefix.length);
  const found = encoding === 'hex' ? fromHex(bare) : fromBase64(bare);
  const candidates = found === null ? [] : [found];
  const matches = (body: Uint8Array) => hmacMatches(secrets, textOver(body), candidates);
  const text = textOver(request.body);
  if (!matches(request.body)) {
    const otherwise = `none of the account's ${secrets.length} ${field} fits ${header}`;
    return refused('signature.mismatch', mismatchCause(request.body, matches, otherwise), text);
  }
  const parsed = parseJson(request.body);
  if ('why' in parsed) return { is: 'unreadable', why: parsed.why };
  const opened = read(parsed.value);
  return isRefused(opened) ? { ...opened, signedText: text } : opened;
}

function prefixed(prefix: string, encoding: BodySignature['encoding']): Grammar {
  const { form, says } = grammars[encoding];
  return { form: new RegExp(form.source.replace('^', `^${prefix}`), form.flags), says: `${prefix}<${says}>` };
}

/** The body, bytes as they are or what is to become JSON, as a POST with its signature under the secret. */
export function postSigned(
  body: JsonObject | Uint8Array,
  signature: BodySignature & { secret: HmacSecret },
  headers: RawRequest['headers'] = [],
): RawRequest {
  const { header, encoding, prefix = '', secret, textOver = (bytes) => bytes } = signature;
  const bytes = body instanceof Uint8Array ? body : utf8(JSON.stringify(body));
  const digest = secret.digest(textOver(bytes));
  const value = prefix + (encoding === 'hex' ? toHex(digest) : toBase64(digest));
  return post('application/json', bytes, [...headers, [header, value]]);
}
