import { exponentOf, exponents } from './currencies.ts';

/** An amount of money: whole minor units, and never without its currency. */
export interface Money {
  amountMinor: bigint;
  /** ISO 4217, upper case. */
  currency: string;
}

/** Wider than any real amount, and small enough that ninety of them add up within the signed 64-bit integers of every store. */
export const amountMinorMax = 100_000_000_000_000_000n;

/** Whether what code without types handed over is an amount in minor units: 0 to {@link amountMinorMax}. */
export function isAmount(value: unknown): value is bigint {
  return typeof value === 'bigint' && value >= 0n && value <= amountMinorMax;
}

/**
 * Reads a decimal text such as `88.80` as minor units. The digits decide: nothing is rounded. Refused (null): anything that is
 * not digits with at most one point, more decimals than the currency has (unless they are zeros and `zerosBeyond` is set), a
 * sign, an unknown currency, and amounts over {@link amountMinorMax}.
 */
export function minorFromDecimal(
  text: string,
  currency: string,
  options: { exponent?: number; zerosBeyond?: boolean } = {},
): bigint | null {
  const exponent = options.exponent ?? exponentOf(currency);
  if (exponent === null || text.length > 40) return null;
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return null;
  const [, whole = '', decimals = ''] = match;
  const beyond = decimals.slice(exponent);
  if (beyond !== '' && !(options.zerosBeyond && /^0+$/.test(beyond))) return null;
  const amount = BigInt(whole + decimals.slice(0, exponent).padEnd(exponent, '0'));
  return amount <= amountMinorMax ? amount : null;
}

/** Decimals that currencies have. */
const decimals = [...new Set(exponents.values())];

/** What a decimal text may come to in minor units, where nobody says in which currency; a text without decimals may be them itself. */
export function amountsWritten(text: string): readonly bigint[] {
  const amounts = decimals.flatMap((exponent) => minorFromDecimal(text, '', { exponent }) ?? []);
  return [...new Set(amounts)];
}

/** Writes minor units as a decimal text with all the decimals of the currency. The amount must not be negative, the currency known. */
export function decimalFromMinor(
  amountMinor: bigint,
  currency: string,
  exponent: number | null = exponentOf(currency),
): string {
  if (amountMinor < 0n || exponent === null)
    throw new RangeError(`cannot write ${amountMinor} ${currency} as a decimal`);
  if (exponent === 0) return String(amountMinor);
  const digits = String(amountMinor).padStart(exponent + 1, '0');
  return `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/**
 * Reads whole minor units from what JSON or a form may hold: a bigint, a safe integer, or a text of digits. Refused (null):
 * negative, fractional, unsafe (a number that may have been rounded) or too large ones.
 */
export function minorFromInteger(value: unknown): bigint | null {
  if (typeof value === 'string') return /^\d{1,19}$/.test(value) ? bounded(BigInt(value)) : null;
  if (typeof value === 'bigint') return bounded(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? bounded(BigInt(value)) : null;
}

/** Minor units as JSON carries them: an integer up to 2^53 − 1, a decimal text beyond. */
export function minorToJson(amountMinor: bigint): number | string {
  const safe = amountMinor <= BigInt(Number.MAX_SAFE_INTEGER) && amountMinor >= BigInt(Number.MIN_SAFE_INTEGER);
  return safe ? Number(amountMinor) : String(amountMinor);
}

function bounded(amount: bigint): bigint | null {
  return isAmount(amount) ? amount : null;
}

/** For a person: `88.80 CNY`. */
export function moneyText(amountMinor: bigint, currency: string): string {
  return exponentOf(currency) === null || amountMinor < 0n
    ? `${amountMinor} ${currency}`
    : `${decimalFromMinor(amountMinor, currency)} ${currency}`;
}
