import { ZodError, type z } from 'zod';
import { AppError, type ErrorCode, type FieldError } from '../domain/errors.ts';

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

/** What a schema found, as one error that points at every wrong field. `where` begins each pointer. */
export function invalid(error: z.ZodError, what: string, where = ''): AppError {
  const errors = error.issues.flatMap((issue) => fieldErrors(issue, where));
  const named = errors.slice(0, 5).map(({ pointer, detail }) => `${pointer || 'the whole'} ${detail}`);
  const more = errors.length > named.length ? `; and ${errors.length - named.length} more` : '';
  return new AppError('request.invalid', `${what}: ${named.join('; ')}${more}`, { errors });
}

/** What is thrown while a request is served, as the error to answer with; null where it is a fault of ours. */
export function expectedError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  return error instanceof ZodError ? invalid(error, 'the request is not valid') : null;
}

function fieldErrors(issue: z.core.$ZodIssue, where: string): FieldError[] {
  const path = where + issue.path.map((part) => `/${pointerPart(String(part))}`).join('');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: `${path}/${pointerPart(key)}`, detail: 'is not a field here' }));
  }
  if (issue.code === 'invalid_union') return [{ pointer: path, detail: issue.message }];
  const missing = issue.code === 'invalid_type' && issue.input === undefined && / undefined$/.test(issue.message);
  return [{ pointer: path, detail: missing ? 'is missing' : lowerFirst(issue.message) }];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function pointerPart(part: string): string {
  return part.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}
