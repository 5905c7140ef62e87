import { program as real } from '../../src/program.ts';
import type { Program } from '../../src/stores/decisions.ts';
import { killer } from './killing.ts';

const here = new URL(import.meta.url).searchParams;
const kill = killer(here.get('folder') ?? '', { point: 'before commit', after: Number(here.get('after')) });

/** The real program; a store that runs it dies in the writer's thread, inside an open transaction that has decided already. */
export const program: Program = {
  ...real,
  callback: (ledger, input) => dying(real.callback(ledger, input)),
  publish: (ledger, input) => dying(real.publish(ledger, input)),
  outbox(ledger, input) {
    const output = real.outbox(ledger, input);
    return output.taken > 0 ? dying(output) : output;
  },
};

function dying<T>(output: T): T {
  kill('before commit');
  return output;
}
