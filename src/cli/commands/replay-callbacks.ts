import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import type { Client } from '../client.ts';
import { type Tools, usage } from '../command.ts';
import { type ExitCode, exitCodes } from '../failure.ts';
import { plain } from '../terminal.ts';

/** Options of `replay` that are about callbacks; the filter's names are the API's. */
export const callbackOptions = {
  callbacks: z.boolean().default(false),
  account: z.string().optional(),
  provider: z.string().optional(),
  verdict: z.string().optional(),
  show: z.string().optional(),
  apply: z.string().optional(),
};

interface Given {
  account?: string | undefined;
  provider?: string | undefined;
  verdict?: string | undefined;
  merchant?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  rate?: number | undefined;
  show?: string | undefined;
  apply?: string | undefined;
  all: boolean;
  detach: boolean;
  json: boolean;
}

const answer = z.object({
  id: z.string(),
  phase: z.enum(['preview', 'apply']),
  state: z.enum(['running', 'previewed', 'paused', 'done', 'canceled']),
  progress: z.object({
    looked: z.int(),
    same: z.int(),
    differ: z.int(),
    gone: z.int(),
    failed: z.int(),
    cut: z.boolean(),
    applied: z.int(),
    otherwise: z.int(),
  }),
});
type Answer = z.output<typeof answer>;

const judged = z.object({ verdict: z.string(), code: z.string().nullable(), reason: z.string().nullable() });
const fact = z.object({
  kind: z.string(),
  payment_id: z.string(),
  operation_id: z.string(),
  reference: z.string().nullable(),
  amount_minor: z.union([z.int(), z.string()]).nullable(),
  currency: z.string().nullable(),
  provider_time: z.string(),
});
const reread = z.object({
  callback: z.string(),
  before: judged,
  after: judged,
  added: z.array(fact.extend({ known: z.boolean() })),
  untold: z.array(fact),
  applied: z
    .object({
      at: z.string(),
      verdict: z.string().nullable(),
      code: z.string().nullable(),
      reason: z.string().nullable(),
      added: z.array(fact),
      otherwise: z.boolean(),
    })
    .nullable(),
});
type Reread = z.output<typeof reread>;
const page = z.object({ data: z.array(reread), next_cursor: z.string().nullable() });

const path = '/v1/callback-replays';
const pollMs = 250;

/** Reads callbacks again by filter and says what would come of it; or shows, or applies, one that did. */
export async function replayCallbacks(
  client: Client,
  given: Given,
  tools: Tools & { clock: Clock },
): Promise<ExitCode> {
  const { terminal } = tools;
  const begun = await begin(client, given);
  const replay = given.detach ? begun : await followed(client, begun, tools);
  if (given.json) {
    const callbacks: Reread[] = [];
    for await (const one of differences(client, replay)) callbacks.push(one);
    terminal.out(JSON.stringify({ ...replay, callbacks }));
  } else {
    for (const line of summaryOf(replay)) terminal.out(line);
    for await (const one of differences(client, replay)) for (const line of linesOf(one)) terminal.out(line);
    if (replay.state === 'previewed' && replay.progress.differ > 0)
      terminal.out(`\nTo take this into effect: paidonce replay --apply ${replay.id}`);
  }
  const isWell = replay.state === 'done' || replay.state === 'previewed';
  return given.detach || given.show !== undefined || isWell ? exitCodes.ok : exitCodes.negative;
}

async function begin(client: Client, given: Given): Promise<Answer> {
  if (given.show !== undefined) return client.get(`${path}/${encodeURIComponent(given.show)}`, answer);
  if (given.apply !== undefined)
    return client.post(`${path}/${encodeURIComponent(given.apply)}/apply`, undefined, answer);
  const { account, provider, verdict, merchant, from, to, rate } = given;
  const filter = { account, provider, verdict, merchant, from, to };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (!isFiltered && !given.all)
    throw usage('it has no filter, so every callback would be read', 'Give one, or --all.');
  const fields = Object.entries({ ...filter, rate_per_second: rate }).filter(([, value]) => value !== undefined);
  return client.post(path, Object.fromEntries(fields), answer);
}

async function followed(client: Client, begun: Answer, { terminal, clock }: Tools & { clock: Clock }): Promise<Answer> {
  let latest = begun;
  while (latest.state === 'running' && !terminal.interrupted.aborted) {
    const { looked, differ, applied } = latest.progress;
    terminal.progress(
      latest.phase === 'preview'
        ? `${looked} callbacks looked at, ${differ} read otherwise`
        : `${applied} of ${differ} callbacks taken into effect`,
    );
    await clock.sleep(pollMs, terminal.interrupted);
    if (!terminal.interrupted.aborted) latest = await client.get(`${path}/${latest.id}`, answer);
  }
  terminal.progress('');
  return latest;
}

/** A page at a time, however many there are. */
async function* differences(client: Client, { id }: Answer): AsyncGenerator<Reread> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: '200', ...(cursor === null ? {} : { cursor }) });
    const found: z.output<typeof page> = await client.get(`${path}/${id}/callbacks?${query}`, page);
    yield* found.data;
    cursor = found.next_cursor;
  } while (cursor !== null);
}

function summaryOf({ id, phase, state, progress }: Answer): readonly string[] {
  const { looked, same, differ, gone, failed, cut, applied, otherwise } = progress;
  return [
    `replay ${id}: ${phase} ${state}, ${looked} callback${looked === 1 ? '' : 's'} looked at`,
    `${same} read as they stand, ${differ} otherwise`,
    ...(gone > 0 ? [`${gone} left: their bytes have been deleted`] : []),
    ...(failed > 0 ? [`${failed} left: not to be read with the present accounts and credentials`] : []),
    ...(cut ? ['it ended early, because more differ than one replay keeps: narrow the filter for the rest'] : []),
    ...(phase === 'apply' ? [`${applied} taken into effect, ${otherwise} of them otherwise than previewed`] : []),
  ];
}

function linesOf({ callback, before, after, added, untold, applied }: Reread): readonly string[] {
  const result = applied === null ? [] : [`    applied: ${applied.verdict ?? 'not read'}${why(applied)}`];
  return [
    '',
    `${callback}: ${before.verdict} → ${after.verdict}${why(after)}`,
    ...added.map((one) => `  + ${factLine(one)}${one.known ? ' (known from elsewhere)' : ''}`),
    ...untold.map((one) => `  = ${factLine(one)} (would not be told now; it stays)`),
    ...result,
    ...(applied?.otherwise === true ? ['    that is not what was previewed'] : []),
  ];
}

function why({ code, reason }: { code: string | null; reason: string | null }): string {
  const said = [code, reason].filter((part) => part !== null).map(plain);
  return said.length === 0 ? '' : ` (${said.join(': ')})`;
}

function factLine({
  kind,
  payment_id,
  operation_id,
  reference,
  amount_minor,
  currency,
}: z.output<typeof fact>): string {
  const amount = amount_minor === null ? 'no amount' : `${amount_minor} ${currency}`;
  const operation = operation_id === payment_id ? '' : ` operation ${operation_id}`;
  return plain(`${kind} ${amount} of ${payment_id}${operation}${reference === null ? '' : ` for ${reference}`}`);
}
