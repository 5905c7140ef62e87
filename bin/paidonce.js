#!/usr/bin/env node
// Plain JavaScript without newer syntax, so that an old Node says what is wrong instead of failing to parse.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`paidonce needs Node 22.18 or newer; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}

beginAgainAsServer(process.argv[2]);

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

/**
 * A server tells V8 and the allocator what they can only be told before they start: this process replaces its own program, and
 * keeps its number, its output and its parent. Where it cannot (Windows), or whoever forked it listens, it tells what it still can.
 */
function beginAgainAsServer(command) {
  if (command !== 'serve' && command !== 'dev') return;
  const [space, young] = ['--max-semi-space-size=8', '--no-allocation-site-pretenuring'];
  if (process.platform === 'win32' || typeof process.execve !== 'function' || process.channel) {
    setFlagsFromString(young);
    return;
  }
  const given = [...(process.env.NODE_OPTIONS ?? '').split(' '), ...process.execArgv].map(nameOf);
  // With PostgreSQL this thread itself holds the rows of a batch, and a small space makes them old: a quarter more work.
  const flags = [...(isInPostgres() ? [] : [space]), young, '--expose-gc'];
  const missing = flags.filter((flag) => !given.includes(nameOf(flag)));
  if (missing.length === 0) {
    // This thread has its young space by now; worker threads have limits of their own, which the flag would override.
    if (process.execArgv.includes(space)) setFlagsFromString('--max-semi-space-size=0');
    return;
  }
  const parameters = [...missing, ...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.execve(process.execPath, [process.execPath, ...parameters], { MALLOC_ARENA_MAX: '2', ...process.env });
}

function nameOf(flag) {
  return flag.split('=')[0];
}

/** Whether the settings name a database. What is wrong with their file is said when they are read in earnest. */
function isInPostgres() {
  const { PAIDONCE_DATABASE_URL: url, PAIDONCE_CONFIG: file } = process.env;
  if (url || !file) return Boolean(url);
  try {
    return Boolean(JSON.parse(readFileSync(file, 'utf8')).database_url);
  } catch {
    return false;
  }
}
