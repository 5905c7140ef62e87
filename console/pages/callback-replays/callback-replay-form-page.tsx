import { Button, Group, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { CallbackReplayAnswer } from '../../../src/api/callback-replays.ts';
import { accountsQuery } from '../../api/all-of.ts';
import { type CallError, call } from '../../api/call.ts';
import { isoOf, MomentInput, RateInput } from '../../parts/job.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Refused } from '../../parts/states.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import { useTexts } from '../../texts/texts.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { callbackReplaysTexts } from './texts.ts';

/** Which callbacks are to be read again: first without effect. */
export function CallbackReplayFormPage() {
  const say = useTexts(callbackReplaysTexts);
  const sayJob = useTexts(jobTexts);
  const navigate = useNavigate();
  const [{ merchant, account, provider, verdict }] = useSearchState();
  const [{ from, to }, setMoments] = useState({ from: '', to: '' });
  const [rate, setRate] = useState<string | number>('');
  const beginning = useMutation<CallbackReplayAnswer, CallError>({
    mutationFn: () => {
      const filter = { merchant, account, provider, verdict, from: isoOf(from), to: isoOf(to) };
      const slowly = rate === '' ? {} : { rate_per_second: Number(rate) };
      return call('POST', '/v1/callback-replays', { body: { ...filter, ...slowly } });
    },
    onSuccess: ({ id }) => navigate({ href: `/callback-replays/${id}` }),
  });
  return (
    <Page title={say('new')} lead={<InnerLink href="/callback-replays">{say('back')}</InnerLink>}>
      <Section>
        <Stack
          component="form"
          onSubmit={(event) => {
            event.preventDefault();
            beginning.mutate();
          }}
        >
          <Text c="var(--soft)">{say('form.lead')}</Text>
          <FilterFields />
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <MomentInput label={sayJob('from')} value={from} onChange={(value) => setMoments({ from: value, to })} />
            <MomentInput label={sayJob('to')} value={to} onChange={(value) => setMoments({ from, to: value })} />
            <RateInput description={say('rate.hint')} value={rate} onChange={setRate} />
          </SimpleGrid>
          <Refused error={beginning.error} />
          <Group>
            <Button type="submit" loading={beginning.isPending}>
              {say('preview')}
            </Button>
            <Text size="sm" c="var(--soft)">
              {say('preview.hint')}
            </Text>
          </Group>
        </Stack>
      </Section>
    </Page>
  );
}

/** What stands in the address, so that the list of callbacks leads here with it filled in. */
function FilterFields() {
  const say = useTexts(jobTexts);
  const word = useWord();
  const [search, change] = useSearchState();
  const { data: accounts = [] } = useQuery(accountsQuery);
  const { merchant = null } = search;
  const offered = accounts.filter((one) => merchant === null || one.merchant === merchant);
  const shared = { placeholder: say('any'), clearable: true, searchable: true } as const;
  const field = (name: 'merchant' | 'account' | 'provider' | 'verdict') => ({
    ...shared,
    label: say(name),
    value: search[name] ?? null,
    onChange: (value: string | null) => change({ [name]: value ?? '' }),
  });
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Select {...field('merchant')} data={[...new Set(accounts.map((one) => one.merchant))]} />
      <Select
        {...field('account')}
        data={offered.map(({ id, provider, name }) => ({ value: id, label: `${provider} · ${name || id}` }))}
      />
      <Select {...field('provider')} data={[...new Set(accounts.map(({ provider }) => provider))]} />
      <Select
        {...field('verdict')}
        data={wordsOf('verdict').map((value) => ({ value, label: word('verdict', value) }))}
      />
    </SimpleGrid>
  );
}
