import { textOf, utf8 } from './bytes.ts';

/** Past this size the tries would cost an attacker less than us. */
const bytesMax = 16_384;

/**
 * Says why a signature may not match, by trying what frameworks and proxies are known to do to a JSON body: `matches` tells whether
 * the signature fits those bytes. Only for the refusal path; a handful of digests over a small body.
 */
export function mismatchCause(body: Uint8Array, matches: (body: Uint8Array) => boolean, otherwise: string): string {
  const text = body.length <= bytesMax ? textOf(body) : null;
  if (text === null) return otherwise;
  for (const [how, before] of rewritten(text)) {
    if (before !== text && matches(utf8(before)))
      return `body was re-serialised: the signature matches the body ${how}`;
  }
  return otherwise;
}

function rewritten(text: string): readonly (readonly [how: string, before: string])[] {
  const trimmed = text.trim();
  const around = [
    ['without the space around it', trimmed],
    ['with a trailing newline', `${trimmed}\n`],
    ['with LF instead of CRLF', text.replaceAll('\r\n', '\n')],
  ] as const;
  try {
    const value: unknown = JSON.parse(trimmed);
    const compact = JSON.stringify(value);
    return [
      ...around,
      ['after JSON.stringify', compact],
      ['after JSON.stringify with escaped slashes', compact.replaceAll('/', '\\/')],
      ['after JSON.stringify with non-ASCII escaped', escaped(compact)],
      ['pretty-printed with 2 spaces', JSON.stringify(value, null, 2)],
      ['pretty-printed with 4 spaces', JSON.stringify(value, null, 4)],
    ];
  } catch {
    return around; // Not JSON: only the space around it can have changed.
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
