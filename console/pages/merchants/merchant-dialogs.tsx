import { NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { MerchantRow } from '../../../src/api/merchants.ts';
import type { ProviderRow } from '../../../src/api/providers.ts';
import { call, segment } from '../../api/call.ts';
import { ChooseProvider } from '../../parts/choose.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { CredentialsForm } from '../../parts/credentials/credentials-form.tsx';
import { credentialsOf, fieldsOf, isBlank, type Values } from '../../parts/credentials/fields.ts';
import { useTexts } from '../../texts/texts.ts';
import { type PolicyName, policies } from './policies.ts';
import { merchantTexts } from './texts.ts';

interface DialogProps {
  opened: boolean;
  onClose: () => void;
}

export function NewMerchant({ opened, onClose }: DialogProps) {
  const say = useTexts(merchantTexts);
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [id, setId] = useState('');
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={say('new')}
      confirm={say('create')}
      disabled={name.trim() === ''}
      run={async () => {
        const body = { name: name.trim(), ...(id.trim() === '' ? {} : { id: id.trim() }) };
        const made = await call<MerchantRow>('POST', '/v1/merchants', { body });
        await navigate({ href: `/merchants/${segment(made.id)}` });
      }}
    >
      <TextInput
        label={say('name')}
        description={say('name.hint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={200}
        withAsterisk
        data-autofocus
      />
      <TextInput
        label={say('id')}
        description={say('id.hint')}
        placeholder="shop"
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
        maxLength={64}
        spellCheck={false}
      />
    </ConfirmDialog>
  );
}

export function RenameMerchant({ merchant, opened, onClose }: DialogProps & { merchant: MerchantRow }) {
  const say = useTexts(merchantTexts);
  const [name, setName] = useState(merchant.name);
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={say('rename')}
      confirm={say('save')}
      disabled={name.trim() === ''}
      run={() => call('PATCH', `/v1/merchants/${segment(merchant.id)}`, { body: { name: name.trim() } })}
    >
      <TextInput
        label={say('name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={200}
        data-autofocus
      />
    </ConfirmDialog>
  );
}

/** All policies at once: the API takes them as a whole. */
export function EditPolicies({ merchant, opened, onClose }: DialogProps & { merchant: MerchantRow }) {
  const say = useTexts(merchantTexts);
  const [chosen, setChosen] = useState(merchant.policies);
  const choose = (name: PolicyName, value: string | number) => setChosen({ ...chosen, [name]: value });
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={say('policies')}
      confirm={say('save')}
      size="lg"
      run={() => call('PATCH', `/v1/merchants/${segment(merchant.id)}`, { body: { policies: chosen } })}
    >
      <Stack gap="sm">
        {policies.map(({ name, choices }) =>
          choices === null ? (
            <NumberInput
              key={name}
              label={say(name)}
              description={say(`${name}.text`)}
              value={Number(chosen[name] ?? 0)}
              onChange={(value) => choose(name, Number(value))}
              min={0}
              allowDecimal={false}
              thousandSeparator=" "
            />
          ) : (
            <Select
              key={name}
              label={say(name)}
              description={say(`${name}.text`)}
              data={choices.map((value) => ({ value, label: say(value) }))}
              value={String(chosen[name] ?? 'manual')}
              onChange={(value) => choose(name, value ?? 'manual')}
              allowDeselect={false}
            />
          ),
        )}
      </Stack>
    </ConfirmDialog>
  );
}

/** Keys for notifications that name their own address. */
export function SetSigning(props: DialogProps & { merchant: MerchantRow; providers: readonly ProviderRow[] }) {
  const { merchant, providers, opened, onClose } = props;
  const say = useTexts(merchantTexts);
  const [name, setName] = useState<string | null>(null);
  const [values, setValues] = useState<Values>({});
  const provider = providers.find((one) => one.name === name);
  const close = () => {
    setValues({});
    setName(null);
    onClose();
  };
  return (
    <ConfirmDialog
      opened={opened}
      onClose={close}
      title={say('signing.set')}
      confirm={say('save')}
      disabled={provider === undefined || isBlank(values)}
      size="lg"
      run={async () => {
        if (provider === undefined) return;
        const credentials = credentialsOf(fieldsOf(provider, 'endpoint'), values, false);
        const body = { credentials: { [provider.name]: credentials } };
        await call('PATCH', `/v1/merchants/${segment(merchant.id)}`, { body });
      }}
    >
      <ChooseProvider
        label={say('signing.format')}
        description={say('signing.format.hint')}
        value={name}
        onChange={(next) => {
          setValues({});
          setName(next);
        }}
      />
      {provider === undefined ? null : (
        <>
          <Text size="sm" c="var(--soft)">
            {say('signing.text')}
          </Text>
          <CredentialsForm
            key={provider.name}
            provider={provider}
            side="endpoint"
            values={values}
            onChange={setValues}
            isTried={false}
          />
        </>
      )}
    </ConfirmDialog>
  );
}
