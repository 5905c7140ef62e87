import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { type Clock, fromIso } from '../../domain/clock.ts';
import { madeSecrets } from '../../server/made-secrets.ts';
import {
  collected,
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
import { readJsonInput, writeSecretFile } from '../files.ts';
import { keptSecrets, secretAnswer, secretLines } from '../secrets-text.ts';

const options = z.object({
  ...serverOptions,
  merchant: z.string().optional(),
  warnDays: z.number(),
  file: z.string().optional(),
  out: z.string().optional(),
  keyPair: z.boolean().default(false),
  endpoint: z.string().optional(),
  overlapDays: z.number().optional(),
  finish: z.boolean().default(false),
  drop: z.array(z.string()),
});
type Given = z.output<typeof options>;
type SecretsTools = Tools & { clock: Clock };

const actions = ['list', 'make', 'import', 'rotate'] as const;
const kept = z.object({ id: z.string(), provider: z.string(), secrets: z.array(secretAnswer) });
type Kept = z.output<typeof kept>;

export function secretsCommand(tools: SecretsTools, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'secrets',
      summary: 'Make, import, change and list secrets, without showing them',
      description:
        'Secrets come from files and go into new files that only you can read: never from the command line, never to the screen.\n' +
        'What of a text is the key differs by provider: `list --json` says it of each, and docs/reference/secrets.md of all.',
      examples: [
        'paidonce secrets list --merchant shop',
        'paidonce secrets make wechatpay --out sender.json',
        'paidonce secrets import acc_… --file credentials.json',
        'paidonce secrets rotate end_… --out new.json',
        'paidonce secrets rotate end_… --finish',
      ],
    }),
  )
    .addArgument(new Argument('<action>').choices(actions))
    .argument('[target]', 'make: a provider; import and rotate: the id of an account or an endpoint')
    .option('--merchant <id>', 'list: only what is of this merchant')
    .option('--warn-days <days>', 'list: end with 1 where something expires within them', numberBetween(0, 3650), 30)
    .option('--file <file>', 'import, rotate: credentials as JSON; - reads what is piped in')
    .option('--out <file>', 'make, rotate: the new file for secrets that were made')
    .option('--key-pair', 'make: a pair of keys where the format also has shared secrets')
    .option('--endpoint <id>', 'make: gives what seals to this endpoint, beside what it has')
    .option(
      '--overlap-days <days>',
      'rotate: the older secrets of an endpoint end by themselves after them',
      numberBetween(0.001, 90),
    )
    .option('--finish', 'rotate: only the newest secrets stay')
    .option('--drop <fingerprint>', 'rotate: this secret goes; may be given several times', collected, []);
  run(command, async (action, target) => {
    const given = optionsOf(command, options);
    if (action === 'list') return list(given, tools);
    if (target === undefined)
      throw usage(
        `${action} needs ${action === 'make' ? 'a provider' : 'the id of an account or an endpoint'}`,
        'See `paidonce secrets --help`.',
      );
    if (action === 'make') return make(target, given, tools);
    return action === 'import' ? importSecrets(target, given, tools) : rotate(target, given, tools);
  });
  return command;
}

async function list(given: Given, tools: SecretsTools): Promise<ExitCode> {
  const { terminal, clock } = tools;
  const owners = await keptSecrets(tools.client(given), given.merchant ?? null, (done) => terminal.progress(done));
  terminal.progress('');
  const soon = clock.now() + given.warnDays * 86_400_000;
  const expiring = owners.flatMap(({ owner, secrets }) =>
    secrets
      .filter(({ expires_at }) => expires_at !== null && (fromIso(expires_at) ?? 0) <= soon)
      .map((secret) => ({ owner, field: secret.field, expires_at: secret.expires_at })),
  );
  if (given.json) terminal.out(JSON.stringify({ owners, expiring }));
  else {
    for (const line of secretLines(owners, terminal)) terminal.out(line);
    for (const { owner, field, expires_at } of expiring)
      terminal.error(`${terminal.style('yellow', 'expires')} ${owner} ${field} at ${expires_at}`);
  }
  return expiring.length === 0 ? exitCodes.ok : exitCodes.negative;
}

