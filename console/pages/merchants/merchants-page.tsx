import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { MerchantRow } from '../../../src/api/merchants.ts';
import { segment } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { NewMerchant } from './merchant-dialogs.tsx';
import { merchantTexts } from './texts.ts';

/** Whose orders there are. */
export function MerchantsPage() {
  const say = useTexts(merchantTexts);
  const { data: session } = useQuery(sessionQuery);
  const [isNew, setIsNew] = useState(false);
  const columns: Column<MerchantRow>[] = [
    { name: 'name', header: say('name'), cell: (row) => <InnerLink href={hrefOf(row)}>{row.name}</InnerLink> },
    { name: 'id', header: say('id'), cell: (row) => <span className="mono">{row.id}</span> },
    { name: 'made', header: say('made'), align: 'right', wide: true, cell: (row) => <Time at={row.created_at} /> },
  ];
  // A key that is limited to merchants sees its own, and makes none.
  const canMake = session !== undefined && session.role !== 'viewer' && session.merchants === null;
  const make = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setIsNew(true)}>
      {say('new')}
    </Button>
  );
  return (
    <Page title={say('title')} lead={say('lead')} actions={canMake ? make : null}>
      <List
        path="/v1/merchants"
        columns={columns}
        rowKey={({ id }) => id}
        rowHref={hrefOf}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
      <NewMerchant opened={isNew} onClose={() => setIsNew(false)} />
    </Page>
  );
}

function hrefOf({ id }: Pick<MerchantRow, 'id'>): string {
  return `/merchants/${segment(id)}`;
}
