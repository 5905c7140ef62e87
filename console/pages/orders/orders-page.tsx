import type { OrderRow } from '../../../src/api/orders.ts';
import { segment } from '../../api/call.ts';
import { Filters } from '../../parts/filters.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Money } from '../../parts/money.tsx';
import { Page } from '../../parts/page.tsx';
import { timesOfDays, useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { orderTexts } from './texts.ts';

export function OrdersPage() {
  const say = useTexts(orderTexts);
  const word = useWord();
  const [search] = useSearchState();
  const { q, amount, merchant, status } = search;
  const columns: Column<OrderRow>[] = [
    { name: 'order', header: say('order'), cell: (row) => <InnerLink href={hrefOf(row)}>{row.order_no}</InnerLink> },
    { name: 'merchant', header: say('merchant'), cell: (row) => row.merchant, wide: true },
    { name: 'status', header: say('status'), cell: (row) => <StatusBadge area="order" value={row.status} /> },
    {
      name: 'expected',
      header: say('expected'),
      align: 'right',
      cell: ({ expectation }) => (
        <Money minor={expectation?.amount_minor ?? null} currency={expectation?.currency ?? null} />
      ),
    },
    {
      name: 'captured',
      header: say('captured'),
      align: 'right',
      cell: (row) => <Money minor={row.captured_minor} currency={row.expectation?.currency ?? null} />,
    },
    {
      name: 'refunded',
      header: say('refunded'),
      align: 'right',
      wide: true,
      cell: (row) => <Money minor={row.refunded_minor} currency={row.expectation?.currency ?? null} />,
    },
    { name: 'changed', header: say('changed'), align: 'right', cell: (row) => <Time at={row.updated_at} /> },
  ];
  return (
    <Page title={say('title')} lead={say('lead')}>
      <Filters
        filters={[
          { kind: 'text', name: 'q', label: say('search'), placeholder: say('search.hint') },
          { kind: 'text', name: 'amount', label: say('amount'), placeholder: '88.80', width: 120 },
          { kind: 'days' },
          { kind: 'text', name: 'merchant', label: say('merchant'), width: 160 },
          {
            kind: 'choice',
            name: 'status',
            label: say('status'),
            choices: wordsOf('order').map((value) => ({ value, label: word('order', value) })),
          },
        ]}
      />
      <List
        path="/v1/orders"
        query={{ q, amount, merchant, status, ...timesOfDays(search) }}
        columns={columns}
        rowKey={(row) => `${row.merchant} ${row.order_no}`}
        rowHref={hrefOf}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}

function hrefOf({ merchant, order_no }: OrderRow): string {
  return `/orders/${segment(merchant)}/${segment(order_no)}`;
}
