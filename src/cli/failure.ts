import { AppError } from '../domain/errors.ts';
import { plain, type Terminal } from './terminal.ts';

/** What the process ends with. */
export const exitCodes = {
  ok: 0,
  /** The answer is no: a check failed, a signature was refused, a notification was not confirmed. */
  negative: 1,
  /** The command line, or the configuration, is wrong. */
  usage: 2,
  /** The server could not be reached, or could not answer. */
  unreachable: 3,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command that cannot go on: what it is about and why, and what to do next. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly reason: string;
  readonly next: string;

  constructor(exitCode: ExitCode, failure: { code: string; reason: string; next: string }) {
    super(failure.reason);
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.code = failure.code;
    this.reason = failure.reason;
    this.next = failure.next;
  }
}

/** Says what went wrong, for a person or as JSON, and gives the exit code. */
export function report(error: unknown, terminal: Terminal, asJson: boolean): ExitCode {
  const failure = failureOf(error);
  const { code, reason, next, exitCode } = failure;
  if (asJson) terminal.out(JSON.stringify({ error: { code, detail: reason, fix: next } }));
  else {
    terminal.error(`${terminal.style('red', 'error')} ${plain(reason)} (${code})`);
    terminal.error(`${terminal.style('bold', 'next')}  ${plain(next)}`);
  }
  return exitCode;
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof AppError) {
    const { fix, retryable } = error.entry;
    return new Failure(retryable ? exitCodes.unreachable : exitCodes.usage, {
      code: error.code,
      reason: error.detail,
      next: fix,
    });
  }
  // A fault of the program: everything that helps to find it, and no exit code that means something else.
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Failure(exitCodes.unreachable, {
    code: 'fault',
    reason,
    next: 'This is a fault of paidonce; please report it with the lines above.',
  });
}
