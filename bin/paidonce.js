#!/usr/bin/env node
// Plain JavaScript without newer syntax, so that an old Node says what is wrong instead of failing to parse.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`paidonce needs Node 22.18 or newer; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}

// A checkout runs its source; the published package has only dist. The commands' entrance returns the exit code.
const source = new URL('../src/cli/main.ts', import.meta.url);
const built = new URL('../dist/cli/main.js', import.meta.url);
// Stripping types and compiling costs 50 MB and half a second; kept, it is paid once. Worker threads read the variable.
const cache =
  process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('../node_modules/.cache/paidonce', import.meta.url));
process.env.NODE_COMPILE_CACHE = cache;
const { enableCompileCache } = await import('node:module');
enableCompileCache(cache);
const { main } = await import(existsSync(source) ? source.href : built.href);
process.exitCode = await main(process.argv.slice(2));
