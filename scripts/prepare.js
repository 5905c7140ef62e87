// Builds dist: after `npm ci`, before packing, and as `npm run build`; and fills the cache of the first start. Plain JavaScript, because it must also run
// where only the production dependencies are installed (`npm ci --omit=dev`).
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundler = fileURLToPath(new URL('../node_modules/vite/bin/vite.js', import.meta.url));
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

if (existsSync(compiler)) {
  rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
  // The examples come second: they read the types of the package that the first makes.
  for (const project of ['tsconfig.build.json', 'tsconfig.examples.json']) {
    const build = spawnSync(process.execPath, [compiler, '-p', project], { cwd: root, encoding: 'utf8' });
    if (build.status === 0) continue;
    console.log(`${build.stdout}paidonce: ${project} has type errors; it runs, but it must not be published.`);
    // A checkout that is being worked on can still be installed.
    if (!['ci', 'install'].includes(process.env.npm_command ?? '')) process.exitCode = 1;
  }
  buildConsole();
  // Not when packing: there the source has no cache to fill.
  const cache = fileURLToPath(new URL('../node_modules/.cache/paidonce', import.meta.url));
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  const warm = ['--conditions=paidonce-source', 'scripts/warm.js'];
  spawnSync(process.execPath, warm, { cwd: root, env, stdio: 'ignore' });
} else {
  console.log('paidonce: typescript is not installed, so dist is not built.');
}

/** The web console, to dist/console. */
function buildConsole() {
  const build = spawnSync(process.execPath, [bundler, 'build', 'console', '--logLevel', 'warn'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (build.status === 0) return;
  console.log(
    `${build.stdout}${build.stderr}paidonce: the console could not be built; everything else runs without it.`,
  );
  if (!['ci', 'install'].includes(process.env.npm_command ?? '')) process.exitCode = 1;
}
