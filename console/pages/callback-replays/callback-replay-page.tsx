import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { CallbackReplayAnswer, RereadAnswer } from '../../../src/api/callback-replays.ts';
import { Act } from '../../parts/act.tsx';
import { JobAbout, JobActs, JobProgress, jobQuery } from '../../parts/job.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { useMoney } from '../../parts/money.tsx';
import { Details, Page, Section } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { useWord } from '../../texts/words.ts';
import { callbackReplaysTexts } from './texts.ts';

const path = '/v1/callback-replays';

/** First what would change; then, when a person has said so, what came of it. */
export function CallbackReplayPage() {
  const say = useTexts(callbackReplaysTexts);
  const { id = '' } = useParams({ strict: false });
  const query = useQuery(jobQuery<CallbackReplayAnswer>(path, id));
  const { data } = query;
  return (
    <Page
      title={say('title')}
      lead={
        <Group gap="xs">
          <InnerLink href="/callback-replays">{say('back')}</InnerLink>
          {data === undefined ? null : <StatusBadge area="replay" value={data.state} />}
        </Group>
      }
      actions={
        data === undefined ? null : (
          <>
            <JobActs job={data} path={path} />
            {data.state === 'previewed' && data.progress.differ > 0 ? (
              <Act
                look="main"
                label={say('apply')}
                text={say('apply.text', { count: data.progress.differ })}
                path={`${path}/${data.id}/apply`}
              />
            ) : null}
          </>
        )
      }
    >
      <Loaded query={query} lines={10}>
        {(replay) => (
          <>
            <Progress replay={replay} />
            <Changes replay={replay} />
            <JobAbout job={replay} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Progress({ replay }: { replay: CallbackReplayAnswer }) {
  const say = useTexts(callbackReplaysTexts);
  const { phase, progress } = replay;
  const { looked, same, differ, gone, failed, cut, applied, otherwise } = progress;
  const isApplying = phase === 'apply';
  return (
    <Section title={say(isApplying ? 'applying' : 'previewing')}>
      <JobProgress job={replay} looked={isApplying ? applied : looked} total={isApplying ? differ : null} />
      <Text size="sm" c="var(--soft)" mt="xs" mb="md">
        {say(isApplying ? 'applying.text' : 'previewing.text')}
      </Text>
      <Details
        items={[
          [say('looked'), looked],
          [say('same'), same],
          [say('differ'), differ],
          [say('gone'), gone === 0 ? null : gone],
          [say('failed'), failed === 0 ? null : failed],
          [say('applied'), isApplying ? applied : null],
          [say('otherwise'), otherwise === 0 ? null : otherwise],
        ]}
      />
      {cut ? (
        <Text size="sm" c="var(--warn)" mt="sm">
          {say('cut')}
        </Text>
      ) : null}
    </Section>
  );
}

function Changes({ replay: { id, state, progress } }: { replay: CallbackReplayAnswer }) {
  const say = useTexts(callbackReplaysTexts);
  const told = useFacts();
  const columns: Column<RereadAnswer>[] = [
    {
      name: 'callback',
      header: say('callback'),
      cell: ({ callback }) => (
        <InnerLink href={`/callbacks/${callback}`}>
          <span className="mono">…{callback.slice(-8)}</span>
        </InnerLink>
      ),
    },
    {
      name: 'before',
      header: say('before'),
      cell: ({ before }) => <StatusBadge area="verdict" value={before.verdict} />,
    },
    { name: 'after', header: say('after'), cell: ({ after }) => <StatusBadge area="verdict" value={after.verdict} /> },
    { name: 'added', header: say('added'), cell: ({ added }) => told(added) },
    { name: 'untold', header: say('untold'), cell: ({ untold }) => told(untold), wide: true },
    { name: 'applied', header: say('cameTo'), cell: (one) => <Applied one={one} /> },
  ];
  return (
    <List
      // What it reads otherwise comes while it looks, and what came of it while it applies.
      key={`${progress.differ} ${progress.applied}`}
      path={`${path}/${id}/callbacks`}
      columns={columns}
      rowKey={({ callback }) => callback}
      empty={<Empty title={say(state === 'running' ? 'soon' : 'nothing')}>{say('nothing.text')}</Empty>}
    />
  );
}

function Applied({ one: { applied } }: { one: RereadAnswer }) {
  const say = useTexts(callbackReplaysTexts);
  const sentence = useSentence();
  if (applied === null) return <span>{say('notYet')}</span>;
  if (applied.verdict === null) return <span>{sentence(applied.reason ?? '')}</span>;
  return (
    <Group gap="xs" wrap="nowrap">
      <StatusBadge area="verdict" value={applied.verdict} />
      {applied.otherwise ? <Text size="xs">{say('cameOtherwise')}</Text> : null}
    </Group>
  );
}

/** Facts in a few words. */
function useFacts(): (facts: readonly Omit<RereadAnswer['untold'][number], 'known'>[]) => string {
  const say = useTexts(callbackReplaysTexts);
  const word = useWord();
  const money = useMoney();
  return (facts) => {
    if (facts.length === 0) return say('none');
    return facts
      .map(({ kind, amount_minor: amount, currency }) =>
        amount === null ? word('fact', kind) : `${word('fact', kind)} ${money(amount, currency)}`,
      )
      .join(', ');
  };
}
