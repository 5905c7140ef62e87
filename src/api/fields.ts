import { z } from '@hono/zod-openapi';
import { fromIso, type Instant, toIso } from '../domain/clock.ts';
import { exponentOf } from '../domain/currencies.ts';
import { asId, isName, isOrderNo, type MerchantId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { amountMinorMax, minorFromInteger, minorToJson } from '../domain/money.ts';
import type { Page } from '../stores/reads.ts';
import { parseJsonText, writableObject } from './json.ts';

// Absent fields are declared with `optional()`, not `exactOptional()`: the OpenAPI generator asks a schema whether it takes
// undefined, and would call the others required. JSON has no undefined, and `camelFields` gives none on.

/** Minor units: an integer, or a decimal text beyond what other JSON readers keep exact. */
export const amountMinor = amountFrom(0n);
/** The same, at least one minor unit. */
export const positiveAmountMinor = amountFrom(1n);

export const currency = z
  .string()
  .refine((text) => exponentOf(text) !== null, 'must be a currency of ISO 4217, in upper case')
  .openapi({ example: 'CNY', description: 'ISO 4217, upper case.' });

/** A time with its offset; answers are always UTC with milliseconds. */
export const time = z
  .string()
  .transform((text, context): Instant => {
    const at = fromIso(text);
    if (at !== null) return at;
    context.addIssue({
      code: 'custom',
      message: 'must be an ISO 8601 time with its offset, such as 2026-01-31T08:00:00.000Z',
    });
    return z.NEVER;
  })
  .openapi({ type: 'string', format: 'date-time', example: '2026-01-31T08:00:00.000Z' });

export const merchant = z
  .string()
  .refine(isName, 'must be 1 to 64 characters of A–Z a–z 0–9 . _ : -, beginning with a letter or digit')
  .transform((text): MerchantId => asId.merchant(text))
  .openapi({ example: 'shop', description: "A merchant's id." });

export const orderNo = z
  .string()
  .refine(isOrderNo, 'must be 1 to 128 characters without control characters')
  .transform((text) => asId.orderNo(text))
  .openapi({ example: 'ORDER-1', description: "The order's number, unique within its merchant." });

/** A short text for people. */
export const shortText = text(1, 200);
export const note = text(1, 1000).openapi({ description: 'Why; kept with the action.' });

export function text(least: number, most: number) {
  return z
    .string()
    .min(least, `must have at least ${least} character${least === 1 ? '' : 's'}`)
    .max(most, `must have at most ${most} characters`)
    .refine((value) => !/\p{Cc}/u.test(value), 'must not hold control characters');
}

/** An object of the caller's own, kept and given back; its big integers stay whole, digit by digit. */
export const freeObject = z
  .record(z.string(), z.unknown())
  .transform((given, context): Record<string, unknown> => {
    const object = writableObject(given);
    if (Buffer.byteLength(JSON.stringify(object)) <= limits.notificationDataBytesMax) return object;
    context.addIssue({
      code: 'custom',
      message: `must not be larger than ${limits.notificationDataBytesMax} bytes as JSON`,
    });
    return z.NEVER;
  })
  .openapi({ type: 'object', additionalProperties: true, description: 'Free: kept and given back as it is.' });

/** Credentials of a provider, as `docs` lists them; the provider's own schema judges them. */
export const credentials = z.record(z.string(), z.unknown()).openapi({
  type: 'object',
  additionalProperties: true,
  description: 'What the provider needs; secrets are never shown again.',
});

/** A parameter that narrows a list; null where it is not given. */
export function filter<T extends z.ZodType>(schema: T) {
  return schema.optional().transform((value) => value ?? null);
}

/** Fields of every list's query. */
export const paging = {
  limit: wholeNumber(1, limits.pageMax).default(limits.pageDefault).openapi({ description: 'Rows in one page.' }),
  cursor: filter(z.string().max(512)).openapi({ description: '`next_cursor` of the page before.' }),
};

/** Fields of a query that names a time range, from ≤ at < to. */
export const range = { from: filter(time), to: filter(time) };

/** A whole number in a query or a path, where everything is text. */
export function wholeNumber(least: number, most: number) {
  return z
    .union([z.string().regex(/^\d{1,15}$/), z.number()])
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .openapi({ type: 'integer', minimum: least, maximum: most });
}

export const answered = {
  time: z.string().openapi({ format: 'date-time' }),
  amount: z
    .union([z.int(), z.string()])
    .openapi({ type: ['integer', 'string'], description: 'Minor units; a text beyond 2^53 − 1.' }),
};

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable() });
}

export function pageView<T, V>(page: Page<T>, view: (one: T) => V): { data: V[]; next_cursor: string | null } {
  return { data: page.data.map(view), next_cursor: page.nextCursor };
}

export function timeOrNull(at: Instant | null): string | null {
  return at === null ? null : toIso(at);
}

/** A kept {@link freeObject} as it is answered: nothing in it is rounded on the way. */
export function freeObjectView(text: string | null): Record<string, unknown> | null {
  const value = text === null ? null : parseJsonText(text);
  return typeof value === 'object' && value !== null ? writableObject({ ...value }) : null;
}

export function amountOrNull(amount: bigint | null): number | string | null {
  return amount === null ? null : minorToJson(amount);
}

function amountFrom(least: bigint) {
  const wanted = `must be whole minor units from ${least} to ${amountMinorMax}, as an integer or a text of digits`;
  return z
    .unknown()
    .transform((value, context): bigint => {
      const amount = minorFromInteger(value);
      if (amount !== null && amount >= least) return amount;
      context.addIssue({ code: 'custom', message: value === undefined ? 'is missing' : wanted });
      return z.NEVER;
    })
    .openapi({
      type: ['integer', 'string'],
      example: 8880,
      description: 'Minor units; an integer or a text of digits.',
    });
}
