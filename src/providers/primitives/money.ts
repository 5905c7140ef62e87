import { exponentOf } from '../../domain/currencies.ts';
import { amountMinorMax, type Money, minorFromDecimal, minorFromInteger } from '../../domain/money.ts';
import { integerText, type Json, numberText } from './json.ts';

/** A currency of ISO 4217 in upper case, read from either case; null for any other. */
export function currencyFrom(value: Json | undefined): string | null {
  const code = typeof value === 'string' ? value.toUpperCase() : '';
  return exponentOf(code) === null ? null : code;
}

/**
 * Whole minor units with their currency. Null = no amount is said; a text = the reason why it cannot be read: an amount without a
 * currency, an unknown currency, a fraction, a negative or too large number.
 */
export function moneyFrom(amount: Json | undefined, currency: Json | undefined): Money | null | string {
  if (amount === undefined || amount === null) return null;
  const amountMinor = minorFromInteger(typeof amount === 'string' ? amount : integerText(amount));
  if (amountMinor === null) return `the amount is not a whole number of minor units from 0 to ${amountMinorMax}`;
  if (currency === undefined || currency === null) return 'an amount without a currency';
  const code = currencyFrom(currency);
  return code === null ? 'the currency is not one of ISO 4217' : { amountMinor, currency: code };
}

/**
 * As {@link moneyFrom}, from whole units with decimals: a text such as `88.80`, or a number as it was written. Decimals that the
 * currency does not have must be zeros.
 */
export function moneyFromMajor(amount: Json | undefined, currency: Json | undefined): Money | null | string {
  if (amount === undefined || amount === null) return null;
  if (currency === undefined || currency === null) return 'an amount without a currency';
  const code = currencyFrom(currency);
  if (code === null) return 'the currency is not one of ISO 4217';
  const text = typeof amount === 'string' ? amount : numberText(amount);
  const amountMinor = text === null ? null : minorFromDecimal(text, code, { zerosBeyond: true });
  return amountMinor === null ? `the amount is not a decimal of ${code}` : { amountMinor, currency: code };
}

/** A decimal text that may begin with a minus, as bills write amounts, in minor units; null for what {@link minorFromDecimal} refuses. */
export function signedFromDecimal(text: string, currency: string, options: { exponent?: number } = {}): bigint | null {
  const isNegative = text.startsWith('-');
  const amount = minorFromDecimal(isNegative ? text.slice(1) : text, currency, { zerosBeyond: true, ...options });
  return isNegative && amount !== null ? -amount : amount;
}

/** The same amount in units of another exponent; null where digits would be lost or the amount grows too large. */
export function rescaled(amountMinor: bigint, fromExponent: number, toExponent: number): bigint | null {
  const scale = 10n ** BigInt(Math.abs(toExponent - fromExponent));
  const amount = toExponent >= fromExponent ? amountMinor * scale : amountMinor / scale;
  const exact = toExponent >= fromExponent || amount * scale === amountMinor;
  return exact && amount <= amountMinorMax ? amount : null;
}

/** The units in which a platform writes amounts. */
export interface WireUnits {
  platform: string;
  /** Decimals of the currencies for which the platform has another number of them than ISO 4217. */
  exponents: Readonly<Record<string, number>>;
}

/** As {@link moneyFrom}, from a platform's units to those of ISO 4217. */
export function moneyFromWire(
  amount: Json | undefined,
  currency: Json | undefined,
  units: WireUnits,
): Money | null | string {
  const money = moneyFrom(amount, currency);
  if (money === null || typeof money === 'string') return money;
  const exponent = exponentOf(money.currency) ?? 0;
  const amountMinor = rescaled(money.amountMinor, units.exponents[money.currency] ?? exponent, exponent);
  return amountMinor === null
    ? `${money.amountMinor} is no whole amount of ${money.currency}`
    : { ...money, amountMinor };
}

/**
 * An amount in a platform's units.
 *
 * @throws RangeError where these are too coarse for it.
 */
export function wireFromMinor(amountMinor: bigint, currency: string, units: WireUnits): bigint {
  const exponent = exponentOf(currency);
  const amount = exponent === null ? null : rescaled(amountMinor, exponent, units.exponents[currency] ?? exponent);
  if (amount === null) throw new RangeError(`${units.platform} cannot say ${amountMinor} ${currency}`);
  return amount;
}
