import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { CallbackReplayAnswer } from '../../../src/api/callback-replays.ts';
import { useFilterWords } from '../../parts/filter-words.ts';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { callbackReplaysTexts } from './texts.ts';

/** Kept callbacks that were read again by filter. */
export function CallbackReplaysPage() {
  const say = useTexts(callbackReplaysTexts);
  const words = useFilterWords();
  const canAct = useMayAct();
  const columns: Column<CallbackReplayAnswer>[] = [
    {
      name: 'begun',
      header: say('begun'),
      cell: (row) => (
        <InnerLink href={hrefOf(row)}>
          <Time at={row.created_at} />
        </InnerLink>
      ),
    },
    { name: 'state', header: say('state'), cell: (row) => <StatusBadge area="replay" value={row.state} /> },
    { name: 'filter', header: say('filter'), cell: (row) => words(row.filter), wide: true },
    { name: 'looked', header: say('looked'), align: 'right', cell: ({ progress }) => progress.looked },
    { name: 'differ', header: say('differ'), align: 'right', cell: ({ progress }) => progress.differ },
    { name: 'applied', header: say('applied'), align: 'right', cell: ({ progress }) => progress.applied },
    { name: 'by', header: say('by'), cell: (row) => row.by, wide: true },
  ];
  return (
    <Page
      title={say('title')}
      lead={say('lead')}
      actions={
        canAct ? (
          <Button component={Link} to="/callback-replays/new">
            {say('new')}
          </Button>
        ) : null
      }
    >
      <List
        path="/v1/callback-replays"
        columns={columns}
        rowKey={({ id }) => id}
        rowHref={hrefOf}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}

function hrefOf({ id }: CallbackReplayAnswer): string {
  return `/callback-replays/${id}`;
}
