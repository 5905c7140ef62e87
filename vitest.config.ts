import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const conditions = ['paidonce-source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-setup.ts'],
    pool: 'forks',
    // One less than the cores is the default: on two cores that leaves one idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    execArgv: ['--conditions=paidonce-source'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', 'json'],
    outputFile: { json: '.vitest/report.json' },
  },
});
