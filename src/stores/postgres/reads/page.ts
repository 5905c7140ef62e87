import { AppError } from '../../../domain/errors.ts';
import type { MerchantId } from '../../../domain/ids.ts';
import { limits } from '../../../domain/limits.ts';
import { number, type Row, text } from '../../mapping.ts';
import type { Page, PageRequest, Visible } from '../../reads.ts';
import type { Value } from '../message-writer.ts';
import type { Session } from '../session.ts';

/** A condition in SQL, in which `?` stands for a parameter, with its parameters; null where the caller did not ask for it. */
export type Condition = readonly [sql: string, ...parameters: Value[]] | null;

interface List<T> {
  columns: string;
  from: string;
  /** What the list is ordered by, the first above the others. */
  seqs: readonly string[];
  /** The transaction that made the listed row. */
  xid: string;
  conditions: readonly Condition[];
  map: (row: Row) => T;
}

/**
 * One page, the newest first. `seq` is drawn before the commit, so a row may appear below what was read already: pages after the
 * first leave out what their first page's snapshot did not see. That snapshot is the one of the first page's own statement, and
 * travels in the cursor.
 */
export async function pageOf<T>(session: Session, list: List<T>, { limit, cursor }: PageRequest): Promise<Page<T>> {
  const most = Math.min(Math.max(1, Math.trunc(limit)), limits.pageMax);
  const after = cursor === null ? null : placeOf(cursor, list.seqs.length);
  const conditions = [...list.conditions, ...(after === null ? [] : [below(list, after), seenBy(list, after)])];
  const { sql: where, parameters } = whereOf(conditions);
  const seqs = list.seqs.map((seq, index) => `${seq} as place_${index}`).join(', ');
  const order = list.seqs.map((seq) => `${seq} desc`).join(', ');
  const rows = await session.all(
    `select ${list.columns}, ${seqs}, (select pg_current_snapshot()::text) as snapshot
     from ${list.from} ${where} order by ${order} limit $${parameters.length + 1}`,
    ...parameters,
    most + 1,
  );
  const last = rows.length > most ? rows[most - 1] : undefined;
  const next = (row: Row): Place => ({
    seqs: list.seqs.map((_, index) => number(row, `place_${index}`)),
    snapshot: after?.snapshot ?? snapshotOf(text(row, 'snapshot')),
  });
  return { data: rows.slice(0, most).map(list.map), nextCursor: last === undefined ? null : cursorOf(next(last)) };
}

/** Only of these merchants. */
export function visibleIn(column: string, visible: Visible): Condition {
  return visible === null ? null : [`${column} = any(?::text[])`, visible];
}

/**
 * Only of these merchants, by way of their orders where these are few. Otherwise by what is newest, which is to be theirs often
 * enough: to sort all that they have would take the longer the longer their history is.
 */
export async function ofMerchants(
  session: Session,
  { merchant: column, order }: { merchant: string; order: string },
  { visible, merchant }: { visible: Visible; merchant: MerchantId | null },
): Promise<Condition> {
  if (merchant === null && visible === null) return null;
  const names = merchant === null ? visible : (visible ?? [merchant]).filter((one) => one === merchant);
  const theirs = (mark: string) => `select id from paidonce.orders where merchant = any(${mark}::text[])`;
  const counting = `select count(*) as many from (${theirs('$1')} limit ${limits.fewOrders + 1}) few`;
  const [some] = await session.all(counting, names);
  const isFew = some !== undefined && number(some, 'many') <= limits.fewOrders;
  // As an array and as an expression neither the number of the orders nor the index by merchants is left to the planner's guess.
  return [isFew ? `${order} = any(array(${theirs('?')}))` : `(${column} || '') = any(?::text[])`, names];
}

/** The orders with a number, by way of the merchants, within which they are numbered: orders_number (merchant, order_no) for each. */
export function ofOrderNo(
  column: string,
  { orderNo, merchant }: { orderNo: string | null; merchant: string | null },
): Condition {
  if (orderNo === null) return null;
  const [of, ...theirs] = merchant === null ? ['true'] : ['m.id = ?', merchant];
  return [
    `${column} in (select o.id from paidonce.merchants m join paidonce.orders o on o.merchant = m.id where o.order_no = ? and ${of})`,
    orderNo,
    ...theirs,
  ];
}

