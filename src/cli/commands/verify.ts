import type { Command } from 'commander';
import { z } from 'zod';
import {
  collected,
  newCommand,
  optionsOf,
  type Run,
  serverOptions,
  type Tools,
  usage,
  withServer,
} from '../command.ts';
import { exitCodes } from '../failure.ts';
import { readInput } from '../files.ts';
import { readHeaders, readRequest, type SavedRequest } from '../request-text.ts';
import { plain } from '../terminal.ts';

const options = z.object({
  ...serverOptions,
  account: z.string(),
  header: z.array(z.string()).default([]),
  body: z.string().optional(),
  method: z.string().default('POST'),
});

const diagnosis = z.object({
  accepted: z.boolean(),
  code: z.string().nullable(),
  why: z.string(),
  signed_text: z.string().nullable(),
  facts: z.array(z.string()),
});

export function verifyCommand(tools: Tools, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'verify',
      summary: 'Say whether a callback would be accepted, or why its signature is refused',
      description:
        'Takes a saved HTTP request or a curl command, from a file or piped in, or --header and --body. Nothing is kept. ' +
        'Ends with 0 where it would be accepted, with 1 where it would be refused.',
      examples: [
        'paidonce verify --account acc_… request.http',
        "pbpaste | paidonce verify --account acc_… -   # a curl command copied from the browser's tools",
        "paidonce verify --account acc_… --header 'authorization: HMAC shop:00ff' --body body.json",
      ],
    }),
  )
    .argument('[file]', 'a saved HTTP request or curl command; - reads what is piped in')
    .requiredOption('--account <id>', 'the account whose credentials open it')
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
): Promise<Omit<SavedRequest, 'target'> & { target: string | null }> {
  const byParts = given.header.length > 0 || given.body !== undefined;
  if (byParts && file !== undefined)
    throw usage('a file and --header or --body are given', 'Give the one or the others.');
  if (!byParts) return readRequest(await readInput(file ?? '-', terminal));
  const body = given.body === undefined ? new Uint8Array(0) : await readInput(given.body, terminal);
  return { method: given.method.toUpperCase(), target: null, headers: readHeaders(given.header), body };
}

function show(
  { accepted, code, why, signed_text: signedText, facts }: z.output<typeof diagnosis>,
  { terminal }: Tools,
): void {
  if (accepted) terminal.out(`${terminal.style('green', 'accepted')} ${plain(why)}`);
  else terminal.out(`${terminal.style('red', 'refused')} ${plain(why)}${code === null ? '' : ` (${code})`}`);
  for (const fact of facts) terminal.out(`  ${plain(fact)}`);
  if (accepted || signedText === null) return;
  terminal.out(terminal.style('dim', 'What should have been signed:'));
  terminal.out(
    signedText
      .split('\n')
      .map((line) => `  ${plain(line)}`)
      .join('\n'),
  );
}
