import { parkedKey } from '../../../domain/discrepancy.ts';
import type { DiscrepancyId, FactId, OrderId } from '../../../domain/ids.ts';
import { decisionToJson, discrepancyColumns, discrepancyOf } from '../../discrepancy-mapping.ts';
import type { StoredDiscrepancy } from '../../kept.ts';
import type { Connection } from '../connection.ts';

const discrepanciesOfOrderSql = `-- SEARCH d USING INDEX paidonce_discrepancies_order (order_id=?)
  select ${discrepancyColumns} from paidonce_discrepancies d where d.order_id = ? order by d.seq`;

export function discrepanciesOfOrder(db: Connection, order: OrderId): StoredDiscrepancy[] {
  return db.all(discrepanciesOfOrderSql, order).map(discrepancyOf);
}

const discrepancyByIdSql = `-- SEARCH d USING INDEX paidonce_discrepancies_id (id=?)
  select ${discrepancyColumns} from paidonce_discrepancies d where d.id = ?`;

export function discrepancyById(db: Connection, id: DiscrepancyId): StoredDiscrepancy | null {
  const row = db.get(discrepancyByIdSql, id);
  return row === undefined ? null : discrepancyOf(row);
}

export function insertDiscrepancy(db: Connection, discrepancy: StoredDiscrepancy): void {
  const { id, merchant, order, key, kind, blocks, why, amountMinor, currency, state, openedAt, closedAt } = discrepancy;
  // Nobody can have taken it, or said anything of it, before it is there.
  db.run(
    `insert into paidonce_discrepancies (id, merchant, order_id, key, kind, blocks, why, amount_minor, currency, state, opened_at, closed_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    merchant,
    order,
    key,
    kind,
    blocks ? 1 : 0,
    why,
    amountMinor,
    currency,
    state,
    openedAt,
    closedAt,
  );
}

export function updateDiscrepancy(db: Connection, discrepancy: StoredDiscrepancy): void {
  const { id, order, blocks, why, amountMinor, currency, state, openedAt, closedAt, assigned, decision } = discrepancy;
  db.run(
    `-- SEARCH paidonce_discrepancies USING INDEX paidonce_discrepancies_id (id=?)
     update paidonce_discrepancies
     set order_id = ?, blocks = ?, why = ?, amount_minor = ?, currency = ?, state = ?, opened_at = ?, closed_at = ?,
       assigned_to = ?, assigned_at = ?, decision = ?
     where id = ?`,
    order,
    blocks ? 1 : 0,
    why,
    amountMinor,
    currency,
    state,
    openedAt,
    closedAt,
    assigned?.to ?? null,
    assigned?.at ?? null,
    decision === null ? null : decisionToJson(decision),
    id,
  );
}

const openDiscrepancyOfParkedSql = `-- SEARCH d USING INDEX paidonce_discrepancies_parked (key=?)
  select ${discrepancyColumns} from paidonce_discrepancies d where d.key = ? and d.order_id is null and d.state = 'open'`;

export function openDiscrepancyOfParked(db: Connection, fact: FactId): StoredDiscrepancy[] {
  return db.all(openDiscrepancyOfParkedSql, parkedKey(fact)).map(discrepancyOf);
}
