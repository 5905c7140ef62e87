import type { SQLInputValue } from 'node:sqlite';
import { AppError } from '../../../domain/errors.ts';
import type { MerchantId } from '../../../domain/ids.ts';
import { limits } from '../../../domain/limits.ts';
import { number } from '../../mapping.ts';
import type { Page, PageRequest, Visible } from '../../reads.ts';
import type { Connection, Row } from '../connection.ts';

/** A condition in SQL with its parameters; null where the caller did not ask for it. */
export type Condition = readonly [sql: string, ...parameters: SQLInputValue[]] | null;

/**
 * One page, the newest commit first. `seq` is given at the insert by the only writer, so it is the order of commits: whatever was
 * there when the first page was read is on exactly one page, and what is committed later is before the first.
 */
export function pageOf<T>(
  db: Connection,
  list: { select: string; seq: string; conditions: readonly Condition[]; map: (row: Row) => T },
  { limit, cursor }: PageRequest,
): Page<T> {
  const most = Math.min(Math.max(1, Math.trunc(limit)), limits.pageMax);
  const conditions = [...list.conditions, before(list.seq, cursor)].filter((condition) => condition !== null);
  const where = conditions.length === 0 ? '' : `where ${conditions.map(([sql]) => sql).join(' and ')}`;
  const parameters = conditions.flatMap(([, ...values]) => values);
  const rows = db.all(`${list.select} ${where} order by ${list.seq} desc limit ?`, ...parameters, most + 1);
  const last = rows.length > most ? rows[most - 1] : undefined;
  return {
    data: rows.slice(0, most).map(list.map),
    nextCursor: last === undefined ? null : String(number(last, 'seq')),
  };
}

/** Only of these merchants. */
export function visibleIn(column: string, visible: Visible): Condition {
  return visible === null ? null : [`${column} in (select value from json_each(?))`, JSON.stringify(visible)];
}

/**
 * Only of these merchants, by way of their orders where these are few. Otherwise by what is newest, which is to be theirs often
 * enough: to sort all that they have would take the longer the longer their history is.
 */
export function ofMerchants(
  db: Connection,
  { merchant: column, order }: { merchant: string; order: string },
  { visible, merchant }: { visible: Visible; merchant: MerchantId | null },
): Condition {
  if (merchant === null && visible === null) return null;
  const names = JSON.stringify(merchant === null ? visible : (visible ?? [merchant]).filter((one) => one === merchant));
  const theirs = 'select id from paidonce_orders where merchant in (select value from json_each(?))';
  const isFew = countsAtMost(db, theirs, [names], limits.fewOrders);
  // The sign keeps the index by merchants out of it.
  return [isFew ? `${order} in (${theirs})` : `+${column} in (select value from json_each(?))`, names];
}

/** Whether a `select` gives so many rows or fewer; no more are counted than tell that. */
export function countsAtMost(
  db: Connection,
  select: string,
  parameters: readonly SQLInputValue[],
  most: number,
): boolean {
  const counted = db.get(`select count(*) as many from (${select} limit ${most + 1})`, ...parameters);
  return counted !== undefined && number(counted, 'many') <= most;
}

/** The orders with a number, by way of the merchants, within which orders are numbered. */
export function ofOrderNo(
  column: string,
  { orderNo, merchant }: { orderNo: string | null; merchant: string | null },
): Condition {
  if (orderNo === null) return null;
  const [of, ...theirs] = merchant === null ? ['true'] : ['m.id = ?', merchant];
  return [
    `${column} in (select o.id from paidonce_merchants m cross join paidonce_orders o on o.merchant = m.id and o.order_no = ? where ${of})`,
    orderNo,
    ...theirs,
  ];
}

export function equals(column: string, value: SQLInputValue): Condition {
  return value === null ? null : [`${column} = ?`, value];
}

function before(seq: string, cursor: string | null): Condition {
  if (cursor === null) return null;
  if (!/^\d{1,15}$/.test(cursor)) throw new AppError('request.invalid', 'the cursor is not one that a list gave');
  return [`${seq} < ?`, Number(cursor)];
}
