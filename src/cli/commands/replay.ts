import type { Command } from 'commander';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
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
import { exitCodes } from '../failure.ts';
import { plain, table } from '../terminal.ts';
import { callbackOptions, replayCallbacks } from './replay-callbacks.ts';

const options = z.object({
  ...serverOptions,
  ...callbackOptions,
  merchant: z.string().optional(),
  endpoint: z.string().optional(),
  state: z.string().optional(),
  type: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  rate: z.number().optional(),
  dryRun: z.boolean().default(false),
  force: z.boolean().default(false),
  note: z.string().optional(),
  all: z.boolean().default(false),
  detach: z.boolean().default(false),
});
type Given = z.output<typeof options>;

const answer = z.object({
  id: z.string(),
  state: z.enum(['running', 'paused', 'done', 'canceled']),
  dry_run: z.boolean(),
  progress: z.object({
    looked: z.int(),
    added: z.int(),
    retried: z.int(),
    left: z.record(z.string(), z.int()),
    sums: z.array(
      z.object({
        type: z.string(),
        currency: z.string(),
        notifications: z.int(),
        amount_minor: z.union([z.int(), z.string()]),
      }),
    ),
  }),
});
type Answer = z.output<typeof answer>;

const pollMs = 250;

export function replayCommand(tools: Tools & { clock: Clock }, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'replay',
      summary: 'Send notifications, or read callbacks, again by filter',
      description:
        'Dead and waiting deliveries are due again, confirmed and canceled ones get a new delivery beside them, with the same notification id: receivers drop what they have. With --callbacks, kept callbacks are read through the present code, and what would come of it is shown before it is applied. The server does the work; interrupting this command leaves it at it.',
      examples: [
        'paidonce replay --merchant shop --state dead --dry-run',
        'paidonce replay --merchant shop --from 2026-01-31T08:00:00Z --to 2026-01-31T09:00:00Z --rate 20',
        'paidonce replay --callbacks --provider stripe --verdict unreadable',
        'paidonce replay --apply rpl_…',
      ],
    }),
  )
    .option('--merchant <id>', 'of this merchant')
    .option('--callbacks', 'read callbacks again: first only what would come of it')
    .option('--account <id>', 'callbacks of this account')
    .option('--provider <name>', 'callbacks of this provider')
    .option('--verdict <verdict>', 'callbacks with this verdict, such as unreadable')
    .option('--show <id>', 'what a replay of callbacks read otherwise')
    .option('--apply <id>', 'take a replay of callbacks into effect')
    .option('--endpoint <id>', 'to this endpoint')
    .option('--state <state>', 'pending, held, sending, confirmed, dead, canceled, or missing: a target that has none')
    .option('--type <type>', 'of this type, such as payment.succeeded')
    .option('--from <time>', 'made, or received, at this time or later, ISO 8601')
    .option('--to <time>', 'made, or received, before this time')
    .option('--rate <number>', 'deliveries, or callbacks, a second', numberBetween(0.01, 10_000))
    .option('--dry-run', 'count and sum only; nothing is sent')
    .option('--force', 'also run handlers again that are confirmed; needs --note')
    .option('--note <text>', 'why it is forced; kept with the action')
    .option('--all', 'without any filter: everything there is')
    .option('--detach', 'do not wait for its end');
  run(command, async () => {
    const given = optionsOf(command, options);
    const client = tools.client(given);
    if (isAboutCallbacks(given)) return replayCallbacks(client, given, tools);
    const begun = await client.post('/v1/replays', bodyOf(given), answer);
    const ended = given.detach ? begun : await followed(client, begun, tools);
    if (given.json) tools.terminal.out(JSON.stringify(ended));
    else show(ended, tools);
    return given.detach || ended.state === 'done' ? exitCodes.ok : exitCodes.negative;
  });
  return command;
}

function isAboutCallbacks(given: Given): boolean {
  const { callbacks, account, provider, verdict, show, apply, endpoint, state, type, force, note } = given;
  const isAbout = callbacks || show !== undefined || apply !== undefined;
  const foreign = isAbout ? { endpoint, state, type, force: force || undefined, note } : { account, provider, verdict };
  const [name] = Object.entries(foreign).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined)
    throw usage(`--${name} is ${isAbout ? 'not for' : 'only for'} callbacks`, 'See `paidonce replay --help`.');
  return isAbout;
}

function bodyOf({ merchant, endpoint, state, type, from, to, ...given }: Given): object {
  const filter = { merchant, endpoint, state, type, from, to };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (!isFiltered && !given.all)
    throw usage('it has no filter, so everything would be sent again', 'Give one, or --all; try it with --dry-run.');
  const { rate, dryRun, force, note } = given;
  const fields = { ...filter, rate_per_second: rate, note, dry_run: dryRun, force };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function followed(client: Client, begun: Answer, { terminal, clock }: Tools & { clock: Clock }): Promise<Answer> {
  let latest = begun;
  while (latest.state === 'running' && !terminal.interrupted.aborted) {
    const { looked, added, retried } = latest.progress;
    terminal.progress(`${looked} notifications looked at, ${added + retried} deliveries sent again`);
    await clock.sleep(pollMs, terminal.interrupted);
    if (!terminal.interrupted.aborted) latest = await client.get(`/v1/replays/${latest.id}`, answer);
  }
  terminal.progress('');
  return latest;
}

function show({ id, state, dry_run: isDryRun, progress }: Answer, { terminal }: Tools): void {
  const { looked, added, retried, left, sums } = progress;
  const what = isDryRun ? 'dry run' : 'replay';
  terminal.out(`${what} ${id}: ${state}, ${looked} notification${looked === 1 ? '' : 's'} looked at`);
  const again = isDryRun ? 'would be' : 'were';
  terminal.out(`${added} deliveries ${again} made, ${retried} ${again} tried again`);
  for (const [why, count] of Object.entries(left)) terminal.out(`${count} left: ${plain(why).replaceAll('_', ' ')}`);
  const rows = sums.map((sum) => [sum.type, sum.currency, String(sum.notifications), String(sum.amount_minor)]);
  if (rows.length === 0) return;
  for (const line of table(['TYPE', 'CURRENCY', 'NOTIFICATIONS', 'MINOR UNITS'], rows, terminal)) terminal.out(line);
}
