import { Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch, IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import { DaysFilter } from './days-filter.tsx';
import { useSearchState } from './search.ts';

/** One way to narrow a list. `name` is the parameter, in the address and of the API; of days see `timesOfDays`. */
export type Filter =
  | { kind: 'days' }
  | { kind: 'text'; name: string; label: string; placeholder?: string; width?: number }
  | {
      kind: 'choice';
      name: string;
      label: string;
      choices: readonly { value: string; label: string }[];
      width?: number;
    };

export function Filters({ filters }: { filters: readonly Filter[] }) {
  const say = useTexts(commonTexts);
  const [search, change] = useSearchState();
  const names = filters.flatMap((filter) => (filter.kind === 'days' ? ['from', 'to'] : filter.name));
  const isFiltered = names.some((name) => search[name] !== undefined);
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label={say('filters')}>
      {filters.map((filter) =>
        filter.kind === 'days' ? (
          <DaysFilter key="days" />
        ) : filter.kind === 'text' ? (
          <TextFilter key={filter.name} filter={filter} />
        ) : (
          <Select
            key={filter.name}
            label={filter.label}
            placeholder={say('all')}
            data={[...filter.choices]}
            value={search[filter.name] ?? null}
            onChange={(value) => change({ [filter.name]: value ?? '' })}
            clearable
            searchable={filter.choices.length > 8}
            w={filter.width ?? 180}
          />
        ),
      )}
      {isFiltered ? (
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconX size={14} />}
          onClick={() => change(Object.fromEntries(names.map((name) => [name, ''])))}
        >
          {say('clearFilters')}
        </Button>
      ) : null}
    </Group>
  );
}

function TextFilter({ filter }: { filter: Extract<Filter, { kind: 'text' }> }) {
  const { name, label, placeholder, width = 220 } = filter;
  const [search, change] = useSearchState();
  const inAddress = search[name] ?? '';
  const [typed, setTyped] = useState(inAddress);
  useEffect(() => setTyped(inAddress), [inAddress]);
  const settle = useDebouncedCallback((text: string) => change({ [name]: text.trim() }), 300);
  return (
    <TextInput
      label={label}
      {...(placeholder === undefined ? {} : { placeholder })}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        settle(event.currentTarget.value);
      }}
      w={width}
      spellCheck={false}
    />
  );
}
