import { fromBase64 } from './bytes.ts';

/** The bytes after the prefix; null where they are not base64. Padding may be missing. */
export function bytesAfter(prefix: string, text: string): Uint8Array | null {
  const base64 = text.slice(prefix.length).replace(/=+$/, '');
  return fromBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, '='));
}
