import { type Command, Option } from 'commander';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import type { Random } from '../../domain/ids.ts';
import { isNotificationType, matchesTypes } from '../../domain/notification.ts';
import { formatNamed } from '../../server/formats.ts';
import { createForwarder, type Forwarded, type Forwarder } from '../../server/forwarder.ts';
import type { Client } from '../client.ts';
import {
  newCommand,
  numberBetween,
  optionsOf,
  type Run,
  serverOptions,
  type Tools,
  usage,
  withServer,
} from '../command.ts';
import { type ExitCode, exitCodes } from '../failure.ts';
import { readJsonInput } from '../files.ts';
import type { StreamEvent } from '../listen/events.ts';
import { follow } from '../listen/follow.ts';
import { plain, type Terminal } from '../terminal.ts';

const options = z.object({
  ...serverOptions,
  forwardTo: z.url({ protocol: /^https?$/, error: 'must be a URL, such as http://127.0.0.1:3000/callbacks' }),
  merchant: z.string().optional(),
  types: z.string().default('*'),
  provider: z.string(),
  credentials: z.string().optional(),
  callbacks: z.boolean().default(false),
  count: z.number().optional(),
  timeout: z.number(),
});
type Given = z.output<typeof options>;

type ListenTools = Tools & { clock: Clock; random: Random };

export function listenCommand(tools: ListenTools, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'listen',
      summary: 'Forward notifications of a running server to a URL on this machine, as they are made',
      description:
        'Each is sealed in the format of --provider, with secrets made for this run and printed once, or with those of --credentials. ' +
        'It is sent once, beside the deliveries of the server, which learns nothing of it. When the connection is lost it goes on where it was. ' +
        'With --callbacks it forwards what the server received from providers, byte for byte. Ctrl-C ends it with 0; ' +
        'with --count it ends with 1 where one was not confirmed. With --json each line is one JSON value.',
      examples: [
        'paidonce listen --forward-to http://127.0.0.1:3000/callbacks',
        "paidonce listen --forward-to http://127.0.0.1:3000/callbacks --merchant shop --types 'refund.*' --provider stripe --credentials endpoint.json",
        'paidonce listen --forward-to http://127.0.0.1:3000/callbacks --callbacks',
      ],
    }),
  )
    .requiredOption('--forward-to <url>', 'where to send them')
    .option('--merchant <id>', 'only of this merchant')
    .option('--types <types>', 'only these types of notifications, such as payment.succeeded,refund.* (default: all)')
    .option('--provider <name>', 'the format to seal in', 'standard')
    .option('--credentials <file>', 'what an endpoint of this provider seals with, as JSON; - reads what is piped in')
    .option('--callbacks', 'forward the callbacks that the server received instead')
    .addOption(new Option('--count <number>', 'end after so many').argParser(numberBetween(1, 1_000_000)))
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for each answer')
        .argParser(numberBetween(0.1, 60))
        .default(10),
    );
  run(command, async () => listen(optionsOf(command, options), tools));
  return command;
}

async function listen(given: Given, tools: ListenTools): Promise<ExitCode> {
  const { terminal, clock, random } = tools;
  const types = typesIn(given.types);
  const forwarder = createForwarder({
    url: given.forwardTo,
    provider: formatNamed(given.provider),
    credentials: given.credentials === undefined ? null : await readJsonInput(given.credentials, terminal),
    timeoutMs: given.timeout * 1000,
    clock,
    random,
  });
  const client = tools.client(given);
  const query = new URLSearchParams({ types: given.callbacks ? 'callback' : 'notification' });
  if (given.merchant !== undefined) query.set('merchant', given.merchant);
  const onConnected = () => showStart(given, forwarder, tools);
  let code: ExitCode = exitCodes.ok;
  let left = given.count ?? Number.POSITIVE_INFINITY;
  try {
    for await (const event of follow({ client, path: `/v1/stream?${query}`, terminal, clock, onConnected })) {
      const sent = await forwarded(event, { forwarder, client, types, terminal });
      if (sent === null) continue;
      showSent(event, sent, given, tools);
      if (!sent.confirmed && given.count !== undefined) code = exitCodes.negative;
      left -= 1;
      if (left === 0) break;
    }
  } finally {
    await forwarder.close();
  }
  return code;
}

