import type { Command } from 'commander';
import { z } from 'zod';
import { systemClock } from '../../domain/clock.ts';
import { newCommand, optionsOf, type Run, serverOptions, type Tools, withServer } from '../command.ts';
import { checkConfig } from '../config-check.ts';
import { exitCodes } from '../failure.ts';
import { type Comparison, checkFunnel } from '../funnel-check.ts';
import { checkRobots } from '../robots-check.ts';
import { table } from '../terminal.ts';

const options = z.object({
  ...serverOptions,
  funnel: z.boolean().default(false),
  alerts: z.boolean().default(false),
  hours: z.number(),
});

export function checkCommand(tools: Tools, run: Run): Command {
  const { terminal } = tools;
  const command = withServer(
    newCommand({
      name: 'check',
      summary: 'Check the configuration; with --funnel the figures, with --alerts the robots',
      description:
        'With a running server its API is asked; without one the data folder is opened. Ends with 1 where something is wrong.',
      examples: ['paidonce check', 'paidonce check --funnel --hours 48', 'paidonce check --alerts'],
    }),
  )
    .option('--funnel', 'compare the figures of the funnel with a recount of the stored rows')
    .option('--alerts', 'send a test message to every robot that is configured')
    .option('--hours <number>', 'with --funnel: how far back', numberOfHours, 24);
  run(command, async () => {
    const given = optionsOf(command, options);
    if (given.funnel) {
      terminal.progress('counting…');
      const comparisons = await checkFunnel(tools, given, { hours: given.hours, clock: systemClock });
      terminal.progress('');
      return showFunnel(comparisons, given.json, tools);
    }
    const findings = given.alerts ? await checkRobots(tools) : await checkConfig(tools, given);
    const isFine = findings.every(({ is }) => is !== 'wrong');
    if (given.json) terminal.out(JSON.stringify({ ok: isFine, findings }));
    else
      for (const line of table(
        ['', 'WHAT', 'FOUND'],
        findings.map(({ is, what, found }) => [is, what, found]),
        terminal,
      ))
        terminal.out(line);
    return isFine ? exitCodes.ok : exitCodes.negative;
  });
  return command;
}

function showFunnel(comparisons: readonly Comparison[], asJson: boolean, { terminal }: Tools) {
  const agree = comparisons.every((one) => one.agrees);
  if (asJson) terminal.out(JSON.stringify({ ok: agree, comparisons }));
  else {
    const steps = ['total', 'sent', 'received', 'handled', 'confirmed'] as const;
    const rows = comparisons.map(({ side, per, kept, counted, agrees }) => [
      agrees ? 'agree' : 'differ',
      `${side}, per ${per}`,
      ...steps.map((step) => (kept[step] === counted[step] ? String(kept[step]) : `${kept[step]} ≠ ${counted[step]}`)),
    ]);
    for (const line of table(['', 'FIGURES ≠ RECOUNT', ...steps], rows, terminal)) terminal.out(line);
  }
  return agree ? exitCodes.ok : exitCodes.negative;
}

function numberOfHours(text: string): number {
  const hours = Number(text);
  // Not commander's own error: `optionsOf` says it with the option's name.
  return hours > 0 && hours <= 8760 ? hours : Number.NaN;
}
