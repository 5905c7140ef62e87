import { Group, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { currenciesQuery } from '../api/queries.ts';
import { amountTexts } from '../texts/amount.ts';
import { useTexts } from '../texts/texts.ts';

interface AmountInputProps {
  /** As it was typed: 12.50 */
  text: string;
  currency: string;
  /** Null: all that are known. */
  currencies?: readonly string[] | null;
  onChange: (change: { text: string; currency: string }) => void;
  error?: string | null;
}

/** An amount as people write it, with its currency. `useMinor` makes minor units of it. */
export function AmountInput({ text, currency, currencies = null, onChange, error = null }: AmountInputProps) {
  const say = useTexts(amountTexts);
  const { data: known } = useQuery(currenciesQuery);
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <TextInput
        label={say('amount')}
        value={text}
        onChange={(event) => onChange({ text: event.currentTarget.value, currency })}
        error={error}
        inputMode="decimal"
        flex={1}
      />
      <Select
        label={say('currency')}
        data={[...(currencies ?? known?.keys() ?? [currency])]}
        value={currency}
        onChange={(value) => onChange({ text, currency: value ?? currency })}
        allowDeselect={false}
        searchable
        w={110}
      />
    </Group>
  );
}

/** Minor units as a text, exact; null where it is no amount of this currency. */
export function useMinor(): (text: string, currency: string) => string | null {
  const { data: exponents } = useQuery(currenciesQuery);
  return (text, currency) => {
    const exponent = exponents?.get(currency);
    const [, whole, fraction = ''] = /^\s*(\d{1,18})(?:[.,](\d+))?\s*$/.exec(text) ?? [];
    if (exponent === undefined || whole === undefined || fraction.length > exponent) return null;
    return String(BigInt(whole + fraction.padEnd(exponent, '0')));
  };
}