/** @throws Failure for what is no type. */
function typesIn(text: string): readonly string[] {
  const types = text.split(',').map((type) => type.trim());
  const wrong = types.find((type) => type !== '*' && !isNotificationType(type) && !/^[a-z]+\.\*$/.test(type));
  if (wrong === undefined) return types;
  throw usage(
    `--types: ${wrong} is no type of notification`,
    'Name types such as payment.succeeded, or groups such as refund.*.',
  );
}

/** What is shown of a notification, or of a callback. */
const told = z.object({
  id: z.string(),
  type: z.string().optional(),
  order_no: z.string().optional(),
  provider: z.string().optional(),
  verdict: z.string().optional(),
});
const whole = z.looseObject({
  method: z.string(),
  target: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.base64(),
});

/** Null: it is not one that is wanted. */
async function forwarded(
  event: StreamEvent,
  options: { forwarder: Forwarder; client: Client; types: readonly string[]; terminal: Terminal },
): Promise<Forwarded | null> {
  const { forwarder, client, types, terminal } = options;
  if (event.type === 'notification') {
    const { type = '' } = told.parse(JSON.parse(event.data));
    if (!isNotificationType(type) || !matchesTypes(types, type)) return null;
    return forwarder.notification(event.data, terminal.interrupted);
  }
  if (event.type === 'callback') {
    const { id, verdict } = told.parse(JSON.parse(event.data));
    // What was not authentic here is not real traffic.
    if (verdict === 'refused' || verdict === 'quarantined') return null;
    const { body, ...callback } = await client.get(`/v1/callbacks/${encodeURIComponent(id)}`, whole);
    return forwarder.callback({ ...callback, body: Buffer.from(body, 'base64') }, terminal.interrupted);
  }
  if (event.type === 'reset') {
    terminal.error(
      `${terminal.style('yellow', 'gap')} the server does not keep what came while it was away; some may be missing`,
    );
  }
  return null;
}

function showStart(
  { forwardTo, provider, callbacks, json }: Given,
  { openWith }: Forwarder,
  { terminal }: Tools,
): void {
  const isMade = openWith !== null && !callbacks;
  if (json) {
    const made = isMade ? { open_with: openWith } : {};
    terminal.out(JSON.stringify({ forward_to: forwardTo, ...(callbacks ? {} : { provider }), ...made }));
    return;
  }
  const what = callbacks ? 'callbacks' : `notifications, sealed as ${provider},`;
  terminal.out(`${terminal.style('green', 'listening')} ${what} to ${plain(forwardTo)}; Ctrl-C ends it`);
  if (isMade) terminal.out(`your code opens them with ${JSON.stringify(openWith)}`);
}

function showSent(event: StreamEvent, sent: Forwarded, { json }: Given, { terminal }: Tools): void {
  const { status, confirmed, why, durationMs } = sent;
  const { id, type, order_no: orderNo, provider } = told.parse(JSON.parse(event.data));
  if (json) {
    const about = { id, type, order_no: orderNo, provider, position: event.id };
    terminal.out(JSON.stringify({ ...about, status, confirmed, why, duration_ms: durationMs }));
    return;
  }
  const verdict = confirmed ? terminal.style('green', 'confirmed') : terminal.style('red', 'not confirmed');
  const what = event.type === 'callback' ? `callback of ${provider}` : `${type} ${orderNo}`;
  const reason = why === null ? '' : `: ${why}`;
  terminal.out(`${plain(what)} ${id} ${status ?? 'no answer'} ${verdict} ${durationMs} ms${plain(reason)}`);
}
