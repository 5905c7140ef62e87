import { Button, Group, Input, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { AccountRow } from '../../../src/api/accounts.ts';
import type { ProviderRow } from '../../../src/api/providers.ts';
import { call } from '../../api/call.ts';
import { providersQuery } from '../../api/queries.ts';
import { ChooseMerchant, ChooseProvider } from '../../parts/choose.tsx';
import classes from '../../parts/credentials/credentials.module.css';
import { CredentialsForm } from '../../parts/credentials/credentials-form.tsx';
import { credentialsOf, fieldsOf, type Values } from '../../parts/credentials/fields.ts';
import { Instructions } from '../../parts/credentials/instructions.tsx';
import { Refusal } from '../../parts/credentials/refusal.tsx';
import { credentialTexts } from '../../parts/credentials/texts.ts';
import { InnerLink } from '../../parts/link.tsx';
import { OperatorsOnly } from '../../parts/operators-only.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { useTexts } from '../../texts/texts.ts';
import { accountHref } from './account-rows.tsx';
import { accountTexts } from './texts.ts';

/** An account is added here; beside the form stands what to do at the platform. */
export function NewAccountPage() {
  const say = useTexts(accountTexts);
  const { data: providers = [] } = useQuery(providersQuery);
  const [{ merchant = null, provider: name = null }] = useSearchState();
  const [called, setCalled] = useState('');
  const [mode, setMode] = useState<'live' | 'test'>('live');
  const provider = providers.find((one) => one.name === name);
  return (
    <Page
      title={say('new')}
      lead={
        <Group gap="xs">
          <InnerLink href="/accounts">{say('back')}</InnerLink>
          <span>·</span>
          <span>{say('new.lead')}</span>
        </Group>
      }
    >
      <OperatorsOnly>
        <div className={classes.beside}>
          <Stack gap="md">
            <Who name={called} setName={setCalled} mode={mode} setMode={setMode} />
            {provider === undefined ? (
              <Section>
                <Empty title={say('credentials')}>{say('choose')}</Empty>
              </Section>
            ) : (
              <Credentials
                key={provider.name}
                provider={provider}
                merchant={merchant}
                name={called.trim()}
                mode={mode}
              />
            )}
          </Stack>
          {provider === undefined ? <div /> : <Instructions provider={provider.name} />}
        </div>
      </OperatorsOnly>
    </Page>
  );
}

interface WhoProps {
  name: string;
  setName: (name: string) => void;
  mode: 'live' | 'test';
  setMode: (mode: 'live' | 'test') => void;
}

/** Whose account it is, and at which platform: these two stand in the address. */
function Who({ name, setName, mode, setMode }: WhoProps) {
  const say = useTexts(accountTexts);
  const [{ merchant = null, provider = null }, change] = useSearchState();
  return (
    <Section title={say('who')}>
      <Stack gap="md">
        <ChooseMerchant
          label={say('merchant')}
          description={say('merchant.hint')}
          value={merchant}
          onChange={(value) => change({ merchant: value ?? '' })}
        />
        <ChooseProvider
          label={say('provider')}
          description={say('provider.hint')}
          value={provider}
          onChange={(value) => change({ provider: value ?? '' })}
        />
        <TextInput
          label={say('name')}
          description={say('name.hint')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={200}
        />
        <Input.Wrapper label={say('mode')} labelElement="div" description={say(`mode.${mode}`)}>
          <SegmentedControl
            display="flex"
            w="fit-content"
            mt={4}
            aria-label={say('mode')}
            data={[
              { value: 'live', label: say('live') },
              { value: 'test', label: say('test') },
            ]}
            value={mode}
            onChange={(value) => setMode(value === 'test' ? 'test' : 'live')}
          />
        </Input.Wrapper>
      </Stack>
    </Section>
  );
}

interface CredentialsProps {
  provider: ProviderRow;
  merchant: string | null;
  name: string;
  mode: 'live' | 'test';
}

function Credentials({ provider, merchant, name, mode }: CredentialsProps) {
  const say = useTexts(accountTexts);
  const sayOfKeys = useTexts(credentialTexts);
  const navigate = useNavigate();
  const client = useQueryClient();
  const [values, setValues] = useState<Values>({});
  const [isTried, setIsTried] = useState(false);
  const adding = useMutation({
    mutationFn: () => {
      const credentials = credentialsOf(fieldsOf(provider, 'account'), values, false);
      const body = { merchant, provider: provider.name, mode, credentials, ...(name === '' ? {} : { name }) };
      return call<AccountRow>('POST', '/v1/accounts', { body });
    },
    onSuccess: async (made) => {
      await client.invalidateQueries();
      await navigate({ href: accountHref(made) });
    },
  });
  return (
    <Section title={say('credentials')}>
      <Stack
        component="form"
        gap="lg"
        onSubmit={(event) => {
          event.preventDefault();
          setIsTried(true);
          if (merchant !== null) adding.mutate();
        }}
      >
        <Text size="sm" c="var(--soft)">
          {sayOfKeys('never')}
        </Text>
        <CredentialsForm
          provider={provider}
          side="account"
          mode={mode}
          values={values}
          onChange={(next) => {
            setValues(next);
            adding.reset();
          }}
          isTried={isTried}
        />
        <Refusal error={adding.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={adding.isPending} disabled={merchant === null}>
            {say('create')}
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}
