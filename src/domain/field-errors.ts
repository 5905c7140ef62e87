import { AppError, type FieldError } from './errors.ts';

/** What a schema says of one value: an issue of zod, made with `reportInput`, without which an absent field looks like a wrong one. */
export interface SchemaIssue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
  /** Of `unrecognized_keys`. */
  readonly keys?: readonly PropertyKey[] | undefined;
}

/** Each wrong field by its pointer, in words for the person who sent it. `where` begins each pointer. A value is never in it. */
export function fieldErrors(issues: readonly SchemaIssue[], where = ''): FieldError[] {
  return issues.flatMap((issue) => {
    const pointer = where + issue.path.map((part) => `/${pointerPart(part)}`).join('');
    if (issue.code === 'unrecognized_keys')
      return (issue.keys ?? []).map((key) => ({
        pointer: `${pointer}/${pointerPart(key)}`,
        detail: 'is not a field here',
      }));
    return [{ pointer, detail: isMissing(issue) ? 'is missing' : lowerFirst(issue.message) }];
  });
}

/** The same as one error: `request.invalid`, whose detail names the first few. */
export function invalidFields(issues: readonly SchemaIssue[], what: string, where = ''): AppError {
  const errors = fieldErrors(issues, where);
  const named = errors.slice(0, 5).map(({ pointer, detail }) => `${pointer || 'the whole'} ${detail}`);
  const more = errors.length > named.length ? `; and ${errors.length - named.length} more` : '';
  return new AppError('request.invalid', `${what}: ${named.join('; ')}${more}`, { errors });
}

const absenceCodes = ['invalid_type', 'invalid_value', 'invalid_union'];

function isMissing(issue: SchemaIssue): boolean {
  return absenceCodes.includes(issue.code ?? '') && 'input' in issue && issue.input === undefined;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function pointerPart(part: PropertyKey): string {
  return String(part).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}
