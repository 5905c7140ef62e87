import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { blocksOf, headingsOf, type Page, pages, readmes } from './support/markdown.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const linesMax = 150;

describe('the READMEs', () => {
  it.each(readmes)('$path has at most 150 lines', ({ text }) => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(linesMax);
  });

  it('have the same headings, blocks and links in both languages', () => {
    const [english, chinese] = readmes.map((page) => ({
      headings: headingsOf(page).map(({ level }) => level),
      blocks: blocksOf(page).map(({ language, lines }) => [language, ...lines]),
      links: [...page.text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = '']) => to.replace('.zh-CN.', '.')),
      rows: page.text.split('\n').filter((line) => line.startsWith('|')).length,
    }));
    expect(chinese).toEqual(english);
  });

  it('begin with the two commands', () => {
    const [first] = readmes.map((page) => blocksOf(page)[0]?.lines);
    expect(first).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  });
});

describe('the TypeScript on the pages', () => {
  const folder = makeFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('type-checks, the blocks of a page together', { timeout: 120_000 }, () => {
    const withCode = pages.filter((page) => blocksOf(page).some(({ language }) => language === 'ts'));
    expect(withCode.map(({ path }) => path)).toContain('README.md');
    expect(faultsOf(folder, withCode)).toEqual([]);
  });

  it('is really checked: a wrong call is found, with the line it stands on', { timeout: 120_000 }, () => {
    const text = "# Page\n\n```ts\nimport { paidonce } from 'paidonce';\npaidonce(1);\n```\n";
    const [fault, ...others] = faultsOf(folder, [{ path: 'docs/wrong.md', text }]);
    expect(fault).toMatch(/^docs\/wrong\.md:5 .*TS2345/);
    expect(others).toEqual([]);
  });
});

/** In the repository, so that `paidonce` is this package; ignored by git. */
function makeFolder(): string {
  mkdirSync(join(root, '.vitest'), { recursive: true });
  return mkdtempSync(join(root, '.vitest', 'pages-'));
}

/** What the compiler finds wrong, by page and line. Faults of the source itself are not ours: `npm run types` tells them. */
function faultsOf(folder: string, withCode: readonly Page[]): readonly string[] {
  const files = withCode.map((page) => ({ page, name: `${page.path.replaceAll('/', '~')}.ts` }));
  for (const { page, name } of files) writeFileSync(join(folder, name), codeOf(page));
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
  const config = { extends: '../../tsconfig.json', compilerOptions, include: [], files: files.map(({ name }) => name) };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const ended = spawnSync(process.execPath, [compiler, '--project', folder, '--pretty', 'false'], {
    encoding: 'utf8',
    cwd: folder,
  });
  if (ended.error !== undefined || ended.stderr !== '')
    throw new Error(`the compiler did not run: ${ended.error?.message ?? ended.stderr}`);
  const faults = ended.stdout.split('\n').flatMap((line) => {
    const [, file = '', at = '', fault = ''] = /^([^(]+)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const found = files.find(({ name }) => name === file);
    return found === undefined ? [] : [`${found.page.path}:${at} ${fault}`];
  });
  return faults;
}

/** The page's TypeScript on the lines where it stands; everything else is blank. */
function codeOf(page: Page): string {
  const lines = page.text.split('\n').map(() => '');
  for (const block of blocksOf(page)) {
    if (block.language !== 'ts') continue;
    for (const [index, line] of block.lines.entries()) lines[block.line + index] = line;
  }
  return lines.join('\n');
}
