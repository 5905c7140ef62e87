import { type Command, Option } from 'commander';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import type { Client } from '../client.ts';
import {
  minorUnits,
  newCommand,
  numberBetween,
  optionsOf,
  type Run,
  serverOptions,
  type Tools,
  withServer,
} from '../command.ts';
import { type ExitCode, exitCodes } from '../failure.ts';
import { readJsonInput } from '../files.ts';
import { plain, table } from '../terminal.ts';

const share = z.number().optional();
const options = z.object({
  ...serverOptions,
  provider: z.string(),
  scenario: z.string(),
  credentials: z.string().optional(),
  order: z.string().optional(),
  amount: z.string().optional(),
  currency: z.string().optional(),
  seed: z.string().optional(),
  startAt: z.string().optional(),
  timeScale: z.number(),
  duplicate: z.number().optional(),
  reorder: z.boolean().default(false),
  drop: share,
  delay: z.number().optional(),
  tamper: share,
  wrongSignature: share,
  stale: share,
  slow: z.number().optional(),
  oddity: z.string().optional(),
  timeout: z.number(),
});

const scenarioAnswer = z.looseObject({
  id: z.string(),
  order_no: z.string(),
  seed: z.string(),
  state: z.enum(['running', 'finished']),
  sent: z.array(
    z.looseObject({
      type: z.string(),
      unsent: z.string().nullable(),
      deliveries: z.array(
        z.looseObject({
          state: z.string(),
          attempts: z.array(
            z.looseObject({
              number: z.int(),
              status: z.int().nullable(),
              error: z.string().nullable(),
              duration_ms: z.number(),
            }),
          ),
        }),
      ),
    }),
  ),
});
type Answer = z.output<typeof scenarioAnswer>;

/** How often a running scenario is looked at. */
const pollMs = 200;

export function triggerCommand(tools: Tools & { clock: Clock }, run: Run): Command {
  const command = withFaults(
    withServer(
      newCommand({
        name: 'trigger',
        summary: "Have the sandbox send a scenario to any URL, signed in a provider's format",
        description:
          'Needs a server with the sandbox (`dev`, or `serve --sandbox`). Ends with 0 when everything that was sent was confirmed. ' +
          'With the same --seed the same faults happen; with --start-at too, the same bytes are sent.',
        examples: [
          'paidonce trigger http://127.0.0.1:3000/callback --provider stripe --scenario paid_then_refunded',
          'paidonce trigger http://127.0.0.1:3000/callback --provider wechatpay --duplicate 3 --time-scale 100 --seed 7',
        ],
      }),
    ),
  );
  run(command, async (url = '') => {
    const given = optionsOf(command, options);
    const client = tools.client(given);
    const started = await client.post('/sandbox/scenarios', await requestOf(url, given, tools), scenarioAnswer);
    const ended = await followed(client, started, { tools, timeoutMs: given.timeout * 1000, clock: tools.clock });
    if (given.json) tools.terminal.out(JSON.stringify(ended));
    else show(ended, tools);
    return exitCodeOf(ended);
  });
  return command;
}

function withFaults(command: Command): Command {
  const part = numberBetween(0, 1);
  return command
    .argument('<url>', 'the callback URL to try')
    .option('--provider <name>', 'format: standard, hmac, stripe, wechatpay, alipay or another provider', 'standard')
    .option(
      '--scenario <name>',
      'such as paid, paid_then_refunded, partial_refunds, failed_then_paid, paid_twice, late_after_close, disputed',
      'paid',
    )
    .option('--credentials <file>', "what an endpoint of this provider seals with, as JSON; default: the sandbox's own")
    .option('--order <number>', 'order number (default: made from the seed)')
    .option('--amount <minor units>', 'amount in minor units', minorUnits)
    .option('--currency <code>', 'ISO 4217, upper case')
    .option('--seed <text>', 'repeats the same choice of faults')
    .option('--start-at <time>', 'ISO 8601; repeats the same bytes')
    .addOption(
      new Option('--time-scale <factor>', "how much faster than the provider's schedule")
        .argParser(numberBetween(1, 1_000_000))
        .default(1),
    )
    .option('--duplicate <times>', 'fault: sent this often, acknowledgements lost in between', numberBetween(1, 10))
    .option('--reorder', 'fault: sent in another order than things happened')
    .option('--drop <share>', 'fault: this share (0–1) is never sent', part)
    .option('--delay <ms>', 'fault: sent later', numberBetween(0, 86_400_000))
    .option('--tamper <share>', 'fault: this share of tries has a changed body', part)
    .option('--wrong-signature <share>', 'fault: this share of tries is signed wrongly', part)
    .option('--stale <share>', 'fault: this share of tries is an hour old', part)
    .option('--slow <ms>', 'fault: waits before each try', numberBetween(0, 5000))
    .option(
      '--oddity <name>',
      'fault: what is odd about one platform: bad_item (adyen), newer_repeat (adyen), invalid_json (checkout), signature_probe (wechatpay), late_pending (midtrans)',
    )
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for the end').argParser(numberBetween(0, 86_400)).default(30),
    );
}

