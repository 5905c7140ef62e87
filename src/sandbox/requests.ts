import { z } from 'zod';
import { fromIso } from '../domain/clock.ts';
import { exponentOf } from '../domain/currencies.ts';
import { AppError } from '../domain/errors.ts';
import { invalidFields } from '../domain/field-errors.ts';
import { minorFromInteger } from '../domain/money.ts';
import { type Faults, faultsSchema, noFaults } from './faults.ts';
import { oddities } from './oddities.ts';
import { scriptNames } from './scripts.ts';

const amountMinor = z.union([z.number(), z.bigint(), z.string().max(20)]).transform((value, context) => {
  const amount = minorFromInteger(value);
  if (amount !== null && amount >= 1n) return amount;
  context.addIssue({ code: 'custom', message: 'must be a whole number of minor units, at least 1' });
  return z.NEVER;
});
const currency = z.string().refine((code) => exponentOf(code) !== null, 'must be an ISO 4217 currency, upper case');
const url = z
  .string()
  .max(2048)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https URL');
const seed = z.union([z.string().min(1).max(64), z.int()]).transform(String);
const timeScale = z.number().min(1).max(1_000_000).default(1);
const instant = z
  .string()
  .max(40)
  .transform((text, context) => {
    const at = fromIso(text);
    if (at !== null) return at;
    context.addIssue({ code: 'custom', message: 'must be an ISO 8601 time with its offset' });
    return z.NEVER;
  });
const provider = z.string().max(64);
const faults = faultsSchema.default(noFaults);

export const paymentRequest = z.strictObject({
  provider,
  account: z.string().max(64).optional(),
  order_no: z.string(),
  amount_minor: amountMinor,
  currency,
  notify_url: url.optional(),
  return_url: url.optional(),
  faults,
  seed: seed.optional(),
  time_scale: timeScale,
});
export type PaymentRequest = z.output<typeof paymentRequest>;

export const moveRequest = z.strictObject({
  amount_minor: amountMinor.optional(),
  /** Of a refund: the same key gives the money back once. */
  idempotency_key: z.string().min(1).max(255).optional(),
  stage: z.enum(['opened', 'won', 'lost']).default('opened'),
  faults: faultsSchema.optional(),
});

export const scenarioRequest = z.strictObject({
  provider,
  notify_url: url,
  /** What seals; without it the sandbox's own. */
  credentials: z.unknown().optional(),
  scenario: z.enum(scriptNames),
  order_no: z.string().optional(),
  amount_minor: amountMinor.default(8880n),
  currency: currency.default('CNY'),
  faults,
  seed: seed.optional(),
  start_at: instant.optional(),
  time_scale: timeScale,
});
export type ScenarioRequest = z.output<typeof scenarioRequest>;

/** @throws AppError `request.invalid`, with a pointer to each field that is wrong. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw invalidFields(result.error.issues, 'the body is not valid');
}

/** @throws AppError `request.invalid` for what is odd about another platform. */
export function assertOddity(provider: string, faults: Faults | undefined): void {
  const owner = faults?.oddity === undefined ? provider : oddities[faults.oddity].provider;
  if (owner !== provider) throw invalid('/faults/oddity', `${faults?.oddity} is odd about ${owner}, not ${provider}`);
}

export function invalid(pointer: string, detail: string): AppError {
  return new AppError('request.invalid', `the body is not valid: ${pointer} ${detail}`, {
    errors: [{ pointer, detail }],
  });
}
