import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paidonce } from 'paidonce';
import { type Provider, providers } from 'paidonce/providers';
import { temporaryStore } from 'paidonce/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorCatalogue } from '../src/domain/errors.ts';
import { notificationTypes } from '../src/domain/notification.ts';
import { oddities, oddityNames } from '../src/sandbox/oddities.ts';
import { scriptNames } from '../src/sandbox/scripts.ts';
import { anchorsOf, blocksOf, codeSpansOf, type Page, pageAt, pages, proseOf } from './support/markdown.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const decisionLinesMax = 60;

describe('links', () => {
  it('lead to something that is there, anchors included', () => {
    expect(pages.flatMap(brokenLinks)).toEqual([]);
  });

  it('reach every page from the map', () => {
    const map = pageAt('docs/README.md');
    const linked = linksOf(map).map(({ to }) => posix.join('docs', to.split('#')[0] ?? ''));
    const unlinked = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && path !== map.path);
    expect(unlinked.filter((path) => !linked.includes(path))).toEqual([]);
  });
});

describe('the words', () => {
  it('name no files, tests or settings that do not exist', () => {
    const named = pages.flatMap((page) =>
      codeSpansOf(page)
        .filter(({ text }) => /^(?:src|test|examples|scripts|docs)\/[\w./-]+$/.test(text))
        .map(({ line, text }) => ({ at: `${page.path}:${line}`, text })),
    );
    expect(named.filter(({ text }) => !existsSync(posix.join(root, text)))).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });

  it('name no machine and no registry', () => {
    const forbidden = /\/(?:work|home|root|Users|tmp)\/|registry\.[a-z]|\bnpmjs\b|mirrors?\./;
    expect(
      pages.flatMap(({ path, text }) =>
        text
          .split('\n')
          .filter((line) => forbidden.test(line))
          .map((line) => `${path}: ${line}`),
      ),
    ).toEqual([]);
  });

  it('use hosts that belong to nobody, but for the sources they name', () => {
    const clients = new URL('../src/providers/clients/', import.meta.url);
    const apis = readdirSync(clients).flatMap((file) => {
      const source = readFileSync(new URL(file, clients), 'utf8');
      return [...source.matchAll(/'https:\/\/([a-z0-9.-]+)/g)].map(([, host = '']) => host);
    });
    const known = ['semver.org', 'www.standardwebhooks.com', ...apis];
    const hosts = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/https?:\/\/([a-z0-9.-]+)/g)]
        .map(([, host = '']) => `${path} ${host}`)
        .filter((named) => {
          const host = named.split(' ')[1] ?? '';
          return !/(?:^|\.)example\.com$|^127\.0\.0\.1$|^localhost$/.test(host) && !known.includes(host);
        }),
    );
    expect(hosts).toEqual([]);
  });

  it('keep each decision to a page', () => {
    const decisions = pages.filter(({ path }) => path.startsWith('docs/decisions/'));
    expect(decisions.length).toBeGreaterThan(0);
    expect(decisions.filter(({ text }) => text.trimEnd().split('\n').length > decisionLinesMax)).toEqual([]);
  });
});

describe('commands on the pages', () => {
  const manifest = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(posix.join(root, 'package.json'), 'utf8')));
  let options: ReadonlyMap<string, ReadonlySet<string>>;
  beforeAll(() => {
    options = new Map(commandNames().map((name) => [name, optionsOf(name)]));
  }, 60_000);

  it('of npm exist', () => {
    const shown = pages.flatMap((page) => commandsOn(page, /\bnpm +((?:run +)?[a-z:]+)/g));
    const wrong = shown.filter(({ words }) => {
      const [first = '', second = ''] = words.split(/ +/);
      return first === 'run' ? manifest.scripts[second] === undefined : !['ci', 'start', 'test'].includes(first);
    });
    expect(wrong).toEqual([]);
    expect(shown.length).toBeGreaterThan(5);
  });

  it('of paidonce exist, with every option', () => {
    const shown = pages.flatMap((page) => commandsOn(page, /\bpaidonce +([a-z]+(?:[^\n`|]|\|(?! ))*)/g));
    const wrong = shown.filter(({ words }) => {
      const [name = ''] = words.split(/\s+/);
      const flags = [...words.matchAll(/(?<=\s)--[a-z-]+/g)].map(([flag]) => flag);
      return !flags.every((flag) => options.get(name)?.has(flag));
    });
    expect(wrong).toEqual([]);
    expect(shown.length).toBeGreaterThan(20);
  });

  it('are all in the reference, with all their options and no other', () => {
    const sections = sectionsOf(pageAt('docs/reference/cli.md'));
    const described = new Map(
      [...sections].map(([title, lines]) => [
        title.replaceAll('`', ''),
        new Set(tableCells(lines, 0).flatMap((cell) => cell.match(/--[a-z][a-z-]*/g) ?? [])),
      ]),
    );
    const real = new Map(
      [...options].map(([name, flags]) => [
        name,
        new Set([...flags].filter((flag) => flag !== '--help' && flag !== '--json')),
      ]),
    );
    expect(described).toEqual(real);
  });
});

