import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReplayAnswer } from '../../../src/api/replays.ts';
import { useFilterWords } from '../../parts/filter-words.ts';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { replaysTexts } from './texts.ts';

/** Notifications that were sent again by filter, and what was only counted. */
export function ReplaysPage() {
  const say = useTexts(replaysTexts);
  const words = useFilterWords();
  const canAct = useMayAct();
  const columns: Column<ReplayAnswer>[] = [
    {
      name: 'begun',
      header: say('begun'),
      cell: (row) => (
        <InnerLink href={hrefOf(row)}>
          <Time at={row.created_at} />
        </InnerLink>
      ),
    },
    { name: 'what', header: say('what'), cell: (row) => say(row.dry_run ? 'preview' : 'sending') },
    { name: 'state', header: say('state'), cell: (row) => <StatusBadge area="replay" value={row.state} /> },
    { name: 'filter', header: say('filter'), cell: (row) => words(row.filter), wide: true },
    { name: 'sent', header: say('sent'), align: 'right', cell: (row) => countOf(row) },
    { name: 'by', header: say('by'), cell: (row) => row.by, wide: true },
  ];
  return (
    <Page
      title={say('title')}
      lead={say('lead')}
      actions={
        canAct ? (
          <Button component={Link} to="/replays/new">
            {say('new')}
          </Button>
        ) : null
      }
    >
      <List
        path="/v1/replays"
        columns={columns}
        rowKey={({ id }) => id}
        rowHref={hrefOf}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}

function countOf({ progress: { added, retried } }: ReplayAnswer): number {
  return added + retried;
}

function hrefOf({ id }: ReplayAnswer): string {
  return `/replays/${id}`;
}
