import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { compileCache } from './test/support/compile-cache.ts';

const conditions = ['paidonce-source'];
/** Files that use their cores whole, for minutes, or in which processes must not stand still for longer than a lease. */
const demanding = ['test/crash/**', 'test/nodes/**', 'test/simulation/**'];
/** Small files that run for long, since what they test is in others. */
const long = /\/test\/(stores|receipts|maintain)\/|\/remote-store\.|\/pack\./;
const cores = availableParallelism();

/** Larger files first, as by default, but before them those that run for long: begun last, one would end alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

interface Group {
  name: string;
  include: string[];
  exclude: string[];
  groupOrder: number;
  maxWorkers: number;
}

function project({ groupOrder, ...group }: Group): TestProjectInlineConfiguration {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      ...group,
      sequence: { groupOrder },
      pool: 'forks',
      // The flags of V8: a process in which threads come and go by the hundred may lose count of its pages of code, and die of
      // `jit_page.has_value()` (nodejs/node#64500).
      execArgv: ['--conditions=paidonce-source', '--no-memory-protection-keys', '--single-threaded-gc'],
      // Each store starts three threads. Stripping types with WebAssembly in each took half their time, and is the churn of such pages.
      env: compileCache,
      // A browser on two cores may get little of them for a minute.
      testTimeout: 120_000,
      hookTimeout: 60_000,
    },
  };
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/support/postgres-setup.ts'],
    projects: [
      project({
        name: 'demanding',
        include: demanding.map((folder) => `${folder}/*.test.ts`),
        exclude: configDefaults.exclude,
        groupOrder: 0,
        maxWorkers: Math.max(2, cores - 1),
      }),
      // These wait for disks, threads and each other for a quarter of their time: one more than the cores fills it.
      project({
        name: 'rest',
        include: ['test/**/*.test.ts'],
        exclude: [...configDefaults.exclude, ...demanding],
        groupOrder: 1,
        maxWorkers: cores + 1,
      }),
    ],
    reporters: ['default', 'json'],
    outputFile: { json: '.vitest/report.json' },
  },
});
