import { createHash } from 'node:crypto';
import type { Refusal } from '../provider.ts';
import { concat, equalBytes, fromHex, toHex, utf8 } from './bytes.ts';
import { type Field, refuseAmbiguous, sortedText } from './form.ts';
import { hmacSecret } from './hmac.ts';
import { isObject } from './json.ts';
import { refused, shown } from './refusal.ts';
import { parseXml } from './xml.ts';

export const xmlSignTypes = ['MD5', 'HMAC-SHA256'] as const;
export type XmlSignType = (typeof xmlSignTypes)[number];

/** The fields of a flat XML document, by name, as they are written. */
export type XmlFields = ReadonlyMap<string, string>;

/** Reads one level of elements under a root of any name. A field inside a field, or one that comes twice, is refused with the reason. */
export function readFlatXml(bytes: Uint8Array): { fields: XmlFields } | { why: string } {
  const parsed = parseXml(bytes);
  if ('why' in parsed) return parsed;
  const [root] = isObject(parsed.value) ? Object.values(parsed.value) : [];
  if (!isObject(root)) return { why: 'the XML has no fields' };
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(root)) {
    if (typeof value !== 'string') return { why: `the field ${shown(name)} came twice, or holds fields` };
    fields.set(name, value);
  }
  return { fields };
}

export function writeFlatXml(fields: Readonly<Record<string, string>>, root = 'xml'): Uint8Array {
  const written = Object.entries(fields).map(
    ([name, value]) => `<${name}><![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]></${name}>`,
  );
  return utf8(`<${root}>${written.join('')}</${root}>`);
}

/**
 * The signatures of WeChat Pay v2: over all fields but `sign` that are not empty, sorted and joined, with `&key=` and the key behind; in
 * upper-case hex. The sign type is the account's: a message that could choose it would choose MD5.
 */
export function xmlSigner(signType: XmlSignType, keys: readonly string[]) {
  const digests = keys.map((key) => digestUnder(signType, key));
  return {
    /** The document under the first key, as `sign`, its last field. */
    write(fields: Readonly<Record<string, string>>): Uint8Array {
      const all = { ...fields, sign_type: signType };
      const sign = toHex(digests[0]?.(textOf(new Map(Object.entries(all)))) ?? new Uint8Array()).toUpperCase();
      return writeFlatXml({ ...all, sign });
    },
    /** Null where the signature fits under any key. `decisive`: see {@link refuseAmbiguous}. */
    refusal(fields: XmlFields, decisive: readonly string[]): Refusal | null {
      const text = textOf(fields);
      const sign = fields.get('sign') ?? '';
      if (sign === '') return refused('signature.missing', 'field sign is missing', text);
      const named = fields.get('sign_type') || signType;
      if (named !== signType)
        return refused('signature.scheme', `sign_type ${shown(named)}; only ${signType} is accepted`, text);
      const found = /^(?:[0-9A-F]{2})+$/.test(sign) ? fromHex(sign) : null;
      if (found === null) return refused('signature.malformed', 'field sign is not upper-case hexadecimal', text);
      if (!digests.some((digest) => equalBytes(digest(text), found)))
        return refused('signature.mismatch', `none of the account's ${keys.length} api_keys fits field sign`, text);
      const ambiguous = refuseAmbiguous(text, decisive);
      return ambiguous === null ? null : { ...ambiguous, signedText: text };
    },
  };
}

function digestUnder(signType: XmlSignType, key: string): (text: Uint8Array) => Uint8Array {
  const secret = hmacSecret(key);
  const whole = (text: Uint8Array) => concat(text, '&key=', key);
  return signType === 'MD5'
    ? (text) => createHash('md5').update(whole(text)).digest()
    : (text) => secret.digest(whole(text));
}

/** Without the key. */
function textOf(fields: XmlFields): Uint8Array {
  const signed = [...fields].filter(([, value]) => value !== '');
  const all = signed.map(([name, value]): [string, Field] => [
    name,
    { name, value, decoded: concat(name, '=', value) },
  ]);
  return sortedText(new Map(all), ['sign']);
}
