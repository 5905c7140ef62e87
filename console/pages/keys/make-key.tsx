import { Alert, Button, Checkbox, Group, Modal, MultiSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { MadeApiKey } from '../../../src/api/keys.ts';
import { merchantsQuery } from '../../api/all-of.ts';
import { call } from '../../api/call.ts';
import { Identifier } from '../../parts/identifier.tsx';
import { Refused } from '../../parts/states.tsx';
import { commonTexts } from '../../texts/common.ts';
import { useTexts } from '../../texts/texts.ts';
import { keysTexts } from './texts.ts';

type Made = Pick<MadeApiKey, 'name' | 'api_key'>;

const scopes = ['read', 'operate', 'publish'] as const;

/** Asks what the key is to be for, makes it, and shows it this once. */
export function MakeKey({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const say = useTexts(keysTexts);
  const common = useTexts(commonTexts);
  // Held here alone, never in the cache of what was read or done: with the dialog it is gone.
  const [made, setMade] = useState<Made | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      // A click beside the dialog must not lose a key that nobody has copied.
      closeOnClickOutside={made === null}
      title={<Text fw={600}>{made === null ? say('make') : say('made.title', { name: made.name })}</Text>}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {made === null ? <MakeForm onMade={setMade} onClose={close} /> : <MadeKey made={made} onClose={close} />}
    </Modal>
  );
}

function MadeKey({ made, onClose }: { made: Made; onClose: () => void }) {
  const say = useTexts(keysTexts);
  return (
    <Stack>
      <Alert color="orange" variant="light">
        {say('made.text')}
      </Alert>
      <Identifier text={made.api_key} />
      <Text size="sm" c="var(--soft)">
        {say('made.use')}
      </Text>
      <Group justify="flex-end">
        <Button onClick={onClose}>{say('made.done')}</Button>
      </Group>
    </Stack>
  );
}

function MakeForm({ onMade, onClose }: { onMade: (made: Made) => void; onClose: () => void }) {
  const say = useTexts(keysTexts);
  const common = useTexts(commonTexts);
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>(['read']);
  const [limited, setLimited] = useState<string[]>([]);
  const [isTried, setIsTried] = useState(false);
  const isMissing = name.trim() === '' || chosen.length === 0;
  const making = useMutation({
    async mutationFn() {
      const body = { name: name.trim(), scopes: chosen, merchants: limited.length === 0 ? null : limited };
      onMade(await call<MadeApiKey>('POST', '/v1/keys', { body }));
      await client.invalidateQueries();
    },
  });
  return (
    <Stack
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        setIsTried(true);
        if (!isMissing) making.mutate();
      }}
    >
      <TextInput
        label={say('make.name')}
        description={say('make.name.hint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={200}
        data-autofocus
      />
      <Scopes chosen={chosen} onChange={setChosen} />
      <Merchants chosen={limited} onChange={setLimited} />
      {isTried && isMissing ? (
        <Text size="sm" c="var(--bad)" role="alert">
          {say('make.missing')}
        </Text>
      ) : null}
      <Refused error={making.error} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {common('cancel')}
        </Button>
        <Button type="submit" loading={making.isPending}>
          {say('make')}
        </Button>
      </Group>
    </Stack>
  );
}

interface ChoiceProps {
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

function Scopes({ chosen, onChange }: ChoiceProps) {
  const say = useTexts(keysTexts);
  return (
    <Checkbox.Group label={say('make.scopes')} value={chosen} onChange={onChange}>
      <Stack gap="xs" mt={6}>
        {scopes.map((scope) => (
          <Checkbox key={scope} value={scope} label={say(`scope.${scope}`)} description={say(`scope.${scope}.means`)} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

function Merchants({ chosen, onChange }: ChoiceProps) {
  const say = useTexts(keysTexts);
  const common = useTexts(commonTexts);
  const { data: merchants } = useQuery(merchantsQuery);
  return (
    <MultiSelect
      label={say('make.merchants')}
      description={say('make.merchants.hint')}
      placeholder={chosen.length === 0 ? say('make.merchants.all') : ''}
      data={merchants?.map((merchant) => ({ value: merchant.id, label: merchant.name })) ?? []}
      value={chosen}
      onChange={onChange}
      searchable
      nothingFoundMessage={common('empty')}
    />
  );
}
