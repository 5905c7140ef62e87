import { Anchor, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { CallbackDetail } from '../../../src/api/callbacks.ts';
import { addressOf } from '../../api/call.ts';
import { Filters } from '../../parts/filters.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { ReadAgain } from './read-again.tsx';
import { callbacksTexts } from './texts.ts';

type Row = Omit<CallbackDetail, 'headers' | 'body' | 'facts'>;

/** What came in, with its verdict and why. */
export function CallbacksPage() {
  const say = useTexts(callbacksTexts);
  const word = useWord();
  const sentence = useSentence();
  const [{ verdict, merchant, account, order_no }] = useSearchState();
  const columns: Column<Row>[] = [
    {
      name: 'received',
      header: say('received'),
      cell: (row) => (
        <InnerLink href={hrefOf(row)}>
          <Time at={row.received_at} />
        </InnerLink>
      ),
    },
    { name: 'provider', header: say('provider'), cell: (row) => row.provider },
    { name: 'verdict', header: say('verdict'), cell: (row) => <StatusBadge area="verdict" value={row.verdict} /> },
    { name: 'reason', header: say('reason'), cell: (row) => sentence(row.reason ?? row.code ?? ''), wide: true },
    { name: 'account', header: say('account'), cell: (row) => <Identifier text={row.account} short />, wide: true },
    {
      name: 'acts',
      header: '',
      align: 'right',
      cell: (row) => <ReadAgain callback={row} />,
    },
  ];
  return (
    <Page title={say('title')} lead={say('lead')} actions={<Ways search={{ merchant, account, verdict }} />}>
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
        rowHref={hrefOf}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}

/** To what else may be done with callbacks. */
function Ways({ search }: { search: Readonly<Record<string, string | undefined>> }) {
  const say = useTexts(callbacksTexts);
  const mayAct = useMayAct();
  return (
    <>
      <Anchor component={Link} to="/callback-replays">
        {say('replays')}
      </Anchor>
      {!mayAct ? null : (
        <Button component={Link} to={addressOf('/callback-replays/new', search)} variant="default">
          {say('byFilter')}
        </Button>
      )}
    </>
  );
}

function hrefOf({ id }: Row): string {
  return `/callbacks/${id}`;
}
