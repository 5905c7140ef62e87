/**
 * The bytes of a member of a JSON object exactly as they stand there, for signatures over them. The bytes must be well-formed JSON in UTF-8.
 * null: there is no such member, or several, so that readers could take different ones.
 */
export function rawMember(json: Uint8Array, name: string): Uint8Array | null {
  // One character for each byte, so that places are the same in both.
  const text = Buffer.from(json).toString('latin1');
  const key = Buffer.from(JSON.stringify(name)).toString('latin1');
  const found: Uint8Array[] = [];
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    if (character !== '"') continue;
    const end = stringEnd(text, index);
    const colon = depth === 1 && text.slice(index, end) === key ? /^\s*:\s*/.exec(text.slice(end, end + 100)) : null;
    index = end - 1;
    if (colon === null) continue;
    const start = end + colon[0].length;
    const valueEnd = endOfValue(text, start);
    found.push(json.subarray(start, valueEnd));
    index = valueEnd - 1;
  }
  const [only] = found;
  return found.length === 1 && only !== undefined ? only : null;
}

/** Behind the closing quote of the string that begins here. */
function stringEnd(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  let index = start;
  while (index < text.length) {
    const character = text[index] ?? '';
    if (depth === 0 && /[,}\]\s]/.test(character)) return index;
    if (character === '"') {
      index = stringEnd(text, index);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    index += 1;
  }
  return index;
}