describe('the reference of the HTTP API', () => {
  it('has every call with its scope, and no other', async () => {
    const page = pageAt('docs/reference/http-api.md');
    const rows = page.text.split('\n').flatMap((line) => {
      const [, call = '', scope = ''] = /^\| `([A-Z]+ \/v1\/[^`]+)` \|.*\| ([^|]+) \|$/.exec(line) ?? [];
      return call === '' ? [] : [`${call} (${scope})`];
    });
    expect(rows.sort()).toEqual((await callsOfServer()).sort());
  });
});

describe('the reference of providers', () => {
  const page = pageAt('docs/reference/providers.md');

  it('has a row for each that leads to its page', () => {
    const table = page.text
      .split('\n')
      .flatMap((line) => /^\| \[`([a-z0-9-]+)`\]\(providers\/\1\.md\)/.exec(line)?.[1] ?? []);
    expect([...table].sort()).toEqual(providers.map(({ name }) => name).sort());
  });

  it.each(providers.map((provider) => [provider.name, provider] as const))(
    'says of %s what only a person knows, with a word on each credential',
    (name, provider) => {
      const lines = linesByHand(name);
      const titles = ['Keys', 'Callback URL', 'Account', 'Endpoint', 'Order', 'Acknowledgement'];
      expect(titles.filter((title) => fieldOf(lines, title) === '')).toEqual([]);
      for (const [title, schema] of [
        ['Account', provider.accountCredentials],
        ['Endpoint', provider.endpointCredentials],
      ] as const) {
        const named = [...textOf(lines, title).matchAll(/`([a-z][a-z0-9_]*)`/g)].map(([, field = '']) => field);
        expect(named, `${name}, ${title}`).toEqual(expect.arrayContaining(fieldsOf(schema)));
      }
    },
  );

  it.each(oddityNames)('says what is odd about the platform, and so does the help of trigger: %s', (name) => {
    expect(textOf(linesByHand(oddities[name].provider), 'Oddities')).toContain(`\`${name}\``);
    expect(helpOf('trigger').replace(/\s+/g, ' ')).toContain(`${name} (${oddities[name].provider})`);
  });
});

describe('lists on other pages', () => {
  it('name all scenarios of the sandbox', () => {
    const lines = pageAt('docs/guides/try-callbacks-on-your-laptop.md').text.split('\n');
    const named = lines.flatMap((line) => /^\| `([a-z_]+)` \| [^|]+ \|$/.exec(line)?.[1] ?? []);
    expect(named).toEqual(scriptNames);
  });

  it('name only error codes of the catalogue', () => {
    const areas = new Set(Object.keys(errorCatalogue).map((code) => code.split('.')[0]));
    const spans = pages.flatMap((page) =>
      codeSpansOf(page).map(({ line, text }) => ({ at: `${page.path}:${line}`, text })),
    );
    const codes = spans.filter(
      ({ text }) =>
        /^[a-z_]+\.[a-z_]+$/.test(text) && areas.has(text.split('.')[0] ?? '') && !/\.(?:ts|md|key|db|log)$/.test(text),
    );
    expect(
      codes.filter(
        ({ text }) => !Object.hasOwn(errorCatalogue, text) && !notificationTypes.some((type) => type === text),
      ),
    ).toEqual([]);
    expect(codes.length).toBeGreaterThan(3);
  });
});

interface Link {
  line: number;
  to: string;
}

function linksOf(page: Page): readonly Link[] {
  return proseOf(page).flatMap((text, index) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => ({ line: index + 1, to })),
  );
}

