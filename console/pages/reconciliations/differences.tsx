import { Button, Group, Select, Title } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { DifferenceRow, ReconciliationRow } from '../../../src/api/reconciliations.ts';
import { addressOf, segment } from '../../api/call.ts';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Money, useMoney } from '../../parts/money.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { commonTexts } from '../../texts/common.ts';
import { useTexts } from '../../texts/texts.ts';
import { useWord } from '../../texts/words.ts';
import { differencesOf } from './reconciliations-page.tsx';
import { reconciliationsTexts } from './texts.ts';

const kinds = ['missing_here', 'missing_at_provider', 'undecided', 'amount', 'currency', 'status', 'fee'] as const;

/** Everything in which the two sides differ, each with its order; also as a file. */
export function Differences({ one }: { one: ReconciliationRow }) {
  const say = useTexts(reconciliationsTexts);
  const common = useTexts(commonTexts);
  const word = useWord();
  const [{ kind }, change] = useSearchState();
  const path = `/v1/reconciliations/${segment(one.id)}/differences`;
  if (differencesOf(one) === 0) return null;
  const columns: Column<DifferenceRow>[] = [
    { name: 'kind', header: say('list.kind'), cell: (row) => say(`is.${row.kind}`) },
    { name: 'order', header: say('list.order'), cell: (row) => <OrderOf row={row} merchant={one.merchant} /> },
    { name: 'what', header: say('kind'), wide: true, cell: (row) => word('fact', row.fact_kind) },
    { name: 'theirs', header: say('theirs'), align: 'right', cell: (row) => <Theirs row={row} /> },
    { name: 'ours', header: say('ours'), align: 'right', cell: (row) => <Ours row={row} /> },
    { name: 'line', header: say('list.line'), align: 'right', wide: true, cell: ({ theirs }) => theirs?.line ?? '' },
    {
      name: 'when',
      header: say('list.when'),
      align: 'right',
      wide: true,
      cell: ({ ours, theirs, date }) => (
        <>
          <Time at={theirs?.at ?? ours?.at ?? null} />
          {date === one.date ? null : ` ${say('list.day', { day: date })}`}
        </>
      ),
    },
  ];
  const actions = (
    <>
      <Select
        aria-label={say('list.kind')}
        placeholder={common('all')}
        data={kinds.map((value) => ({ value, label: say(`is.${value}`) }))}
        value={kinds.find((known) => known === kind) ?? null}
        onChange={(value) => change({ kind: value ?? '' })}
        clearable
        size="xs"
        w={180}
      />
      <Button
        component="a"
        href={addressOf(path, { kind, format: 'csv' })}
        download
        size="xs"
        variant="default"
        leftSection={<IconDownload size={14} aria-hidden />}
      >
        {say('download')}
      </Button>
    </>
  );
  return (
    <>
      <Group justify="space-between" gap="sm" mt="xs">
        <Title order={2}>{say('list.title')}</Title>
        <Group gap="xs">{actions}</Group>
      </Group>
      <List path={path} query={{ kind }} columns={columns} rowKey={keyOf} empty={<Empty title={say('list.none')} />} />
    </>
  );
}

function OrderOf({ row, merchant }: { row: DifferenceRow; merchant: string }) {
  const say = useTexts(reconciliationsTexts);
  const { order_no: orderNo, reference } = row;
  if (orderNo !== null) {
    return <InnerLink href={`/orders/${segment(merchant)}/${segment(orderNo)}`}>{orderNo}</InnerLink>;
  }
  return reference === null ? say('list.noOrder') : <Identifier text={reference} short />;
}

/** Where the fees differ, the amounts do not: the fee is what is to be seen. */
function Theirs({ row: { kind, theirs } }: { row: DifferenceRow }) {
  const say = useTexts(reconciliationsTexts);
  const money = useMoney();
  const fee = theirs?.fee_minor ?? null;
  if (kind !== 'fee' || fee === null) return <Side side={theirs} />;
  return <span className="numbers">{say('list.fee', { money: money(fee, theirs?.currency ?? null) })}</span>;
}

function Ours({ row: { kind, ours, theirs, expected_fee_minor: fee } }: { row: DifferenceRow }) {
  const say = useTexts(reconciliationsTexts);
  const money = useMoney();
  if (kind !== 'fee' || fee === null) return <Side side={ours} />;
  const currency = theirs?.currency ?? ours?.currency ?? null;
  return <span className="numbers">{say('list.expectedFee', { money: money(fee, currency) })}</span>;
}

function Side({ side }: { side: DifferenceRow['ours'] }) {
  return <Money minor={side?.amount_minor ?? null} currency={side?.currency ?? null} />;
}

function keyOf({ date, kind, fact_kind, payment_id, operation_id, theirs }: DifferenceRow): string {
  return [date, kind, fact_kind, payment_id, operation_id, theirs?.line].join(' ');
}
