import type { Command } from 'commander';
import { z } from 'zod';
import { newCommand, optionsOf, type Run, type Tools } from '../command.ts';
import { exitCodes } from '../failure.ts';

const options = z.object({ json: z.boolean().default(false), data: z.string().optional() });

export function migrateCommand({ terminal }: Tools, run: Run): Command {
  const command = newCommand({
    name: 'migrate',
    summary: 'Bring the database to this version, and do nothing else',
    description:
      '`dev` and `serve` do the same at their start. The embedded store must not be served meanwhile; on PostgreSQL nodes may run.',
    examples: ['paidonce migrate', 'paidonce migrate --data /var/lib/paidonce'],
  }).option('--data <folder>', 'data folder (default: PAIDONCE_DATA, or ./data)');
  run(command, async () => {
    const { json, data } = optionsOf(command, options);
    const override = data === undefined ? {} : { data };
    const { withStore } = await import('../../server/offline.ts');
    const done = await withStore({ override }, async (store, place) => ({
      place,
      ...(await store.read('ready', null)),
    }));
    if (json) terminal.out(JSON.stringify({ data: done.place, migration: done.migration }));
    else terminal.out(`${terminal.style('green', 'current')} ${done.place} is at migration ${done.migration}`);
    return exitCodes.ok;
  });
  return command;
}
