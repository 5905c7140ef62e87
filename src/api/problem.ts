import { ZodError } from 'zod';
import { AppError, type ErrorCode, type FieldError } from '../domain/errors.ts';
import { invalidFields } from '../domain/field-errors.ts';

/** An error as it is answered: application/problem+json (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  /** The next step. */
  fix: string;
  errors?: readonly FieldError[];
}

export function problemOf(error: AppError): Problem {
  const { status, title, fix } = error.entry;
  const { code, detail, errors } = error;
  const problem = { type: `/docs#${code}`, title, status, detail, code, fix };
  return errors.length === 0 ? problem : { ...problem, errors };
}

export function problemResponse(error: AppError, headers: Readonly<Record<string, string>> = {}): Response {
  const { status, retryable } = error.entry;
  return new Response(JSON.stringify(problemOf(error)), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryable && status === 503 ? { 'retry-after': '1' } : {}),
      ...headers,
    },
  });
}

/** What is thrown while a request is served, as the error to answer with; null where it is a fault of ours. */
export function expectedError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  return error instanceof ZodError ? invalidFields(error.issues, 'the request is not valid') : null;
}
