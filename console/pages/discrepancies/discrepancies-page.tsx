import type { DiscrepancyRow } from '../../../src/api/discrepancies.ts';
import { segment } from '../../api/call.ts';
import { Filters } from '../../parts/filters.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Money } from '../../parts/money.tsx';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { discrepanciesTexts } from './texts.ts';

/** Money that does not fit, of all orders. */
export function DiscrepanciesPage() {
  const say = useTexts(discrepanciesTexts);
  const word = useWord();
  const sentence = useSentence();
  const [{ state, kind, merchant, assignee }] = useSearchState();
  const choices = (area: string) => wordsOf(area).map((value) => ({ value, label: word(area, value) }));
  const columns: Column<DiscrepancyRow>[] = [
    { name: 'kind', header: say('kind'), cell: (row) => word('kind_of_discrepancy', row.kind) },
    { name: 'state', header: say('state'), cell: (row) => <StatusBadge area="discrepancy" value={row.state} /> },
    { name: 'order', header: say('order'), cell: (row) => <OrderOf row={row} /> },
    { name: 'merchant', header: say('merchant'), cell: (row) => row.merchant, wide: true },
    {
      name: 'amount',
      header: say('amount'),
      align: 'right',
      cell: (row) => <Money minor={row.amount_minor} currency={row.currency} />,
    },
    { name: 'why', header: say('why'), cell: (row) => sentence(row.why), wide: true },
    { name: 'assignee', header: say('assignee'), cell: (row) => row.assigned_to ?? '', wide: true },
    { name: 'opened', header: say('opened'), align: 'right', cell: (row) => <Time at={row.opened_at} /> },
  ];
  return (
    <Page title={say('title')} lead={say('lead')}>
      <Filters
        filters={[
          { kind: 'choice', name: 'state', label: say('state'), choices: choices('discrepancy') },
          { kind: 'choice', name: 'kind', label: say('kind'), choices: choices('kind_of_discrepancy') },
          { kind: 'text', name: 'merchant', label: say('merchant'), width: 160 },
          { kind: 'text', name: 'assignee', label: say('assignee'), width: 160 },
        ]}
      />
      <List
        path="/v1/discrepancies"
        query={{ state, kind, merchant, assignee }}
        columns={columns}
        rowKey={({ id }) => id}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}

/** Parked money has no order yet. */
function OrderOf({ row: { merchant, order_no: orderNo } }: { row: DiscrepancyRow }) {
  if (orderNo === null) return null;
  return <InnerLink href={`/orders/${segment(merchant)}/${segment(orderNo)}`}>{orderNo}</InnerLink>;
}
