import { Anchor } from '@mantine/core';
import type { CallbackDetail } from '../../../src/api/callbacks.ts';
import { Act } from '../../parts/act.tsx';
import { Filters } from '../../parts/filters.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { callbacksTexts } from './texts.ts';

type Row = Omit<CallbackDetail, 'headers' | 'body'>;

/** Taken for good already; reading them again finds the same. */
const settled: readonly string[] = ['verified', 'duplicate'];

/** What came in, with its verdict and why. */
export function CallbacksPage() {
  const say = useTexts(callbacksTexts);
  const word = useWord();
  const [{ verdict, merchant, account, order_no }] = useSearchState();
  const columns: Column<Row>[] = [
    { name: 'received', header: say('received'), cell: (row) => <Time at={row.received_at} /> },
    { name: 'provider', header: say('provider'), cell: (row) => row.provider },
    { name: 'verdict', header: say('verdict'), cell: (row) => <StatusBadge area="verdict" value={row.verdict} /> },
    { name: 'reason', header: say('reason'), cell: (row) => row.reason ?? row.code ?? '', wide: true },
    { name: 'account', header: say('account'), cell: (row) => <Identifier text={row.account} short />, wide: true },
    {
      name: 'acts',
      header: '',
      align: 'right',
      cell: (row) =>
        settled.includes(row.verdict) ? null : (
          <Act label={say('again')} text={say('again.text')} path={`/v1/callbacks/${row.id}/reprocess`} />
        ),
    },
  ];
  return (
    <Page title={say('title')} lead={say('lead')} actions={<Anchor href="/verify">{say('verify')}</Anchor>}>
      <Filters
        filters={[
          {
            kind: 'choice',
            name: 'verdict',
            label: say('verdict'),
            choices: wordsOf('verdict').map((value) => ({ value, label: word('verdict', value) })),
          },
          { kind: 'text', name: 'order_no', label: say('order') },
          { kind: 'text', name: 'merchant', label: say('merchant'), width: 160 },
          { kind: 'text', name: 'account', label: say('account'), placeholder: 'acc_…' },
        ]}
      />
      <List
        path="/v1/callbacks"
        query={{ verdict, merchant, account, order_no }}
        columns={columns}
        rowKey={({ id }) => id}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}
