import { type Command, Option } from 'commander';
import { z } from 'zod';
import { examine, type Report } from '../../doctor/doctor.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Random } from '../../domain/ids.ts';
import { loadConfig } from '../../server/config.ts';
import { formatNamed } from '../../server/formats.ts';
import { doctorKey } from '../../server/keys.ts';
import { collected, newCommand, numberBetween, optionsOf, type Run, type Tools } from '../command.ts';
import { type ExitCode, exitCodes } from '../failure.ts';
import { readJsonInput } from '../files.ts';
import { plain, progressBar, type Terminal, table } from '../terminal.ts';

const options = z.object({
  json: z.boolean().default(false),
  provider: z.string(),
  credentials: z.string().optional(),
  control: z.boolean(),
  only: z.array(z.string()).default([]),
  timeout: z.number(),
});

export function doctorCommand(tools: Tools & { clock: Clock; random: Random }, run: Run): Command {
  const { terminal, clock, random } = tools;
  const command = newCommand({
    name: 'doctor',
    summary:
      'Attack a callback URL of yours with forged notifications, and say what was accepted that should not have been',
    description:
      'For any receiver, not only ours. With --credentials a genuine notification of a made-up order goes first, to see that the URL ' +
      'accepts what is right; on a live system use --no-control. Hosts other than this machine must show a token that the command ' +
      'prints. Ends with 1 where something was accepted that should not have been, or the genuine one was not.',
    examples: [
      'paidonce doctor http://127.0.0.1:3000/callback --provider stripe --credentials endpoint.json',
      'paidonce doctor https://staging.example.com/callbacks/wechat --provider wechatpay --only unsigned --only slow_body',
    ],
  })
    .argument('<url>', 'the callback URL')
    .option('--provider <name>', 'the format that the URL takes', 'standard')
    .option('--credentials <file>', 'what an endpoint of this provider seals with, as JSON; - reads what is piped in')
    .option('--no-control', 'send no genuine notification')
    .option('--only <attack>', 'this attack; once for each', collected, [])
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for each answer')
        .argParser(numberBetween(0.1, 60))
        .default(20),
    );
  run(command, async (url = '') => {
    const given = optionsOf(command, options);
    const { data, allowTargets } = loadConfig();
    const sinceMs = clock.monotonicMs();
    const report = await examine({
      url,
      provider: formatNamed(given.provider),
      credentials: given.credentials === undefined ? null : await readJsonInput(given.credentials, terminal),
      control: given.control,
      only: given.only,
      timeoutMs: given.timeout * 1000,
      allow: allowTargets ?? [],
      ownerKey: () => doctorKey(data, random),
      signal: terminal.interrupted,
      onProgress(done, all, name) {
        if (clock.monotonicMs() - sinceMs > 1000) terminal.progress(`${progressBar(done, all)}, ${name}`);
      },
      clock,
      random,
    });
    terminal.progress('');
    if (given.json) terminal.out(JSON.stringify(report));
    else show(report, terminal);
    return exitCodeOf(report);
  });
  return command;
}

function exitCodeOf({ control, findings }: Report): ExitCode {
  const isBad = control?.accepted === false || findings.some(({ verdict }) => verdict === 'accepted');
  return isBad ? exitCodes.negative : exitCodes.ok;
}

function show({ url, provider, control, findings, unchecked }: Report, terminal: Terminal): void {
  terminal.out(`${plain(url)} as a receiver of ${provider}`);
  terminal.out(controlText(control, terminal));
  const rows = findings.map(({ verdict, attack, sent, why }) => [verdict, attack, sent, why]);
  for (const line of table(['', 'ATTACK', 'SENT', 'ANSWER'], rows, terminal)) terminal.out(line);
  for (const { attack, safe, answer } of findings.filter(({ verdict }) => verdict === 'accepted')) {
    terminal.out(
      `${terminal.style('red', attack)}: a safe receiver ${safe}. It answered ${JSON.stringify(plain(answer))}`,
    );
  }
  for (const { attack, why } of unchecked) terminal.out(terminal.style('dim', `not tried: ${attack}: ${plain(why)}`));
}

function controlText(control: Report['control'], terminal: Terminal): string {
  if (control === null)
    return terminal.style('yellow', 'no genuine notification was sent, so a refusal does not prove that it checks');
  return control.accepted
    ? `${terminal.style('green', 'the genuine notification was accepted')} ${plain(control.why)}`
    : `${terminal.style('red', 'the genuine notification was not accepted, so that refusals prove nothing')}: ${plain(control.why)}`;
}
