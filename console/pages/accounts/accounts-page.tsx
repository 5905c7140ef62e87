import { IconPlus } from '@tabler/icons-react';
import { Filters } from '../../parts/filters.tsx';
import { LinkButton } from '../../parts/link.tsx';
import { List } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { useTexts } from '../../texts/texts.ts';
import { accountHref, useAccountColumns } from './account-rows.tsx';
import { accountTexts } from './texts.ts';

/** Where callbacks come in. */
export function AccountsPage() {
  const say = useTexts(accountTexts);
  const canAdd = useMayAct();
  const [{ merchant }] = useSearchState();
  const columns = useAccountColumns(true);
  const add = (
    <LinkButton to="/accounts/new" icon={<IconPlus size={16} />}>
      {say('new')}
    </LinkButton>
  );
  return (
    <Page title={say('title')} lead={say('lead')} actions={canAdd ? add : null}>
      <Filters filters={[{ kind: 'text', name: 'merchant', label: say('merchant'), width: 180 }]} />
      <List
        path="/v1/accounts"
        query={{ merchant }}
        columns={columns}
        rowKey={({ id }) => id}
        rowHref={accountHref}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}
