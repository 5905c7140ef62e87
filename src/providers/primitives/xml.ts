import { textOf } from './bytes.ts';
import type { Json } from './json.ts';

const depthMax = 64;
const token =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<\/([\w:.-]+)\s*>|<([\w:.-]+)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>|([^<]+)/y;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

interface Element {
  name: string;
  text: string;
  children: Map<string, Json[]>;
}

/**
 * Reads XML as the same values that JSON gives: an element without elements inside is its text, any other an object by the names
 * inside, a name that comes again a list. Attributes are skipped. There are no document types, so nothing outside is ever read and
 * nothing grows. Anything else than well-formed XML in UTF-8 gives the reason as a text.
 */
export function parseXml(bytes: Uint8Array): { value: Json } | { why: string } {
  const text = textOf(bytes);
  if (text === null) return { why: 'the XML is not valid UTF-8' };
  const open: Element[] = [{ name: '', text: '', children: new Map() }];
  const at = new RegExp(token);
  while (at.lastIndex < text.length) {
    const from = at.lastIndex;
    const match = at.exec(text);
    if (match === null) return { why: `the XML cannot be read from character ${from} on` };
    const why = take(open, match);
    if (why !== null) return { why };
  }
  const [root, unclosed] = open;
  if (unclosed !== undefined) return { why: `the XML does not close ${unclosed.name.slice(0, 40)}` };
  return root?.children.size === 1 ? { value: jsonOf(root) } : { why: 'the XML has not one root element' };
}

/** A text for the inside of an element. */
export function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Null, or why it cannot be read. */
function take(open: Element[], [, literal, closed, opened, empty, text]: RegExpExecArray): string | null {
  const here = open.at(-1);
  if (here === undefined) return 'the XML closes more than it opens';
  if (literal !== undefined) here.text += literal;
  if (text !== undefined) {
    const plain = decoded(text);
    if (plain === null) return 'the XML holds an entity that is not known';
    here.text += plain;
  }
  if (opened !== undefined) {
    if (open.length > depthMax) return `the XML nests deeper than ${depthMax} levels`;
    open.push({ name: opened, text: '', children: new Map() });
  }
  return closed !== undefined || empty === '/' ? close(open, closed ?? opened ?? '') : null;
}

function close(open: Element[], name: string): string | null {
  const [closing, parent] = [open.pop(), open.at(-1)];
  if (closing?.name !== name || parent === undefined) return `the XML closes ${name.slice(0, 40)} where it is not open`;
  const same = parent.children.get(name);
  if (same === undefined) parent.children.set(name, [jsonOf(closing)]);
  else same.push(jsonOf(closing));
  return null;
}

function jsonOf({ text, children }: Element): Json {
  if (children.size === 0) return text;
  return Object.fromEntries([...children].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? null) : all]));
}

function decoded(text: string): string | null {
  let known = true;
  const plain = text.replaceAll(/&([^;&]{0,12};?)/g, (_, written: string) => {
    const character = written.endsWith(';') ? characterOf(written.slice(0, -1)) : null;
    known &&= character !== null;
    return character ?? '';
  });
  return known && !plain.includes('\0') ? plain : null;
}

function characterOf(name: string): string | null {
  if (Object.hasOwn(entities, name)) return entities[name] ?? null;
  const match = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
  if (match === null) return null;
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : null;
}
