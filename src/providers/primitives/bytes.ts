import { timingSafeEqual } from 'node:crypto';

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Texts and bytes, one after the other: what is signed. */
export function concat(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? utf8(part) : part)));
}

/** Canonical base64 as bytes; null for anything else (other alphabets, missing padding, stray bits, spaces). */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Hexadecimal of either case as bytes; null for anything else. */
export function fromHex(text: string): Uint8Array | null {
  return /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : null;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Equality in constant time; bytes of different lengths differ. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** A UTF-8 text without its byte order mark; null where the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  return decodeBy(strictUtf8, bytes);
}

/** Bytes as a text in the named charset, without a byte order mark; null where they are not in it. The charset must be one that `TextDecoder` knows. */
export function decode(bytes: Uint8Array, charset: string): string | null {
  return decodeBy(new TextDecoder(charset, { fatal: true }), bytes);
}

function decodeBy(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null; // Hostile or damaged bytes are an expected input, not a fault.
  }
}
