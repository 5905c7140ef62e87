import type { Instant } from '../../domain/clock.ts';
import { AppError, type ErrorCode, type FieldError } from '../../domain/errors.ts';
import type { NodeId } from '../../domain/ids.ts';
import type { Claimed, OutboxItem } from '../kept.ts';
import type { Reads } from '../reads.ts';
import type { SqlValue } from '../store.ts';
import type { Operation } from '../work/operation.ts';
import { isUnavailable } from './connection.ts';

/** What a worker of the store is started with. */
export interface WorkerSetup {
  file: string;
  lockFile: string;
  program: string;
  node: NodeId;
  now: Instant;
}

export interface ReadRequest {
  name: keyof Reads;
  input: Reads[keyof Reads]['input'];
  now: Instant;
}

/** What the writer can be asked. Each request is answered once, under its `call`. */
export type WriterRequest =
  | { is: 'batch'; now: Instant; operations: readonly Operation[] }
  | { is: 'begin'; transaction: number; deadlineMs: number; mark: { claimed: Claimed } | null }
  | { is: 'query'; transaction: number; sql: string; parameters: readonly SqlValue[] }
  | { is: 'enqueue'; transaction: number; item: OutboxItem }
  | { is: 'commit'; transaction: number; now: Instant; startedAt: Instant; durationMs: number }
  | { is: 'rollback'; transaction: number }
  | { is: 'close' };

/** An error as it crosses threads; `code` null: a programmer error. */
export interface Failure {
  code: ErrorCode | null;
  message: string;
  stack: string | null;
  errors: readonly FieldError[];
}

export type Outcome<Value> = { ok: true; value: Value } | { ok: false; failure: Failure };

/**
 * A worker's answer. Its value has the type that the request's name gives it: the side that answers knows it as `unknown`, and the
 * side that asked as `never`, which fits whatever promise waits for it.
 */
export interface Answer<Value> {
  call: number;
  outcome: Outcome<Value>;
  /** A commit left work that is due and leased to nobody. */
  work: boolean;
}

export function toFailure(error: unknown): Failure {
  if (error instanceof AppError)
    return { code: error.code, message: error.detail, stack: error.stack ?? null, errors: error.errors };
  if (isUnavailable(error)) return { code: 'store.unavailable', message: String(error), stack: null, errors: [] };
  if (error instanceof Error) return { code: null, message: error.message, stack: error.stack ?? null, errors: [] };
  return { code: null, message: String(error), stack: null, errors: [] };
}

export function fromFailure({ code, message, stack, errors }: Failure): Error {
  if (code !== null) return new AppError(code, message, { errors });
  const error = new Error(message);
  if (stack !== null) error.stack = stack;
  return error;
}

/** The file of a worker beside this one: source under type stripping, built code otherwise. */
export function workerUrl(name: 'writer' | 'reader'): URL {
  return new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}
