import type { Command } from 'commander';
import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { asId } from '../../domain/ids.ts';
import {
  differences,
  isManifestSigned,
  type Manifest,
  ManifestSums,
  manifest,
  rangeOfDay,
} from '../../domain/manifest.ts';
import { notificationTypes } from '../../domain/notification.ts';
import type { Client } from '../client.ts';
import { newCommand, optionsOf, type Run, serverOptions, type Tools, usage, withServer } from '../command.ts';
import { exitCodes } from '../failure.ts';

const options = z.object({ ...serverOptions, check: z.boolean().default(false) });

const page = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      sequence: z.int(),
      type: z.enum(notificationTypes),
      order_no: z.string(),
      amount_minor: z.union([z.int(), z.string().regex(/^\d+$/)]).transform(BigInt),
      currency: z.string(),
    }),
  ),
  next_cursor: z.string().nullable(),
});

export function manifestCommand(tools: Tools, run: Run): Command {
  const { terminal } = tools;
  const command = withServer(
    newCommand({
      name: 'manifest',
      summary: "Print a merchant's signed sums of a day, or check them against the list of notifications",
      description:
        'The day is one of UTC. With --check every notification of it is listed; ends with 1 where they differ.',
      examples: ['paidonce manifest shop 2026-01-31 > manifest.json', 'paidonce manifest shop 2026-01-31 --check'],
    }),
  )
    .argument('<merchant>', 'its id')
    .argument('<date>', 'a day, such as 2026-01-31')
    .option('--check', 'list the notifications of the day, and compare');
  run(command, async (merchant = '', date = '') => {
    const given = optionsOf(command, options);
    const range = rangeOfDay(date);
    if (range === null) throw usage(`${date} is not a day`, 'Write it as in 2026-01-31.');
    const client = tools.client(given);
    const path = `/v1/manifests/${encodeURIComponent(merchant)}/${date}`;
    const said = await client.get(path, manifest);
    if (!given.check) {
      terminal.out(JSON.stringify(said, null, given.json ? undefined : 2));
      return exitCodes.ok;
    }
    const counted = await count(client, merchant, range);
    const found = [...(isManifestSigned(said) ? [] : ['its signature is wrong']), ...differences(said, counted)];
    if (given.json) terminal.out(JSON.stringify({ ok: found.length === 0, manifest: said, differences: found }));
    else show(said, found, tools);
    return found.length === 0 ? exitCodes.ok : exitCodes.negative;
  });
  return command;
}

async function count(client: Client, merchant: string, range: { from: number; to: number }) {
  const sums = new ManifestSums();
  const query = new URLSearchParams({ merchant, from: toIso(range.from), to: toIso(range.to), limit: '200' });
  for (let cursor: string | null = null; ; ) {
    if (cursor !== null) query.set('cursor', cursor);
    const { data, next_cursor }: z.output<typeof page> = await client.get(`/v1/notifications?${query}`, page);
    for (const { order_no, amount_minor, id, ...line } of data)
      sums.add({ ...line, id: asId.notification(id), orderNo: asId.orderNo(order_no), amountMinor: amount_minor });
    if (next_cursor === null) return sums.end();
    cursor = next_cursor;
  }
}

function show({ count: listed, sums, complete, date }: Manifest, found: readonly string[], { terminal }: Tools): void {
  for (const sum of sums)
    terminal.out(`${sum.type}: ${sum.count} of ${sum.amount_minor} ${sum.currency} in minor units`);
  if (!complete) terminal.out(`${date} is not over: more may come`);
  for (const line of found) terminal.out(terminal.style('red', line));
  if (found.length === 0) terminal.out(terminal.style('green', `the manifest agrees with the list: ${listed}`));
}
