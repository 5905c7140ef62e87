import { Button, Group, NumberInput, Select, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DiagnosisAnswer } from '../../../src/api/verify.ts';
import { accountsQuery } from '../../api/all-of.ts';
import { type CallError, call } from '../../api/call.ts';
import { DiagnosisView } from '../../parts/diagnosis.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Refused } from '../../parts/states.tsx';
import { useTexts } from '../../texts/texts.ts';
import { verifyTexts } from './texts.ts';

interface Pasted {
  account: string;
  pasted: string;
  entry?: number;
}

/** A request as somebody has it, opened with an account's secrets: whether it would be taken, and if not, why. */
export function VerifyPage() {
  const say = useTexts(verifyTexts);
  const asking = useMutation<DiagnosisAnswer, CallError, Pasted>({
    mutationFn: (body) => call('POST', '/v1/verify/pasted', { body }),
    // What was pasted is not kept when the page is left.
    gcTime: 0,
  });
  return (
    <Page title={say('title')} lead={say('lead')}>
      <Section>
        <PasteForm isAsking={asking.isPending} ask={asking.mutate} />
        <Refused error={asking.error} />
      </Section>
      {asking.data === undefined ? null : (
        <Section title={say('result')}>
          <DiagnosisView diagnosis={asking.data} />
        </Section>
      )}
    </Page>
  );
}

function PasteForm({ isAsking, ask }: { isAsking: boolean; ask: (request: Pasted) => void }) {
  const say = useTexts(verifyTexts);
  const [{ account = null }, change] = useSearchState();
  const [pasted, setPasted] = useState('');
  const [entry, setEntry] = useState<string | number>('');
  const [isTried, setIsTried] = useState(false);
  const submit = () => {
    setIsTried(true);
    if (account === null || pasted.trim() === '') return;
    ask({ account, pasted, ...(entry === '' ? {} : { entry: Number(entry) }) });
  };
  return (
    <Stack
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <AccountSelect
        value={account}
        onChange={(id) => change({ account: id ?? '' })}
        error={isTried && account === null ? say('account.missing') : null}
      />
      <Textarea
        label={say('paste')}
        description={say('paste.hint')}
        classNames={{ input: 'mono' }}
        value={pasted}
        onChange={(event) => setPasted(event.currentTarget.value)}
        error={isTried && pasted.trim() === '' ? say('paste.missing') : null}
        autosize
        minRows={10}
        maxRows={24}
        spellCheck={false}
      />
      {/^\s*\{/.test(pasted) ? (
        <NumberInput label={say('entry')} value={entry} onChange={setEntry} min={1} allowDecimal={false} maw={420} />
      ) : null}
      <Group>
        <Button type="submit" loading={isAsking}>
          {say('verify')}
        </Button>
        <Text size="sm" c="var(--soft)">
          {say('kept')}
        </Text>
      </Group>
    </Stack>
  );
}

interface AccountSelectProps {
  value: string | null;
  onChange: (id: string | null) => void;
  error: string | null;
}

function AccountSelect({ value, onChange, error }: AccountSelectProps) {
  const say = useTexts(verifyTexts);
  const { data: accounts = [] } = useQuery(accountsQuery);
  return (
    <Select
      label={say('account')}
      description={say('account.hint')}
      data={accounts.map(({ id, provider, merchant, name }) => ({
        value: id,
        label: `${provider} · ${merchant}${name === '' || name === provider ? '' : ` · ${name}`} · …${id.slice(-6)}`,
      }))}
      value={value}
      onChange={onChange}
      error={error}
      searchable
      nothingFoundMessage={say('account.none')}
      maw={420}
    />
  );
}
