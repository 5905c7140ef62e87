import { openAsBlob } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import type { Client } from '../client.ts';
import { newCommand, optionsOf, type Run, serverOptions, type Tools, usage, withServer } from '../command.ts';
import { exitCodes } from '../failure.ts';
import { moneyText } from '../money-text.ts';
import { plain, progressBar, table } from '../terminal.ts';

const options = z.object({
  ...serverOptions,
  file: z.string().optional(),
  feeRate: z.string().optional(),
  feeFixed: z.string().optional(),
  csv: z.boolean().default(false),
});

const amount = z.union([z.int(), z.string()]);
const answer = z.object({
  id: z.string(),
  state: z.enum(['receiving', 'running', 'done', 'failed']),
  failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
  progress: z.object({ rows: z.int(), bytes: z.int(), file_bytes: z.int().nullable() }),
  counts: z.record(z.string(), z.int()),
  sums: z.array(
    z.object({
      currency: z.string().nullable(),
      kind: z.string(),
      ours_minor: amount,
      theirs_minor: amount,
      difference_minor: amount,
    }),
  ),
  fees: z.array(z.object({ currency: z.string(), fee_minor: amount })),
});
type Answer = z.output<typeof answer>;

const side = z.object({ kind: z.string(), amount_minor: amount.nullable(), currency: z.string().nullable() });
const differences = z.object({
  data: z.array(
    z.object({
      kind: z.string(),
      date: z.string(),
      order_no: z.string().nullable(),
      reference: z.string().nullable(),
      operation_id: z.string(),
      ours: side.nullable(),
      theirs: side.extend({ line: z.int() }).nullable(),
    }),
  ),
  next_cursor: z.string().nullable(),
});

const pollMs = 250;
/** Differences that a person is shown; all of them are in the CSV. */
const shownMax = 50;

export function reconcileCommand(tools: Tools & { clock: Clock }, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'reconcile',
      summary: "Compare a provider's bill of a day with what we know",
      description:
        'Without --file the bill is fetched from the provider. It ends with 1 where something differs, or the bill cannot be read. The server does the work; interrupting this command leaves it at it.',
      examples: [
        'paidonce reconcile acc_… 2026-01-31',
        'paidonce reconcile acc_… 2026-01-31 --file bill.csv --csv > differences.csv',
        'paidonce reconcile acc_… 2026-01-31 --fee-rate 0.006',
      ],
    }),
  )
    .argument('<account>', "the account's id")
    .argument('<date>', "the bill's day, such as 2026-01-31, in the provider's zone")
    .option('--file <file>', "the provider's file as it gives it")
    .option('--fee-rate <share>', 'what the provider is to keep of each capture, such as 0.006')
    .option('--fee-fixed <minor>', 'what it is to keep of each beside that, in minor units')
    .option('--csv', 'print all differences as CSV and nothing else');
  run(command, async (account = '', date = '') => {
    const given = optionsOf(command, options);
    const client = tools.client(given);
    const about = { account, date, fee_rate: given.feeRate, fee_fixed_minor: given.feeFixed };
    const begun = await begin(client, about, given.file);
    const ended = await followed(client, begun, tools);
    if (given.json) tools.terminal.out(JSON.stringify(ended));
    else if (given.csv && ended.state === 'done')
      tools.terminal.out((await client.text(`/v1/reconciliations/${ended.id}/differences?format=csv`)).trimEnd());
    else await show(client, ended, tools);
    return ended.state === 'done' && differing(ended) === 0 ? exitCodes.ok : exitCodes.negative;
  });
  return command;
}

async function begin(
  client: Client,
  about: Readonly<Record<string, string | undefined>>,
  file: string | undefined,
): Promise<Answer> {
  if (file === undefined) return client.post('/v1/reconciliations', about, answer);
  const form = new FormData();
  for (const [name, value] of Object.entries(about)) if (value !== undefined) form.set(name, value);
  form.set('statement', await blobOf(file), 'statement');
  return client.upload('/v1/reconciliations', form, answer);
}

async function blobOf(file: string): Promise<Blob> {
  try {
    return await openAsBlob(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usage(`the file ${file} cannot be read: ${reason}`, 'Check the name of the file.');
  }
}

async function followed(client: Client, begun: Answer, { terminal, clock }: Tools & { clock: Clock }): Promise<Answer> {
  let latest = begun;
  while (latest.state !== 'done' && latest.state !== 'failed' && !terminal.interrupted.aborted) {
    const { rows, bytes, file_bytes: fileBytes } = latest.progress;
    const read = fileBytes === null ? `${Math.round(bytes / 1_048_576)} MiB` : progressBar(bytes, fileBytes);
    terminal.progress(`${read}, rows: ${rows}, different: ${differing(latest)}`);
    await clock.sleep(pollMs, terminal.interrupted);
    if (!terminal.interrupted.aborted) latest = await client.get(`/v1/reconciliations/${latest.id}`, answer);
  }
  terminal.progress('');
  return latest;
}

function differing({ counts }: Answer): number {
  return Object.entries(counts).reduce((sum, [what, rows]) => (what === 'matched' ? sum : sum + rows), 0);
}

async function show(client: Client, ended: Answer, { terminal }: Tools): Promise<void> {
  const { id, state, failure, progress, counts, sums, fees } = ended;
  terminal.out(`reconciliation ${id}: ${state}, rows read: ${progress.rows}`);
  if (failure !== null) terminal.out(`${failure.code}: ${plain(failure.detail)}`);
  for (const [what, rows] of Object.entries(counts)) terminal.out(`${plain(what).replaceAll('_', ' ')}: ${rows}`);
  for (const { currency, fee_minor: fee } of fees) terminal.out(`fees: ${plain(moneyText(fee, currency))}`);
  const lines = sums.map((sum) => [
    sum.kind,
    ...[sum.ours_minor, sum.theirs_minor, sum.difference_minor].map((minor) => moneyText(minor, sum.currency)),
  ]);
  if (lines.length > 0)
    for (const line of table(['KIND', 'OURS', 'THEIRS', 'DIFFERENCE'], lines, terminal)) terminal.out(line);
  if (state !== 'done') return;
  const { data, next_cursor: more } = await client.get(
    `/v1/reconciliations/${id}/differences?limit=${shownMax}`,
    differences,
  );
  if (data.length === 0) return;
  const rows = data.map(({ kind, date, ours, theirs, ...one }) => [
    kind.replaceAll('_', ' '),
    date,
    one.order_no ?? one.reference ?? '',
    textOf(ours),
    textOf(theirs),
    theirs === null ? '' : String(theirs.line),
    one.operation_id,
  ]);
  for (const line of table(['DIFFERENCE', 'DAY', 'ORDER', 'OURS', 'THEIRS', 'LINE', 'OPERATION'], rows, terminal))
    terminal.out(line);
  if (more !== null) terminal.out(`and more: --csv gives them all`);
}

function textOf(one: z.output<typeof side> | null): string {
  if (one === null) return '–';
  return one.amount_minor === null ? one.kind : `${one.kind} ${moneyText(one.amount_minor, one.currency)}`;
}
