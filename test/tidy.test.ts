import { describe, expect, it } from 'vitest';
import { importsOf, lineOf, type Node, type Source, sourceOf, sourcesIn, walk } from './support/source.ts';

const functionLinesMax = 70;
const fileLinesMax = 400;
const providerLinesMax = 250;
const providerLinesMedian = 120;

/** The places in which a rule does not hold. */
const clockAndRandomPlaces = /^src\/(domain\/(clock|ids)|server\/main)\.ts$/;
const assertionPlaces = /^src\/(domain\/ids|stores\/mapping)\.ts$/;
const thisFile = 'test/tidy.test.ts';

/** What is wrong in a file, a sentence each, with the file and the line. */
type Rule = (source: Source) => string[];

const fileLength: Rule = ({ path, text }) => {
  const lines = text.trimEnd().split('\n').length;
  return lines > fileLinesMax ? [`${path} has ${lines} lines; at most ${fileLinesMax}`] : [];
};

const functionLength = ruleOverNodes((node, { source, around }) => {
  if (!isFunction(node) || isSuiteCallback(node, around)) return null;
  const lines = countedLines(node, source);
  return lines > functionLinesMax ? `has a function of ${lines} lines; at most ${functionLinesMax}` : null;
});

const clockAndRandomness = ruleOverNodes((node) => {
  const used = clockIn(node) ?? randomnessIn(node);
  return used && `uses ${used}; take a clock or a Random instead`;
});

const typesLeftUnchecked = ruleOverNodes((node) => {
  if (node.type === 'TSAnyKeyword') return 'says any';
  if (node.type === 'TSNonNullExpression') return 'asserts with !';
  if ((node.type === 'PropertyDefinition' || node.type === 'VariableDeclarator') && node.definite) {
    return 'asserts an assignment with !';
  }
  return null;
});

const typeAssertions = ruleOverNodes((node, { source }) => {
  if (node.type !== 'TSAsExpression' && node.type !== 'TSTypeAssertion') return null;
  const type = source.text.slice(node.typeAnnotation.start, node.typeAnnotation.end);
  return type === 'const' ? null : `asserts the type ${type}; parse or narrow instead`;
});

const promises = ruleOverLines(/\b(TODO|FIXME|XXX|HACK|[Ff]or now)\b/, 'promises later work');

const rulesSteppedAround = ruleOverLines(/biome-ignore|@ts-(ignore|expect-error|nocheck)/, 'steps around a rule');

