import { describe, expect, it } from 'vitest';
import { type Import, importsOf, lineOf, type Source, sourceOf, sourcesIn, walk } from './support/source.ts';

/** The parts of the house, the most particular pattern first. A file belongs to the first that matches its path. */
const parts: readonly (readonly [part: string, pattern: RegExp])[] = [
  ['index.ts', /^src\/index\.ts$/],
  ['service.ts', /^src\/service\.ts$/],
  // What is decided inside a store's transactions: stores load it by its URL.
  ['program.ts', /^src\/program\.ts$/],
  // The library: one merchant's view of a service.
  ['paidonce.ts', /^src\/paidonce\.ts$/],
  // Handlers whose tables are in another database.
  ['receipts.ts', /^src\/receipts\.ts$/],
  ['stores/receipts', /^src\/stores\/receipts\//],
  ['providers/index.ts', /^src\/providers\/index\.ts$/],
  // What a transaction does, over the rows of whichever store.
  ['stores/work', /^src\/stores\/work\//],
  ['stores/sqlite', /^src\/stores\/sqlite\//],
  ['stores/postgres', /^src\/stores\/postgres\//],
  ['console', /^console\//],
  ['examples', /^examples\//],
  ['bench', /^bench\//],
  // The one thing that tests and bench both need, and the package does not bring.
  ['test/support/postgres-server.ts', /^test\/support\/postgres-server\.ts$/],
];

/** The files directly in src/stores: the interface, in several files of types, and what the stores share. */
const storeInterface = 'stores';
/** The files of types that say what a provider is. */
const providerInterface = ['provider', 'profile', 'secret-field'].map((name) => `src/providers/${name}.ts`);
const providers = ['providers', 'providers/index.ts'];
const core = [
  'orders',
  'publish',
  'callbacks',
  'merchants',
  'deliver',
  'reconcile',
  'alerts',
  'maintain',
  'notify',
  'stream',
];
const edges = ['outbound', 'secrets', 'providers', storeInterface];
const outside = [
  'sandbox',
  'doctor',
  'api',
  'service.ts',
  'paidonce.ts',
  'stores/work',
  'stores/sqlite',
  'stores/postgres',
  'providers/index.ts',
];

/**
 * What each part may import, beside itself, `domain`, and the types of the stores' and of the providers' interface.
 * First the core table, then the parts around it.
 */
const mayImport = new Map<string, readonly string[]>([
  ['providers', []],
  ['stores/work', [storeInterface]],
  ['stores/sqlite', [storeInterface, 'stores/work']],
  ['stores/postgres', [storeInterface, 'stores/work']],
  // The user's own PostgreSQL is spoken to as the store's is.
  ['stores/receipts', [storeInterface, 'stores/work', 'stores/postgres']],
  ['receipts.ts', ['stores/receipts', 'deliver']],
  ['orders', ['notify']],
  ['publish', ['notify']],
  ['callbacks', ['orders', 'secrets']],
  ['deliver', ['outbound', 'secrets']],
  ['reconcile', ['orders', 'outbound', 'secrets']],
  ['alerts', ['outbound']],
  ['doctor', ['outbound']],
  ['maintain', ['callbacks', 'notify']],
  ['merchants', ['outbound', 'secrets']],
  ['program.ts', ['orders', 'publish', 'notify']],
  ['sandbox', ['publish', ...providers]],
  ['service.ts', [...core, ...edges]],
  ['api', ['service.ts']],
  ['server', [...core, ...edges, ...outside, 'testing']],
  ['testing', [...core, ...edges, ...outside, 'server']],
  ['cli', ['server', 'doctor']],
  // Types only, which `violationIn` holds.
  ['console', ['api']],
  ['examples', []],
  // The bills of the sandbox are read in the bench, which no package brings.
  ['bench', ['test/support/postgres-server.ts', 'sandbox']],

  ['domain', []],
  ['notify', []],
  ['stream', []],
  ['outbound', []],
  ['secrets', []],
  [storeInterface, []],
  ['providers/index.ts', ['providers']],
  // `pay.fetch` is the whole API, so the library puts `api` around the service.
  ['paidonce.ts', ['service.ts', 'api', 'providers/index.ts', ...core, ...edges]],
  ['index.ts', ['paidonce.ts', 'service.ts', ...core, ...edges]],
]);

/** Modules from outside that belong to one concern, and the parts that have it. */
const confined: readonly { modules: RegExp; parts: readonly string[]; because: string }[] = [
  { modules: /^node:sqlite$/, parts: ['stores/sqlite'], because: 'SQL lives only in the stores' },
  { modules: /^pg(-|\/|$)/, parts: ['stores/postgres'], because: 'SQL lives only in the stores' },
  {
    modules: /^(undici|node:(http2?|https|net|tls|dns|dgram)(\/|$))/,
    // A database's connections are its driver's; the sockets below them are ours to end.
    parts: ['outbound', 'server', 'testing', 'stores/postgres'],
    because: 'only outbound leaves the process, and only server and testing listen',
  },
  { modules: /^(pino|prom-client)$/, parts: ['server'], because: 'one file of server maps signals to log and metrics' },
  { modules: /^commander$/, parts: ['cli'], because: 'only cli reads the command line' },
];

/** `domain` and `providers` do no I/O. Everything they may use from outside only computes. */
const pureModules = ['node:assert', 'node:buffer', 'node:crypto', 'node:util', 'fflate', 'zod'];

function partOf(path: string): string {
  for (const [part, pattern] of parts) if (pattern.test(path)) return part;
  return path.split('/')[1] ?? path;
}

/** The sentence that says why this import is not allowed, or null. */
function violationIn(path: string, one: Import): string | null {
  const part = partOf(path);
  const where = `${path}:${one.line}`;
  return one.relative ? insideViolation(part, where, one) : outsideViolation(part, where, one);
}

function insideViolation(part: string, where: string, one: Import): string | null {
  const allowed = mayImport.get(part);
  const target = partOf(one.target);
  const sentence = `${where} imports ${one.target}`;
  if (allowed === undefined) return `${where} is in ${part}, which the table of allowed imports does not name`;
  if (target === 'index.ts') return `${sentence}, but nobody imports the public entrance`;
  if (part === 'examples' || part === 'bench') {
    return target === part || allowed.includes(target)
      ? null
      : `${sentence}, but ${part} imports the package by its name`;
  }
  if (part === 'console' && target !== 'console' && !one.typeOnly) {
    return `${sentence}, but console imports types only`;
  }
  if (target === part || target === 'domain' || allowed.includes(target)) return null;
  if (part === 'domain') return `${sentence}, but domain imports only domain`;
  if (one.typeOnly && (target === storeInterface || providerInterface.includes(one.target))) return null;
  return `${sentence}, but ${part} may import only ${['domain', ...allowed].join(', ')}`;
}

function outsideViolation(part: string, where: string, one: Import): string | null {
  const sentence = `${where} imports ${one.target}`;
  if (part === 'examples' || part === 'bench') return null;
  if (/^paidonce(\/|$)/.test(one.target))
    return `${sentence}, but only examples and bench import the package by its name`;
  if (one.typeOnly) return null;
  if (['domain', ...providers].includes(part) && !pureModules.includes(one.target)) {
    return `${sentence}, but ${part} does no I/O: only ${pureModules.join(', ')}`;
  }
  const rule = confined.find(({ modules }) => modules.test(one.target));
  if (rule === undefined || rule.parts.includes(part)) return null;
  return `${sentence}, but ${rule.because}`;
}

function violationsIn(source: Source): string[] {
  return importsOf(source)
    .map((one) => violationIn(source.path, one))
    .filter((sentence) => sentence !== null);
}

/** SQL is written in lower case, so an English sentence is not taken for it. */
const sql =
  /^\s*(select\s[\s\S]+\sfrom\s|insert\s(or\s\w+\s)?into\s|update\s\w+\sset\s|delete\sfrom\s|(create|alter|drop)\s(table|index|unique)\s|pragma\s)/;

/** What the imports alone do not show: reading the environment, and SQL in a string. */
function violationsInside(source: Source): string[] {
  const part = partOf(source.path);
  const found: string[] = [];
  walk(source.program, (node) => {
    const where = `${source.path}:${lineOf(source, node)}`;
    if (node.type === 'MemberExpression' && source.text.slice(node.start, node.end) === 'process.env') {
      if (part !== 'server') found.push(`${where} reads process.env, but only server does`);
    }
    const text = node.type === 'Literal' ? node.value : node.type === 'TemplateElement' ? node.value.raw : null;
    if (typeof text === 'string' && sql.test(text) && !part.startsWith('stores')) {
      found.push(`${where} has SQL, but SQL lives only in the stores`);
    }
  });
  return found;
}

describe('the layers', () => {
  const sources = sourcesIn('src', 'console', 'examples', 'bench');

  it('import only what the design allows', () => {
    expect(sources.flatMap(violationsIn)).toEqual([]);
  });

  it('read the environment only in server, and hold SQL only in the stores', () => {
    expect(sources.filter(({ path }) => path.startsWith('src/')).flatMap(violationsInside)).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    ['src/orders/fold.ts', "import { run } from '../deliver/worker.ts';", 'orders may import only domain, notify'],
    ['src/orders/fold.ts', "export { run } from '../deliver/worker.ts';", 'orders may import only domain, notify'],
    ['src/orders/fold.ts', "const run = import('../deliver/worker.ts');", 'orders may import only domain, notify'],
    ['src/orders/fold.ts', "import { type Store } from '../stores/store.ts';", 'orders may import only domain, notify'],
    ['src/domain/order.ts', "import type { Store } from '../stores/store.ts';", 'domain imports only domain'],
    ['src/domain/order.ts', "import { readFileSync } from 'node:fs';", 'domain does no I/O'],
    ['src/providers/stripe.ts', "import { request } from 'undici';", 'providers does no I/O'],
    ['src/service.ts', "import { stripe } from './providers/index.ts';", 'service.ts may import only'],
    ['src/service.ts', "import { sqlite } from './stores/sqlite/sqlite.ts';", 'service.ts may import only'],
    ['src/server/main.ts', "import { paidonce } from '../index.ts';", 'nobody imports the public entrance'],
    ['src/server/main.ts', "import { paidonce } from 'paidonce';", 'only examples and bench import the package'],
    ['src/api/routes.ts', "import { DatabaseSync } from 'node:sqlite';", 'SQL lives only in the stores'],
    ['src/deliver/send.ts', "import { request } from 'undici';", 'only outbound leaves the process'],
    ['src/novel/a.ts', "import { money } from '../domain/money.ts';", 'the table of allowed imports does not name'],
    ['console/app.ts', "import { routes } from '../src/api/routes.ts';", 'console imports types only'],
    ['examples/shop/main.ts', "import { paidonce } from '../../src/index.ts';", 'nobody imports the public entrance'],
    ['examples/shop/main.ts', "import { money } from '../../src/domain/money.ts';", 'by its name'],
  ])('refuse in %s: %s', (path, text, why) => {
    expect(violationsIn(sourceOf(path, text))).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    ['src/orders/fold.ts', "import type { Store } from '../stores/store.ts';"],
    ['src/secrets/vault.ts', "import type { Provider } from '../providers/provider.ts';"],
    ['src/providers/stripe.ts', "import { createHmac } from 'node:crypto';"],
    ['src/sandbox/platform.ts', "import { providers } from '../providers/index.ts';"],
    ['src/server/main.ts', "import { sqlite } from '../stores/sqlite/sqlite.ts';"],
    ['console/app.ts', "import type { Order } from '../src/api/orders.ts';"],
    ['examples/shop/main.ts', "import { paidonce } from 'paidonce';"],
  ])('accept in %s: %s', (path, text) => {
    expect(violationsIn(sourceOf(path, text))).toEqual([]);
  });

  it.each([
    ['const home = process.env.HOME;', 'src/api/a.ts:1 reads process.env, but only server does'],
    ["run('select id from orders');", 'src/api/a.ts:1 has SQL, but SQL lives only in the stores'],
    ['run(`\nupdate orders set a = 1`);', 'src/api/a.ts:1 has SQL, but SQL lives only in the stores'],
  ])('refuse %s', (text, sentence) => {
    expect(violationsInside(sourceOf('src/api/a.ts', text))).toEqual([sentence]);
  });
});
