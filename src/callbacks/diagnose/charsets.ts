type Undo = (bytes: Uint8Array) => Uint8Array | null;

/** What a change of charset between two programs does to bytes, undone. The tables are made when they are first needed. */
export function transcodings(): readonly (readonly [how: string, undo: Undo])[] {
  const gbk = once(gbkTable);
  const windows = once(windows1252Table);
  return [
    ['as UTF-8, before something wrote it in GBK', (bytes) => encoded(decoded(bytes, 'gbk'))],
    ['as GBK, before something wrote it in UTF-8', (bytes) => mapped(decoded(bytes, 'utf-8'), gbk)],
    ['as UTF-8, before something read it as Latin-1', (bytes) => inLatin1(decoded(bytes, 'utf-8'))],
    ['as UTF-8, before something read it as Windows-1252', (bytes) => mapped(decoded(bytes, 'utf-8'), windows)],
    ['as UTF-8, before something wrote it in Latin-1', (bytes) => encoded(decoded(bytes, 'windows-1252'))],
  ];
}

export function isAscii(bytes: Uint8Array): boolean {
  return !bytes.some((byte) => byte > 0x7f);
}

function decoded(bytes: Uint8Array, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null; // Not in this charset, so this is not what happened.
  }
}

function encoded(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text);
}

function inLatin1(text: string | null): Uint8Array | null {
  return text === null || /[^\0-\xff]/.test(text) ? null : Buffer.from(text, 'latin1');
}

type Table = ReadonlyMap<string, readonly number[]>;

function windows1252Table(): Table {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  return new Map([...new TextDecoder('windows-1252').decode(all)].map((character, byte) => [character, [byte]]));
}

/** Node decodes GBK and does not encode it, so the table is made by decoding every pair, one a line. */
function gbkTable(): Table {
  const pairs: (readonly [number, number])[] = [];
  for (let lead = 0x81; lead <= 0xfe; lead += 1)
    for (let trail = 0x40; trail <= 0xfe; trail += 1) if (trail !== 0x7f) pairs.push([lead, trail]);
  const lines = new TextDecoder('gbk').decode(Buffer.from(pairs.flatMap((pair) => [...pair, 0x0a]))).split('\n');
  const known = pairs.map((pair, index) => [lines[index] ?? '', pair] as const);
  return new Map(known.filter(([character]) => [...character].length === 1 && character !== '�'));
}

function once(make: () => Table): () => Table {
  let made: Table | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

function mapped(text: string | null, tableOf: () => Table): Uint8Array | null {
  if (text === null) return null;
  const table = tableOf();
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    const found = code < 0x80 ? [code] : table.get(character);
    if (found === undefined) return null;
    bytes.push(...found);
  }
  return Buffer.from(bytes);
}
