import { unreadable } from './request.ts';

/**
 * Splits a command as a POSIX shell does: quotes, `$'…'`, backslashes and continued lines. Nothing is expanded and nothing runs. A
 * character stands for a byte, in and out, so that bytes which are no text stay what they are.
 *
 * @throws AppError `request.unreadable` for a quotation mark that is not closed.
 */
export function shellWords(text: string): readonly string[] {
  const token =
    /\\\r?\n|\s+|'([^']*)'|\$'([^'\\]*(?:\\[\s\S][^'\\]*)*)'|"([^"\\]*(?:\\[\s\S][^"\\]*)*)"|\\([\s\S])|([^\s'"\\$]+|\$)|(["'\\])/g;
  const words: string[] = [];
  let word: string | null = null;
  for (const match of fromCmd(text).matchAll(token)) {
    const [whole, single, dollar, double, escaped, bare, open] = match;
    if (open !== undefined) throw unreadable('a quotation mark of the curl command is not closed');
    const piece =
      single ??
      (dollar === undefined ? undefined : unescapeDollar(dollar)) ??
      double?.replace(/\\([$`"\\])|\\\r?\n/g, '$1') ??
      escaped ??
      bare;
    if (piece !== undefined) word = (word ?? '') + piece;
    else if (!whole.startsWith('\\')) {
      if (word !== null) words.push(word);
      word = null;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

/** Windows' cmd escapes with carets, in front of quotation marks too, as browsers copy it for there. */
function fromCmd(text: string): string {
  return /^curl(?:\.exe)?\s[^'"]*\^"/.test(text)
    ? text.replaceAll(/\^\r?\n/g, ' ').replaceAll(/\^([\s\S])/g, '$1')
    : text;
}

const simple: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  v: '\v',
  "'": "'",
  '"': '"',
  '?': '?',
  '\\': '\\',
};

/** `$'…'` of bash: `\x` and octal digits are bytes, `\u` is a character. */
function unescapeDollar(text: string): string {
  return text.replace(
    /((?:\\u[0-9a-fA-F]{1,4})+)|\\U([0-9a-fA-F]{1,8})|\\x([0-9a-fA-F]{1,2})|\\([0-7]{1,3})|\\([\s\S])/g,
    (whole, ...groups: readonly (string | undefined)[]) => {
      const [units, point, hex, octal, one = ''] = groups;
      // Browsers write a character beyond the first plane as two.
      if (units !== undefined) return bytesOf(units.replace(/\\u([0-9a-fA-F]+)/g, (_, code) => unit(code, 16)));
      if (point !== undefined) return Number.parseInt(point, 16) > 0x10ffff ? whole : bytesOf(character(point));
      if (hex !== undefined) return unit(hex, 16);
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      return simple[one] ?? whole;
    },
  );
}

function unit(code: string, base: number): string {
  return String.fromCharCode(Number.parseInt(code, base));
}

function character(code: string): string {
  return String.fromCodePoint(Number.parseInt(code, 16));
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}
