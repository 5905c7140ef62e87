import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Node, parseSync, visitorKeys } from 'oxc-parser';

export type { Node } from 'oxc-parser';

/** One file of the repository. `path` is relative to its root, with slashes: `src/domain/money.ts`. */
export type Source = { path: string; text: string; program: Node };

/** What a file imports: for a relative import a path like `Source.path`, else the name as written. */
export type Import = { target: string; relative: boolean; typeOnly: boolean; line: number };

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every TypeScript file under the folders. A folder that does not exist has none. */
export function sourcesIn(...folders: readonly string[]): Source[] {
  return folders.flatMap(pathsIn).map((path) => sourceOf(path, readFileSync(posix.join(root, path), 'utf8')));
}

/** One file from its text, so that a rule can be tried on a few lines. */
export function sourceOf(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path} cannot be parsed: ${errors[0].message}`);
  return { path, text, program };
}

/**
 * Every `import`, `export … from`, `import()` of a literal and `import('…')` type. With verbatimModuleSyntax
 * `import { type A }` still loads the module, so only `import type` counts as an import of types.
 */
export function importsOf(source: Source): Import[] {
  const imports: Import[] = [];
  walk(source.program, (node) => {
    const written = importIn(node);
    if (written === null) return;
    const relative = written.name.startsWith('.');
    const target = relative ? posix.join(posix.dirname(source.path), written.name) : written.name;
    imports.push({ target, relative, typeOnly: written.typeOnly, line: lineOf(source, node) });
  });
  return imports;
}

/** Visits every node, parents first; `around` are the nodes that contain it, the nearest last. */
export function walk(node: Node, visit: (node: Node, around: readonly Node[]) => void, around: readonly Node[] = []) {
  visit(node, around);
  const inside = [...around, node];
  for (const key of visitorKeys[node.type] ?? []) {
    const child: unknown = Reflect.get(node, key);
    for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) walk(one, visit, inside);
  }
}

/** The line on which a node starts, counted from 1. */
export function lineOf(source: Source, node: { start: number }): number {
  return source.text.slice(0, node.start).split('\n').length;
}

function importIn(node: Node): { name: string; typeOnly: boolean } | null {
  switch (node.type) {
    case 'ImportDeclaration':
      return { name: node.source.value, typeOnly: node.importKind === 'type' };
    case 'ExportAllDeclaration':
      return { name: node.source.value, typeOnly: node.exportKind === 'type' };
    case 'ExportNamedDeclaration':
      return node.source && { name: node.source.value, typeOnly: node.exportKind === 'type' };
    case 'ImportExpression':
      return node.source.type === 'Literal' ? { name: String(node.source.value), typeOnly: false } : null;
    case 'TSImportType':
      return { name: node.source.value, typeOnly: true };
    default:
      return null;
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function pathsIn(folder: string): string[] {
  if (!existsSync(posix.join(root, folder))) return [];
  return readdirSync(posix.join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => posix.join(entry.parentPath.replaceAll('\\', '/'), entry.name).slice(root.length))
    .sort();
}
