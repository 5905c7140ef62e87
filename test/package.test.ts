import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

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
