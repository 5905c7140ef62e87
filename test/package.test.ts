import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));

const manifest = z
  .object({ allowScripts: z.record(z.string(), z.boolean()), devDependencies: z.record(z.string(), z.string()) })
  .parse(read('package.json'));
const lock = z
  .object({ packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().default(false) })) })
  .parse(read('package-lock.json'));

/**
 * Packages that have an install script and do their work without it, each with the reason. They stay blocked.
 * npm records `hasInstallScript` for optional packages of other platforms too.
 */
const worksWithoutItsScript = new Map<string, string>([
  ['fsevents', 'ships its compiled add-on; the script only rebuilds it'],
]);

describe('the packages that may run a script while installing', () => {
  const withScript = Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && entry.hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));

  it('are all listed in allowScripts, or known to work without it', () => {
    expect(withScript.filter((name) => !(name in manifest.allowScripts) && !worksWithoutItsScript.has(name))).toEqual(
      [],
    );
  });

  it('are the only ones listed', () => {
    expect(Object.keys(manifest.allowScripts).filter((name) => !withScript.includes(name))).toEqual([]);
  });
});

describe('the lock file', () => {
  it('names no registry, so that any mirror serves it', () => {
    const text = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');
    expect(text).not.toContain('"resolved"');
    expect(text).not.toContain('registry.');
  });
});

describe('the Node that the scripts run on', () => {
  it('is pinned to one version, the one in .node-version', () => {
    const pinned = readFileSync(new URL('../.node-version', import.meta.url), 'utf8').trim();
    expect(manifest.devDependencies.node).toBe(pinned);
    expect(process.versions.node).toBe(pinned);
  });
});
