import { masked } from '../../parts/masked.ts';

/** One value of two attempts; null: it is not there. */
export interface Compared {
  name: string;
  left: string | null;
  right: string | null;
}

type Pairs = readonly (readonly string[])[] | undefined;

/** Headers by name, whatever their order and case; one that comes several times is one value of several lines. */
export function comparedHeaders(title: string, left: Pairs = [], right: Pairs = []): readonly Compared[] {
  const [ours, theirs] = [byName(masked(left)), byName(masked(right))];
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  return [...names].map((name) => ({
    name: `${title} · ${name}`,
    left: ours.get(name) ?? null,
    right: theirs.get(name) ?? null,
  }));
}

/** What of a text is its own: between what both begin and end with. */
export function differenceOf(text: string, other: string): { before: string; differs: string; after: string } {
  const shorter = Math.min(text.length, other.length);
  let start = 0;
  while (start < shorter && text[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && text.at(-1 - end) === other.at(-1 - end)) end += 1;
  const until = text.length - end;
  return { before: text.slice(0, start), differs: text.slice(start, until), after: text.slice(until) };
}

function byName(pairs: readonly (readonly string[])[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name = '', value = ''] of pairs) {
    const key = name.toLowerCase();
    const known = values.get(key);
    values.set(key, known === undefined ? value : `${known}\n${value}`);
  }
  return values;
}
