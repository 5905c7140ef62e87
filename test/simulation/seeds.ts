import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const command = fileURLToPath(new URL('simulate.ts', import.meta.url));

/** Five hundred seeds by the command itself: what it tells of a seed that differs is what plays it again. */
export function fiveHundred(first: number): void {
  it(`ends as the platform has it in its books, with the seeds from ${first} on`, async () => {
    const given = ['--seed', String(first), '--seeds', '500', '--orders', '6'];
    const run = promisify(execFile)(process.execPath, ['--conditions=paidonce-source', command, ...given]);
    const { stdout } = await run.catch((error: { stdout: string }) => error);
    expect(stdout.trim()).toMatch(/^3000 orders, \d{4} facts, 1000 crashes, 0 differences$/);
  }, 300_000);
}
