import type { Command } from 'commander';
import { z } from 'zod';
import { manifest } from '../../domain/manifest.ts';
import { type Proof, problemsOf, proof } from '../../domain/proof.ts';
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
import { readJsonInput } from '../files.ts';

const options = z.object({
  ...serverOptions,
  verify: z.string().optional(),
  head: z.string().optional(),
  trust: z.array(z.string()).default([]),
});

export function proofCommand(tools: Tools, run: Run): Command {
  const command = withServer(
    newCommand({
      name: 'proof',
      summary: 'Export what proves that a notification was sent and answered, or check such a file',
      description:
        'A proof holds the attempts, the seals over them and the signatures; it is checked without a server. --head compares it ' +
        'with a manifest that was published earlier, so that what was taken away since is noticed. Ends with 1 where something is wrong.',
      examples: [
        'paidonce proof ntf_… > proof.json',
        'paidonce proof --verify proof.json --trust <public key>',
        'paidonce proof --verify proof.json --head manifest.json',
      ],
    }),
  )
    .argument('[notification]', 'its id')
    .option('--verify <file>', 'check this proof; - reads what is piped in')
    .option('--head <file>', 'with --verify: a manifest published earlier; its key is trusted')
    .option('--trust <key>', 'with --verify: a public key that may have signed; once for each', collected, []);
  run(command, async (notification) => {
    const given = optionsOf(command, options);
    if (given.verify !== undefined) return verify({ ...given, verify: given.verify }, tools);
    if (notification === undefined)
      throw usage('neither a notification nor --verify was given', 'Name one, as in `paidonce proof ntf_…`.');
    const exported = await tools
      .client(given)
      .get(`/v1/notifications/${encodeURIComponent(notification)}/proof`, proof);
    tools.terminal.out(JSON.stringify(exported, null, given.json ? undefined : 2));
    return exitCodes.ok;
  });
  return command;
}

async function verify(
  { verify: file, head, trust, json }: z.output<typeof options> & { verify: string },
  { terminal }: Tools,
) {
  const checked = parsed(proof, await readJsonInput(file, terminal), file);
  const published = head === undefined ? null : parsed(manifest, await readJsonInput(head, terminal), head);
  const keys = [...trust, ...(published === null ? [] : [published.key])];
  const problems = problemsOf(checked, {
    ...(keys.length === 0 ? {} : { keys }),
    ...(published === null ? {} : { day: published.seals }),
  });
  const isProven = problems.length === 0 && checked.attempts.length > 0;
  if (json) {
    terminal.out(JSON.stringify({ ok: isProven, attempts: checked.attempts.length, problems, keys: keysIn(checked) }));
    return isProven ? exitCodes.ok : exitCodes.negative;
  }
  for (const { attempt, seal } of checked.attempts) {
    const { number, target, started_at, step, status } = attempt;
    const { notification, order_no } = attempt;
    terminal.out(
      `attempt ${number} of ${notification} (order ${order_no}) to ${target} at ${started_at}: ${step}, status ${status ?? 'none'}; seal ${seal}`,
    );
  }
  if (checked.unsealed.length > 0) terminal.out(`not sealed, or changed since: ${checked.unsealed.join(', ')}`);
  for (const problem of problems) terminal.out(terminal.style('red', problem));
  // Whoever forges a proof signs it with some key: only the right one proves anything.
  const condition =
    keys.length === 0 ? `, if ${keysIn(checked).join(' and ')} is the key that you were given (--trust)` : '';
  terminal.out(isProven ? `${terminal.style('green', 'proven')}${condition}` : terminal.style('red', 'not proven'));
  return isProven ? exitCodes.ok : exitCodes.negative;
}

function keysIn({ seals }: Proof): string[] {
  return [...new Set(seals.map(({ key }) => key))];
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first = 'it has another form'] = z.prettifyError(result.error).split('\n');
  throw usage(`${file} is not what this version reads: ${first}`, 'Check the name of the file.');
}
