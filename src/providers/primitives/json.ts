import { textOf } from './bytes.ts';

declare global {
  interface JSON {
    /** ECMAScript proposal "JSON.parse source text access"; Node has it since version 22. */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): value is ExactNumber;
  }
}

/** A number as it was written; `JSON.stringify` writes exactly that again. */
export interface ExactNumber {
  readonly rawJSON: string;
}
export type Json = null | boolean | number | string | ExactNumber | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** Deeper than any provider nests, and far from where recursion over it would hurt. */
const depthMax = 64;

/**
 * Reads JSON without changing a number: safe integers become numbers, all others {@link ExactNumber}. A byte order mark is
 * skipped. Anything else than well-formed JSON in UTF-8 gives the reason as a text: invalid bytes, an escaped NUL (no store keeps
 * it), nesting deeper than 64.
 */
export function parseJson(bytes: Uint8Array): { value: Json } | { why: string } {
  const text = textOf(bytes);
  if (text === null) return { why: 'the body is not valid UTF-8' };
  const { tooDeep, mayLoseNumbers } = lookOver(text);
  if (tooDeep) return { why: `the body nests deeper than ${depthMax} levels` };
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text)) return { why: 'the body holds a NUL character' };
  try {
    return { value: mayLoseNumbers ? JSON.parse(text, keepNumber) : JSON.parse(text) };
  } catch {
    return { why: 'the body is not valid JSON' };
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** An integer for `JSON.stringify`, exact at any size. */
export function exactInteger(value: bigint): number | ExactNumber {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER)
    ? Number(value)
    : exactNumber(String(value));
}

/** A decimal text as a number for `JSON.stringify`, with the digits that it has. */
export function exactDecimal(text: string): ExactNumber {
  return exactNumber(text);
}

/** The value at a path of names, `data.object.id`; undefined where there is none. Only own properties count. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let here = value;
  for (const name of path.split('.')) {
    if (!isObject(here) || !Object.hasOwn(here, name)) return undefined;
    here = here[name];
  }
  return here;
}

/** A text that is not empty, else null. */
export function textAt(value: Json | undefined, path: string): string | null {
  const found = at(value, path);
  return typeof found === 'string' && found !== '' ? found : null;
}

/** The list at a path; empty where there is none. */
export function listAt(value: Json | undefined, path: string): readonly Json[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

/** An identifier: a well-formed text of 1–255 characters without control characters, or an integer as its digits; else null. */
export function idAt(value: Json | undefined, path: string): string | null {
  const found = at(value, path);
  const text = typeof found === 'string' ? found : integerText(found);
  return text !== null && text.length <= 255 && /^\P{Cc}+$/u.test(text) && text.isWellFormed() ? text : null;
}

/** The digits of an integer that is written without fraction and exponent, else null. */
export function integerText(value: Json | undefined): string | null {
  const text = numberText(value);
  return text !== null && /^-?\d+$/.test(text) ? text : null;
}

/** A number as it was written, else null. */
export function numberText(value: Json | undefined): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' && JSON.isRawJSON(value) ? value.rawJSON : null;
}

function keepNumber(_name: string, value: Json, context?: { source?: string }): Json {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  return Number.isSafeInteger(value) && String(value) === source ? value : exactNumber(source);
}

function exactNumber(source: string): ExactNumber {
  const raw: unknown = JSON.rawJSON(source);
  if (!JSON.isRawJSON(raw)) throw new TypeError('JSON.rawJSON made something else');
  return raw;
}

/**
 * What `JSON.parse` alone does not tell: whether the text nests too deeply, and whether it holds a number that could be rounded.
 * Only what stands outside of strings counts: nearly every body has a time or an amount with a point in a string, and the reviver
 * takes 8 µs where this takes 1.
 */
function lookOver(text: string): { tooDeep: boolean; mayLoseNumbers: boolean } {
  const escapes = text.includes('\\');
  let mayLoseNumbers = false;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (character === 0x22) index = endOfString(text, index + 1, escapes);
    else if (character === 0x7b || character === 0x5b) depth += 1;
    else if (character === 0x7d || character === 0x5d) depth -= 1;
    else if (character === 0x2d || isDigit(character)) {
      const start = index;
      while (isInNumber(text.charCodeAt(index + 1))) index += 1;
      mayLoseNumbers ||= mayBeRounded(text.slice(start, index + 1));
    }
    if (depth > depthMax) return { tooDeep: true, mayLoseNumbers };
  }
  return { tooDeep: false, mayLoseNumbers };
}

/** Where the string that begins at `from` ends; the end of the text where it does not. */
function endOfString(text: string, from: number, escapes: boolean): number {
  if (!escapes) {
    const end = text.indexOf('"', from);
    return end === -1 ? text.length : end;
  }
  let index = from;
  while (index < text.length && text.charCodeAt(index) !== 0x22) index += text.charCodeAt(index) === 0x5c ? 2 : 1;
  return index;
}

function isDigit(character: number): boolean {
  return character >= 0x30 && character <= 0x39;
}

/** Digits, the point, the letter and signs of an exponent. */
function isInNumber(character: number): boolean {
  return (
    isDigit(character) || character === 0x2e || (character | 0x20) === 0x65 || character === 0x2b || character === 0x2d
  );
}

function mayBeRounded(number: string): boolean {
  return number.length > 15 || number === '-0' || /[.eE]/.test(number);
}
