import type { Command } from 'commander';
import { z } from 'zod';
import { configHelp } from '../../server/config-text.ts';
import { processesMax } from '../../server/settings.ts';
import { newCommand, numberBetween, optionsOf, type Run, type Tools } from '../command.ts';
import { exitCodes } from '../failure.ts';

const options = z.object({
  json: z.boolean().default(false),
  role: z.enum(['all', 'api', 'worker'], { error: 'must be all, api or worker' }),
  sandbox: z.boolean().default(false),
  host: z.string().optional(),
  port: z.int().optional(),
  data: z.string().optional(),
  processes: z.int({ error: 'must be a whole number' }).optional(),
});

export function serveCommand({ terminal }: Tools, run: Run): Command {
  const command = newCommand({
    name: 'serve',
    summary: 'Run the server in production',
    description:
      'Refuses to start without PAIDONCE_MASTER_KEY. Runs until SIGTERM or Ctrl-C, then lets what is in flight finish.',
    examples: [
      'PAIDONCE_MASTER_KEY=$(cat master.key) paidonce serve',
      'paidonce serve --processes 4',
      'paidonce serve --role worker',
      'paidonce serve --sandbox --port 8080',
    ],
  })
    .option('--role <role>', 'all; api: take requests and deliver nothing; worker: deliver and take no requests', 'all')
    .option('--sandbox', 'with the simulated payment platform under /sandbox')
    .option('--host <address>', 'address to listen on (default: PAIDONCE_HOST, or 127.0.0.1)')
    .option(
      '--port <number>',
      'port to listen on; 0 takes a free one (default: PAIDONCE_PORT, or 7700)',
      numberBetween(0, 65_535),
    )
    .option('--data <folder>', 'data folder (default: PAIDONCE_DATA, or ./data)')
    .option(
      '--processes <number>',
      'processes that take requests (default: PAIDONCE_PROCESSES, or 1: one does everything)',
      numberBetween(1, processesMax),
    )
    .addHelpText('after', () => `\n${configHelp()}`);
  run(command, async () => {
    const { json, role, sandbox, ...given } = optionsOf(command, options);
    const { startServe, untilStopped } = await import('../../server/main.ts');
    const running = await startServe({ role, sandbox, override: settingsOf(given) });
    const { url, publicUrl, adminKey, adminKeyMade } = running;
    const made = adminKeyMade && adminKey !== null ? adminKey : null;
    if (json)
      terminal.out(
        JSON.stringify({ listening: { url, public_url: publicUrl, ...(made === null ? {} : { admin_key: made }) } }),
      );
    else {
      terminal.out(`Listening on ${url}`);
      if (made !== null) terminal.out(`The admin key, shown this once: ${terminal.style('bold', made)}`);
    }
    return (await untilStopped(running)) === 0 ? exitCodes.ok : exitCodes.negative;
  });
  return command;
}

/** What the command line says goes before environment and file. */
export function settingsOf(given: {
  host?: string | undefined;
  port?: number | undefined;
  data?: string | undefined;
  processes?: number | undefined;
}) {
  return {
    ...(given.processes === undefined ? {} : { processes: given.processes }),
    ...(given.host === undefined ? {} : { host: given.host }),
    ...(given.port === undefined ? {} : { port: given.port }),
    ...(given.data === undefined ? {} : { data: given.data }),
  };
}