async function make(provider: string, given: Given, tools: SecretsTools): Promise<ExitCode> {
  const { endpoint, out, keyPair } = given;
  const made = madeSecrets(provider, { keyPair, isForEndpoint: endpoint !== undefined });
  if (out === undefined && (endpoint === undefined || made.opens === null))
    throw usage(
      made.opens === null
        ? 'both sides share this secret, so it must go into a file'
        : 'what seals must go into a file, or into an endpoint',
      'Name a new file with --out, or an endpoint with --endpoint.',
    );
  // The file first: what an endpoint seals with must not be lost.
  if (out !== undefined) await writeSecretFile(out, `${JSON.stringify(made.seals, null, 2)}\n`);
  const kept = endpoint === undefined ? null : await addTo(endpoint, made.seals, given, tools);
  const { terminal } = tools;
  if (given.json) {
    terminal.out(JSON.stringify({ provider, out: out ?? null, opens: made.opens, secrets: kept?.secrets ?? [] }));
    return exitCodes.ok;
  }
  if (out !== undefined) terminal.out(`What seals is in ${out}.`);
  if (made.opens !== null) terminal.out(`What opens, for the other side:\n${JSON.stringify(made.opens, null, 2)}`);
  if (kept !== null) show(kept, given, tools);
  return exitCodes.ok;
}

async function importSecrets(id: string, given: Given, tools: SecretsTools): Promise<ExitCode> {
  const client = tools.client(given);
  await client.patch(pathOf(id), { credentials: await credentialsOf(given, tools) }, z.unknown());
  show(await client.get(pathOf(id), kept), given, tools);
  return exitCodes.ok;
}

async function rotate(id: string, given: Given, tools: SecretsTools): Promise<ExitCode> {
  const { file, finish, drop, overlapDays } = given;
  if (overlapDays !== undefined && (finish || drop.length > 0 || !id.startsWith('end_')))
    throw usage('--overlap-days is for new secrets of an endpoint', 'Leave it out, or name an endpoint (end_…).');
  if ([file !== undefined, finish, drop.length > 0].filter(Boolean).length > 1)
    throw usage(
      '--file, --finish and --drop exclude each other',
      'First add the new ones; end the old ones once the other side has changed over.',
    );
  if (file === undefined && !finish && drop.length === 0) {
    if (!id.startsWith('end_'))
      throw usage('the provider makes the secrets of an account', 'Give the new ones with --file.');
    const { provider } = await tools.client(given).get(pathOf(id), kept);
    return make(provider, { ...given, endpoint: id }, tools);
  }
  const changed =
    finish || drop.length > 0
      ? await changeOf(id, finish ? { finish } : { drop }, given, tools)
      : await addTo(id, await credentialsOf(given, tools), given, tools);
  show(changed, given, tools);
  return exitCodes.ok;
}

function addTo(id: string, credentials: object, given: Given, tools: SecretsTools): Promise<Kept> {
  const { overlapDays } = given;
  const overlap = overlapDays === undefined ? {} : { overlap_s: Math.round(overlapDays * 86_400) };
  return changeOf(id, { credentials, ...overlap }, given, tools);
}

function changeOf(id: string, change: object, given: Given, tools: SecretsTools): Promise<Kept> {
  return tools.client(given).post(`${pathOf(id)}/rotate`, change, kept);
}

function pathOf(id: string): string {
  if (/^acc_[a-z0-9]+$/.test(id)) return `/v1/accounts/${id}`;
  if (/^end_[a-z0-9]+$/.test(id)) return `/v1/endpoints/${id}`;
  throw usage(
    `"${id}" is no id of an account (acc_…) or of an endpoint (end_…)`,
    'List them with `paidonce secrets list`.',
  );
}

/** Never from the command line: what stands there is seen by everyone on the machine, and kept by the shell. */
async function credentialsOf({ file }: Given, { terminal }: SecretsTools): Promise<object> {
  if (file === undefined)
    throw usage('missing: --file', 'Name a file with the credentials as JSON, or - for what is piped in.');
  const credentials = z.record(z.string(), z.unknown()).safeParse(await readJsonInput(file, terminal));
  if (credentials.success) return credentials.data;
  throw usage('the credentials must be a JSON object', 'See docs/reference/providers.md for their fields.');
}

function show({ id, provider, secrets }: Kept, { json }: Given, { terminal }: SecretsTools): void {
  if (json) terminal.out(JSON.stringify({ id, provider, secrets }));
  else for (const line of secretLines([{ owner: id, provider, secrets }], terminal)) terminal.out(line);
}
