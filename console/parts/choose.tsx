import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { merchantsQuery, providersQuery } from '../api/queries.ts';
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
  const { data } = useQuery(merchantsQuery);
  const choices = data?.data.map(({ id, name }) => ({ value: id, label: name === id ? id : `${name} (${id})` })) ?? [];
  return <Select {...props} data={choices} searchable withAsterisk />;
}

/** A platform by its name, or by the name it has in the API. */
export function ChooseProvider(props: ChooseProps) {
  const { data = [] } = useQuery(providersQuery);
  const name = useProviderName();
  const choices = data.map((one) => ({ value: one.name, label: name(one.name) }));
  return <Select {...props} data={choices} searchable withAsterisk maxDropdownHeight={320} />;
}
