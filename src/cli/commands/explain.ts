import type { Command } from 'commander';
import { z } from 'zod';
import type { Client } from '../client.ts';
import { newCommand, optionsOf, type Run, serverOptions, type Tools, withServer } from '../command.ts';
import { exitCodes, Failure } from '../failure.ts';
import { orderAnswer, orderLines, timelineAnswer, timelineLines } from '../order-text.ts';

const options = z.object({ ...serverOptions, merchant: z.string().optional() });
const found = z.object({ data: z.array(z.object({ order_no: z.string(), merchant: z.string() })) });

export function explainCommand(tools: Tools, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'explain',
      summary: 'Show everything known about an order, in time order, each line with why',
      examples: ['paidonce explain ORDER-1', 'paidonce explain ORDER-1 --merchant shop --json'],
    }),
  )
    .argument('<order>', 'order number')
    .option('--merchant <id>', 'whose order it is; needed where several merchants have this number');
  run(command, async (order = '') => {
    const { merchant: named, json, ...server } = optionsOf(command, options);
    const client = tools.client(server);
    const merchant = named ?? (await merchantOf(client, order));
    const path = `/v1/orders/${encodeURIComponent(order)}`;
    const query = `?merchant=${encodeURIComponent(merchant)}`;
    const detail = await client.get(path + query, orderAnswer);
    const timeline = await client.get(`${path}/timeline${query}`, timelineAnswer);
    const { terminal } = tools;
    if (json) terminal.out(JSON.stringify({ order: detail, timeline: timeline.data }));
    else
      for (const line of [...orderLines(detail, terminal), '', ...timelineLines(timeline.data, terminal)])
        terminal.out(line);
    return exitCodes.ok;
  });
  return command;
}

async function merchantOf(client: Client, order: string): Promise<string> {
  const { data } = await client.get(`/v1/orders?limit=200&q=${encodeURIComponent(order)}`, found);
  // `q` finds parts of numbers; only the whole number is meant.
  const merchants = [...new Set(data.filter((row) => row.order_no === order).map((row) => row.merchant))];
  const [only] = merchants;
  if (only !== undefined && merchants.length === 1) return only;
  if (only === undefined) {
    throw new Failure(exitCodes.negative, {
      code: 'order.unknown',
      reason: `no merchant has an order ${order}`,
      next: 'Check the number; GET /v1/orders lists what is known.',
    });
  }
  throw new Failure(exitCodes.usage, {
    code: 'usage',
    reason: `several merchants have an order ${order}: ${merchants.join(', ')}`,
    next: 'Say which one with --merchant.',
  });
}
