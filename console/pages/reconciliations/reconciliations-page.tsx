import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReconciliationRow } from '../../../src/api/reconciliations.ts';
import { accountsQuery } from '../../api/all-of.ts';
import { Filters } from '../../parts/filters.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { useCount } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { accountLabel, labelOf } from './accounts.ts';
import { StartDialog } from './start-dialog.tsx';
import { reconciliationsTexts } from './texts.ts';

/** Bills compared with what is known here. */
export function ReconciliationsPage() {
  const say = useTexts(reconciliationsTexts);
  const [{ account, date }] = useSearchState();
  const mayStart = useMayAct();
  const { data: accounts } = useQuery(accountsQuery);
  const count = useCount();
  const [isStarting, setIsStarting] = useState(false);
  const start = mayStart ? <Button onClick={() => setIsStarting(true)}>{say('start')}</Button> : null;
  const columns: Column<ReconciliationRow>[] = [
    { name: 'day', header: say('day'), cell: (row) => <InnerLink href={hrefOf(row)}>{row.date}</InnerLink> },
    { name: 'account', header: say('account'), cell: (row) => labelOf(accounts, row.account) },
    { name: 'state', header: say('state'), cell: (row) => <StatusBadge area="reconciliation" value={row.state} /> },
    { name: 'rows', header: say('rows'), align: 'right', wide: true, cell: (row) => count(row.progress.rows) },
    { name: 'differences', header: say('differences'), align: 'right', cell: (row) => count(differencesOf(row)) },
    { name: 'bill', header: say('bill'), wide: true, cell: (row) => say(row.statement) },
    {
      name: 'started',
      header: say('started'),
      align: 'right',
      wide: true,
      cell: (row) => <Time at={row.created_at} />,
    },
  ];
  return (
    <Page title={say('title')} lead={say('lead')} actions={start}>
      <Filters
        filters={[
          {
            kind: 'choice',
            name: 'account',
            label: say('account'),
            choices: (accounts ?? []).map((one) => ({ value: one.id, label: accountLabel(one) })),
          },
          { kind: 'text', name: 'date', label: say('day'), placeholder: '2026-01-31', width: 160 },
        ]}
      />
      <List
        path="/v1/reconciliations"
        // While a day is typed, it is none yet.
        query={{ account, date: /^\d{4}-\d\d-\d\d$/.test(date ?? '') ? date : undefined }}
        columns={columns}
        rowKey={({ id }) => id}
        rowHref={hrefOf}
        empty={
          <Empty title={say('empty.title')} action={start}>
            {say('empty')}
          </Empty>
        }
      />
      <StartDialog opened={isStarting} onClose={() => setIsStarting(false)} />
    </Page>
  );
}

/** Rows that do not agree. */
export function differencesOf({ counts }: Pick<ReconciliationRow, 'counts'>): number {
  return Object.entries(counts).reduce((sum, [is, rows]) => (is === 'matched' ? sum : sum + (rows ?? 0)), 0);
}

function hrefOf({ id }: ReconciliationRow): string {
  return `/reconciliations/${id}`;
}