async function requestOf(url: string, given: z.output<typeof options>, { terminal }: Tools): Promise<object> {
  const faults = {
    duplicate: given.duplicate,
    reorder: given.reorder,
    drop: given.drop,
    delay_ms: given.delay,
    tamper: given.tamper,
    wrong_signature: given.wrongSignature,
    stale: given.stale,
    slow_ms: given.slow,
    oddity: given.oddity,
  };
  const request = {
    provider: given.provider,
    notify_url: url,
    credentials: given.credentials === undefined ? undefined : await readJsonInput(given.credentials, terminal),
    scenario: given.scenario,
    order_no: given.order,
    amount_minor: given.amount,
    currency: given.currency,
    faults: present(faults),
    seed: given.seed,
    start_at: given.startAt,
    time_scale: given.timeScale,
  };
  return present(request);
}

function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Looks at the scenario until it has ended, the time is over, or the user interrupts. */
async function followed(
  client: Client,
  started: Answer,
  options: { tools: Tools; timeoutMs: number; clock: Clock },
): Promise<Answer> {
  const { tools, timeoutMs, clock } = options;
  const { terminal } = tools;
  const sinceMs = clock.monotonicMs();
  let latest = started;
  while (latest.state === 'running' && clock.monotonicMs() - sinceMs < timeoutMs && !terminal.interrupted.aborted) {
    const elapsedMs = clock.monotonicMs() - sinceMs;
    const ended = latest.sent.filter(
      ({ unsent, deliveries }) => unsent !== null || deliveries.some(({ state }) => state === 'confirmed'),
    ).length;
    if (elapsedMs > 1000)
      terminal.progress(`${ended} of ${latest.sent.length} ended, ${Math.round(elapsedMs / 1000)} s`);
    await clock.sleep(pollMs, terminal.interrupted);
    latest = await client.get(`/sandbox/scenarios/${latest.id}`, scenarioAnswer);
  }
  terminal.progress('');
  return latest;
}

function exitCodeOf({ sent }: Answer): ExitCode {
  const isFine = sent.every(
    ({ unsent, deliveries }) =>
      unsent !== null || (deliveries.length > 0 && deliveries.every(({ state }) => state === 'confirmed')),
  );
  return isFine ? exitCodes.ok : exitCodes.negative;
}

function show({ id, order_no: orderNo, seed, state, sent }: Answer, { terminal }: Tools): void {
  terminal.out(`scenario ${id} of order ${plain(orderNo)}, seed ${plain(seed)}: ${state}`);
  const rows = sent.flatMap(({ type, unsent, deliveries }) => {
    if (unsent !== null) return [[type, '', 'not sent', unsent]];
    return deliveries.flatMap(({ state: delivered, attempts }) => {
      if (attempts.length === 0) return [[type, '', delivered, 'not tried yet']];
      return attempts.map(({ number, status, error, duration_ms: ms }, index) => {
        const isLast = index === attempts.length - 1;
        return [
          type,
          `#${number}`,
          `${status ?? 'no answer'}`,
          error ?? (isLast ? `${delivered} after ${Math.round(ms)} ms` : ''),
        ];
      });
    });
  });
  for (const line of table(['NOTIFICATION', 'TRY', 'ANSWER', 'WHY'], rows, terminal)) terminal.out(line);
}
