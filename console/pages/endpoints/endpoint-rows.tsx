import type { EndpointRow } from '../../../src/api/endpoint-view.ts';
import { segment } from '../../api/call.ts';
import { useProviderName } from '../../parts/credentials/words.ts';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, Rows } from '../../parts/list.tsx';
import { MerchantLink } from '../../parts/merchant.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { endpointTexts } from './texts.ts';

export function useEndpointColumns(withMerchant: boolean): readonly Column<EndpointRow>[] {
  const say = useTexts(endpointTexts);
  const name = useProviderName();
  const merchant: Column<EndpointRow> = {
    name: 'merchant',
    header: say('merchant'),
    cell: (row) => <MerchantLink id={row.merchant} />,
  };
  return [
    { name: 'url', header: say('url'), cell: (row) => <InnerLink href={endpointHref(row)}>{row.url}</InnerLink> },
    { name: 'state', header: say('state'), cell: (row) => <StatusBadge area="endpoint" value={row.state} /> },
    ...(withMerchant ? [merchant] : []),
    { name: 'format', header: say('format'), wide: true, cell: (row) => name(row.provider) },
    {
      name: 'types',
      header: say('types'),
      wide: true,
      cell: (row) => <span className="mono">{row.types.join(' ')}</span>,
    },
    { name: 'made', header: say('made'), align: 'right', wide: true, cell: (row) => <Time at={row.created_at} /> },
  ];
}

/** The endpoints of one merchant. */
export function EndpointRows({ rows }: { rows: readonly EndpointRow[] }) {
  const columns = useEndpointColumns(false);
  return <Rows rows={rows} columns={columns} rowKey={({ id }) => id} rowHref={endpointHref} />;
}

export function endpointHref({ id }: Pick<EndpointRow, 'id'>): string {
  return `/endpoints/${segment(id)}`;
}