/** Imports of types count as well: two files that need each other's types are one file, or want a third. */
function cyclesIn(sources: readonly Source[]): string[] {
  const imports = new Map(sources.map((source) => [source.path, importsOf(source).map(({ target }) => target)]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || finished.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return cycles;
}

function ruleOverNodes(
  faultIn: (node: Node, place: { source: Source; around: readonly Node[] }) => string | null,
): Rule {
  return (source) => {
    const faults: string[] = [];
    walk(source.program, (node, around) => {
      const fault = faultIn(node, { source, around });
      if (fault !== null) faults.push(`${source.path}:${lineOf(source, node)} ${fault}`);
    });
    return faults;
  };
}

function ruleOverLines(pattern: RegExp, fault: string): Rule {
  return ({ path, text }) =>
    text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${fault}`] : []));
}

/** The lines of a function without those of the callbacks of `describe` and `it` inside it. */
function countedLines(node: Node, source: Source): number {
  const linesOf = ({ start, end }: Node) => source.text.slice(start, end).split('\n').length;
  let lines = linesOf(node);
  walk(node, (inner, around) => {
    const nested = around.some((outer, index) => isSuiteCallback(outer, around.slice(0, index)));
    if (isSuiteCallback(inner, around) && !nested) lines -= linesOf(inner);
  });
  return lines;
}

function isFunction(node: Node): boolean {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type);
}

/** A function handed to `describe(…)`, `it(…)`, `it.each(…)(…)` and the like. */
function isSuiteCallback(node: Node, around: readonly Node[]): boolean {
  const call = around.at(-1);
  return isFunction(node) && call?.type === 'CallExpression' && ['describe', 'it'].includes(calledName(call.callee));
}

function calledName(callee: Node): string {
  if (callee.type === 'Identifier') return callee.name;
  if (callee.type === 'MemberExpression') return calledName(callee.object);
  if (callee.type === 'CallExpression') return calledName(callee.callee);
  return '';
}

function clockIn(node: Node): string | null {
  const isDate = 'callee' in node && node.callee.type === 'Identifier' && node.callee.name === 'Date';
  if (isDate && node.type === 'CallExpression') return 'Date()';
  if (isDate && node.type === 'NewExpression' && node.arguments.length === 0) return 'new Date()';
  const name = memberName(node);
  return ['Date.now', 'performance.now', 'process.hrtime', 'Temporal.Now'].includes(name) ? name : null;
}

function randomnessIn(node: Node): string | null {
  if (memberName(node) === 'Math.random') return 'Math.random';
  const used =
    node.type === 'ImportSpecifier' ? node.imported : node.type === 'MemberExpression' ? node.property : null;
  const name = used?.type === 'Identifier' ? used.name : '';
  return /^(random(UUID|Bytes|Int|Fill|FillSync)|getRandomValues)$/.test(name) ? name : null;
}

/** `Date.now` for that expression, '' for any other. */
function memberName(node: Node): string {
  if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return '';
  return node.property.type === 'Identifier' ? `${node.object.name}.${node.property.name}` : '';
}

describe('the code', () => {
  const src = sourcesIn('src');
  const shipped = [...src, ...sourcesIn('console', 'examples')];
  const tests = sourcesIn('test');
  const all = [...shipped, ...sourcesIn('bench'), ...tests];

  it('keeps what belongs to a provider short: a median of 120 lines, and 250 at most', () => {
    const lengths = src
      .filter(({ path }) => path.startsWith('src/providers/'))
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .sort((one, other) => one.lines - other.lines);
    expect(lengths.filter(({ lines }) => lines > providerLinesMax)).toEqual([]);
    expect(lengths[Math.floor(lengths.length / 2)]?.lines).toBeLessThanOrEqual(providerLinesMedian);
  });

  it('has no import cycle', () => {
    expect(cyclesIn(all)).toEqual([]);
  });

  it(`has no function over ${functionLinesMax} lines`, () => {
    expect([...shipped, ...tests].flatMap(functionLength)).toEqual([]);
  });

  it(`has no file over ${fileLinesMax} lines`, () => {
    expect(shipped.flatMap(fileLength)).toEqual([]);
  });

  it('takes clock and randomness from their one place', () => {
    expect(src.filter(({ path }) => !clockAndRandomPlaces.test(path)).flatMap(clockAndRandomness)).toEqual([]);
  });

  it('leaves no type unchecked: no any, no !', () => {
    expect(all.flatMap(typesLeftUnchecked)).toEqual([]);
  });

  it('asserts types only where brands are made and rows are read', () => {
    expect(shipped.filter(({ path }) => !assertionPlaces.test(path)).flatMap(typeAssertions)).toEqual([]);
  });

  it('promises no later work and steps around no rule', () => {
    expect(all.filter(({ path }) => path !== thisFile).flatMap(promises)).toEqual([]);
    expect(shipped.flatMap(rulesSteppedAround)).toEqual([]);
  });
});

describe('the rules', () => {
  const faultsOf = (rule: Rule, text: string) => rule(sourceOf('src/a.ts', text));
  const lines = (count: number) => 'run();\n'.repeat(count);

  it.each([
    ['const at = Date.now();', 'uses Date.now', clockAndRandomness],
    ['const at = new Date();', 'uses new Date()', clockAndRandomness],
    ['const at = performance.now();', 'uses performance.now', clockAndRandomness],
    ['const at = process.hrtime.bigint();', 'uses process.hrtime', clockAndRandomness],
    ['const roll = Math.random();', 'uses Math.random', clockAndRandomness],
    ['const id = crypto.randomUUID();', 'uses randomUUID', clockAndRandomness],
    ["import { randomBytes as bytes } from 'node:crypto';", 'uses randomBytes', clockAndRandomness],
    ['const a: any = 1;', 'says any', typesLeftUnchecked],
    ['const a = b!.c;', 'asserts with !', typesLeftUnchecked],
    ['class A { b!: string }', 'asserts an assignment with !', typesLeftUnchecked],
    ['const a = b as string;', 'asserts the type string', typeAssertions],
    ['const a = <string>b;', 'asserts the type string', typeAssertions],
    ['// Good enough for now.', 'promises later work', promises],
    ['// biome-ignore lint: not here', 'steps around a rule', rulesSteppedAround],
  ])('find in %j that it %s', (text, fault, rule) => {
    expect(faultsOf(rule, text)).toEqual([expect.stringContaining(`src/a.ts:1 ${fault}`)]);
  });

  it.each([
    ['const at = new Date(instant); const due = clock.now(); const bytes = random(16);', clockAndRandomness],
    ["import { a as b } from './b.ts'; const c = [b] as const;", typeAssertions],
  ])('accept %j', (text, rule) => {
    expect(faultsOf(rule, text)).toEqual([]);
  });

  it('measure files', () => {
    expect(faultsOf(fileLength, lines(fileLinesMax))).toEqual([]);
    expect(faultsOf(fileLength, lines(fileLinesMax + 1))).toEqual(['src/a.ts has 401 lines; at most 400']);
  });

  it('measure functions, without the callbacks of describe and it', () => {
    const tooLong = [expect.stringContaining('has a function of 71 lines; at most 70')];
    expect(faultsOf(functionLength, `function run() {\n${lines(68)}}`)).toEqual([]);
    expect(faultsOf(functionLength, `function run() {\n${lines(69)}}`)).toEqual(tooLong);
    expect(faultsOf(functionLength, `const run = () => {\n${lines(69)}};`)).toEqual(tooLong);
    expect(faultsOf(functionLength, `it('a', () => {\nsteps(() => {\n${lines(69)}});\n});`)).toEqual(tooLong);
    expect(faultsOf(functionLength, `describe('a', () => {\nit.each([1])('b', () => {\n${lines(80)}});\n});`)).toEqual(
      [],
    );
    expect(faultsOf(functionLength, `function suite() {\ndescribe('a', () => {\n${lines(80)}});\n}`)).toEqual([]);
  });

  it('name every file of an import cycle', () => {
    const sources = [
      sourceOf('src/a.ts', "import { b } from './b.ts';"),
      sourceOf('src/b.ts', "import type { C } from './c.ts';"),
      sourceOf('src/c.ts', "export { a } from './a.ts';"),
    ];
    expect(cyclesIn(sources)).toEqual(['src/a.ts → src/b.ts → src/c.ts → src/a.ts']);
  });
});
