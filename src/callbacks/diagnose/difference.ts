/** Where two texts begin to differ, with what stands around it on both sides. */
export interface Difference {
  of: 'body' | 'url';
  /** In bytes, from 0. */
  offset: number;
  /** From 1; the column in bytes. */
  line: number;
  column: number;
  received: Around;
  /** Of what verifies. */
  verified: Around;
}

/** Readable: bytes that are no text, and control characters, as escapes. */
export interface Around {
  before: string;
  /** One character; empty at the end. */
  at: string;
  after: string;
}

const aroundBytes = 32;

/** The first difference, or null where there is none. */
export function firstDifference(of: Difference['of'], received: Uint8Array, verified: Uint8Array): Difference | null {
  const offset = startOfCharacter(received, verified, firstUnequal(received, verified));
  if (offset >= received.length && offset >= verified.length) return null;
  const before = received.subarray(0, offset);
  const lastBreak = before.lastIndexOf(lineBreak);
  return {
    of,
    offset,
    line: before.reduce((lines, byte) => (byte === lineBreak ? lines + 1 : lines), 1),
    column: offset - lastBreak,
    received: around(received, offset),
    verified: around(verified, offset),
  };
}

const lineBreak = 0x0a;

function firstUnequal(one: Uint8Array, other: Uint8Array): number {
  const end = Math.min(one.length, other.length);
  for (let at = 0; at < end; at += 1) if (one[at] !== other[at]) return at;
  return end;
}

/** The bytes of one character are shown together. */
function startOfCharacter(one: Uint8Array, other: Uint8Array, offset: number): number {
  let at = offset;
  while (at > 0 && offset - at < 3 && (isContinuation(one[at]) || isContinuation(other[at]))) at -= 1;
  return at;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function around(bytes: Uint8Array, offset: number): Around {
  const end = nextCharacter(bytes, offset + 1);
  return {
    before: readable(bytes.subarray(nextCharacter(bytes, Math.max(0, offset - aroundBytes)), offset)),
    at: readable(bytes.subarray(offset, end)),
    after: readable(bytes.subarray(end, nextCharacter(bytes, end + aroundBytes))),
  };
}

/** This place, or the end of the character that it lies in. */
function nextCharacter(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next - at < 3 && isContinuation(bytes[next])) next += 1;
  return next;
}

function readable(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const shown = text.includes('�') ? Buffer.from(bytes).toString('latin1') : text;
  return shown.replaceAll(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]|[\x80-\xff]/gu, (character) => {
    const code = character.charCodeAt(0);
    // What was read byte by byte is shown byte by byte; letters of a text stay letters.
    if (code > 0x9f && code <= 0xff && shown === text) return character;
    return escapes.get(character) ?? (code <= 0xff ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
  });
}

const escapes = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
