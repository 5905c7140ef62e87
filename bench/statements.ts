import { join } from 'node:path';
import { inFolder } from './folder.ts';
import type { Line } from './report.ts';
import { Role } from './role.ts';
import { bills, type StatementCalls } from './statement-reader.ts';

/** Reads a bill of so many rows of each provider that has one, each in a process of its own. */
export async function statements(rows: number): Promise<Line[]> {
  const lines: Line[] = [];
  for (const provider of Object.keys(bills)) {
    await inFolder(async (folder) => {
      const path = join(folder, 'bill');
      const bytes = await inProcess((role) => role.call('write', { provider, path, rows }));
      const read = await inProcess((role) => role.call('read', { provider, path }));
      if (read.rows !== rows) throw new Error(`${provider}: ${read.rows} of ${rows} rows`);
      const [file, memory] = [bytes, read.memoryBytes].map((size) => `${Math.round(size / 1_048_576)} MiB`);
      lines.push({
        what: `statement rows (${provider})`,
        perSecond: read.perSecond,
        note: `${rows.toLocaleString('en')} rows, ${file} as it comes, at most ${memory} above the start`,
      });
    });
  }
  return lines;
}

async function inProcess<T>(run: (role: Role<StatementCalls>) => Promise<T>): Promise<T> {
  const role = new Role<StatementCalls>('./statement-reader.ts');
  try {
    return await run(role);
  } finally {
    role.stop();
  }
}
