import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const folder = fileURLToPath(new URL('../dist/console', import.meta.url));

/** Compressed once here, so that no request waits for it. */
const compressed: Plugin = {
  name: 'compressed',
  closeBundle() {
    const assets = join(folder, 'assets');
    for (const name of readdirSync(assets)) {
      if (!/\.(js|css|svg)$/.test(name)) continue;
      const bytes = readFileSync(join(assets, name));
      writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes));
      writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    }
  },
};

export default defineConfig({
  base: '/console/',
  plugins: [react(), compressed],
  build: {
    outDir: folder,
    emptyOutDir: true,
    // Inlined files would be data: addresses, which the policy of the page allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Browsers that know `light-dark()`, which the styles are made of.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // The test of sizes reads which files a page loads.
    manifest: 'manifest.json',
  },
});
