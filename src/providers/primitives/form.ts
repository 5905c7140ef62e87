import type { Refusal } from '../provider.ts';
import { concat, decode, decoderOf, utf8 } from './bytes.ts';
import { refused } from './refusal.ts';

/** One field of a form: its name and value as text, and the bytes of `name=value` after decoding, which is what gets signed. */
export interface Field {
  name: string;
  value: string;
  decoded: Uint8Array;
}

/** WHATWG labels of the charsets in which Chinese platforms send; any other is refused. */
const charsets: ReadonlyMap<string, string> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['gbk', 'gbk'],
  ['gb2312', 'gbk'],
  ['gb18030', 'gb18030'],
]);
const [equals, ampersand] = [utf8('='), utf8('&')];
const fieldsMax = 200;
const rawBytesMax = 65_536;

/**
 * Reads `application/x-www-form-urlencoded`, percent signs decoded exactly once, in the charset that one of its own fields
 * names (default UTF-8). Refused, with the reason as a text: a percent sign without two hex digits, bytes outside ASCII, a field that comes
 * twice (readers differ on which one counts), bytes that are not in the charset, a NUL, more than 200 fields.
 */
export function parseForm(
  body: Uint8Array,
  charsetField = 'charset',
): { fields: ReadonlyMap<string, Field> } | { why: string } {
  const text = Buffer.from(body).toString('latin1');
  if (/[\x7f-\xff]/.test(text)) return { why: 'the form holds bytes that are not percent-encoded' };
  const parts = text.split('&').filter((part) => part !== '');
  if (parts.length > fieldsMax) return { why: `the form has more than ${fieldsMax} fields` };
  const pairs: { name: Uint8Array; value: Uint8Array }[] = [];
  for (const part of parts) {
    const cut = part.includes('=') ? part.indexOf('=') : part.length;
    const [name, value] = [percentDecoded(part.slice(0, cut)), percentDecoded(part.slice(cut + 1))];
    if (name === null || value === null) return { why: 'the form holds a percent sign without two hex digits' };
    pairs.push({ name, value });
  }
  const label = pairs.find(({ name }) => Buffer.from(name).toString('latin1') === charsetField)?.value;
  const charset = label === undefined ? 'utf-8' : charsets.get(Buffer.from(label).toString('latin1').toLowerCase());
  return charset === undefined ? { why: 'the charset of the form is not known' } : inCharset(pairs, charset);
}

/**
 * Reads what UnionPay answers: a form whose values stand as they are, in UTF-8. One in braces is a whole, whatever it holds. Refused as in
 * {@link parseForm}.
 */
export function parseRawForm(body: Uint8Array): ReturnType<typeof parseForm> {
  // Far above what UnionPay's fields allow together; it also bounds the search for closing braces.
  if (body.length > rawBytesMax) return { why: `the form is over ${rawBytesMax} bytes` };
  const parts =
    Buffer.from(body)
      .toString('latin1')
      .match(/[^&=]*(?:=\{[^}]{0,2048}\}(?=&|$)|[^&]*)(?:&|$)/g) ?? [];
  if (parts.length > fieldsMax) return { why: `the form has more than ${fieldsMax} fields` };
  const pairs = parts.filter(Boolean).map((ended) => {
    const part = ended.replace(/&$/, '');
    const cut = part.includes('=') ? part.indexOf('=') : part.length;
    return { name: Buffer.from(part.slice(0, cut), 'latin1'), value: Buffer.from(part.slice(cut + 1), 'latin1') };
  });
  return inCharset(pairs, 'utf-8');
}

/** Writes a form in UTF-8, fields in the given order. */
export function writeForm(fields: Readonly<Record<string, string>>): Uint8Array {
  return utf8(new URLSearchParams(Object.entries(fields)).toString());
}

/** `name=value` of all fields but the dropped ones, ascending by name, joined by `&`: the text of Alipay, UnionPay and WeChat Pay v2. */
export function sortedText(fields: ReadonlyMap<string, Field>, drop: readonly string[]): Uint8Array {
  const kept = [...fields.values()].filter(({ name }) => !drop.includes(name));
  const sorted = kept.sort((one, other) => (one.name < other.name ? -1 : 1));
  return concat(...sorted.flatMap(({ decoded }, index) => (index === 0 ? [decoded] : [ampersand, decoded])));
}

/**
 * The signed text joins values unescaped, so a value that holds `&total_amount=…` can be split off into a field of its own, without changing
 * the text. A text in which a field that decides something seems to come twice is therefore refused; the payment is found by query.
 */
export function refuseAmbiguous(text: Uint8Array, decisive: readonly string[]): Refusal | null {
  const joined = `&${Buffer.from(text).toString('latin1')}`;
  const twice = decisive.find((name) => joined.split(`&${name}=`).length > 2);
  return twice === undefined
    ? null
    : refused('callback.malformed', `the signed text could be read with two different values of ${twice}`);
}

function inCharset(
  pairs: readonly { name: Uint8Array; value: Uint8Array }[],
  charset: string,
): ReturnType<typeof parseForm> {
  const fields = new Map<string, Field>();
  const decoder = decoderOf(charset);
  for (const pair of pairs) {
    const [name, value] = [decode(pair.name, decoder), decode(pair.value, decoder)];
    if (name === null || value === null) return { why: `the form is not valid ${charset}` };
    if (name.includes('\0') || value.includes('\0')) return { why: 'the form holds a NUL character' };
    if (fields.has(name)) return { why: `the field ${name.slice(0, 40)} came twice` };
    fields.set(name, { name, value, decoded: concat(pair.name, equals, pair.value) });
  }
  return { fields };
}

function percentDecoded(text: string): Uint8Array | null {
  if (!/[%+]/.test(text)) return Buffer.from(text, 'latin1');
  if (/%(?![0-9a-f]{2})/i.test(text)) return null;
  const latin1 = text
    .replaceAll('+', ' ')
    .replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin1, 'latin1');
}