function brokenLinks(page: Page): readonly string[] {
  return linksOf(page).flatMap(({ line, to }) => {
    if (/^https?:/.test(to)) return [];
    const [path = '', anchor] = to.split('#');
    const target = path === '' ? page.path : posix.join(posix.dirname(page.path), path);
    if (!existsSync(posix.join(root, target))) return [`${page.path}:${line} ${to}: there is no such file`];
    const isAnchored = anchor === undefined || anchorsOf(pageAt(target)).has(anchor);
    return isAnchored ? [] : [`${page.path}:${line} ${to}: there is no such heading`];
  });
}

/** Commands in shell blocks and between backticks. */
function commandsOn(page: Page, form: RegExp): readonly { at: string; words: string }[] {
  const shell = blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ line, lines }) =>
      lines.map((text, index) => ({ line: line + 1 + index, text: text.replace(/ # .*$/, '') })),
    );
  const spans = codeSpansOf(page).filter(({ text }) => /^(?:npm|npx|paidonce) /.test(text));
  return [...shell, ...spans].flatMap(({ line, text }) =>
    [...text.matchAll(form)].map(([, words = '']) => ({ at: `${page.path}:${line}`, words: words.trim() })),
  );
}

function helpOf(...parameters: readonly string[]): string {
  const command = posix.join(root, 'bin/paidonce.js');
  const ended = spawnSync(process.execPath, ['--conditions=paidonce-source', command, ...parameters, '--help'], {
    encoding: 'utf8',
  });
  if (ended.status !== 0) throw new Error(`paidonce ${parameters.join(' ')} --help failed: ${ended.stderr}`);
  return ended.stdout;
}

function commandNames(): readonly string[] {
  const [, commands = ''] = helpOf().split('\nCommands:\n');
  return [...commands.matchAll(/^ {2}([a-z]+) /gm)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]));
}

function optionsOf(name: string): ReadonlySet<string> {
  const [, options = ''] = helpOf(name).split('\nOptions:\n');
  return new Set([...options.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = '']) => flag));
}

/** What the server says of itself. It is not started: describing needs no store. */
async function callsOfServer(): Promise<string[]> {
  const { store, dispose } = await temporaryStore();
  const masterKey = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64');
  const answer = await paidonce({ store, merchant: 'shop', masterKey }).fetch(
    new Request('http://localhost/openapi.json'),
  );
  await dispose();
  const document = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.object({ description: z.string() }))) })
    .parse(await answer.json());
  return Object.entries(document.paths).flatMap(([path, calls]) =>
    Object.entries(calls).map(
      ([method, { description }]) =>
        `${method.toUpperCase()} ${path} (${/the scope ([a-z ]+)\./.exec(description)?.[1] ?? 'admin'})`,
    ),
  );
}

/** The upper half of a provider's page; the lower one is generated. */
function linesByHand(provider: string): readonly string[] {
  const [byHand = ''] = pageAt(`docs/reference/providers/${provider}.md`).text.split('\n## ');
  return byHand.split('\n');
}

/** The lines below each heading of the second level. */
function sectionsOf(page: Page): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let title = '';
  for (const line of page.text.split('\n')) {
    title = /^## (.+)$/.exec(line)?.[1] ?? title;
    if (title !== '') sections.set(title, [...(sections.get(title) ?? []), line]);
  }
  return sections;
}

function tableCells(lines: readonly string[], column: number): readonly string[] {
  return lines.filter((line) => line.startsWith('|')).map((line) => line.split(' | ')[column] ?? '');
}

/** `- **Title**: text`, with the lines that go on below it. */
function textOf(lines: readonly string[], title: string): string {
  const at = lines.findIndex((line) => line.startsWith(`- **${title}**: `));
  const after = lines.slice(at + 1);
  const end = after.findIndex((line) => !line.startsWith('  '));
  return at < 0 ? '' : [lines[at] ?? '', ...after.slice(0, end < 0 ? undefined : end)].join('\n');
}

function fieldOf(lines: readonly string[], title: string): string {
  return textOf(lines, title).slice(`- **${title}**: `.length).replace(/\s+/g, ' ');
}

function fieldsOf(schema: Provider['accountCredentials']): string[] {
  const described = z
    .object({ properties: z.record(z.string(), z.unknown()) })
    .parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return Object.keys(described.properties);
}
