// Strips and compiles the source once, after `npm ci`, into the cache that bin/paidonce.js reads: the first start is then as
// quick and as small as every later one. Whatever fails here only costs that.
import { flushCompileCache } from 'node:module';

const modules = [
  '../src/cli/main.ts',
  '../src/cli/commands/dev.ts',
  '../src/cli/demo-shop.ts',
  '../src/server/main.ts',
  '../src/server/library.ts',
  '../src/program.ts',
  '../src/stores/sqlite/reader.ts',
  '../src/stores/sqlite/writer.ts',
  '../examples/shop/shop.ts',
];
// Worker threads refuse to run here, but by then they are compiled.
await Promise.allSettled(modules.map((module) => import(new URL(module, import.meta.url).href)));
flushCompileCache();
