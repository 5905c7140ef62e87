import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where processes and threads of tests find what others have stripped of types: loading the source costs more than most tests. */
export const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), 'paidonce-compile-cache') };
