import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One Markdown file of the repository. `path` is relative to its root, with slashes. */
export type Page = { path: string; text: string };

/** A fenced block. `line` is that of its opening fence, counted from 1. */
export type Block = { page: string; line: number; language: string; lines: readonly string[] };

export const readmes: readonly Page[] = ['README.md', 'README.zh-CN.md'].map(pageAt);

/** Every page that people read: the READMEs, the other pages beside them, and the documents. */
export const pages: readonly Page[] = [
  ...readmes,
  ...['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'].map(pageAt),
  ...readdirSync(posix.join(root, 'docs'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => posix.join(entry.parentPath.replaceAll('\\', '/'), entry.name).slice(root.length))
    .sort()
    .map(pageAt),
];

export function pageAt(path: string): Page {
  return { path, text: readFileSync(posix.join(root, path), 'utf8') };
}

export function blocksOf({ path, text }: Page): readonly Block[] {
  const blocks: { page: string; line: number; language: string; lines: string[] }[] = [];
  let open: (typeof blocks)[number] | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(\S*)$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open !== null) open = null;
    else {
      open = { page: path, line: index + 1, language: fence[1] ?? '', lines: [] };
      blocks.push(open);
    }
  }
  if (open !== null) throw new Error(`${path}:${open.line} has a block that does not end`);
  return blocks;
}

/** The page with its fenced blocks left empty, so that line numbers stay. */
export function proseOf(page: Page): readonly string[] {
  const inside = new Set(
    blocksOf(page).flatMap(({ line, lines }) => [
      line,
      ...lines.map((_, index) => line + 1 + index),
      line + lines.length + 1,
    ]),
  );
  return page.text.split('\n').map((line, index) => (inside.has(index + 1) ? '' : line));
}

export function headingsOf(page: Page): readonly { level: number; text: string }[] {
  return proseOf(page).flatMap((line) => {
    const [, marks = '', text = ''] = /^(#{1,6}) (.+)$/.exec(line) ?? [];
    return marks === '' ? [] : [{ level: marks.length, text }];
  });
}

/** The anchors under which a page's headings can be linked to. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { text } of headingsOf(page)) {
    const plain = text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
    let free = anchor;
    for (let number = 1; anchors.has(free); number += 1) free = `${anchor}-${number}`;
    anchors.add(free);
  }
  return anchors;
}

/** What stands between single backticks, outside of blocks. */
export function codeSpansOf(page: Page): readonly { line: number; text: string }[] {
  return proseOf(page).flatMap((line, index) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, text = '']) => ({ line: index + 1, text })),
  );
}
