import { Anchor, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Delivery } from '../../../src/api/deliveries.ts';
import { addressOf, segment } from '../../api/call.ts';
import { Filters } from '../../parts/filters.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { DeliveryActs, targetOf } from './delivery-acts.tsx';
import { deliveriesTexts } from './texts.ts';

type Row = Omit<Delivery, 'attempts'>;

/** What is to reach whom, and how far it got. */
export function DeliveriesPage() {
  const say = useTexts(deliveriesTexts);
  const word = useWord();
  const [{ state, merchant, endpoint, order_no }] = useSearchState();
  const columns: Column<Row>[] = [
    { name: 'type', header: say('type'), cell: (row) => <InnerLink href={hrefOf(row)}>{row.type}</InnerLink> },
    {
      name: 'order',
      header: say('order'),
      cell: (row) => <InnerLink href={orderHrefOf(row)}>{row.order_no}</InnerLink>,
    },
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
    { name: 'acts', header: '', align: 'right', cell: (row) => <DeliveryActs delivery={row} /> },
  ];
  return (
    <Page
      title={say('title')}
      lead={say('lead')}
      actions={
        <>
          <Anchor component={Link} to="/replays">
            {say('replays')}
          </Anchor>
          <AgainByFilter search={{ merchant, endpoint, state: state === 'waiting' ? undefined : state }} />
        </>
      }
    >
      <Filters
        filters={[
          {
            kind: 'choice',
            name: 'state',
            label: say('state'),
            choices: [
              { value: 'waiting', label: say('waiting') },
              ...wordsOf('delivery')
                .filter((value) => value !== 'missing')
                .map((value) => ({ value, label: word('delivery', value) })),
            ],
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

/** To the form, filled in with what is looked at. */
function AgainByFilter({ search }: { search: Readonly<Record<string, string | undefined>> }) {
  const say = useTexts(deliveriesTexts);
  const mayAct = useMayAct();
  if (!mayAct) return null;
  return (
    <Button component={Link} to={addressOf('/replays/new', search)} variant="default">
      {say('byFilter')}
    </Button>
  );
}

function hrefOf({ id }: Row): string {
  return `/deliveries/${id}`;
}

function orderHrefOf({ merchant, order_no }: Row): string {
  return `/orders/${segment(merchant)}/${segment(order_no)}`;
}
