import { timingSafeEqual } from 'node:crypto';
import { TextDecoder } from 'node:util';

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

/** A UTF-8 text without its byte order mark; null where the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  return decode(bytes, utf8Decoder);
}

/** Making one costs more than what it decodes of a field; it keeps nothing between two whole texts. */
const utf8Decoder = decoderOf('utf-8');

/** Decodes texts of a charset that `TextDecoder` knows. */
export function decoderOf(charset: string): TextDecoder {
  return new TextDecoder(charset, { fatal: true });
}

/** Bytes as a text, without a byte order mark; null where they are not in the decoder's charset. */
export function decode(bytes: Uint8Array, decoder: TextDecoder): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null; // Hostile or damaged bytes are an expected input, not a fault.
  }
}
