import { type Command, Option } from 'commander';
import { z } from 'zod';
import { isCurl } from '../../domain/pasted/curl-command.ts';
import { readPasted } from '../../domain/pasted/pasted-request.ts';
import { type PastedRequest, readHeaders } from '../../domain/pasted/request.ts';
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
import { exitCodes } from '../failure.ts';
import { readInput } from '../files.ts';
import { plain, type Terminal } from '../terminal.ts';

const options = z.object({
  ...serverOptions,
  account: z.string(),
  header: z.array(z.string()).default([]),
  body: z.string().optional(),
  curl: z.string().optional(),
  har: z.string().optional(),
  entry: z.int().optional(),
  method: z.string().default('POST'),
});

const around = z.object({ before: z.string(), at: z.string(), after: z.string() });
const diagnosis = z.looseObject({
  accepted: z.boolean(),
  code: z.string().nullable(),
  why: z.string(),
  signed_text: z.string().nullable(),
  facts: z.array(z.string()),
  cause: z
    .object({
      what: z.string(),
      next: z.string(),
      proven: z.boolean(),
      account: z.string().nullable(),
      remaining: z.string().nullable(),
    })
    .loose()
    .nullable(),
  difference: z
    .object({
      of: z.string(),
      line: z.int(),
      column: z.int(),
      offset: z.int(),
      received: around,
      verified: around,
    })
    .nullable(),
  tried: z.array(z.object({ cause: z.string(), attempts: z.int(), fits: z.boolean() })),
});
type Answer = z.output<typeof diagnosis>;

export function verifyCommand(tools: Tools, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'verify',
      summary: 'Say whether a callback would be accepted, or why its signature is refused',
      description:
        'Takes a saved HTTP request, a curl command or a HAR, from a file or piped in, or --header and --body. Tries what is known to ' +
        'break signatures, and says the cause, the first difference and the next step; never a secret. Nothing is kept. ' +
        'Ends with 0 where it would be accepted, with 1 where it would be refused.',
      examples: [
        'paidonce verify --account acc_… request.http',
        "pbpaste | paidonce verify --account acc_… -   # a curl command copied from the browser's tools",
        'paidonce verify --account acc_… --har traffic.har --entry 3',
        "paidonce verify --account acc_… --header 'authorization: HMAC shop:00ff' --body body.json",
      ],
    }),
  )
    .argument('[file]', 'a saved HTTP request, curl command or HAR; - reads what is piped in')
    .requiredOption('--account <id>', 'the account whose credentials open it')
    .option('--curl <command>', 'a curl command, or the file that holds it; - reads what is piped in')
    .option('--har <file>', 'a HAR, or one entry of it; - reads what is piped in')
    .addOption(
      new Option('--entry <number>', 'with a HAR: which entry, from 1 (default: the only one with a body)').argParser(
        numberBetween(1, 1_000_000),
      ),
    )
    .option('--header <name: value>', 'a header; once for each', collected, [])
    .option('--body <file>', 'the body, byte for byte; - reads what is piped in')
    .option('--method <method>', 'for --header and --body', 'POST');
  run(command, async (file) => {
    const given = optionsOf(command, options);
    const { method, target, headers, body } = await requestOf(given, file, tools);
    const request = {
      account: given.account,
      method,
      ...(target === null ? {} : { target }),
      headers,
      body_base64: Buffer.from(body).toString('base64'),
    };
    const answer = await tools.client(given).post('/v1/verify', request, diagnosis);
    if (given.json) tools.terminal.out(JSON.stringify(answer));
    else show(answer, tools);
    return answer.accepted ? exitCodes.ok : exitCodes.negative;
  });
  return command;
}

async function requestOf(
  given: z.output<typeof options>,
  file: string | undefined,
  { terminal }: Tools,
): Promise<Omit<PastedRequest, 'target'> & { target: string | null }> {
  const byParts = given.header.length > 0 || given.body !== undefined;
  const sources = [file, given.curl, given.har].filter((one) => one !== undefined);
  if (sources.length + Number(byParts) > 1) {
    throw usage('the request is given in two ways', 'Give a file, --curl, --har, or --header and --body: one of them.');
  }
  if (!byParts) {
    const [source = '-'] = sources;
    const isText = source === given.curl && isCurl(Buffer.from(source));
    const pasted = isText ? Buffer.from(source) : await readInput(source, terminal);
    return readPasted(pasted, { entry: given.entry, readFile: (name) => readInput(name, terminal) });
  }
  const body = given.body === undefined ? new Uint8Array(0) : await readInput(given.body, terminal);
  return { method: given.method.toUpperCase(), target: null, headers: readHeaders(given.header), body };
}

function show(answer: Answer, { terminal }: Tools): void {
  const { accepted, code, why, signed_text: signedText, facts } = answer;
  if (accepted) terminal.out(`${terminal.style('green', 'accepted')} ${plain(why)}`);
  else terminal.out(`${terminal.style('red', 'refused')} ${plain(why)}${code === null ? '' : ` (${code})`}`);
  for (const fact of facts) terminal.out(`  ${plain(fact)}`);
  if (accepted) return;
  showCause(answer, terminal);
  if (answer.difference !== null) showDifference(answer.difference, terminal);
  if (signedText === null) return;
  terminal.out(terminal.style('dim', 'What should have been signed:'));
  terminal.out(
    signedText
      .split('\n')
      .map((line) => `  ${plain(line)}`)
      .join('\n'),
  );
}

function showCause({ cause, tried }: Answer, terminal: Terminal): void {
  const said = (word: string, text: string) => terminal.out(`${terminal.style('bold', word.padEnd(7))} ${plain(text)}`);
  if (cause === null) said('cause', 'none found: a forgery, or sealed with a secret that no account here has');
  else {
    said('cause', `${cause.what}${cause.proven ? '' : ' (as it looks; nothing that was tried makes it fit)'}`);
    said('next', cause.next);
    if (cause.remaining !== null) said('then', `it would still be refused: ${cause.remaining}`);
  }
  const excluded = tried.filter(({ fits }) => !fits).map(({ cause: name, attempts }) => `${name} (${attempts})`);
  if (excluded.length > 0) terminal.out(terminal.style('dim', `tried   ${plain(excluded.join(', '))}: none of these`));
}

function showDifference(difference: NonNullable<Answer['difference']>, terminal: Terminal): void {
  const { of, line, column, offset, received, verified } = difference;
  terminal.out(terminal.style('dim', `The ${of} first differs at line ${line}, column ${column} (byte ${offset}):`));
  for (const [whose, { before, at, after }] of [
    ['received', received],
    ['verifies', verified],
  ] as const) {
    const here = terminal.style('yellow', `[${plain(at)}]`);
    terminal.out(`  ${whose} ${plain(before)}${here}${plain(after)}`);
  }
}
