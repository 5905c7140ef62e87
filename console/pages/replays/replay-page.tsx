import { Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReplayAnswer } from '../../../src/api/replays.ts';
import { call } from '../../api/call.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { JobAbout, JobActs, JobProgress, jobQuery, RateInput } from '../../parts/job.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Rows } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Money } from '../../parts/money.tsx';
import { Details, Page, Section } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty, Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import { useTexts } from '../../texts/texts.ts';
import { useWord } from '../../texts/words.ts';
import { replaysTexts } from './texts.ts';

const path = '/v1/replays';
const replayQuery = (id: string) => jobQuery<ReplayAnswer>(path, id);

/** A preview with what it would send, or the sending itself as it goes. */
export function ReplayPage() {
  const say = useTexts(replaysTexts);
  const { id = '' } = useParams({ strict: false });
  const [{ preview }] = useSearchState();
  const query = useQuery(replayQuery(id));
  // How many there are is known from the preview that led here.
  const total = useQuery({ ...replayQuery(preview ?? ''), enabled: preview !== undefined }).data?.progress.looked;
  const { data } = query;
  return (
    <Page
      title={say(data === undefined ? 'title' : data.dry_run ? 'preview' : 'sending')}
      lead={
        <Group gap="xs">
          <InnerLink href="/replays">{say('back')}</InnerLink>
          {data === undefined ? null : <StatusBadge area="replay" value={data.state} />}
        </Group>
      }
      actions={
        data === undefined ? null : (
          <>
            <JobActs job={data} path={path} />
            {data.dry_run && data.state === 'done' ? <SendNow preview={data} /> : null}
          </>
        )
      }
    >
      <Loaded query={query} lines={10}>
        {(replay) => (
          <>
            <Section title={say('how')}>
              <JobProgress job={replay} looked={replay.progress.looked} total={total ?? null} />
              <Text size="sm" c="var(--soft)" mt="xs">
                {say(replay.dry_run ? 'preview.text' : replay.state === 'running' ? 'sending.text' : 'sent.text')}
              </Text>
            </Section>
            <Result replay={replay} />
            <Sums replay={replay} />
            <JobAbout job={replay} hasRate={!replay.dry_run} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** What of the same filter is sent for good. */
function SendNow({ preview }: { preview: ReplayAnswer }) {
  const say = useTexts(replaysTexts);
  const sayJob = useTexts(jobTexts);
  const navigate = useNavigate();
  const mayAct = useMayAct();
  const [isAsking, setIsAsking] = useState(false);
  const [rate, setRate] = useState<string | number>('');
  const { added, retried } = preview.progress;
  const count = added + retried;
  if (!mayAct || count === 0) return null;
  const send = async (note: string) => {
    const { filter, force } = preview;
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== null));
    const body = {
      ...given,
      ...(force ? { force, note } : {}),
      ...(rate === '' ? {} : { rate_per_second: Number(rate) }),
    };
    const begun = await call<ReplayAnswer>('POST', path, { body });
    await navigate({ href: `/replays/${begun.id}?preview=${preview.id}` });
  };
  return (
    <>
      <Button onClick={() => setIsAsking(true)}>{say('send')}</Button>
      <ConfirmDialog
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        title={say('send')}
        confirm={say('send')}
        withNote={preview.force}
        run={send}
      >
        <Text>{say('send.text', { count })}</Text>
        <RateInput description={sayJob('rate.hint')} value={rate} onChange={setRate} />
      </ConfirmDialog>
    </>
  );
}

function Result({ replay }: { replay: ReplayAnswer }) {
  const say = useTexts(replaysTexts);
  const word = useWord();
  const { added, retried, left } = replay.progress;
  const reasons = Object.entries(left).map(([why, count]) => [word('left', why), count] as const);
  return (
    <Section title={say(replay.dry_run ? 'would' : 'did')}>
      <Details items={[[say('added'), added], [say('retried'), retried], ...reasons]} />
    </Section>
  );
}

function Sums({ replay }: { replay: ReplayAnswer }) {
  const say = useTexts(replaysTexts);
  const { sums } = replay.progress;
  return (
    <Section title={say('sums')} flush>
      {sums.length === 0 ? (
        <Empty title={say(replay.state === 'running' ? 'sums.soon' : 'sums.none')} />
      ) : (
        <Rows
          rows={sums}
          rowKey={({ type, currency }) => `${type} ${currency}`}
          columns={[
            { name: 'type', header: say('type'), cell: ({ type }) => type },
            { name: 'count', header: say('notifications'), align: 'right', cell: (one) => one.notifications },
            {
              name: 'amount',
              header: say('amount'),
              align: 'right',
              cell: ({ amount_minor, currency }) => <Money minor={amount_minor} currency={currency} />,
            },
          ]}
        />
      )}
    </Section>
  );
}
