import { Group } from '@mantine/core';
import type { Delivery } from '../../../src/api/deliveries.ts';
import { segment } from '../../api/call.ts';
import { Act } from '../../parts/act.tsx';
import { Filters } from '../../parts/filters.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { deliveriesTexts } from './texts.ts';

type Row = Omit<Delivery, 'attempts'>;

/** What is to reach whom, and how far it got. The attempts stand on the order's page. */
export function DeliveriesPage() {
  const say = useTexts(deliveriesTexts);
  const word = useWord();
  const [{ state, merchant, endpoint, order_no }] = useSearchState();
  const columns: Column<Row>[] = [
    { name: 'order', header: say('order'), cell: (row) => <InnerLink href={hrefOf(row)}>{row.order_no}</InnerLink> },
    { name: 'type', header: say('type'), cell: (row) => row.type },
    { name: 'target', header: say('target'), cell: targetOf, wide: true },
    { name: 'state', header: say('state'), cell: (row) => <StatusBadge area="delivery" value={row.state} /> },
    { name: 'attempts', header: say('attempts'), align: 'right', cell: (row) => row.attempt_count },
    {
      name: 'due',
      header: say('due'),
      align: 'right',
      wide: true,
      cell: (row) => (row.due_at === null ? null : <Time at={row.due_at} />),
    },
    { name: 'made', header: say('made'), align: 'right', wide: true, cell: (row) => <Time at={row.created_at} /> },
    { name: 'acts', header: '', align: 'right', cell: (row) => <Acts row={row} /> },
  ];
  return (
    <Page title={say('title')} lead={say('lead')}>
      <Filters
        filters={[
          {
            kind: 'choice',
            name: 'state',
            label: say('state'),
            choices: wordsOf('delivery').map((value) => ({ value, label: word('delivery', value) })),
          },
          { kind: 'text', name: 'order_no', label: say('order') },
          { kind: 'text', name: 'merchant', label: say('merchant'), width: 160 },
          { kind: 'text', name: 'endpoint', label: say('endpoint'), placeholder: 'end_…' },
        ]}
      />
      <List
        path="/v1/deliveries"
        query={{ state, merchant, endpoint, order_no }}
        columns={columns}
        rowKey={({ id }) => id}
        rowHref={hrefOf}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}

/** What its state allows a person to do. */
function Acts({ row }: { row: Row }) {
  const say = useTexts(deliveriesTexts);
  const { id, state, type, order_no: order } = row;
  const isLive = state === 'pending' || state === 'held' || state === 'sending';
  const about = { type, order, target: targetOf(row) };
  return (
    <Group gap={4} justify="flex-end" wrap="nowrap">
      {state === 'dead' || state === 'pending' ? (
        <Act label={say('retry')} text={say('retry.text', about)} path={`/v1/deliveries/${id}/retry`} />
      ) : null}
      {isLive ? (
        <Act label={say('cancel')} text={say('cancel.text', about)} path={`/v1/deliveries/${id}/cancel`} danger />
      ) : null}
    </Group>
  );
}

function targetOf({ url, target }: Row): string {
  return url ?? target.name ?? target.id ?? target.kind;
}

function hrefOf({ merchant, order_no }: Row): string {
  return `/orders/${segment(merchant)}/${segment(order_no)}`;
}
