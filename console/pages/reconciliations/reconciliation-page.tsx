import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { AccountRow } from '../../../src/api/accounts.ts';
import type { ReconciliationRow } from '../../../src/api/reconciliations.ts';
import { accountsQuery } from '../../api/all-of.ts';
import { segment } from '../../api/call.ts';
import { readQuery } from '../../api/queries.ts';
import { useActor } from '../../parts/actor.ts';
import { Lasting } from '../../parts/duration.tsx';
import { Line, Lines } from '../../parts/lines.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Rows } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Money } from '../../parts/money.tsx';
import { useBytes, useCount } from '../../parts/numbers.ts';
import { Details, Page, Section } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord } from '../../texts/words.ts';
import { Differences } from './differences.tsx';
import { Standing } from './standing.tsx';
import { StartDialog } from './start-dialog.tsx';
import { reconciliationsTexts } from './texts.ts';

/** While it runs, its progress is worth asking for more often than anything else. */
const runningMs = 1000;

export function ReconciliationPage() {
  const say = useTexts(reconciliationsTexts);
  const { id = '' } = useParams({ strict: false });
  const { data: accounts } = useQuery(accountsQuery);
  const query = useQuery({
    ...readQuery<ReconciliationRow>(`/v1/reconciliations/${segment(id)}`),
    refetchInterval: ({ state }) => (state.data === undefined || isOver(state.data) ? false : runningMs),
  });
  const one = query.data;
  const account = accounts?.find((known) => known.id === one?.account);
  return (
    <Page
      title={one === undefined ? say('title') : `${account?.name ?? one.account}, ${one.date}`}
      lead={
        <Group gap="xs">
          <InnerLink href="/reconciliations">{say('back')}</InnerLink>
          {account === undefined ? null : <span>· {placeOf(account)}</span>}
          {account?.statement_zone ? <span>· {say('zone', { zone: account.statement_zone })}</span> : null}
          {one === undefined ? null : <StatusBadge area="reconciliation" value={one.state} />}
        </Group>
      }
      actions={one === undefined || !isOver(one) ? null : <Again one={one} />}
    >
      <Loaded query={query} lines={12}>
        {(loaded) => (
          <>
            <Standing one={loaded} />
            <Facts one={loaded} />
            {loaded.sums.length > 0 || loaded.state === 'done' ? (
              <>
                <Sums one={loaded} />
                <Counts one={loaded} />
              </>
            ) : null}
            {isOver(loaded) ? <Differences one={loaded} /> : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function placeOf({ name, provider, merchant }: AccountRow): string {
  return [provider, merchant].filter((part) => part !== name).join(' · ');
}

export function isOver({ state }: Pick<ReconciliationRow, 'state'>): boolean {
  return state === 'done' || state === 'failed';
}

function Again({ one: { account, date } }: { one: ReconciliationRow }) {
  const say = useTexts(reconciliationsTexts);
  const mayAct = useMayAct();
  const [isOpen, setIsOpen] = useState(false);
  if (!mayAct) return null;
  return (
    <>
      <Button variant="default" onClick={() => setIsOpen(true)}>
        {say('again')}
      </Button>
      <StartDialog opened={isOpen} onClose={() => setIsOpen(false)} given={{ account, date }} />
    </>
  );
}

function Facts({ one }: { one: ReconciliationRow }) {
  const say = useTexts(reconciliationsTexts);
  const bytes = useBytes();
  const { progress } = one;
  const actor = useActor();
  const count = useCount();
  const other = progress.other_rows === 0 ? '' : ` (${say('read.other', { count: count(progress.other_rows) })})`;
  return (
    <Section>
      <Details
        items={[
          [
            say('range'),
            <span key="range">
              <Time at={one.from} /> – <Time at={one.to} />
            </span>,
          ],
          [say('source'), say(one.statement)],
          [say('read'), `${count(progress.rows)}${other}`],
          [say('bytes'), progress.bytes === 0 ? null : bytes(progress.bytes)],
          [say('started'), <Time key="started" at={one.created_at} form="full" />],
          [say('took'), isOver(one) ? <Lasting key="took" from={one.created_at} to={one.updated_at} /> : null],
          [say('by'), actor(one.by)],
          [
            say('fees'),
            one.fees.length === 0 ? null : (
              <Group key="fees" gap="xs">
                {one.fees.map(({ currency, fee_minor }) => (
                  <Money key={currency} minor={fee_minor} currency={currency} />
                ))}
              </Group>
            ),
          ],
        ]}
      />
    </Section>
  );
}

/** Both sides of each currency and kind, and what is between them. */
function Sums({ one: { sums } }: { one: ReconciliationRow }) {
  const say = useTexts(reconciliationsTexts);
  const word = useWord();
  return (
    <Section title={say('sums')} flush>
      {sums.length === 0 ? (
        <Empty title={say('noSums')} />
      ) : (
        <Rows
          rows={sums}
          rowKey={({ kind, currency }) => `${kind} ${currency}`}
          columns={[
            { name: 'kind', header: say('kind'), cell: ({ kind }) => word('fact', kind) },
            { name: 'currency', header: say('currency'), wide: true, cell: ({ currency }) => currency },
            {
              name: 'theirs',
              header: say('theirs'),
              align: 'right',
              cell: ({ theirs_minor, currency }) => <Money minor={theirs_minor} currency={currency} />,
            },
            {
              name: 'ours',
              header: say('ours'),
              align: 'right',
              cell: ({ ours_minor, currency }) => <Money minor={ours_minor} currency={currency} />,
            },
            { name: 'difference', header: say('difference'), align: 'right', cell: (sum) => <Between sum={sum} /> },
            {
              name: 'agree',
              header: say('agree'),
              align: 'right',
              wide: true,
              cell: ({ by }) => by.matched?.rows ?? 0,
            },
            { name: 'differ', header: say('differ'), align: 'right', wide: true, cell: differing },
          ]}
        />
      )}
    </Section>
  );
}

type Sum = ReconciliationRow['sums'][number];

function Between({ sum: { difference_minor, currency } }: { sum: Sum }) {
  const isNone = String(difference_minor) === '0';
  return (
    <b style={{ color: `var(--${isNone ? 'soft' : 'bad'})`, fontWeight: isNone ? 400 : 600 }}>
      <Money minor={difference_minor} currency={currency} />
    </b>
  );
}

function differing({ by }: Sum): number {
  return Object.entries(by).reduce((rows, [is, part]) => (is === 'matched' ? rows : rows + (part?.rows ?? 0)), 0);
}

/** Every way in which rows came out, in words. */
function Counts({ one: { counts } }: { one: ReconciliationRow }) {
  const count = useCount();
  const say = useTexts(reconciliationsTexts);
  const kinds = [
    'matched',
    'missing_here',
    'missing_at_provider',
    'undecided',
    'amount',
    'currency',
    'status',
    'fee',
  ] as const;
  const present = kinds.filter((kind) => (counts[kind] ?? 0) > 0);
  if (present.length === 0) return null;
  return (
    <Section title={say('counts')} flush>
      <Lines>
        {present.map((kind) => (
          <Line
            key={kind}
            title={say(`is.${kind}`)}
            note={say(`is.${kind}.means`)}
            side={<b className="numbers">{count(counts[kind] ?? 0)}</b>}
          />
        ))}
      </Lines>
    </Section>
  );
}
