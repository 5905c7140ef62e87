import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const diskBytes = 16 * 1024 * 1024;

/** A folder on a disk that a test can fill, and empty again. `pid`: the process that is to feel it. */
export interface SmallDisk {
  folder: string;
  fill(pid: number): Promise<void>;
  free(pid: number): Promise<void>;
  remove(): Promise<void>;
}

/** A file system of its own where this user may mount one; elsewhere the process may not let a file grow. */
export async function smallDisk(): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'paidonce-test', folder]);
  } catch {
    // Not root, or not Linux.
    return limited(folder);
  }
  const filler = join(folder, 'filler');
  return {
    folder: join(folder, 'data'),
    async fill() {
      const file = await open(filler, 'w');
      try {
        for (const bytes of [65_536, 4096]) await writeUntilFull(file, new Uint8Array(bytes));
      } finally {
        await file.close();
      }
    },
    free: () => rm(filler),
    async remove() {
      await run('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}

async function writeUntilFull(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  try {
    for (;;) await file.write(bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

function limited(folder: string): SmallDisk {
  const limit = (pid: number, bytes: string) => run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
  return {
    folder: join(folder, 'data'),
    fill: async (pid) => void (await limit(pid, '4096')),
    free: async (pid) => void (await limit(pid, 'unlimited')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
