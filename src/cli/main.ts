import { Command, CommanderError } from 'commander';
import { systemClock } from '../domain/clock.ts';
import { randomBytesOf } from '../domain/ids.ts';
import { packageVersion } from '../server/installation.ts';
import { createClient } from './client.ts';
import { type Run, type Tools, usage } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { devCommand } from './commands/dev.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { listenCommand } from './commands/listen.ts';
import { manifestCommand } from './commands/manifest.ts';
import { migrateCommand } from './commands/migrate.ts';
import { proofCommand } from './commands/proof.ts';
import { publishCommand } from './commands/publish.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { replayCommand } from './commands/replay.ts';
import { secretsCommand } from './commands/secrets.ts';
import { serveCommand } from './commands/serve.ts';
import { triggerCommand } from './commands/trigger.ts';
import { verifyCommand } from './commands/verify.ts';
import { connectionOf } from './connection.ts';
import { exitCodes, report } from './failure.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** Runs one command line (without node and the script) and gives the exit code: 0 done, 1 the answer is no, 2 usage, 3 unreachable. */
export async function main(parameters: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const asJson = parameters.includes('--json');
  const outcome: { code: number } = { code: exitCodes.ok };
  const program = createProgram(terminal, (command, action) => {
    command.action(async () => {
      outcome.code = await action(...command.args);
    });
  });
  try {
    await program.parseAsync(parameters, { from: 'user' });
    return outcome.code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, terminal, asJson);
    // Commander has printed what is wrong with the command line, or the help that was asked for.
    if (error.exitCode === 0) return exitCodes.ok;
    const reason = error.message.replace(/^error: /, '');
    return asJson ? report(usage(reason, 'See `paidonce --help`.'), terminal, asJson) : exitCodes.usage;
  }
}

function createProgram(terminal: Terminal, run: Run): Command {
  const tools: Tools = {
    terminal,
    client: (options) => createClient({ ...connectionOf(options), signal: terminal.interrupted }),
  };
  const clock = systemClock;
  const program = new Command('paidonce')
    .description('Payment results, delivered and taken into effect once.')
    .version(packageVersion())
    .addHelpText('after', '\nExample:\n  $ paidonce dev\n\nEvery command has --help with examples, and --json.\n');
  const commands = [
    devCommand({ ...tools, clock }, run),
    serveCommand(tools, run),
    publishCommand(tools, run),
    triggerCommand({ ...tools, clock }, run),
    listenCommand({ ...tools, clock, random: randomBytesOf }, run),
    verifyCommand(tools, run),
    doctorCommand({ ...tools, clock, random: randomBytesOf }, run),
    explainCommand(tools, run),
    replayCommand({ ...tools, clock }, run),
    reconcileCommand({ ...tools, clock }, run),
    secretsCommand({ ...tools, clock }, run),
    checkCommand(tools, run),
    proofCommand(tools, run),
    manifestCommand(tools, run),
    migrateCommand(tools, run),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
    });
    command.showHelpAfterError(`Run \`paidonce ${command === program ? '' : `${command.name()} `}--help\` for help.`);
  }
  return program;
}
