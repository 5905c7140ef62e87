import { Button, Checkbox, Group, Select, SimpleGrid, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { EndpointRow } from '../../../src/api/endpoint-view.ts';
import type { ReplayAnswer } from '../../../src/api/replays.ts';
import { merchantsQuery } from '../../api/all-of.ts';
import { type CallError, call } from '../../api/call.ts';
import { type Page as ListPage, readQuery } from '../../api/queries.ts';
import { merchantChoices } from '../../parts/choose.tsx';
import { isoOf, MomentInput } from '../../parts/job.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Refused } from '../../parts/states.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import { useTexts } from '../../texts/texts.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { replaysTexts } from './texts.ts';

const types = [
  'payment.authorized',
  'payment.succeeded',
  'payment.failed',
  'payment.closed',
  'payment.reversed',
  'refund.pending',
  'refund.succeeded',
  'refund.failed',
  'refund.bounced',
  'dispute.opened',
  'dispute.won',
  'dispute.lost',
  'discrepancy.opened',
  'discrepancy.resolved',
] as const satisfies readonly NonNullable<ReplayAnswer['filter']['type']>[];

/** What is to be sent again: first it is only counted. */
export function ReplayFormPage() {
  const say = useTexts(replaysTexts);
  const navigate = useNavigate();
  const [search] = useSearchState();
  const [given, setGiven] = useState({ from: '', to: '', note: '', force: false });
  const [isTried, setIsTried] = useState(false);
  const isNoteMissing = given.force && given.note.trim() === '';
  const previewing = useMutation<ReplayAnswer, CallError>({
    mutationFn: () => {
      const { merchant, endpoint, state, type } = search;
      const { from, to, force, note } = given;
      const filter = { merchant, endpoint, state, type, from: isoOf(from), to: isoOf(to) };
      const forced = force ? { force, note: note.trim() } : {};
      return call('POST', '/v1/replays', { body: { ...filter, ...forced, dry_run: true } });
    },
    onSuccess: ({ id }) => navigate({ href: `/replays/${id}` }),
  });
  const submit = () => {
    setIsTried(true);
    if (!isNoteMissing) previewing.mutate();
  };
  return (
    <Page title={say('new')} lead={<InnerLink href="/replays">{say('back')}</InnerLink>}>
      <Section>
        <Stack
          component="form"
          gap="md"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Text c="var(--soft)">{say('form.lead')}</Text>
          <FilterFields />
          <Moments given={given} change={(change) => setGiven({ ...given, ...change })} />
          <Checkbox
            label={say('force')}
            description={say('force.hint')}
            checked={given.force}
            onChange={(event) => setGiven({ ...given, force: event.currentTarget.checked })}
          />
          {given.force ? (
            <Textarea
              label={say('force.note')}
              value={given.note}
              error={isTried && isNoteMissing ? say('force.noteNeeded') : null}
              onChange={(event) => setGiven({ ...given, note: event.currentTarget.value })}
              maxLength={1000}
            />
          ) : null}
          <Refused error={previewing.error} />
          <Group>
            <Button type="submit" loading={previewing.isPending}>
              {say('count')}
            </Button>
            <Text size="sm" c="var(--soft)">
              {say('count.hint')}
            </Text>
          </Group>
        </Stack>
      </Section>
    </Page>
  );
}

/** What stands in the address, so that other pages lead here with it filled in. */
function FilterFields() {
  const say = useTexts(jobTexts);
  const word = useWord();
  const [search, change] = useSearchState();
  const { merchant = null, endpoint = null, state = null, type = null } = search;
  const { data: merchants = [] } = useQuery(merchantsQuery);
  const found = useQuery(readQuery<ListPage<EndpointRow>>('/v1/endpoints', { limit: 200, merchant })).data?.data ?? [];
  const endpoints = found.map(({ id, url }) => ({ value: id, label: url }));
  // One that is not listed, such as one that was made for a notify_url, stays what was asked for.
  if (endpoint !== null && found.every(({ id }) => id !== endpoint))
    endpoints.push({ value: endpoint, label: endpoint });
  const shared = { placeholder: say('any'), clearable: true, searchable: true } as const;
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Select
        {...shared}
        label={say('merchant')}
        data={merchantChoices(merchants)}
        value={merchant}
        onChange={(value) => change({ merchant: value ?? '', endpoint: '' })}
      />
      <Select
        {...shared}
        label={say('endpoint')}
        data={endpoints}
        value={endpoint}
        onChange={(value) => change({ endpoint: value ?? '' })}
      />
      <Select
        {...shared}
        label={say('state')}
        data={wordsOf('delivery').map((value) => ({ value, label: word('delivery', value) }))}
        value={state}
        onChange={(value) => change({ state: value ?? '' })}
      />
      <Select
        {...shared}
        label={say('type')}
        data={[...types]}
        value={type}
        onChange={(value) => change({ type: value ?? '' })}
      />
    </SimpleGrid>
  );
}

interface MomentsProps {
  given: { from: string; to: string };
  change: (change: { from?: string; to?: string }) => void;
}

function Moments({ given, change }: MomentsProps) {
  const say = useTexts(jobTexts);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <MomentInput label={say('from')} value={given.from} onChange={(from) => change({ from })} />
      <MomentInput label={say('to')} value={given.to} onChange={(to) => change({ to })} />
    </SimpleGrid>
  );
}
