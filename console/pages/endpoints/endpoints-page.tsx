import { IconPlus } from '@tabler/icons-react';
import { Filters } from '../../parts/filters.tsx';
import { LinkButton } from '../../parts/link.tsx';
import { List } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import { endpointHref, useEndpointColumns } from './endpoint-rows.tsx';
import { endpointTexts } from './texts.ts';

/** What is told of orders. */
export function EndpointsPage() {
  const say = useTexts(endpointTexts);
  const word = useWord();
  const canAdd = useMayAct();
  const [{ merchant, state }] = useSearchState();
  const columns = useEndpointColumns(true);
  const add = (
    <LinkButton to="/endpoints/new" icon={<IconPlus size={16} />}>
      {say('new')}
    </LinkButton>
  );
  return (
    <Page title={say('title')} lead={say('lead')} actions={canAdd ? add : null}>
      <Filters
        filters={[
          {
            kind: 'choice',
            name: 'state',
            label: say('state'),
            choices: wordsOf('endpoint').map((value) => ({ value, label: word('endpoint', value) })),
          },
          { kind: 'text', name: 'merchant', label: say('merchant'), width: 180 },
        ]}
      />
      <List
        path="/v1/endpoints"
        query={{ merchant, state }}
        columns={columns}
        rowKey={({ id }) => id}
        rowHref={endpointHref}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}
