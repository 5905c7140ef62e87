import type { Command } from 'commander';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import { configHelp } from '../../server/config-text.ts';
import type { RunningServer } from '../../server/server.ts';
import { createClient } from '../client.ts';
import { newCommand, numberBetween, optionsOf, type Run, type Tools } from '../command.ts';
import { demonstrate } from '../demonstration.ts';
import { demonstrationLines } from '../demonstration-text.ts';
import { exitCodes, report } from '../failure.ts';
import { shopPath } from '../shop-path.ts';
import { settingsOf } from './serve.ts';

const options = z.object({
  json: z.boolean().default(false),
  demo: z.boolean().default(true),
  host: z.string().optional(),
  port: z.int().optional(),
  data: z.string().optional(),
});

interface DevTools extends Tools {
  clock: Clock;
}

export function devCommand(tools: DevTools, run: Run): Command {
  const { terminal } = tools;
  const command = newCommand({
    name: 'dev',
    summary: 'Run everything on this machine: server, payment platform, demo shop',
    description:
      'Pays demonstration orders by itself and shows what became of them, then serves until Ctrl-C. Deliveries may go to this ' +
      'machine. Keys are kept in the data folder. With --json each event is one line of JSON.',
    examples: ['paidonce dev', 'paidonce dev --port 8080 --no-demo'],
  })
    .option('--no-demo', 'pay no demonstration orders')
    .option('--host <address>', 'address to listen on (default: PAIDONCE_HOST, or 127.0.0.1)')
    .option(
      '--port <number>',
      'port to listen on; 0 takes a free one (default: PAIDONCE_PORT, or 7700)',
      numberBetween(0, 65_535),
    )
    .option('--data <folder>', 'data folder (default: PAIDONCE_DATA, or ./data)')
    .addHelpText('after', () => `\n${configHelp()}`);
  run(command, async () => {
    const { json, demo, ...given } = optionsOf(command, options);
    const [{ startDev, untilStopped }, { demoShop }] = await Promise.all([
      import('../../server/main.ts'),
      import('../demo-shop.ts'),
    ]);
    const shop = await demoShop();
    // Lines of log go beside what people, or programs, read.
    const log = { write: (line: string) => terminal.error(line.trimEnd()) };
    const running = await startDev({ override: settingsOf(given), mount: shop.mount, log });
    await shop.open(running);
    // From here on a signal stops the server, also in the middle of the demonstration.
    const stopped = untilStopped(running);
    announce(running, tools, json);
    if (demo) await show(running, tools, json);
    return (await stopped) === 0 ? exitCodes.ok : exitCodes.negative;
  });
  return command;
}

function announce({ url, publicUrl, adminKey }: RunningServer, { terminal }: Tools, asJson: boolean): void {
  const addresses = {
    api: url,
    console: `${url}/console`,
    docs: `${url}/docs`,
    shop: `${publicUrl}${shopPath}`,
    admin_key: adminKey,
  };
  if (asJson) {
    terminal.out(JSON.stringify({ listening: addresses }));
    return;
  }
  const line = (name: string, text: string) => terminal.out(`  ${terminal.style('dim', name.padEnd(10))} ${text}`);
  terminal.out(`${terminal.style('green', 'Paidonce is listening')} on ${url}`);
  line('Console', `${addresses.console}  (sign in with the admin key)`);
  line('API', `${url}/v1/`);
  line('Docs', addresses.docs);
  line('Shop', addresses.shop);
  line('Cashier', `${publicUrl}/sandbox/cashier/…  (every order of the shop leads to one)`);
  line('Admin key', adminKey ?? 'as configured');
}

/** A demonstration that fails is told, and the server goes on: the addresses work all the same. */
async function show(running: RunningServer, tools: DevTools, asJson: boolean): Promise<void> {
  const { terminal, clock } = tools;
  const client = createClient({ url: running.url, key: running.adminKey, signal: terminal.interrupted });
  const sinceMs = clock.monotonicMs();
  try {
    const done = await demonstrate({
      client,
      clock,
      shopUrl: `${running.publicUrl}${shopPath}`,
      signal: terminal.interrupted,
      onStep: (step) => {
        if (clock.monotonicMs() - sinceMs > 1000) terminal.progress(step);
      },
    });
    terminal.progress('');
    if (asJson) {
      terminal.out(JSON.stringify({ demonstration: done }));
      return;
    }
    for (const line of demonstrationLines(done, terminal)) terminal.out(line);
    terminal.out('');
    terminal.out(`Now try it yourself: ${running.publicUrl}${shopPath}   (Ctrl-C ends)`);
  } catch (error) {
    terminal.progress('');
    // Interrupted in the middle: nothing is wrong, and nobody waits for the rest.
    if (!terminal.interrupted.aborted) report(error, terminal, asJson);
  }
}
