import { hash } from 'node:crypto';
import { asId, type CallbackId, type DeliveryId, type DiscrepancyId, type NotificationId } from '../domain/ids.ts';
import type { MadeKind } from '../domain/made.ts';
import { discrepancyOf } from './discrepancy-mapping.ts';
import {
  callbackSummaryOf,
  factOf,
  notificationOf,
  number,
  numberOrNull,
  type Row,
  stepOf,
  text,
  textOrNull,
} from './mapping.ts';
import type { CommitPlace, Made, ShortAttempt } from './reads.ts';

/** What names a thing that a commit made, so that its row is found: facts are by their key. */
export type MadeKey =
  | readonly ['callback', CallbackId]
  | readonly ['fact', string]
  | readonly ['notification', NotificationId]
  | readonly ['discrepancy', DiscrepancyId]
  | readonly ['attempt', DeliveryId, number];

/** One line for each. */
export function madeToText(made: readonly MadeKey[]): string {
  return made.map((key) => `${JSON.stringify(key)}\n`).join('');
}

/** A commit as its row says: what it made, by kind and key. The first commit of all holds a text of its own and made nothing. */
export interface CommitRow extends CommitPlace {
  keys: readonly MadeKey[];
}

/** Needs the place as `commit`. */
export function commitOf(row: Row): CommitRow {
  const made = text(row, 'made');
  const lines = made.split('\n').filter((line) => line.startsWith('['));
  return {
    commit: Number(row.commit),
    digest: hash('sha256', made, 'base64url').slice(0, 11),
    keys: lines.map((line): MadeKey => JSON.parse(line)),
  };
}

/** The keys of one kind in these commits. */
export function keysOf<K extends MadeKind>(
  rows: readonly CommitRow[],
  kind: K,
): readonly Extract<MadeKey, readonly [K, ...unknown[]]>[] {
  const isOfKind = (key: MadeKey): key is Extract<MadeKey, readonly [K, ...unknown[]]> => key[0] === kind;
  return rows.flatMap(({ keys }) => keys.filter(isOfKind));
}

/** How a thing is named among those that were read for some commits. */
export function nameOfMade(key: readonly (string | number)[]): string {
  return key.join(' ');
}

export function madeCallbackOf(row: Row): Made {
  const callback = callbackSummaryOf(row);
  return { is: 'callback', merchant: callback.merchant, orderNo: null, callback };
}

/** Needs the order's number as `order_no` and the first sighting's callback as `callback`. */
export function madeFactOf(row: Row): Made {
  const fact = factOf(row);
  const callback = textOrNull(row, 'callback');
  return {
    is: 'fact',
    merchant: fact.merchant,
    orderNo: orderNoOf(row),
    fact,
    callback: callback === null ? null : asId.callback(callback),
  };
}

export function madeNotificationOf(row: Row): Made {
  const notification = notificationOf(row);
  return { is: 'notification', merchant: notification.merchant, orderNo: notification.orderNo, notification };
}

/** Needs the order's number as `order_no`. */
export function madeDiscrepancyOf(row: Row): Made {
  const orderNo = orderNoOf(row);
  const discrepancy = { ...discrepancyOf(row), orderNo };
  return { is: 'discrepancy', merchant: discrepancy.merchant, orderNo, discrepancy };
}

/** Of `a`. */
export const shortAttemptColumns =
  'a.delivery, a.number, a.id as attempt, a.started_at, a.duration_ms, a.step, a.status, a.error, a.peer';
export function shortAttemptOf(row: Row): ShortAttempt {
  return {
    id: asId.attempt(text(row, 'attempt')),
    delivery: asId.delivery(text(row, 'delivery')),
    number: number(row, 'number'),
    startedAt: number(row, 'started_at'),
    durationMs: number(row, 'duration_ms'),
    step: stepOf(row),
    status: numberOrNull(row, 'status'),
    error: textOrNull(row, 'error'),
    peer: textOrNull(row, 'peer'),
  };
}

function orderNoOf(row: Row) {
  const orderNo = textOrNull(row, 'order_no');
  return orderNo === null ? null : asId.orderNo(orderNo);
}
