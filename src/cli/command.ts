import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { Client } from './client.ts';
import { type ExitCode, exitCodes, Failure } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** What commands are given. */
export interface Tools {
  terminal: Terminal;
  /** The API of the server that the options, or else the configuration, name. */
  client(options: ServerOptions): Client;
}

export interface ServerOptions {
  url?: string | undefined;
  key?: string | undefined;
}

/** What every command that talks to a server takes. */
export const serverOptions = {
  url: z.string().optional(),
  key: z.string().optional(),
  json: z.boolean().default(false),
};

export interface CommandText {
  name: string;
  summary: string;
  description?: string;
  /** A line that works as it stands, or with the one thing changed that only the user knows. */
  examples: readonly string[];
}

/** A command with its help: the description, then examples that can be copied. */
export function newCommand({ name, summary, description, examples }: CommandText): Command {
  const plural = examples.length === 1 ? 'Example' : 'Examples';
  return new Command(name)
    .summary(summary)
    .description(description === undefined ? summary : `${summary}\n\n${description}`)
    .option('--json', 'print one JSON value and nothing else')
    .addHelpText('after', `\n${plural}:\n${examples.map((example) => `  $ ${example}`).join('\n')}\n`);
}

/** For commands beside a running server. */
export function withServer(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'address of the server (default: PAIDONCE_PUBLIC_URL, or http://PAIDONCE_HOST:PAIDONCE_PORT)',
    )
    .addOption(
      new Option(
        '--key <API key>',
        'API key (default: PAIDONCE_ADMIN_KEY, or the key that `dev` keeps in the data folder)',
      ),
    );
}

/** Options as commander gives them, checked. */
export function optionsOf<T>(command: Command, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(command.opts());
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw usage(`--${name}: ${issue?.message ?? 'not valid'}`, `See \`paidonce ${command.name()} --help\`.`);
}

export function usage(reason: string, next: string): Failure {
  return new Failure(exitCodes.usage, { code: 'usage', reason, next });
}

/** Sets what the process ends with, from within commander. */
export type Run = (command: Command, action: (...parameters: readonly string[]) => Promise<ExitCode>) => void;

/** A number of an option, within bounds. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Whole minor units, kept as text so that nothing is rounded. */
export function minorUnits(text: string): string {
  if (!/^\d{1,19}$/.test(text))
    throw new InvalidArgumentError('It must be a whole number of minor units (fen, cents).');
  return text;
}

/** Adds every value given to a list. */
export function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
