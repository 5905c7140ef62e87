import { isUtf8 } from 'node:buffer';
import { AppError } from '../domain/errors.ts';

declare global {
  interface JSON {
    /** A value that `stringify` writes as this text (V8 since Node 21; TypeScript's library does not have it yet). */
    rawJSON(text: string): object;
  }
}

/** Deeper nesting than any honest body has; it bounds every recursion over what was read. */
const depthMax = 64;

/**
 * Reads JSON without losing anything: a whole number beyond 2^53 − 1 becomes a bigint. NUL, unpaired surrogates and deep nesting
 * are refused, because no store and no signature keeps them.
 *
 * @throws AppError `request.malformed`, naming the reason and never quoting the body.
 */
export function parseJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw malformed('the body is not valid UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return parseJsonText(text.startsWith('\ufeff') ? text.slice(1) : text);
}

/** The same for a text that is known to be Unicode. */
export function parseJsonText(text: string): unknown {
  const value = parsed(text);
  // Only an escape can bring these in, and a nesting this deep needs this many brackets: most bodies skip the walk.
  if (/\\u(?:0000|d[89a-f])/i.test(text) || text.length > 2 * depthMax) inspect(value);
  return value;
}

/** An object as {@link parseJson} gives it, so that `JSON.stringify` writes its big integers digit by digit. */
export function writableObject(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, writable(inner)]));
}

function writable(value: unknown): unknown {
  if (typeof value === 'bigint') return JSON.rawJSON(String(value));
  if (Array.isArray(value)) return value.map(writable);
  if (value === null || typeof value !== 'object') return value;
  return writableObject({ ...value });
}

function parsed(text: string): unknown {
  try {
    // The reviver makes parsing five times slower, so it runs only where a number may be too big.
    return /\d{16}/.test(text) ? JSON.parse(text, keepBigIntegers) : JSON.parse(text);
  } catch (error) {
    // V8 quotes the body in its message; only the place is passed on.
    const place = error instanceof SyntaxError ? /at position \d+/.exec(error.message)?.[0] : null;
    throw malformed(`the body is not valid JSON${place ? ` ${place}` : ''}`);
  }
}

function keepBigIntegers(_key: string, value: unknown, ...rest: readonly unknown[]): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const [context] = rest;
  const source = typeof context === 'object' && context !== null && 'source' in context ? context.source : null;
  return typeof source === 'string' && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function inspect(value: unknown): void {
  const waiting: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > depthMax) throw malformed(`the body is nested deeper than ${depthMax} levels`);
    if (typeof next.value === 'string') inspectText(next.value);
    if (typeof next.value !== 'object' || next.value === null) continue;
    for (const [key, inner] of Object.entries(next.value)) {
      inspectText(key);
      waiting.push({ value: inner, depth: next.depth + 1 });
    }
  }
}

function inspectText(text: string): void {
  if (text.includes('\0')) throw malformed('a text holds the character NUL (\\u0000), which cannot be kept');
  if (!text.isWellFormed()) throw malformed('a text holds half of a surrogate pair, which is not Unicode');
}

function malformed(detail: string): AppError {
  return new AppError('request.malformed', detail);
}
