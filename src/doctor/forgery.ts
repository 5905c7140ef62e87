import type { RawRequest } from '../providers/provider.ts';

/** Fields of forms, of Adyen's items, of Midtrans' JSON and of WeChat Pay v2's XML, that hold a signature. */
const signatureField = /^(?:bt_)?sign(?:ature)?$/;
const itemSignature = /("(?:hmacSignature|signature_key)":"|<sign><!\[CDATA\[)([^"\]]*)/g;

/** The request with the signature of another one: all its declared headers, and what its body holds of a signature. */
export function signedAs(signed: RawRequest, request: RawRequest): RawRequest {
  if (isForm(request)) {
    const fields = new URLSearchParams(textOf(request));
    for (const [name, value] of new URLSearchParams(textOf(signed)))
      if (signatureField.test(name)) fields.set(name, value);
    return { ...signed, body: Buffer.from(fields.toString()) };
  }
  const values = [...textOf(signed).matchAll(itemSignature)].map(([, , value = '']) => value);
  let index = -1;
  const body = textOf(request).replace(itemSignature, (_, before: string) => {
    index += 1;
    return before + (values[index] ?? '');
  });
  return { ...signed, body: Buffer.from(body, 'latin1') };
}

/** The request without any signature: declared headers and fields taken away. */
export function unsigned(request: RawRequest, declared: readonly string[]): RawRequest {
  const headers = request.headers.filter(([name]) => !declared.includes(name.toLowerCase()));
  if (!isForm(request)) {
    const body = textOf(request).replace(itemSignature, '$1');
    return { ...request, headers, body: Buffer.from(body, 'latin1') };
  }
  const fields = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(textOf(request)))
    if (!signatureField.test(name)) fields.append(name, value);
  return { ...request, headers, body: Buffer.from(fields.toString()) };
}

/** Names of schemes, and weaker or unknown ones in their place. */
const schemes = [
  ['v1=', 'v0='],
  ['v1,', 'v0,'],
  ['v1a,', 'v0,'],
  ['h1=', 'h0='],
  ['HMAC ', 'MD5 '],
  ['WECHATPAY2-SHA256-RSA2048', 'WECHATPAY2-MD5'],
] as const;
const fieldSchemes = [
  ['sign_type=RSA2', 'sign_type=MD5'],
  ['signMethod=01', 'signMethod=11'],
  ['<sign_type><![CDATA[HMAC-SHA256', '<sign_type><![CDATA[MD5'],
] as const;

/** The request with the name of a weaker scheme; null where the format names none. */
export function downgraded(request: RawRequest): RawRequest | null {
  const headers = request.headers.map(([name, value]) => [name, replaced(value, schemes)] as const);
  const text = textOf(request);
  const body = replaced(text, fieldSchemes);
  const isChanged = body !== text || headers.some(([, value], index) => value !== request.headers[index]?.[1]);
  return isChanged ? { ...request, headers, body: Buffer.from(body, 'latin1') } : null;
}

/** The same JSON, written otherwise: compact where it was not, else pretty-printed; null for another body. */
export function rewritten(request: RawRequest): RawRequest | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(request.body).toString('utf8'));
    const compact = Buffer.from(JSON.stringify(value));
    return { ...request, body: compact.equals(request.body) ? Buffer.from(JSON.stringify(value, null, 2)) : compact };
  } catch {
    return null; // A form: it has no other way to be written that says the same.
  }
}

/** Each declared header twice, from two requests; null where the format signs in its body. */
export function doubled(first: RawRequest, second: RawRequest, declared: readonly string[]): RawRequest | null {
  const isDeclared = ([name]: readonly [string, string]) => declared.includes(name.toLowerCase());
  const copies = second.headers.filter(isDeclared);
  if (copies.length === 0) return null;
  const headers = first.headers.flatMap((one) => {
    const copy = copies.find(([name]) => name === one[0]);
    return copy === undefined || !isDeclared(one) ? [one] : [one, copy];
  });
  return { ...first, headers };
}

/**
 * Credentials with secrets of somebody else under the same ids; null where they have none of the same kind. What only encrypts
 * stays, so that the signature alone is wrong.
 */
export function withSecretsOf(strange: object, credentials: object): Record<string, unknown> | null {
  const others = new Map(Object.entries(strange).filter(([name, value]) => signs(name, value)));
  const ours = Object.entries(credentials);
  if (!ours.some(([name]) => others.has(name))) return null;
  // A second kind of secret beside the replaced one would still sign genuinely.
  const kept = ours.filter(([name, value]) => others.has(name) || !signs(name, value));
  return Object.fromEntries(
    kept.map(([name, value]) => [name, others.has(name) ? replacedBy(others.get(name), value) : value]),
  );
}

function signs(name: string, value: unknown): boolean {
  if (/^(?:api_v3|encryption)_keys$/.test(name)) return false;
  return typeof value === 'object' || name === 'sign_key' || name === 'certificate';
}

/** Braintree's private keys stand under public ones, which stay. */
function replacedBy(strange: unknown, ours: unknown): unknown {
  if (typeof strange !== 'object' || strange === null || Array.isArray(strange)) return strange;
  const [secret] = Object.values(strange);
  return Object.fromEntries(Object.keys(Object(ours)).map((name) => [name, secret]));
}

function replaced(text: string, pairs: readonly (readonly [from: string, to: string])[]): string {
  return pairs.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}

function isForm({ headers }: RawRequest): boolean {
  return headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.includes('form-urlencoded'));
}

function textOf({ body }: RawRequest): string {
  return Buffer.from(body).toString('latin1');
}
