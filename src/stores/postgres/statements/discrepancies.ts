import { parkedKey } from '../../../domain/discrepancy.ts';
import { bucketOf } from '../../../domain/ids.ts';
import { decisionToJson, discrepancyOf } from '../../discrepancy-mapping.ts';
import type { StoredDiscrepancy } from '../../kept.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const discrepancies = new Table({
  name: 'discrepancies',
  columns: {
    bucket: 'smallint',
    id: 'text',
    merchant: 'text',
    order_id: 'text',
    key: 'text',
    kind: 'text',
    blocks: 'boolean',
    why: 'text',
    amount_minor: 'bigint',
    currency: 'text',
    state: 'text',
    opened_at: 'bigint',
    closed_at: 'bigint',
    assigned_to: 'text',
    assigned_at: 'bigint',
    decision: 'text',
  },
  key: ['id'],
  mutable: [
    'order_id',
    'blocks',
    'why',
    'amount_minor',
    'currency',
    'state',
    'opened_at',
    'closed_at',
    'assigned_to',
    'assigned_at',
    'decision',
  ],
  hasSeq: true,
});

export const discrepanciesById = discrepancies.lookup({
  name: 'id',
  columns: ['id'],
  index: 'discrepancies_pkey',
  locks: 'wait',
});

export const discrepanciesOfOrder = discrepancies.lookup({
  name: 'order',
  columns: ['order_id'],
  index: 'discrepancies_order',
  where: { sql: 't.order_id is not null', holds: (values) => values.order_id !== null },
});

export const parkedDiscrepancies = discrepancies.lookup({
  name: 'key',
  columns: ['key'],
  index: 'discrepancies_parked',
  where: { sql: 't.order_id is null', holds: (values) => values.order_id === null },
});

type DiscrepancyRows = Pick<
  Rows,
  'discrepanciesOfOrder' | 'discrepancyById' | 'insertDiscrepancy' | 'updateDiscrepancy' | 'openDiscrepancyOfParked'
>;

export function discrepancyRows(image: Image): DiscrepancyRows {
  return {
    discrepanciesOfOrder: (order) => image.find(discrepanciesOfOrder, order).map(({ values }) => discrepancyOf(values)),
    discrepancyById(id) {
      const found = image.one(discrepanciesById, id);
      return found === null ? null : discrepancyOf(found.values);
    },
    insertDiscrepancy(discrepancy) {
      const { id, merchant, key, kind } = discrepancy;
      image.add(discrepancies, { bucket: bucketOf(merchant), id, merchant, key, kind, ...changing(discrepancy) });
      image.loaded(discrepanciesById, [id], []);
    },
    updateDiscrepancy(discrepancy) {
      const kept = image.one(discrepanciesById, discrepancy.id);
      if (kept !== null) image.change(kept, changing(discrepancy));
    },
    openDiscrepancyOfParked: (fact) =>
      image
        .find(parkedDiscrepancies, parkedKey(fact))
        .map(({ values }) => discrepancyOf(values))
        .filter(({ state }) => state === 'open'),
  };
}

function changing({
  order,
  blocks,
  why,
  amountMinor,
  currency,
  state,
  openedAt,
  closedAt,
  ...told
}: StoredDiscrepancy) {
  return {
    order_id: order,
    blocks: blocks ? 1 : 0,
    why,
    amount_minor: amountMinor === null ? null : String(amountMinor),
    currency,
    state,
    opened_at: openedAt,
    closed_at: closedAt,
    assigned_to: told.assigned?.to ?? null,
    assigned_at: told.assigned?.at ?? null,
    decision: told.decision === null ? null : decisionToJson(told.decision),
  };
}
