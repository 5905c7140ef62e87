import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Chunk {
  file: string;
  imports?: readonly string[];
  dynamicImports?: readonly string[];
}

const folder = fileURLToPath(new URL('../../dist/console/', import.meta.url));
const bytesMax = 300_000;

/** A chunk with everything that it loads with itself. */
function loadedBy(
  manifest: Readonly<Record<string, Chunk>>,
  name: string,
  known: Set<string> = new Set(),
): Set<string> {
  const chunk = manifest[name];
  if (chunk === undefined) throw new Error(`the build has no ${name}`);
  if (known.has(chunk.file)) return known;
  known.add(chunk.file);
  for (const one of chunk.imports ?? []) loadedBy(manifest, one, known);
  return known;
}

describe('the built console', () => {
  it('loads less than 300 kB of compressed JavaScript for the overview, its charts included', () => {
    const manifest: Record<string, Chunk> = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8'));
    const overview = ['index.html', 'pages/overview/overview-page.tsx', 'parts/time-chart.tsx'];
    const files = new Set(overview.flatMap((name) => [...loadedBy(manifest, name)]));
    const bytes = [...files].reduce((sum, file) => sum + statSync(`${folder}${file}.gz`).size, 0);
    expect(files.size).toBeGreaterThan(3);
    expect(bytes).toBeLessThan(bytesMax);
  });
});
