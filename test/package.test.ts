import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from './stores/support.ts';
import { compileCache } from './support/compile-cache.ts';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

const manifest = z
  .object({ allowScripts: z.record(z.string(), z.boolean()), devDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json')));

const lockedPackage = z.object({
  hasInstallScript: z.boolean().default(false),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});
const locked = z.object({ packages: z.record(z.string(), lockedPackage) }).parse(JSON.parse(read('package-lock.json')));

/** `node_modules/a/node_modules/@b/c` is the package `@b/c`. */
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

describe('allowScripts', () => {
  it('lists every locked package that has an install script, and no other', () => {
    const withScript = Object.entries(locked.packages).filter(([, entry]) => entry.hasInstallScript);
    expect(Object.keys(manifest.allowScripts).sort()).toEqual(withScript.map(([path]) => nameOf(path)).sort());
  });
});

describe('the lock file', () => {
  it('names no registry, so that any mirror serves it', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"|registry\./);
  });

  it('has the packages of every platform, so that `npm ci` accepts it on each', () => {
    const missing = Object.entries(locked.packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in locked.packages) && !(`${path}/node_modules/${name}` in locked.packages),
      ),
    );
    expect(missing).toEqual([]);
  });
});

describe('the Node that the scripts run on', () => {
  it('is the pinned one, the one in .node-version', () => {
    const pinned = read('.node-version').trim();
    expect(manifest.devDependencies.node).toBe(pinned);
    expect(process.versions.node).toBe(pinned);
  });
});

describe('the command on a Node that is too old', () => {
  it.each(['18.20.8', '20.20.2', '22.17.1'])('says in one sentence what it needs: %s', (version) => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`;
    const command = fileURLToPath(new URL('../bin/paidonce.js', import.meta.url));
    const ended = spawnSync(process.execPath, ['--import', `data:text/javascript,${pretend}`, command, '--help']);
    expect(ended.stderr.toString()).toBe(`paidonce needs Node 22.18 or newer; this is Node ${version}.\n`);
    expect(ended.stdout.toString()).toBe('');
    expect(ended.status).toBe(1);
  });
});

describe('the command of a server', () => {
  /** What it would begin again as; null: it goes on as it is. */
  const again = (parameters: readonly string[], { env = {}, before = '', flags = [] as readonly string[] } = {}) => {
    const told = `${before}; process.execve = (file, parameters, env) => {
      console.log(JSON.stringify({ file, parameters, arenas: env.MALLOC_ARENA_MAX }));
      process.exit(42);
    };`;
    const imported = [...flags, '--import', `data:text/javascript,${told}`];
    const command = fileURLToPath(new URL('../bin/paidonce.js', import.meta.url));
    const ended = spawnSync(process.execPath, [...imported, command, ...parameters, '--help'], {
      env: { PATH: process.env.PATH, ...compileCache, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (ended.status === 0) return null;
    expect(ended.status).toBe(42);
    const { file, parameters: given, arenas } = JSON.parse(ended.stdout.toString());
    expect(file).toBe(process.execPath);
    expect(given.slice(-5)).toEqual([...imported, command, ...parameters, '--help'].slice(-5));
    return { flags: given.slice(1, -(imported.length + parameters.length + 2)), arenas };
  };
  const [space, young, collected] = ['--max-semi-space-size=8', '--no-allocation-site-pretenuring', '--expose-gc'];

  it('begins again with what V8 and the allocator have to be told first', () => {
    for (const name of ['serve', 'dev'])
      expect(again([name]), name).toEqual({ flags: [space, young, collected], arenas: '2' });
  });

  it('leaves what is set already', () => {
    const env = { NODE_OPTIONS: '--max-semi-space-size=32', MALLOC_ARENA_MAX: '1' };
    expect(again(['serve'], { env })).toEqual({ flags: [young, collected], arenas: '1' });
    const flags = ['--max-semi-space-size=4'];
    expect(again(['serve'], { flags })).toEqual({ flags: [young, collected], arenas: '2' });
  });

  it('gives the thread that holds the rows of PostgreSQL all its room', async () => {
    const { path, remove } = await temporaryFolder();
    onTestFinished(remove);
    const [named, broken] = [join(path, 'named.json'), join(path, 'broken.json')];
    await writeFile(named, '{"database_url":"postgres://localhost/paidonce"}');
    await writeFile(broken, '{');
    const flagsWith = (env: Record<string, string>) => again(['serve'], { env })?.flags;
    expect(flagsWith({ PAIDONCE_DATABASE_URL: 'postgres://localhost/paidonce' })).toEqual([young, collected]);
    expect(flagsWith({ PAIDONCE_CONFIG: named })).toEqual([young, collected]);
    expect(flagsWith({ PAIDONCE_CONFIG: broken })).toEqual([space, young, collected]);
  });

  it('begins again once', () => {
    expect(again(['serve'], { flags: [space, young, collected] })).toBe(null);
  });

  it('goes on as it is where whoever forked it listens, on Windows, and as any other command', () => {
    expect(again(['serve'], { before: 'process.channel = {}' })).toBe(null);
    expect(again(['serve'], { before: "Object.defineProperty(process, 'platform', { value: 'win32' })" })).toBe(null);
    expect(again(['publish'])).toBe(null);
  });
});
