import type { Command } from 'commander';
import { z } from 'zod';
import { notificationTypes } from '../../domain/notification.ts';
import {
  minorUnits,
  newCommand,
  optionsOf,
  type Run,
  serverOptions,
  type Tools,
  usage,
  withServer,
} from '../command.ts';
import { exitCodes } from '../failure.ts';
import { readJsonInput } from '../files.ts';
import { table } from '../terminal.ts';

const options = z.object({
  ...serverOptions,
  file: z.string().optional(),
  merchant: z.string().optional(),
  type: z.enum(notificationTypes).optional(),
  order: z.string().optional(),
  amount: z.string().optional(),
  currency: z.string().optional(),
  paymentId: z.string().optional(),
  operationId: z.string().optional(),
  refundedTotal: z.string().optional(),
  notifyUrl: z.string().optional(),
  provider: z.string().optional(),
  idempotencyKey: z.string().optional(),
});

const answer = z.object({
  id: z.string(),
  sequence: z.int(),
  deliveries: z.array(
    z.object({
      id: z.string(),
      target: z.object({ kind: z.string(), id: z.string().optional(), name: z.string().optional() }),
      state: z.string(),
    }),
  ),
  skipped: z.array(z.object({ endpoint: z.string(), reason: z.string() })),
});

export function publishCommand(tools: Tools, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'publish',
      summary: 'Publish a notification through a running server',
      description:
        'Accepted means durable: it is delivered, or visibly not. The same idempotency key never publishes twice.',
      examples: [
        'paidonce publish --merchant shop --type payment.succeeded --order ORDER-1 --amount 8880 --currency CNY',
        'paidonce publish --file notification.json --idempotency-key order-1-paid',
      ],
    }),
  )
    .option('--file <file>', 'the notification as JSON, as the API takes it; - reads what is piped in')
    .option('--merchant <id>', 'whose notification it is')
    .option('--type <type>', 'what happened, such as payment.succeeded')
    .option('--order <number>', 'order number')
    .option('--amount <minor units>', 'amount in minor units', minorUnits)
    .option('--currency <code>', 'ISO 4217, upper case')
    .option('--payment-id <id>', 'the payment it belongs to')
    .option('--operation-id <id>', 'the capture, refund or dispute it is about')
    .option('--refunded-total <minor units>', 'refunds: everything refunded so far', minorUnits)
    .option('--notify-url <url>', 'deliver to this URL alone')
    .option('--provider <name>', 'format for --notify-url')
    .option('--idempotency-key <text>', 'the same key gets the same answer for 7 days');
  run(command, async () => {
    const given = optionsOf(command, options);
    const published = await tools.client(given).post('/v1/notifications', await bodyOf(given, tools), answer);
    if (given.json) tools.terminal.out(JSON.stringify(published));
    else show(published, tools);
    return exitCodes.ok;
  });
  return command;
}

async function bodyOf(given: z.output<typeof options>, tools: Tools): Promise<object> {
  const fields = {
    merchant: given.merchant,
    type: given.type,
    order_no: given.order,
    amount_minor: given.amount,
    currency: given.currency,
    payment_id: given.paymentId,
    operation_id: given.operationId,
    refunded_total_minor: given.refundedTotal,
    notify_url: given.notifyUrl,
    provider: given.provider,
    idempotency_key: given.idempotencyKey,
  };
  const named = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (given.file !== undefined) {
    const file = z.record(z.string(), z.unknown()).safeParse(await readJsonInput(given.file, tools.terminal));
    if (!file.success)
      throw usage('the notification must be a JSON object', 'See POST /v1/notifications in the docs of the server.');
    return { ...file.data, ...named };
  }
  const missing = (['merchant', 'type', 'order', 'amount', 'currency'] as const).filter(
    (name) => given[name] === undefined,
  );
  if (missing.length === 0) return named;
  throw usage(
    `missing: ${missing.map((name) => `--${name}`).join(', ')}`,
    'Give them, or the whole notification with --file; see `paidonce publish --help`.',
  );
}

function show({ id, sequence, deliveries, skipped }: z.output<typeof answer>, { terminal }: Tools): void {
  terminal.out(`${terminal.style('green', 'accepted')} ${id}, number ${sequence} of its order`);
  const rows = deliveries.map(({ id: delivery, target, state }) => [
    `${target.kind} ${target.name ?? target.id ?? ''}`,
    state,
    delivery,
  ]);
  if (rows.length > 0) for (const line of table(['TARGET', 'STATE', 'DELIVERY'], rows, terminal)) terminal.out(line);
  else terminal.out('It goes nowhere: the merchant has no endpoint or handler for this type.');
  for (const { endpoint, reason } of skipped)
    terminal.out(`${terminal.style('yellow', 'skipped')} ${endpoint}: ${reason}`);
}
