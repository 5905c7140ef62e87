import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { compileCache } from './test/support/compile-cache.ts';

const conditions = ['paidonce-source'];

/** Larger files first, as by default; but before them those that run for minutes: begun last, one would end alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => moduleId.includes('/test/simulation/');
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-setup.ts'],
    pool: 'forks',
    // One less than the cores is the default: on two cores that leaves one idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    // The flags of V8: a process in which threads come and go by the hundred may lose count of its pages of code, and die of
    // `jit_page.has_value()` (nodejs/node#64500).
    execArgv: ['--conditions=paidonce-source', '--no-memory-protection-keys', '--single-threaded-gc'],
    // Each store starts three threads. Stripping types with WebAssembly in each took half their time, and is the churn of such pages.
    env: compileCache,
    // A browser beside tests that kill databases may get little of two cores for a minute.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ['default', 'json'],
    outputFile: { json: '.vitest/report.json' },
  },
});
