import { useQuery } from '@tanstack/react-query';
import { currenciesQuery } from '../api/queries.ts';
import { commonTexts } from '../texts/common.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';

/** As the API answers amounts: minor units, a text beyond what a number holds. */
export type Minor = number | string | null;

interface MoneyProps {
  minor: Minor;
  currency: string | null;
}

/** An amount as its currency is written; without a known currency, minor units and its code. */
export function Money({ minor, currency }: MoneyProps) {
  const format = useMoney();
  const say = useTexts(commonTexts);
  if (minor === null) return <span>{say('noValue')}</span>;
  return <span className="numbers">{format(minor, currency)}</span>;
}

export function useMoney(): (minor: number | string, currency: string | null) => string {
  const { tag } = useLanguage();
  const { data: exponents, isPending } = useQuery(currenciesQuery);
  return (minor, currency) => {
    // In minor units 1.00 would read as 100 for a moment.
    if (exponents === undefined && isPending) return '…';
    const exponent = currency === null ? undefined : exponents?.get(currency);
    if (currency === null || exponent === undefined) return `${minor} ${currency ?? ''}`.trim();
    return moneyText({ minor: BigInt(minor), currency, exponent }, tag);
  };
}

/** Digit by digit: nothing is rounded, however large. */
export function moneyText(money: { minor: bigint; currency: string; exponent: number }, tag: string): string {
  const { minor, currency, exponent } = money;
  const isNegative = minor < 0n;
  const unit = 10n ** BigInt(exponent);
  const magnitude = isNegative ? -minor : minor;
  const fraction = String(magnitude % unit).padStart(exponent, '0');
  const format = new Intl.NumberFormat(tag, {
    style: 'currency',
    currency,
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  });
  const parts = format.formatToParts(magnitude / unit);
  return (isNegative ? '−' : '') + parts.map(({ type, value }) => (type === 'fraction' ? fraction : value)).join('');
}
