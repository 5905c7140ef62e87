import { Badge } from '@mantine/core';
import type { AccountRow } from '../../../src/api/accounts.ts';
import { segment } from '../../api/call.ts';
import { useProviderName } from '../../parts/credentials/words.ts';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, Rows } from '../../parts/list.tsx';
import { MerchantLink } from '../../parts/merchant.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { accountTexts } from './texts.ts';

export function useAccountColumns(withMerchant: boolean): readonly Column<AccountRow>[] {
  const say = useTexts(accountTexts);
  const name = useProviderName();
  const merchant: Column<AccountRow> = {
    name: 'merchant',
    header: say('merchant'),
    cell: (row) => <MerchantLink id={row.merchant} />,
  };
  return [
    {
      name: 'name',
      header: say('name'),
      cell: (row) => <InnerLink href={accountHref(row)}>{row.name === '' ? name(row.provider) : row.name}</InnerLink>,
    },
    ...(withMerchant ? [merchant] : []),
    { name: 'provider', header: say('provider'), cell: (row) => name(row.provider) },
    { name: 'mode', header: say('mode'), cell: (row) => <Mode mode={row.mode} /> },
    { name: 'made', header: say('made'), align: 'right', wide: true, cell: (row) => <Time at={row.created_at} /> },
  ];
}

/** The accounts of one merchant. */
export function AccountRows({ rows }: { rows: readonly AccountRow[] }) {
  const columns = useAccountColumns(false);
  return <Rows rows={rows} columns={columns} rowKey={({ id }) => id} rowHref={accountHref} />;
}

export function Mode({ mode }: Pick<AccountRow, 'mode'>) {
  const say = useTexts(accountTexts);
  return <Badge color={mode === 'live' ? 'green' : 'gray'}>{say(mode)}</Badge>;
}

export function accountHref({ id }: Pick<AccountRow, 'id'>): string {
  return `/accounts/${segment(id)}`;
}
