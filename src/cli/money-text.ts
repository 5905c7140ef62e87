import { exponentOf } from '../domain/currencies.ts';
import { decimalFromMinor, minorFromInteger } from '../domain/money.ts';

/** An amount as the API gives it, with the decimals of its currency; in minor units where the currency is not known. */
export function moneyText(minor: number | string, currency: string | null): string {
  const digits = String(minor);
  const sign = digits.startsWith('-') ? '-' : '';
  const amountMinor = minorFromInteger(digits.slice(sign.length));
  if (amountMinor === null || currency === null || exponentOf(currency) === null) return digits;
  return `${sign}${decimalFromMinor(amountMinor, currency)} ${currency}`;
}
