/** A JSON value as it is written: numbers and strings stay the text they are, so that nothing is rounded. */
type Written = string | readonly Written[] | { members: readonly (readonly [name: string, value: Written])[] };

interface Form {
  how: string;
  /** Between members, after the colon, and the indent of a level; '' = all on one line. */
  comma: string;
  colon: string;
  indent: string;
}

const layouts: readonly Form[] = [
  { how: 'written compactly', comma: ',', colon: ':', indent: '' },
  { how: 'with a space after each comma and colon', comma: ', ', colon: ': ', indent: '' },
  { how: 'pretty-printed with 2 spaces', comma: ',', colon: ': ', indent: '  ' },
  { how: 'pretty-printed with 4 spaces', comma: ',', colon: ': ', indent: '    ' },
];

const spellings: readonly (readonly [how: string, spell: (token: string) => string])[] = [
  ['', (token) => token],
  ['with escapes written as characters', (token) => plain(token)],
  ['with slashes escaped', (token) => plain(token).replaceAll('/', '\\/')],
  ['with non-ASCII escaped', (token) => ascii(plain(token))],
  ['with non-ASCII and slashes escaped', (token) => ascii(plain(token)).replaceAll('/', '\\/')],
  [
    'with < > & escaped',
    (token) => plain(token).replaceAll(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`),
  ],
];

/** More than notifications have; writing a megabyte anew takes a tenth of a second each time. */
const charactersMax = 262_144;
/** Deeper than any notification; recursion stays shallow. */
const depthMax = 64;

/** The same JSON as other programs write it, the likeliest first; nothing where the text is no JSON. */
export function* jsonForms(text: string): Generator<readonly [how: string, text: string]> {
  const value = text.length > charactersMax ? null : readWritten(text);
  if (value === null) return;
  for (const [order, one] of [
    ['', value],
    ['with sorted names', sorted(value)],
  ] as const) {
    for (const [spelling, spell] of spellings) {
      for (const layout of layouts) {
        const how = [layout.how, spelling, order].filter((part) => part !== '').join(', ');
        yield [how, write(one, { layout, spell, level: 0 })];
      }
    }
  }
}

function write(value: Written, style: { layout: Form; spell: (token: string) => string; level: number }): string {
  const { layout, spell, level } = style;
  if (typeof value === 'string') return value.startsWith('"') ? spell(value) : value;
  const inner = { ...style, level: level + 1 };
  const isList = 'map' in value;
  const parts = isList
    ? value.map((item) => write(item, inner))
    : value.members.map(([name, item]) => spell(name) + layout.colon + write(item, inner));
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (parts.length === 0 || layout.indent === '') return open + parts.join(layout.comma) + close;
  const lead = `\n${layout.indent.repeat(level)}`;
  return `${open}${lead}${layout.indent}${parts.join(`,${lead}${layout.indent}`)}${lead}${close}`;
}

function sorted(value: Written): Written {
  if (typeof value === 'string') return value;
  if ('map' in value) return value.map(sorted);
  const members = value.members.map(([name, item]) => [name, sorted(item)] as const);
  return { members: members.sort(([one], [other]) => (one < other ? -1 : 1)) };
}

function plain(token: string): string {
  return JSON.stringify(JSON.parse(token));
}

function ascii(text: string): string {
  return text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function readWritten(text: string): Written | null {
  try {
    JSON.parse(text);
  } catch {
    return null; // Not JSON: there is no other way to write it.
  }
  const tokens = text.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  return deepest(tokens) > depthMax ? null : reading(tokens)();
}

function deepest(tokens: readonly string[]): number {
  let [depth, most] = [0, 0];
  for (const token of tokens) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    most = Math.max(most, depth);
  }
  return most;
}

/** Reads tokens that are known to be valid JSON. */
function reading(tokens: readonly string[]): () => Written {
  let at = 0;
  const next = () => {
    at += 1;
    return tokens[at - 1] ?? '';
  };
  /** Reads until the closing token, commas skipped. */
  const until = <Part>(close: string, read: () => Part): Part[] => {
    const parts: Part[] = [];
    while (tokens[at] !== close && at < tokens.length) {
      if (tokens[at] === ',') at += 1;
      parts.push(read());
    }
    at += 1;
    return parts;
  };
  const member = (): readonly [string, Written] => {
    const name = next();
    at += 1;
    return [name, value()];
  };
  const value = (): Written => {
    const token = next();
    if (token === '{') return { members: until('}', member) };
    return token === '[' ? until(']', value) : token;
  };
  return value;
}