export function equals(column: string, value: Value): Condition {
  return value === null ? null : [`${column} = ?`, value];
}

/** The conditions that were asked for as a `where`, or as what follows one; their parameters are numbered from `first`. */
export function whereOf(
  conditions: readonly Condition[],
  { word = 'where', first = 1 }: { word?: 'where' | 'and'; first?: number } = {},
): { sql: string; parameters: readonly Value[] } {
  const asked = conditions.filter((condition) => condition !== null);
  if (asked.length === 0) return { sql: '', parameters: [] };
  let next = first;
  const sql = asked.map(([condition]) => condition.replaceAll('?', () => `$${next++}`)).join(' and ');
  return { sql: `${word} ${sql}`, parameters: asked.flatMap(([, ...values]) => values) };
}

/** Where a page ended, and what its first page saw. */
interface Place {
  seqs: readonly number[];
  snapshot: Snapshot;
}

/** `pg_snapshot`: every transaction below `xmax` had ended, but the running ones, of which `xmin` is the lowest. */
interface Snapshot {
  xmin: number;
  xmax: number;
  running: readonly number[];
}

/** The first number is named alone as well: a comparison of rows from two tables is not looked up in an index. */
function below({ seqs }: List<unknown>, after: Place): Condition {
  const marks = seqs.map(() => '?').join(', ');
  return [`${seqs[0]} <= ? and (${seqs.join(', ')}) < (${marks})`, after.seqs[0], ...after.seqs];
}

/**
 * A transaction that is yet to come made no row of this cluster: the row was restored from a dump of another, whose numbers say
 * nothing here.
 */
function seenBy({ xid }: List<unknown>, { snapshot: { xmin, xmax, running } }: Place): Condition {
  return [
    `(pg_visible_in_snapshot(${xid}, ?::pg_snapshot) or ${xid} >= (select pg_snapshot_xmax(pg_current_snapshot())))`,
    `${xmin}:${xmax}:${running.join(',')}`,
  ];
}

function snapshotOf(kept: string): Snapshot {
  const [xmin, xmax, running] = kept.split(':');
  return {
    xmin: Number(xmin),
    xmax: Number(xmax),
    running: running === undefined || running === '' ? [] : running.split(',').map(Number),
  };
}

const numbersForm = '[0-9a-z]{1,11}(?:\\.[0-9a-z]{1,11})*';
const cursorForm = new RegExp(`^(${numbersForm})-(${numbersForm})$`);

/** Each transaction's number as its distance from the one before: there may be many, and they are close together. */
function cursorOf({ seqs, snapshot: { xmin, xmax, running } }: Place): string {
  const distances = running.map((xid, index) => xid - (running[index - 1] ?? xmin));
  return [seqs, [xmin, xmax - xmin, ...distances]]
    .map((numbers) => numbers.map((one) => one.toString(36)).join('.'))
    .join('-');
}

function placeOf(cursor: string, seqs: number): Place {
  const parts = cursorForm.exec(cursor)?.slice(1) ?? [];
  const [places = [], [xmin = 0, span = 0, ...distances] = []] = parts.map((part) =>
    part.split('.').map((digits) => Number.parseInt(digits, 36)),
  );
  const running: number[] = [];
  for (const distance of distances) running.push((running.at(-1) ?? xmin) + distance);
  const place = { seqs: places, snapshot: { xmin, xmax: xmin + span, running } };
  const isSound = xmin > 0 && running.every((xid) => xid < xmin + span) && Number.isSafeInteger(xmin + span);
  if (!isSound || places.length !== seqs || !places.every(Number.isSafeInteger) || cursorOf(place) !== cursor) {
    throw new AppError('request.invalid', 'the cursor is not one that a list gave');
  }
  return place;
}
