import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { MerchantRow } from '../../src/api/merchants.ts';
import { merchantsQuery } from '../api/all-of.ts';
import { providersQuery } from '../api/queries.ts';
import { useProviderName } from './credentials/words.ts';

interface ChooseProps {
  label: string;
  description: string;
  value: string | null;
  onChange: (value: string | null) => void;
  error?: string | null;
}

/** A merchant by its name. */
export function ChooseMerchant(props: ChooseProps) {
  const { data = [] } = useQuery(merchantsQuery);
  return <Select {...props} data={merchantChoices(data)} searchable withAsterisk />;
}

/** Merchants by name, with the id where it says something else. */
export function merchantChoices(merchants: readonly MerchantRow[]): { value: string; label: string }[] {
  return merchants.map(({ id, name }) => ({ value: id, label: name === id ? id : `${name} (${id})` }));
}

/** A platform by its name, or by the name it has in the API. */
export function ChooseProvider(props: ChooseProps) {
  const { data = [] } = useQuery(providersQuery);
  const name = useProviderName();
  const choices = data.map((one) => ({ value: one.name, label: name(one.name) }));
  return <Select {...props} data={choices} searchable withAsterisk maxDropdownHeight={320} />;
}
